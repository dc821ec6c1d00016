"""A masked grant shows values of its forms, and no other; diff, tests and traffic agree on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.authz import Judge, Model, Principal, compile_contract, project
from oakum.authz.project import Call, remains
from oakum.authz.table import grants as holds
from oakum.contract_diff import compare
from oakum.exposure.cells.matrix import Key
from oakum.exposure.evidence import Redactor
from oakum.exposure.exchanges.caller_identification import NOBODY, IdentifiedCaller
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.response_reader import ResponseReader
from oakum.openapi.model import Json
from oakum.policy.mask import Mask
from oakum.policy.model import FieldRule, Grant, Owner, Policy, Resource
from oakum.pytest_plugin.response_evaluator import JudgedExchange, JudgingContext, ObservedExchange
from oakum.traffic.evaluation.cached_object_walk import FastWalk
from oakum.traffic.evaluation.decision_cache import Verdicts
from tests.properties.test_diff import (
    ENDPOINTS,
    Spots,
    cases,
    contracts,
    held_by,
    levels,
)
from tests.properties.worlds import (
    ANSWER,
    RELATIONS,
    Document,
    compiled,
    endpoint,
    grants,
    ids,
    policies,
    principals,
)
from tests.pytest_plugin.test_response_evaluator import ANSWERED

FORMS = (Mask("empty"), Mask("stars"), Mask("ends", 0, 4), Mask("ends", 0, 2), Mask("decimals", 1),
         Mask("beside", member="b"))  # fmt: skip
forms = st.lists(st.sampled_from(FORMS), min_size=1, max_size=2, unique=True)
masked = st.builds(lambda grant, of: replace(grant, masked=tuple(of)), grants, forms)


@st.composite
def masking(draw: st.DrawFn) -> Policy:
    """A policy of which some lines show their field to some in a masked form."""
    policy = draw(policies())
    made = {}
    for name, resource in policy.resources.items():
        lines = tuple(
            replace(rule, masked=tuple(draw(st.lists(masked, max_size=2))))
            for rule in resource.fields
        )
        made[name] = replace(resource, fields=lines)
    return replace(policy, resources=made)


shown = st.sampled_from(
    ["a***@x.test", "ann@x.test", "**** 1234", "1234", "12345", "", None, 1.5, 52.123, 7, True]
)
people = st.fixed_dictionaries({"id": ids}, optional={"name": shown, "mail": shown})
things = st.fixed_dictionaries(
    {"id": ids, "owner_id": ids},
    optional={
        "is_private": st.booleans(),
        "audience": st.sampled_from(["all", "crew", "me"]),
        "a": shown,
        "b": shown,
        "deep": st.fixed_dictionaries({}, optional={"x": shown, "y": shown}),
        "list": st.lists(st.fixed_dictionaries({"z": shown}), max_size=3),
        "person": people,
    },
)
values = st.fixed_dictionaries({"data": st.lists(things, max_size=3)})


def changed(policy: Policy, turn: Callable[[FieldRule], FieldRule]) -> Policy:
    return replace(
        policy,
        resources={
            name: replace(each, fields=tuple(map(turn, each.fields)))
            for name, each in policy.resources.items()
        },
    )


def without_masks(policy: Policy) -> Policy:
    return changed(policy, lambda rule: replace(rule, masked=()))


def whole_for(policy: Policy, mask: Mask, kind: str) -> Policy:
    """The policy that shows as it is what this one shows at least in a masked form. An object that
    is a resource of its own is no masked value."""

    def turn(rule: FieldRule) -> FieldRule:
        if kind == "Person" and rule.path == "person":
            return replace(rule, masked=())
        more = tuple(each for each in rule.masked if any(map(mask.within, each.masked)))
        return replace(rule, grants=(*rule.grants, *more), masked=())

    return changed(policy, turn)


def at(value: Json, pointer: tuple[str, ...]) -> Json:
    for step in pointer:
        if isinstance(value, list):
            value = value[int(step)]
        elif isinstance(value, dict):
            value = value[step]
    return value


@settings(deadline=None, max_examples=80)
@given(masking(), principals, values)
def test_a_masked_grant_shows_values_of_its_forms_and_no_other(
    policy: Policy, who: Principal, value: Json
) -> None:
    judged = Judge(compiled(policy), who, "list", {}).judge(value, ANSWER)
    plain = Judge(compiled(without_masks(policy)), who, "list", {}).judge(value, ANSWER)
    assert [each.pointer for each in judged.instances] == [e.pointer for e in plain.instances]
    for each, before in zip(judged.instances, plain.instances, strict=True):
        lines = policy.resources[each.resource].fields
        for leaf, bare in zip(each.leaves, before.leaves, strict=True):
            assert leaf[:4] == bare[:4], "a mask changes what is shown as it is"
            rule = next((r for r in lines if leaf.path == r.path), None)
            fits = {
                mask
                for grant in (rule.masked if rule else ())
                if holds(grant, each.held, each.state)
                for mask in grant.masked
                if mask.fits(leaf.value, at(value, leaf.pointer[:-1]))
            }
            if not isinstance(leaf.value, dict | list):
                assert leaf.masked == (bool(fits) and not leaf.allowed), (leaf, fits)


@settings(deadline=None, max_examples=60)
@given(masking(), principals, values)
def test_what_a_mask_shows_adds_to_what_is_shown_without_it(
    policy: Policy, who: Principal, value: Json
) -> None:
    judged = Judge(compiled(policy), who, "list", {}).judge(value, ANSWER)
    plain = Judge(compiled(without_masks(policy)), who, "list", {}).judge(value, ANSWER)
    for each in judged.instances:
        for leaf in each.leaves:
            if remains(plain.keep, leaf.pointer):
                assert remains(judged.keep, leaf.pointer)


def standing(*policies: Policy) -> list[Mask]:
    """The masked forms of these."""
    lines = (rule for each in policies for one in each.resources.values() for rule in one.fields)
    found = {mask for rule in lines for grant in rule.masked for mask in grant.masked}
    return [mask for mask in FORMS if mask in found]


CASES = {kind: [*cases(kind)] for kind in ("Thing", "Person")}
Levels = Callable[[str, str, int], dict[str, int]]


def openness(model: Model) -> Levels:
    """How open each field is at an endpoint in a case of a kind, each worked out once."""
    return cache(lambda name, kind, number: levels(model, name, kind, *CASES[kind][number]))


@settings(deadline=None, max_examples=12)
@given(st.data(), masking(), masking())
def test_a_difference_of_masked_grants_is_exact(
    data: st.DataObject, first: Policy, second: Policy
) -> None:
    """A move of a masked form is told where neither contract shows the field as it is. Who sees
    the last four digits sees the last two."""
    old, new = (data.draw(contracts(st.just(each))) for each in (first, second))
    found = compare(old, new)
    assert {move.mask for move in found.moves if move.kind != "see"} <= {None}
    both = [(each, openness(each)) for each in (old, new)]
    as_it_is = [shown for _, shown in both]
    relations = cache(lambda kind, number: held_by((old, new), *CASES[kind][number]))

    def least(model: Model, shown: Levels, mask: Mask, kind: str) -> Levels:
        policy = whole_for(model.policy, mask, kind)
        if policy == model.policy:
            return shown
        return openness(compile_contract(Document(tuple(model.operations.values())), policy))

    # Of a form that neither contract has, who sees a larger one decides, whose move is told.
    for mask, kind in product(standing(first, second), ("Thing", "Person")):
        moves = [Spots(m) for m in found.moves if m.mask == mask and m.resource == kind]
        every = [*(least(*each, mask, kind) for each in both), *as_it_is]
        for (number, (caller, it)), name in product(enumerate(CASES[kind]), ENDPOINTS):
            was, will, was_whole, will_whole = (each(name, kind, number) for each in every)
            told = {
                each.move.leaf: each.move.widens
                for each in moves
                if f"GET /{name}" in each.move.endpoints
                and each.covering(caller, it, relations(kind, number))
            }
            moved = {
                leaf: will.get(leaf, 0) > was.get(leaf, 0)
                for leaf in was.keys() | will.keys()
                if leaf not in was_whole and leaf not in will_whole
                if will.get(leaf, 0) != was.get(leaf, 0)
            }
            assert told == moved, (mask, name, caller, it.value)


@settings(deadline=None, max_examples=80)
@given(masking(), principals, values)
def test_tests_and_traffic_call_the_same_a_leak(
    policy: Policy, who: Principal, value: Json
) -> None:
    model = compiled(policy)
    caller = IdentifiedCaller("answer", who.ids) if who.ids else NOBODY
    look, fast = leaks(model, caller, value), leaks_in_traffic(model, caller, value)
    assert look == fast
    before = leaks(compiled(without_masks(policy)), caller, value)
    # a form that depends on a state gives a field a cell for each
    assert {key[:4] for key in look} <= {key[:4] for key in before}, "a mask makes a leak"


def leaks(model: Model, caller: IdentifiedCaller, value: Json) -> set[Key]:
    label = KnownIdentities(model.policy, {}, {}, {}).label
    frame = JudgingContext(model, Redactor(b"", frozenset()), label, {})
    read = ResponseReader(value, ANSWER)
    asked = ObservedExchange(endpoint(), {}, caller, ANSWERED, read, False, "test", "1")
    return {each.key for each in JudgedExchange(frame, asked, {}).judge().leaks}


def leaks_in_traffic(model: Model, caller: IdentifiedCaller, value: Json) -> set[Key]:
    verdicts = Verdicts(model, KnownIdentities(model.policy, {}, {}, {}).label)
    seen = FastWalk(model, "list").objects(value, ANSWER, True, {}, caller.ids)
    return {
        key
        for each in seen
        for key in verdicts.of("list", each, caller, None, {}, False).of(each.form)[0]
    }


def test_a_masked_value_stays_byte_for_byte() -> None:
    ends, rounded = (
        Grant(("anyone",), masked=(each,)) for each in (Mask("ends", 0, 4), Mask("decimals", 1))
    )
    lines = (FieldRule("a", (), masked=(ends,)), FieldRule("b", (), masked=(rounded,)))
    thing = Resource("Thing", frozenset({"Thing"}), "id", Owner("field", ("owner_id",)), {}, lines)
    model = compiled(Policy(RELATIONS, {"Thing": thing}))
    body = b'{"data": [ {"a" : "\\u002a*** 1234", "b": 5.10}, {"a": "51234", "b": 5.11} ]}'
    kept = project(model, Principal(), Call("list"), body).body
    assert kept == b'{"data": [ {"a" : "\\u002a*** 1234", "b": 5.10} ]}'
