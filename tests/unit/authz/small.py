"""A contract small enough to be read beside its tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oakum.authz import Model, Principal, compile_contract
from oakum.errors import Location
from oakum.openapi.model import Json, Media, Operation, Shape
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
from tests.properties.worlds import Document, array, record, scalar

TEXT = scalar("string")
RELATIONS = {
    "anyone": Relation("anyone", "anyone"),
    "member": Relation("member", "authenticated", unless=("blocked",)),
    "follower": Relation("follower", "lookup", operation="followers", pointer="/*/id"),
    "blocked": Relation("blocked", "lookup", operation="blocked", pointer="/*/id"),
    "staff": Relation("staff", "claim", claim="roles", has="staff"),
    "guest": Relation("guest", "field", member="guests.*"),
    "owner": Relation("owner", "owner"),
}
PRIVATE = State("private", (False, True), member="is_private", missing=True)
AUDIENCE = State("audience", ("all", "crew", "me"), member="audience")

FRIEND = record("Friend", id=TEXT, name=TEXT, mail=TEXT)
NOTE = record(
    "Note",
    id=TEXT,
    owner_id=TEXT,
    is_private=scalar("boolean"),
    audience=TEXT,
    guests=array(TEXT),
    text=TEXT,
    place=record(city=TEXT, street=TEXT),
    friend=FRIEND,
)
ANSWER = record(data=array(NOTE), total=scalar("integer"), next=TEXT)


def see(*relations: str, line: int = 0, **when: tuple[Any, ...]) -> Grant:
    return Grant(
        relations, when, location=Location("exposure.yaml", line, 1) if line else Location("")
    )


def rules(lines: Mapping[str, tuple[Grant, ...]]) -> tuple[FieldRule, ...]:
    return tuple(
        FieldRule(path, grants, location=Location("exposure.yaml", number, 3))
        for number, (path, grants) in enumerate(lines.items(), 10)
    )


FIELDS = {
    "id": (see("member"),),
    "text": (see("owner", "follower", line=20), see("member", line=21, private=(False,))),
    "place": (see("owner"),),
    "friend": (see("member"),),
    "audience": (see("owner"), see("member", audience=("all", "crew"))),
}


OWNED = Owner("field", ("owner_id",))


def note(
    fields: Mapping[str, tuple[Grant, ...]] = FIELDS,
    owner: Owner = OWNED,
    states: tuple[State, ...] = (PRIVATE, AUDIENCE),
) -> Resource:
    return Resource(
        "Note", frozenset({"Note"}), "id", owner, {each.name: each for each in states},
        rules(fields), location=Location("exposure.yaml", 5, 3),
    )  # fmt: skip


PERSON = Resource(
    "Person", frozenset({"Friend"}), "id", Owner("field", ("id",)), {},
    rules({"name": (see("member"),), "mail": (see("owner"),)}),
)  # fmt: skip


def endpoint(
    id: str = "list", path: str = "/notes", shape: Shape = ANSWER, open: bool = False
) -> Operation:
    """An endpoint; behind a login unless open."""
    answers = {"200": (Media("application/json", shape),)}
    security = (frozenset[str](),) if open else (frozenset({"session"}),)
    return Operation(id, "GET", path, responses=answers, security=security)


def contract(
    *resources: Resource,
    endpoints: tuple[Operation, ...] = (endpoint(),),
    **operations: OperationRule,
) -> Model:
    """A compiled model of these resources and endpoints; `operations` are rules by operation id."""
    found = {each.name: each for each in resources or (note(), PERSON)}
    return compile_contract(Document(endpoints), Policy(RELATIONS, found, operations))


def who(
    id: str = "u2", follower: bool | None = False, blocked: bool | None = False, **claims: Json
) -> Principal:
    known = {("follower", "u1"): follower, ("blocked", "u1"): blocked}
    return Principal(frozenset({id}), claims, {k: v for k, v in known.items() if v is not None})
