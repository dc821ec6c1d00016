"""The law of `oakum.pytest_plugin.response_evaluator`: a leak is what no possible reading
grants."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.authz import Judge, Model, Principal
from oakum.exchange import Response
from oakum.exposure.evidence import Redactor
from oakum.exposure.exchanges.caller_identification import NOBODY, UNKNOWN, IdentifiedCaller
from oakum.exposure.exchanges.undecided_reasons import RELATION
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.response_reader import ResponseReader
from oakum.openapi.model import Json
from oakum.policy.model import FieldRule, Grant, Owner, Policy, Resource
from oakum.pytest_plugin.response_evaluator import JudgedExchange, JudgingContext, ObservedExchange
from tests.properties.worlds import (
    ANSWER,
    RELATIONS,
    compiled,
    endpoint,
    policies,
    principals,
    values,
)

ANSWERED = Response(200, {"content-type": "application/json"})


def looked(model: Model, caller: IdentifiedCaller, value: Json) -> JudgedExchange:
    label = KnownIdentities(model.policy, {}, {}, {}).label
    frame = JudgingContext(model, Redactor(b"", frozenset()), label, {})
    read = ResponseReader(value, ANSWER)
    return JudgedExchange(
        frame, ObservedExchange(endpoint(), {}, caller, ANSWERED, read, False, "test", "1"), {}
    ).judge()


def withheld(model: Model, who: Principal, value: Json) -> set[tuple[str, ...]]:
    """Places of what the contract does not show to somebody of whom everything is known."""
    judged = Judge(model, who, "list", {}).judge(value, ANSWER)
    return {leaf.pointer for each in judged.instances for leaf in each.leaves if not leaf.allowed}


@settings(deadline=None, max_examples=100)
@given(policies(), principals, values, st.booleans())
def test_a_leak_is_none_that_any_facts_would_grant(
    policy: Policy, who: Principal, value: Json, known: bool
) -> None:
    """Whatever turns out to be so of a caller's relations, what was called a leak is withheld."""
    model = compiled(policy)
    caller = (IdentifiedCaller("answer", who.ids) if who.ids else NOBODY) if known else UNKNOWN
    leaks = {each.at for each in looked(model, caller, value).leaks}
    assert leaks <= withheld(model, who, value)


def test_what_may_be_taken_away_may_be_there_as_well() -> None:
    """`member` is whoever is not blocked, and nobody has looked up who is."""
    shown = FieldRule("a", (Grant(("member",)),))
    thing = Resource(
        "Thing", frozenset({"Thing"}), "id", Owner("field", ("owner_id",)), {}, (shown,)
    )
    value = {"data": [{"id": 1, "owner_id": "u2", "a": "something"}]}
    caller = IdentifiedCaller("answer", frozenset({"u1"}))
    look = looked(compiled(Policy(RELATIONS, {"Thing": thing})), caller, value)
    assert [each.key.field for each in look.leaks] == ["id", "owner_id"]
    assert look.tally.unjudged == {RELATION: 1}


@settings(deadline=None, max_examples=50)
@given(policies(), values)
def test_of_nobody_everything_is_known(policy: Policy, value: Json) -> None:
    """What is withheld from callers without a login leaks, wherever no setting is left open."""
    model = compiled(policy)
    for thing in value["data"]:
        thing["is_private"] = thing.get("is_private") is True
        thing["audience"] = thing.get("audience") if thing.get("audience") == "crew" else "me"
    leaks = {each.at for each in looked(model, NOBODY, value).leaks}
    missed = withheld(model, Principal(), value) - leaks
    for place in missed:  # only what says nothing
        at = value
        for step in place:
            at = at[int(step)] if isinstance(at, list) else at[step]
        assert at in (None, False, 0, "", [], {}) or set(str(at)) <= set("*•●#·…._- xX")
