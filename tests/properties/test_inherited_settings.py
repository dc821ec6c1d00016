"""Settings that null leaves to the owner's account: unknown is closed, what the object says itself
counts first, and a difference of two contracts is exact."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from oakum.authz import Model, Principal, Subject, compile_contract, decide
from oakum.authz.owner_states import state_of
from oakum.contract_diff import compare
from oakum.contract_diff.relation_combinations import MISSING, OTHER, Setting, StateReading
from oakum.openapi.model import Json, Media, Operation
from oakum.policy.model import FieldRule, Grant, Owner, Policy, Relation, Resource, State
from tests.properties.worlds import Document, array, record, scalar

OPEN, CLOSED = False, True
OWN = State("private", (OPEN, CLOSED), member="hidden", of="User.private")
ABSENT = object()
"""The object does not have the member."""
NOBODY_READ = object()
"""The account was not shown."""
said = st.sampled_from([ABSENT, None, OPEN, CLOSED, "odd", 1])
account = st.sampled_from([NOBODY_READ, None, OPEN, CLOSED, "odd"])
missing = st.sampled_from([None, OPEN, CLOSED])


def model(state: State, default: bool | None = None) -> Model:
    word = scalar("string", "boolean")
    thing = record("Thing", id=word, by=word, hidden=word, other=word, a=word)
    user = State("private", (OPEN, CLOSED), member="private", missing=default)
    resources = {
        "User": Resource("User", frozenset({"User"}), "id", Owner("field", ("id",)),
                         {"private": user}, ()),
        "Thing": Resource("Thing", frozenset({"Thing"}), "id", Owner("field", ("by",)),
                          {"private": state},
                          (FieldRule("a", (Grant(("m",), {"private": (OPEN,)}),)),)),
    }  # fmt: skip
    media = (Media("application/json", array(thing)),)
    endpoint = Operation("things", "GET", "/things", responses={"200": media})
    known = {"m": Relation("m", "authenticated")}
    return compile_contract(Document((endpoint,)), Policy(known, resources))


def case(here: object, there: object, other: object = ABSENT) -> tuple[Principal, Subject]:
    value = {"by": "u1", "hidden": here, "other": other}
    states = {} if there is NOBODY_READ else {("u1", "User.private"): there}
    kept = {name: each for name, each in value.items() if each is not ABSENT}
    return Principal(frozenset({"u2"}), {}, {}, states), Subject("Thing", ("u1",), kept)


def shows(model: Model, who: Principal, it: Subject) -> bool:
    return "a" in decide(model, who, "things", it).fields


def reads(state: State, who: Principal, it: Subject) -> Json:
    made = model(state)
    found = state_of(made.policy, made.policy.resources["Thing"], who, it)
    return found.get("private", "unknown")


@given(said, account, missing)
def test_what_the_object_says_counts_before_the_account(
    here: object, there: object, default: bool | None
) -> None:
    state = State("private", OWN.values, OWN.member, OWN.of, default)
    found = reads(state, *case(here, there))
    if here is ABSENT or (here is None and there is NOBODY_READ):
        assert found == "unknown"
    elif here is None:
        assert found == ("unknown" if there is None and default is None
                         else default if there is None else there)  # fmt: skip
    else:
        assert (type(found), found) == (type(here), here)


@given(said, account, missing)
def test_to_know_less_of_object_or_account_never_shows_more(
    here: object, there: object, default: bool | None
) -> None:
    state = State("private", OWN.values, OWN.member, OWN.of, default)
    made, shown = model(state), shows(model(state), *case(here, there))
    assert not shows(made, *case(ABSENT, there))
    assert shows(made, *case(here, NOBODY_READ)) <= shown


VARIANTS = {
    "object": State("private", (OPEN, CLOSED), member="hidden"),
    "object, open": State("private", (OPEN, CLOSED), member="hidden", missing=OPEN),
    "account": State("private", (OPEN, CLOSED), of="User.private"),
    "both": OWN,
    "both, open": State("private", OWN.values, OWN.member, OWN.of, OPEN),
    "both, closed": State("private", OWN.values, OWN.member, OWN.of, CLOSED),
    "other": State("private", OWN.values, "other", OWN.of),
}


def test_a_difference_of_inheritance_is_what_decide_says_of_every_case() -> None:
    known = {name: model(each) for name, each in VARIANTS.items()}
    values = (None, OPEN, CLOSED, "odd")
    cases = [case(*each) for each in product(values, (NOBODY_READ, *values), values)]
    for old, new in product(known.values(), repeat=2):
        moves = [move for move in compare(old, new).moves if move.leaf == "a"]
        for who, it in cases:
            was, will = (shows(each, who, it) for each in (old, new))
            told = {
                move.widens
                for move in moves
                if any(
                    world.logged and _is(now, move.settings, who, it) for world, now in move.spots
                )
            }
            assert told == ({will > was} if was != will else set()), (who.states, it.value)


def _is(
    now: tuple[StateReading, ...], settings: tuple[Setting, ...], who: Principal, it: Subject
) -> bool:
    """Whether a case reads so."""
    for reading, each in zip(now, settings, strict=True):
        state = each.new or each.old
        assert state is not None
        there = who.states.get(("u1", state.of), "nobody read it")
        value = there if each.is_account else it.value.get(state.member)
        kind = StateReading("is", value) if value in (True, False) else OTHER
        if value is None:
            by = {StateReading("is", s.missing) if s.missing is not None else OTHER
                  for s in (each.old, each.new) if s}  # fmt: skip
            kind = MISSING if MISSING in each.readings else by.pop()
        if kind != reading:
            return False
    return True
