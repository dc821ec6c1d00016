"""Small contracts, callers and bodies for property tests, all drawn by Hypothesis.

One resource `Thing`, one embedded `Person`, an envelope; five relations, two states.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st

from oakum.authz import Model, Principal, compile_contract
from oakum.openapi.model import Media, Operation, Shape
from oakum.policy.model import FieldRule, Grant, Owner, Policy, Relation, Resource, State

FIELDS = ("a", "b", "deep.x", "deep.y", "list.*.z", "person")
PERSON = ("name", "mail")
RELATIONS = {
    "anyone": Relation("anyone", "anyone"),
    "member": Relation("member", "authenticated", unless=("blocked",)),
    "follower": Relation("follower", "lookup", operation="followers", pointer="/*/id"),
    "blocked": Relation("blocked", "lookup", operation="blocked", pointer="/*/id"),
    "owner": Relation("owner", "owner"),
}
STATES = {
    "private": State("private", (False, True), member="is_private"),
    "audience": State("audience", ("all", "crew", "me"), member="audience"),
}


def scalar(*kinds: str) -> Shape:
    return Shape(kinds=frozenset(kinds))


def record(name: str = "", /, **members: Shape) -> Shape:
    return Shape(
        names=frozenset({name} if name else ()),
        kinds=frozenset({"object"}),
        properties={key: (lambda each=each: each) for key, each in members.items()},
    )


def array(items: Shape) -> Shape:
    return Shape(kinds=frozenset({"array"}), items=lambda: items)


WORD = scalar("string", "number", "integer", "boolean")
PERSON_SHAPE = record("Person", id=WORD, name=WORD, mail=WORD)
THING = record(
    "Thing",
    id=WORD,
    owner_id=WORD,
    is_private=scalar("boolean"),
    audience=WORD,
    a=WORD,
    b=WORD,
    deep=record(x=WORD, y=WORD),
    list=array(record(z=WORD)),
    person=PERSON_SHAPE,
)
ANSWER = record(total=scalar("integer"), next=WORD, data=array(THING))


@dataclass
class Document:
    operations: tuple[Operation, ...]
    stand_ins: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def operation(self, name: str) -> Operation | None:
        return next((each for each in self.operations if each.id == name), None)


def endpoint(security: tuple[frozenset[str], ...] | None = ()) -> Operation:
    media = (Media("application/json", ANSWER),)
    return Operation("list", "GET", "/things", responses={"200": media}, security=security)


grants = st.builds(
    lambda see, when: Grant(tuple(sorted(see)), when),
    st.sets(st.sampled_from(["anyone", "member", "follower", "owner"]), min_size=1, max_size=3),
    st.fixed_dictionaries(
        {},
        optional={
            "private": st.sampled_from([(False,), (True,), (False, True)]),
            "audience": st.sampled_from([("all",), ("all", "crew"), ("me",)]),
        },
    ),
)

open_grants = st.builds(
    lambda see, when: Grant(tuple(sorted(see)), when),
    st.sets(st.sampled_from(["anyone", "member", "follower", "owner"]), min_size=1, max_size=3),
    st.fixed_dictionaries(
        {},
        optional={
            "private": st.just((False,)),
            "audience": st.sampled_from([("all",), ("all", "crew")]),
        },
    ),
)
"""Grants whose conditions only ask for openness: what a contract that orders its states writes."""


@st.composite
def policies(draw: st.DrawFn, each: st.SearchStrategy[Grant] = grants) -> Policy:
    """A policy over `Thing` and `Person`; some fields have no line at all."""

    def rules(paths: tuple[str, ...]) -> tuple[FieldRule, ...]:
        chosen = draw(st.lists(st.sampled_from(paths), unique=True))
        return tuple(FieldRule(p, tuple(draw(st.lists(each, max_size=3)))) for p in chosen)

    thing = Resource(
        "Thing", frozenset({"Thing"}), "id", Owner("field", ("owner_id",)), STATES, rules(FIELDS)
    )
    person = Resource(
        "Person", frozenset({"Person"}), "id", Owner("field", ("id",)), {}, rules(PERSON)
    )
    return Policy(RELATIONS, {"Thing": thing, "Person": person})


def compiled(policy: Policy, operation: Operation | None = None) -> Model:
    return compile_contract(Document((operation or endpoint(),)), policy)


ids = st.sampled_from(["u1", "u2", "u3", 7])
plain = st.one_of(
    st.integers(-9, 10**25),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
    st.booleans(),
)

principals = st.one_of(
    st.just(Principal()),
    st.builds(
        lambda who, related: Principal(frozenset({str(who)}), {}, related),
        ids,
        st.dictionaries(
            st.tuples(st.sampled_from(["follower", "blocked"]), ids.map(str)), st.booleans()
        ),
    ),
)

people = st.fixed_dictionaries({"id": ids}, optional={"name": plain, "mail": plain, "new": plain})
things = st.fixed_dictionaries(
    {"id": plain},
    optional={
        "owner_id": ids,
        "is_private": st.one_of(st.booleans(), st.none(), st.just("yes")),
        "audience": st.sampled_from(["all", "crew", "me", "else", None]),
        "a": plain,
        "b": plain,
        "deep": st.fixed_dictionaries({}, optional={"x": plain, "y": plain, "new": plain}),
        "list": st.lists(st.fixed_dictionaries({"z": plain}, optional={"new": plain}), max_size=3),
        "person": people,
        "new": plain,
    },
)
values = st.fixed_dictionaries(
    {"data": st.lists(things, max_size=4)},
    optional={"total": st.integers(0, 9), "next": plain, "new": plain},
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A body as some server might print it: any spacing, escapes or not."""
    value = draw(values)
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n ", " : ")]))
    indent = draw(st.sampled_from([None, 2]))
    text = json.dumps(value, separators=separators, indent=indent, ensure_ascii=draw(st.booleans()))
    return text.encode("utf-8", "surrogatepass")
