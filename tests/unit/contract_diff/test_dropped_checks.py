"""Checks of a gateway that one contract has and the next has not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from oakum.contract_diff import changes, compare, renamings
from oakum.contract_diff.dropped_checks import find_dropped_checks
from oakum.errors import NOWHERE
from oakum.guard.compiled.compiled_contract import CompiledContract, compile_for_gateway
from oakum.policy.contract import load
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER

Change = Callable[[dict[str, Any], dict[str, Any]], None]
TEXT = {"type": "string"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def base() -> tuple[dict[str, Any], dict[str, Any]]:
    """Notes that a list in a body, a query or a path names."""
    made = quick_yaml.load((FOLDER / "contracts" / "edits.yaml").read_text(encoding="utf-8"))
    document, policy = copy.deepcopy(made["document"]), copy.deepcopy(made["policy"])
    rows = {"type": "array", "items": {"type": "object", "properties": {"id": TEXT}}}
    done = {"204": {"description": "done"}}
    seen = {"200": {"description": "d", **_json({"type": "object", "properties": {"n": TEXT}})}}
    document["paths"] |= {
        "/moves": {
            "patch": {
                "operationId": "move",
                "requestBody": _json(
                    {"type": "object", "properties": {"moves": rows, "why": TEXT}}
                ),
                "responses": done,
            }
        },
        "/count": {
            "get": {
                "operationId": "count",
                "parameters": [{"name": "q", "in": "query", "schema": TEXT}],
                "responses": seen,
            }
        },
        "/notes/{noteId}/like/{other}": {
            "parameters": [
                {"name": name, "in": "path", "required": True, "schema": TEXT}
                for name in ("noteId", "other")
            ],
            "get": {"operationId": "likes", "responses": seen},
        },
        "/make": {
            "post": {
                "operationId": "make",
                "requestBody": _json({"type": "object", "properties": {"city": TEXT}}),
                "responses": done,
            }
        },
    }
    policy["operations"] |= {
        "move": {"call": ["owner"], "params": {"moves.*.id": "Note.id"}},
        "count": {"call": ["member"], "params": {"q": "Note.id"}},
        "likes": {"call": ["member"], "params": {"other": "Note.id"}},
        "make": {"call": ["member"], "sets": {"Note": ""}},
    }
    return document, policy


def compiled(folder: Path, change: Change | None) -> CompiledContract:
    document, policy = base()
    if change is not None:
        change(document, policy)
    folder.mkdir(exist_ok=True)
    (folder / "openapi.yaml").write_text(json.dumps(document))
    path = folder / "exposure.yaml"
    path.write_text(json.dumps({**policy, "api": "openapi.yaml"}))
    return compile_for_gateway(load(path))


def directions(old: CompiledContract, new: CompiledContract) -> Iterator[str]:
    checks = find_dropped_checks(old, new, renamings(old.policy, new.policy))
    found = compare(old.stated, new.stated)
    for each in changes(found, lambda _: NOWHERE, lambda _: NOWHERE, checks):
        yield f"{each.direction}: {each.sentence}"


def _without(operation: str, *keys: str) -> Change:
    def change(_: dict[str, Any], policy: dict[str, Any]) -> None:
        for key in keys:
            del policy["operations"][operation][key]

    return change


def _with(operation: str, key: str, value: object) -> Change:
    def change(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"][operation][key] = value

    return change


def _guard(key: str, value: object) -> Change:
    def change(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["guard"] = {key: value}

    return change


def _unkeyed(_: dict[str, Any], policy: dict[str, Any]) -> None:
    del policy["resources"]["Note"]["key"]
    del policy["operations"]["move"]["params"]


MOVED = "the `Note` that `moves.*.id` of `PATCH /moves` names"


@pytest.mark.parametrize(
    ("change", "forth", "back"),
    [
        (
            _without("move", "params"),
            f"widened: a guard no longer checks {MOVED}",
            f"narrowed: a guard now checks {MOVED}",
        ),
        (
            _with("move", "params", {"moves.*.id": "Note.city"}),
            f"widened: a guard no longer checks {MOVED}",
            f"narrowed: a guard now checks {MOVED}",
        ),
        (
            _with("move", "reads", True),
            "changed: `PATCH /moves` counts as one that only reads",
            "changed: `PATCH /moves` counts as one that changes objects",
        ),
        (
            _without("count", "params"),
            "widened: a hidden `Note` that `q` of `GET /count` names no longer hides what",
            "narrowed: a hidden `Note` that `q` of `GET /count` names now hides what",
        ),
        (
            _without("likes", "params"),
            "widened: a `Note` in the path of `GET /notes/{noteId}/like/{other}` no longer hides",
            "narrowed: a `Note` in the path of `GET /notes/{noteId}/like/{other}` now hides",
        ),
        (
            _without("make", "sets"),
            "widened: the body of `POST /make` is no longer judged as a `Note`",
            "narrowed: the body of `POST /make` is now judged as a `Note`",
        ),
        (
            _unkeyed,
            "widened: a `Note` has no key any more",
            "narrowed: a `Note` has a key",
        ),
        (
            _guard("service", {"header": "x-key", "env": "KEY"}),
            "changed: look-ups are asked with other credentials",
            "changed: look-ups are asked with other credentials",
        ),
        (
            _guard("origins", ["https://club.test"]),
            "widened: pages of `https://club.test` may read what a guard itself answers",
            "narrowed: pages of `https://club.test` may no longer read what a guard itself",
        ),
    ],
)  # fmt: skip
def test_a_check_that_is_dropped_widens(
    tmp_path: Path, change: Change, forth: str, back: str
) -> None:
    old, new = compiled(tmp_path / "old", None), compiled(tmp_path / "new", change)
    assert any(each.startswith(forth) for each in directions(old, new)), [*directions(old, new)]
    assert any(each.startswith(back) for each in directions(new, old)), [*directions(new, old)]


def _elsewhere(document: dict[str, Any], policy: dict[str, Any]) -> None:
    """The same under other names."""
    policy["resources"] = {"Card": policy["resources"]["Note"] | {"schemas": ["Note"]}}
    for each in policy["operations"].values():
        for key in ("params", "sets"):
            if key in each:
                text = json.dumps(each[key]).replace("Note", "Card")
                each[key] = json.loads(text)
    for path in document["paths"].values():
        for method, each in path.items():
            if method in ("get", "patch", "post") and each.get("operationId") == "getMe":
                each["operationId"] = "getMyself"
    policy["caller"]["operation"] = "getMyself"


def _gone(document: dict[str, Any], policy: dict[str, Any]) -> None:
    """A member that requests may have no longer names nothing."""
    del policy["operations"]["move"]["params"]
    body = document["paths"]["/moves"]["patch"]["requestBody"]["content"]["application/json"]
    body["schema"]["properties"] = {"why": TEXT}


def test_what_nobody_may_send_any_more_drops_no_check(tmp_path: Path) -> None:
    old, new = compiled(tmp_path / "old", None), compiled(tmp_path / "new", _gone)
    assert not [each for each in find_dropped_checks(old, new, {}) if each.widens]


def test_another_name_drops_no_check(tmp_path: Path) -> None:
    old, new = compiled(tmp_path / "old", None), compiled(tmp_path / "new", _elsewhere)
    assert find_dropped_checks(old, new, renamings(old.policy, new.policy)) == ()
    assert find_dropped_checks(old, old, {}) == ()


def _graph(folder: Path, **rule: object) -> CompiledContract:
    made = quick_yaml.load((FOLDER / "contracts" / "graph_notes.yaml").read_text(encoding="utf-8"))
    document, policy = copy.deepcopy(made["document"]), copy.deepcopy(made["policy"])
    policy["operations"]["mixed"] |= rule
    folder.mkdir()
    (folder / "openapi.yaml").write_text(json.dumps(document))
    for name, text in made["files"].items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "exposure.yaml").write_text(json.dumps({**policy, "api": "openapi.yaml"}))
    return compile_for_gateway(load(folder / "exposure.yaml"))


def test_mutations_that_pass_widen_since_a_guard_does_not_inspect_them(tmp_path: Path) -> None:
    mixed, read = _graph(tmp_path / "mixed"), _graph(tmp_path / "read", reads=True)
    found = [*directions(read, mixed)]
    said = "`POST /mixed` takes mutations, too: a guard checks neither whose objects they change"
    assert f"widened: {said} nor what they set" in found, found
    found = [*directions(mixed, read)]
    assert "narrowed: `POST /mixed` takes queries alone: a guard rejects mutations" in found, found


def test_what_queries_name_is_compared_beside_mutations_that_pass(tmp_path: Path) -> None:
    read = _graph(tmp_path / "read", reads=True)
    mixed = _graph(tmp_path / "mixed", params={"stats.id": "Note.text"})
    found = [*directions(read, mixed)]
    said = "widened: a hidden `Note` that `stats.id` of `POST /mixed` names no longer hides what"
    assert any(each.startswith(said) for each in found), found
