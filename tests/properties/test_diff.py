"""The difference of two contracts is exact: held against `decide`, asked of every case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.authz import ANONYMOUS, Model, Principal, Subject, compile_contract, decide
from oakum.authz.decide import may_call
from oakum.authz.relations import held_relations
from oakum.contract_diff import Difference, Move, compare
from oakum.contract_diff.compare import Spot
from oakum.contract_diff.relation_combinations import MISSING, OTHER, Setting, StateReading
from oakum.openapi.model import Json, Media, Operation, Shape
from oakum.policy.model import OperationRule, Policy, Relation
from tests.properties.worlds import (
    PERSON_SHAPE,
    RELATIONS,
    STATES,
    THING,
    WORD,
    Document,
    array,
    policies,
    record,
    scalar,
)

HIDEABLE = ("a", "b", "is_private", "deep")
ENDPOINTS = ("one", "two")
SECURED = (frozenset({"session"}),)
relations = st.fixed_dictionaries(
    {
        "member": st.sampled_from([RELATIONS["member"], replace(RELATIONS["member"], unless=())]),
        "follower": st.sampled_from(
            [
                RELATIONS["follower"],
                replace(RELATIONS["follower"], unless=("blocked",)),
                replace(RELATIONS["follower"], operation="friends"),
                replace(RELATIONS["follower"], requires=("member",)),
                replace(RELATIONS["follower"], requires=("owner", "friend")),
            ]
        ),
        "blocked": st.sampled_from(
            [RELATIONS["blocked"], replace(RELATIONS["blocked"], requires=("friend",))]
        ),
        "friend": st.just(Relation("friend", "lookup", operation="friends", pointer="/*/id")),
    }
)


@st.composite
def contracts(draw: st.DrawFn, said: st.SearchStrategy[Policy] | None = None) -> Model:
    """A contract over `Thing` and `Person` at up to two endpoints, in everything that may
    differ."""
    policy = draw(said if said is not None else policies())
    missing = draw(st.sampled_from([None, False, True]))
    states = {**STATES, "private": replace(STATES["private"], missing=missing)}
    thing = replace(policy.resources["Thing"], states=states)
    rules: dict[str, OperationRule] = {}
    endpoints: list[Operation] = []
    for name in draw(st.lists(st.sampled_from(ENDPOINTS), unique=True)):
        hidden = draw(st.sets(st.sampled_from(HIDEABLE)))
        shown = record("Thing", **{k: each() for k, each in THING.properties.items()
                                   if k not in hidden})  # fmt: skip
        answer = record(total=scalar("integer"), next=WORD, data=array(shown))
        security = draw(st.sampled_from([SECURED, (), None]))
        media = (Media("application/json", answer),)
        endpoints.append(Operation(name, "GET", f"/{name}", responses={"200": media},
                               security=security))  # fmt: skip
        call = draw(st.sampled_from([None, (), ("anyone",), ("member",), ("owner", "follower")]))
        if call is not None:
            rules[name] = OperationRule(name, call=call)
    known: dict[str, Relation] = {**RELATIONS, **draw(relations)}
    made = Policy(known, {**policy.resources, "Thing": thing}, rules)
    return compile_contract(Document(tuple(endpoints)), made)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Model, Model]:
    """Two contracts; half of them grant the same, and differ in what they are laid over."""
    policy = draw(policies())
    same = st.just(policy)
    return draw(contracts(same)), draw(contracts(draw(st.sampled_from([same, policies()]))))


def cases(kind: str) -> Iterator[tuple[Principal, Subject]]:
    """Every caller, and every state of an object of theirs or of somebody else."""
    ways = [True, False, None]
    callers = [ANONYMOUS]
    for own, blocked, follower, friend in product([True, False], ways, ways, ways):
        answers = {"blocked": blocked, "follower": follower, "friend": friend}
        related = {(name, "u1"): held for name, held in answers.items() if held is not None}
        callers.append(Principal(frozenset({"u1" if own else "u2"}), {}, related))
    privates: list[Json] = [False, True, None, "odd"] if kind == "Thing" else [None]
    audiences: list[Json] = ["all", "crew", "me", "odd", None] if kind == "Thing" else [None]
    for caller, private, audience in product(callers, privates, audiences):
        value = {"is_private": private, "audience": audience}
        yield caller, Subject(kind, ("u1",), value)


def seen_by(model: Model, caller: Principal) -> Principal:
    """The caller as this contract asks of them: `follower` may be another list here."""
    friends = model.policy.relations["follower"].operation == "friends"
    related = {
        key: v
        for (name, owner), v in caller.related.items()
        for key in [(name, owner), ("follower", owner)][: 1 + (name == "friend")]
        if name != "follower" or not friends
        if key[0] == name or friends
    }
    return replace(caller, related=related)


def leaves(shape: Shape, path: str = "") -> set[str]:
    """Declared leaves, read straight."""
    if shape is PERSON_SHAPE and path:
        return {path}
    below = {name: each() for name, each in shape.properties.items()}
    if shape.items is not None:
        below["*"] = shape.items()
    if not below:
        return {path}
    return {
        leaf
        for name, each in below.items()
        for leaf in leaves(each, f"{path}.{name}" if path else name)
    }


_leaves = lru_cache(maxsize=8)(leaves)


def levels(
    model: Model, endpoint: str, kind: str, caller: Principal, it: Subject
) -> dict[str, int]:
    """How open each field is to this caller at an endpoint."""
    if endpoint not in model.operations:
        return {}
    answer = model.operations[endpoint].responses["200"][0].shape
    assert answer is not None
    thing = answer.properties["data"]().items
    assert thing is not None
    if kind == "Person" and not any(
        rule.path == "person" and rule.grants for rule in model.policy.resources["Thing"].fields
    ):
        return {}
    declared = _leaves(thing() if kind == "Thing" else PERSON_SHAPE)
    found = decide(model, seen_by(model, caller), endpoint, it)
    return {leaf: 1 + (leaf in declared) for leaf in found.fields} if found.allowed else {}


Held = tuple[frozenset[str], ...]
"""The relations of a caller to an object, by the older contract and by the newer one."""


def held_by(models: tuple[Model, Model], caller: Principal, it: Subject) -> Held:
    return tuple(held_relations(m.policy, seen_by(m, caller), it) for m in models)


class Spots:
    """The spots of a move, by the callers who stand there."""

    def __init__(self, move: Move) -> None:
        self.move = move
        self._names = [
            frozenset[str]().union(*(world.old for world in move.worlds)),
            frozenset[str]().union(*(world.new for world in move.worlds)),
        ]
        self._at: dict[tuple[bool, Held], list[Spot]] = {}
        for spot in move.spots:
            world, _ = spot
            self._at.setdefault((world.logged, (world.old, world.new)), []).append(spot)

    def covering(self, caller: Principal, it: Subject, both: Held) -> set[Spot]:
        """Those at which this caller and this object stand."""
        now = tuple(h & n for h, n in zip(both, self._names, strict=True))
        here = self._at.get((bool(caller.ids), now))
        if not here:
            return set()
        readings = [_reading(each, it) for each in self.move.settings]
        return {
            (world, read)
            for world, read in here
            if all(r in ok for r, ok in zip(read, readings, strict=True))
        }


def _reading(setting: Setting, it: Subject) -> set[StateReading]:
    state = setting.new or setting.old
    assert state is not None
    value = it.value.get(state.member)
    is_one = StateReading("is", value)
    if value is None:
        return {MISSING} if MISSING in setting.readings else missing(setting)
    return {is_one} if is_one in setting.readings else {OTHER}


def missing(setting: Setting) -> set[StateReading]:
    """What a missing value reads as where both contracts say the same of it."""
    state = setting.new or setting.old
    assert state is not None
    return {OTHER if state.missing is None else StateReading("is", state.missing)}


@settings(deadline=None, max_examples=40)
@given(pairs())
def test_a_difference_is_what_decide_says_of_every_case(both: tuple[Model, Model]) -> None:
    old, new = both
    found = compare(old, new)
    hit: set[object] = set()
    for kind in ("Thing", "Person"):
        moves = [m for m in found.moves if m.kind == "see" and m.resource == kind]
        at = [Spots(move) for move in moves]
        for caller, it in cases(kind):
            relations = held_by(both, caller, it)
            for endpoint in ENDPOINTS:
                was = levels(old, endpoint, kind, caller, it)
                will = levels(new, endpoint, kind, caller, it)
                here = [each for each in at if f"GET /{endpoint}" in each.move.endpoints]
                told: dict[str, bool] = {}
                for each in here:
                    move, spots = each.move, each.covering(caller, it, relations)
                    hit |= {(id(move), spot) for spot in spots}
                    if spots:
                        assert told.setdefault(move.leaf, move.widens) is move.widens
                moved = {
                    leaf: will.get(leaf, 0) > was.get(leaf, 0)
                    for leaf in was.keys() | will.keys()
                    if will.get(leaf, 0) != was.get(leaf, 0)
                }
                assert told == moved, (endpoint, caller, it.value)
        assert hit >= {(id(m), spot) for m in moves for spot in m.spots}, "no case is like it"


@settings(deadline=None, max_examples=40)
@given(contracts(), contracts())
def test_so_is_who_may_call(old: Model, new: Model) -> None:
    moves = [Spots(move) for move in compare(old, new).moves if move.kind == "call"]
    for caller, it in cases("Person"):
        both = held_by((old, new), caller, it)
        for endpoint in ENDPOINTS:
            levels = [
                2 if endpoint in m.operations and decide_call(m, caller, endpoint, it) else 0
                for m in (old, new)
            ]
            told = {
                each.move.widens
                for each in moves
                if f"GET /{endpoint}" in each.move.endpoints and each.covering(caller, it, both)
            }
            assert told == ({levels[1] > levels[0]} if levels[0] != levels[1] else set())


def decide_call(model: Model, caller: Principal, endpoint: str, it: Subject) -> bool:
    return may_call(model, seen_by(model, caller), endpoint, {}, it)


def turned(found: Difference) -> set[object]:
    return {
        (
            move.kind, not move.widens, move.resource, move.leaf, frozenset(move.endpoints),
            move.why,
            frozenset(
                (replace(world, old=world.new, new=world.old), frozenset(now))
                for world, now in move.spots
            ),
        )
        for move in found.moves
    }  # fmt: skip


def plain(found: Difference) -> set[object]:
    return {
        (
            move.kind, move.widens, move.resource, move.leaf, frozenset(move.endpoints), move.why,
            frozenset((world, frozenset(now)) for world, now in move.spots),
        )
        for move in found.moves
    }  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(pairs())
def test_what_widens_one_way_narrows_the_other_way(both: tuple[Model, Model]) -> None:
    old, new = both
    assert turned(compare(old, new)) == plain(compare(new, old))


@settings(deadline=None, max_examples=50)
@given(contracts())
def test_what_people_are_told_of_a_setting_moves_nobody(model: Model) -> None:
    promises = tuple((str(value), f"promise of {value}") for value in STATES["audience"].values)
    thing = model.policy.resources["Thing"]
    states = {**thing.states, "audience": replace(thing.states["audience"], promises=promises)}
    people = {**model.policy.resources, "Thing": replace(thing, states=states)}
    told = replace(model, policy=replace(model.policy, resources=people))
    assert compare(model, told).moves == compare(told, model).moves == ()


@settings(deadline=None, max_examples=50)
@given(contracts())
def test_a_contract_does_not_differ_from_itself(model: Model) -> None:
    assert compare(model, model).moves == ()
    again = replace(model, policy=replace(model.policy, relations=dict(model.policy.relations)))
    assert compare(model, again).moves == ()
