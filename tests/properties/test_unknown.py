"""Unknown is closed, at every depth: to know less of anything never shows more.

Relations that take each other away to depth three, by look-up, claim, field and owner; one owner or
two, who may not all be named; settings in the object and in accounts. Both runtimes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

from hypothesis import given

from oakum.authz import Call, Model, Principal, Subject, compile_contract, project
from oakum.authz.relations import held_relations, holds, may_hold
from oakum.openapi.model import Json, Media, Operation
from oakum.policy.model import FieldRule, Grant, Owner, Policy, Relation, Resource, State
from tests.conformance.lua import Lua
from tests.properties.pool import SEED, SEEDED, SEEDS
from tests.properties.worlds import Document, array, record, scalar

PEOPLE = ("u1", "u2", "u3")
FIELDS = ("f0", "f1", "f2", "f3")
WORD = scalar("string")
THING = record(
    "Thing", a=WORD, b=WORD, guests=array(WORD), banned=array(WORD), hidden=scalar("boolean"),
    **dict.fromkeys(FIELDS, WORD),
)  # fmt: skip
USER = record("User", id=WORD, private=scalar("boolean"), city=WORD)
ENDPOINTS = tuple(
    Operation(name, "GET", f"/{name}", responses={"200": (Media("application/json", array(each)),)})
    for name, each in (("things", THING), ("users", USER))
)
_SOURCES: tuple[Callable[[str], Relation], ...] = (
    lambda name: Relation(name, "authenticated"),
    lambda name: Relation(name, "owner"),
    lambda name: Relation(name, "lookup", operation="list", pointer="/*"),
    lambda name: Relation(name, "lookup", operation="list", pointer="/*"),
    lambda name: Relation(name, "field", member="guests"),
    lambda name: Relation(name, "field", member="banned"),
    lambda name: Relation(name, "field", member="guests", claim="team"),
    lambda name: Relation(name, "field", member="banned", claim="team"),
    lambda name: Relation(name, "claim", claim="role", has="staff"),
    lambda name: Relation(name, "claim", claim="scope", has="admin"),
)
_CLAIMS: dict[str, tuple[Json, ...]] = {
    "role": ("staff", ["x", "staff"], "other", [], None),
    "scope": ("read admin", "read", ["admin"]),
    "team": ("u1", ["u2", "u3"], "u4", [], None),
}
_GARBLED: Json = {"staff": True, "admin": True}


def relations(random: Random) -> dict[str, Relation]:
    """Twelve, three levels deep: each is taken away by some of those below it, or requires some."""
    made: dict[str, Relation] = {}
    below: list[str] = []
    for level in range(4):
        here = [f"r{level}{place}" for place in range(3)]
        for name in here:
            unless = tuple(each for each in below if random.random() < 0.5)
            requires = tuple(e for e in below if e not in unless and random.random() < 0.15)
            relation = random.choice(_SOURCES)(name)
            made[name] = replace(relation, unless=unless, requires=requires)
        below += here
    return made


def policy(random: Random) -> Policy:
    known = relations(random)
    states = {
        "hidden": State("hidden", (False, True), member="hidden"),
        "private": State("private", (False, True), of="User.private"),
    }  # fmt: skip

    def grant() -> Grant:
        when = {name: (random.choice((False, True)),) for name in states if random.random() < 0.3}
        return Grant((random.choice([*known]),), when)

    def lines(*names: str) -> tuple[FieldRule, ...]:
        return tuple(
            FieldRule(each, tuple(grant() for _ in range(random.randint(1, 2)))) for each in names
        )

    owner = Owner("field", random.choice((("a",), ("a", "b"))))
    thing = Resource("Thing", frozenset({"Thing"}), "", owner, states, lines(*FIELDS))
    private = State(
        "private", (False, True), member="private", missing=random.choice((False, True, None))
    )
    # Who has not been told of an account knows nothing of it, whatever `missing` says.
    city = FieldRule("city", (Grant((random.choice([*known]),), {"private": (False,)}),))
    user = Resource(
        "User", frozenset({"User"}), "id", Owner("field", ("id",)), {"private": private}, (city,)
    )
    return Policy(known, {"Thing": thing, "User": user})


@cache
def contracts() -> tuple[tuple[Model, Lua], ...]:
    random = Random(SEED)
    models = [compile_contract(Document(ENDPOINTS), policy(random)) for _ in range(120)]
    return tuple((model, Lua(model)) for model in models)


def caller(random: Random, names: list[str]) -> Principal:
    """Somebody of whom everything is known."""
    return Principal(
        frozenset({random.choice(PEOPLE)}),
        {name: random.choice(said) for name, said in _CLAIMS.items() if random.random() < 0.8},
        {(name, who): random.random() < 0.5 for name in names for who in PEOPLE},
        {(who, "User.private"): random.choice((False, True, None)) for who in PEOPLE},
    )


def thing(random: Random) -> dict[str, Json]:
    who = [random.choice(PEOPLE) for _ in range(2)]
    return {
        "a": who[0], "b": who[1], "hidden": random.choice((False, True)),
        "guests": random.sample(PEOPLE, random.randint(0, 2)),
        "banned": random.sample(PEOPLE, random.randint(0, 2)), **dict.fromkeys(FIELDS, "x"),
    }  # fmt: skip


def less(
    random: Random, who: Principal, value: dict[str, Json]
) -> tuple[Principal, dict[str, Json]]:
    """The same, with some of it not known."""
    share = random.choice((0.1, 0.3, 0.7))

    def left(facts: Any) -> Any:
        return {key: each for key, each in facts.items() if random.random() >= share}

    garbled = {
        name: _GARBLED if random.random() < share else said for name, said in who.claims.items()
    }
    sparse = {key: each for key, each in value.items() if key in FIELDS or random.random() >= share}
    for name in ("guests", "banned"):
        listed = value[name]
        if name in sparse and isinstance(listed, list) and listed and random.random() < 0.3:
            sparse[name] = random.choice((", ", ";", "|")).join(map(str, listed))
    return Principal(who.ids, garbled, left(who.related), left(who.states)), sparse


def shown(model: Model, lua: Lua, who: Principal, value: Json) -> list[frozenset[str]]:
    """Fields that either runtime shows of an object."""
    call, body = Call("things"), json.dumps([value]).encode()
    passed = (project(model, who, call, body).body, lua.project(who, call, body))
    return [
        frozenset(*map(frozenset, json.loads(each))) if each else frozenset() for each in passed
    ]


@SEEDED
@given(SEEDS)
def test_to_know_less_never_shows_more(seed: bytes) -> None:
    random = Random(seed)
    model, lua = random.choice(contracts())
    who, value = caller(random, [*model.policy.relations]), thing(random)
    whole = shown(model, lua, who, value)
    blind = shown(model, lua, *less(random, who, value))
    assert whole[0] == whole[1]
    assert blind[0] == blind[1]
    assert blind[0] <= whole[0], (who, value)


@SEEDED
@given(SEEDS)
def test_to_know_less_never_turns_an_answer_into_its_opposite(seed: bytes) -> None:
    """What holds and what is ruled out stays so or becomes unknown: a scan that knows less has more
    that is untested, and never something else that is closed."""
    random = Random(seed)
    model, _ = random.choice(contracts())
    rules, owners = model.policy, ("u1", "u2")[: random.randint(1, 2)]
    who, value = caller(random, [*rules.relations]), thing(random)
    dim, sparse = less(random, who, value)
    whole = Subject("Thing", owners, value)
    part = Subject("Thing", owners[: random.randint(0, 2)], sparse, partly=random.random() < 0.2)
    part = replace(part, partly=part.partly or part.owners != owners)
    for name in rules.relations:
        before, after = holds(rules, name, who, whole), holds(rules, name, dim, part)
        assert before is not None
        assert after in (before, None), name
    assert held_relations(rules, dim, part) <= held_relations(rules, who, whole)
    assert all(may_hold(rules, each, dim, part) for each in held_relations(rules, who, whole))


@SEEDED
@given(SEEDS)
def test_a_setting_of_an_account_that_nobody_read_is_closed(seed: bytes) -> None:
    random = Random(seed)
    model, lua = random.choice(contracts())
    who = caller(random, [*model.policy.relations])
    value: dict[str, Json] = {"id": random.choice(PEOPLE), "city": "x"}
    if random.random() < 0.5:
        value["private"] = random.choice((False, True, None))
    unread = replace(who, states={})
    call, body = Call("users"), json.dumps([value]).encode()

    def cities(who: Principal) -> Iterator[int]:
        for passed in (project(model, who, call, body).body, lua.project(who, call, body)):
            yield (passed or b"").count(b"city")

    (before, lua_before), (after, lua_after) = cities(who), cities(unread)
    assert (before, after) == (lua_before, lua_after)
    assert after <= before
    assert value.get("private") is False or after == 0
