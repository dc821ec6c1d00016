"""Whose an object is that a write touches, by what the API shows of it: Python and Lua agree."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings

from oakum.policy.contract import load
from tests.conformance.exchange_lua import WORKERS, LuaGuard
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import Clock, Request, Setup, Upstream
from tests.properties.pool import MANY, SEEDED, SEEDS

Said = dict[str, Any]
TEXT: Said = {"type": "string"}
_OWNERS: tuple[Any, ...] = (
    "owner_id", "owner_id", ["owner_id", "other_id"], "friends.*", {"path": "who"},
    {"parent": True}, {"caller": True}, "none",
)  # fmt: skip
_IDS: tuple[Any, ...] = ("ann", "pia", None, "", 7, ["ann"])
_RUNS = count()
_WHERE = ("", "", "/mate", "/more")


def document(random: Random) -> Said:
    own = {"id": TEXT, "owner_id": TEXT, "other_id": TEXT, "note": TEXT}
    own["friends"] = {"type": "array", "items": TEXT}
    ann = {"$ref": "#/components/schemas/Ann"}
    cat = {"$ref": "#/components/schemas/Cat"}
    plain: Said = {"type": "object", "properties": {"mate": ann, "id": TEXT}}
    top = random.choice((ann, cat, cat, plain))
    if random.random() < 0.4:
        top = {"type": "object", "properties": {"data": top}}
    path = f"/things/{{who}}{random.choice(_WHERE)}"
    answer = {"description": "d", "content": {"application/json": {"schema": top}}}
    body = {"content": {"application/json": {"schema": random.choice((ann, cat))}}}
    who = [{"name": "who", "in": "path", "required": True, "schema": TEXT}]
    done = {"204": {"description": "done"}}
    me = {"description": "me", "content": {"application/json": {"schema": ann}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "owners", "version": "1"},
        "security": [{"key": []}],
        "paths": {
            "/me": {"get": {"operationId": "getMe", "responses": {"200": me}}},
            path: {
                "get": {"operationId": "get", "parameters": who, "responses": {"200": answer}},
                "put": {
                    "operationId": "put", "parameters": who, "requestBody": body,
                    "responses": done,
                },
            },
        },
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-session"}},
            "schemas": {
                "Ann": {"type": "object", "properties": own},
                "Cat": {"type": "object", "properties": {**own, "mate": ann}},
            },
        },
    }  # fmt: skip


def policy(random: Random) -> Said:
    line = [{"see": ["member"], "set": ["owner"]}]
    lines = dict.fromkeys(("id", "owner_id", "other_id", "note", "friends.*"), line)
    found = {
        name: {"key": "id", "owner": random.choice(_OWNERS), "fields": lines}
        for name in ("Ann", "Cat")
    }
    if found["Cat"]["owner"] == {"parent": True}:
        found["Cat"]["owner"] = "owner_id"
    rule: Said = {"owner": "who"} if random.random() < 0.6 else {}
    return {
        "exposure": 1,
        "api": "openapi.yaml",
        "caller": {"operation": "getMe", "id": "/id"},
        "relations": {"member": {"authenticated": True}, "owner": {"is": "owner"}},
        "resources": found,
        "operations": {"getMe": {}, "get": rule, "put": {}},
    }


class Shown(Upstream):
    """An API that shows one object at the place that is written."""

    def __init__(self, path: str, shown: Any) -> None:
        account = {"request": {"target": "/me"}, "answer": {"body": '{"id":"ann"}'}}
        thing = {"request": {"target": path}, "answer": {"body": json.dumps(shown)}}
        done = {"request": {"method": "PUT", "target": path}, "answer": {"status": 204}}
        super().__init__([account, thing, done])


def drawn_object(random: Random, depth: int = 0) -> Said:
    made: Said = {}
    for name in ("owner_id", "other_id"):
        if random.random() < 0.5:
            made[name] = random.choice(_IDS)
    if random.random() < 0.5:
        made["friends"] = random.choice((["ann"], ["pia"], ["ann", "pia"], [], None))
    if random.random() < 0.8:
        made["id"] = random.choice(("x", "ann"))
    if depth < 2 and random.random() < 0.8:
        made[random.choice(("mate", "data") if not depth else ("mate",))] = drawn_object(
            random, depth + 1
        )
    return made


@pytest.mark.long
@settings(SEEDED, max_examples=max(1, MANY // 2))
@given(SEEDS)
def test_lua_lets_no_write_through_that_the_reference_refuses(
    tmp_path_factory: pytest.TempPathFactory, seed: bytes
) -> None:
    random = Random(seed)
    folder = tmp_path_factory.getbasetemp() / f"owners{next(_RUNS)}"
    decided(random, folder)


def decided(random: Random, folder: Path) -> None:
    folder.mkdir()
    made, said = document(random), policy(random)
    (folder / "openapi.yaml").write_text(json.dumps(made))
    (folder / "exposure.yaml").write_text(json.dumps(said))
    contract = load(folder / "exposure.yaml")
    [path] = [each for each in made["paths"] if each != "/me"]
    for _ in range(4):
        target, shown = path.replace("{who}", random.choice(("ann", "pia"))), drawn_object(random)
        setup = Setup(contract, folder, Shown(target, shown), Clock(), {})
        headers = (("x-session", "s"), ("content-type", "application/json"))
        sent = Request("PUT", target, headers, b'{"note":"x"}')
        guards = (PythonGuard(setup), LuaGuard(setup, str(folder / "state"), worker=WORKERS.next()))
        found = [each.exchange(sent) for each in guards]
        passed = [each.forwarded is not None for each in found]
        where = (said, made["paths"][path], target, shown)
        assert passed[1] <= passed[0], where
        # What is its parent's, and shown alone in that, is nobody's to Lua.
        if said["resources"]["Ann"]["owner"] != {"parent": True}:
            assert found[0].response.status == found[1].response.status, where
