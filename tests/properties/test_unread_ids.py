"""An id that stands there and cannot be read is somebody's: a worse answer never shows more.

Owners of one object, one or several, in members of their own, in objects and in lists; people whom
an object names; a setting on whose way something else stands. Both runtimes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any

from hypothesis import given

from oakum.authz import Call, Model, Principal, compile_contract, project
from oakum.openapi.model import Media, Operation
from oakum.policy.model import (
    FieldRule,
    Grant,
    OperationRule,
    Owner,
    Policy,
    Relation,
    Resource,
    State,
)
from tests.conformance.lua import Lua
from tests.properties.pool import SEED, SEEDED, SEEDS
from tests.properties.worlds import Document, array, record, scalar

PEOPLE = ("u1", "u2", "u3")
FIELDS = ("f0", "f1", "f2", "f3")
WORD = scalar("string")
REF = record("", id=WORD)
THING = record(
    "Thing", a=WORD, b=WORD, by=REF, mates=array(REF), crew=array(WORD), guests=array(WORD),
    team=REF, set=record("", hidden=scalar("boolean")), **dict.fromkeys(FIELDS, WORD),
)  # fmt: skip
RESPONSES = {"200": (Media("application/json", array(THING)),)}
ENDPOINTS = (
    Operation("things", "GET", "/things", responses=RESPONSES),
    Operation("theirs", "GET", "/people/{uid}/things", responses=RESPONSES),
)
OWNERS = (
    ("a",), ("by.id",), ("a", "b"), ("a", "by.id"), ("by.id", "mates.*.id"), ("crew.*",),
    ("mates.*.id",), ("a", "crew.*"),
)  # fmt: skip
_GARBLED: tuple[Callable[[Any], Any], ...] = (
    lambda id: {"id": id}, lambda id: {"id": {"v": id}}, lambda id: [id], lambda id: [{"id": id}],
    lambda id: [id, None], lambda _: True, lambda _: False, lambda _: 1.5, lambda _: {},
    lambda _: [None],
)  # fmt: skip
_ASIDE: tuple[Callable[[Any], Any], ...] = (
    lambda _: "u9", lambda said: [said], lambda _: True, lambda _: 7, lambda _: [[]],
)  # fmt: skip
"""What stands where an object or a list has to, in which an id or a setting stands."""
RELATIONS = {
    "member": Relation("member", "authenticated"),
    "owner": Relation("owner", "owner"),
    "follower": Relation("follower", "lookup", operation="list", pointer="/*"),
    "blocked": Relation("blocked", "lookup", operation="list", pointer="/*"),
    "reader": Relation("reader", "authenticated", unless=("blocked",)),
    "stranger": Relation("stranger", "authenticated", unless=("owner",)),
    "guest": Relation("guest", "field", member="guests"),
    "outside": Relation("outside", "authenticated", unless=("guest",)),
    "rival": Relation("rival", "authenticated", unless=("team",)),
    "team": Relation("team", "field", member="team.id"),
}


def policy(random: Random) -> Policy:
    states = {
        "hidden": State(
            "hidden", (False, True), member="set.hidden", missing=random.choice((False, True, None))
        )
    }

    def grant() -> Grant:
        when = {"hidden": (random.choice((False, True)),)} if random.random() < 0.3 else {}
        return Grant((random.choice([*RELATIONS]),), when)

    lines = tuple(FieldRule(f, tuple(grant() for _ in range(random.randint(1, 2)))) for f in FIELDS)
    owner = Owner("field", random.choice(OWNERS))
    rules = {"theirs": OperationRule("theirs", owner="uid")}
    thing = Resource("Thing", frozenset({"Thing"}), "", owner, states, lines)
    return Policy(RELATIONS, {"Thing": thing}, rules)


@cache
def contracts() -> tuple[tuple[Model, Lua], ...]:
    random = Random(SEED)
    models = [compile_contract(Document(ENDPOINTS), policy(random)) for _ in range(120)]
    return tuple((model, Lua(model)) for model in models)


def thing(random: Random) -> dict[str, Any]:
    def some() -> list[str]:
        return random.sample(PEOPLE, random.randint(0, 2))

    return {
        "a": random.choice(PEOPLE), "b": random.choice(PEOPLE), "by": {"id": random.choice(PEOPLE)},
        "mates": [{"id": each} for each in some()], "crew": some(), "guests": some(),
        "team": {"id": random.choice(PEOPLE)}, "set": {"hidden": random.choice((False, True))},
        **dict.fromkeys(FIELDS, "x"),
    }  # fmt: skip


def worse(random: Random, value: dict[str, Any]) -> dict[str, Any]:
    """The same with some of its ids, or what they stand in, in a form that nobody can read."""
    made, most = deepcopy(value), random.choice((0.2, 0.6))

    def garble(said: Any, ways: tuple[Callable[[Any], Any], ...]) -> Any:
        return random.choice(ways)(said) if random.random() < most else said

    for name in ("a", "b"):
        # Of an owner, an empty list says nothing that can be read; of a relation's member, nobody.
        made[name] = garble(made[name], (*_GARBLED, lambda _: []))
    for name in ("by", "team"):
        made[name]["id"] = garble(made[name]["id"], _GARBLED)
        made[name] = garble(made[name], _ASIDE)
    for name in ("crew", "guests"):
        made[name] = [garble(each, _GARBLED) for each in made[name]]
    made["mates"] = [{"id": garble(each["id"], _GARBLED)} for each in made["mates"]]
    made["mates"] = [garble(each, _ASIDE) for each in made["mates"]]
    made["set"] = garble(made["set"], _ASIDE)
    return made


@SEEDED
@given(SEEDS)
def test_an_id_that_cannot_be_read_never_shows_more(seed: bytes) -> None:
    random = Random(seed)
    model, lua = random.choice(contracts())
    names = ("follower", "blocked")
    who = Principal(
        frozenset({random.choice(PEOPLE)}), {},
        {(name, each): random.random() < 0.5 for name in names for each in PEOPLE}, {},
    )  # fmt: skip
    call = random.choice((Call("things"), Call("theirs", {"uid": random.choice(PEOPLE)})))

    def shown(value: Any) -> frozenset[str]:
        body = json.dumps([value]).encode()
        passed = (project(model, who, call, body).body, lua.project(who, call, body))
        found: list[frozenset[str]] = [
            frozenset(*map(frozenset, json.loads(each))) if each else frozenset() for each in passed
        ]
        assert found[0] == found[1], (who, call, value)
        return found[0]

    value = thing(random)
    dim = worse(random, value)
    assert shown(dim) <= shown(value), (who, call, value, dim)
