"""What is nobody's goes with the object that it stands in, where `call:` opens endpoints to
owners."""

from __future__ import annotations

import pytest

from oakum.exchange import Response
from oakum.exposure.evidence import Redactor
from oakum.exposure.exchanges.caller_identification import UNKNOWN, IdentifiedCaller
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.response_reader import ResponseReader
from oakum.openapi.model import Json
from oakum.pytest_plugin.response_evaluator import JudgedExchange, JudgingContext, ObservedExchange
from oakum.routing.judged_contract import compile_for_judging
from oakum.traffic.evaluation.cached_object_walk import FastWalk
from oakum.traffic.evaluation.decision_cache import Verdicts
from oakum.traffic.evaluation.traffic_judge import ContractJudge
from tests.conformance.exchanges import cases

ANSWERED = Response(200, {"content-type": "application/json"})
KIND: dict[str, Json] = {"label": "run", "secret": "s3cret"}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> ContractJudge:
    case = next(case for case in cases() if case.file == "parts")
    return ContractJudge(compile_for_judging(case.setup(tmp_path_factory.mktemp("gear")).contract))


def leaks(judged: ContractJudge, caller: IdentifiedCaller, value: Json) -> set[tuple[str, str]]:
    """Resource and field of each leak, by the way of a test-suite and by the way of traffic."""
    model = judged.model
    operation = model.operations["getWorkout"]
    shape = operation.responses["200"][0].shape
    label = KnownIdentities(model.policy, {}, {}, {}).label
    frame = JudgingContext(model, Redactor(b"", frozenset()), label, {})
    asked = ObservedExchange(
        operation, {}, caller, ANSWERED, ResponseReader(value, shape), False, "test", "1"
    )
    slow = {leak.key for leak in JudgedExchange(frame, asked, {}).judge().leaks}
    verdicts, fast = Verdicts(model, label), set()
    for each in FastWalk(model, "getWorkout").objects(value, shape, True, {}, caller.ids):
        of = verdicts.of("getWorkout", each, caller, judged.facts, {}, False)
        fast |= of.of(each.form)[0]
    assert slow == fast
    return {(key.resource, key.field) for key in slow}


def test_within_the_callers_own_object_nothing_leaks_but_what_no_line_grants(
    judged: ContractJudge,
) -> None:
    ann = IdentifiedCaller("answer", frozenset({"ann"}))
    own: Json = {"data": [{"id": "w1", "by": "ann", "kind": KIND}]}
    assert leaks(judged, ann, own) == {("Kind", "secret")}


@pytest.mark.parametrize("by", ["bob", "ANNA"])
def test_within_anothers_it_leaks_with_all_the_rest(judged: ContractJudge, by: str) -> None:
    ann = IdentifiedCaller("answer", frozenset({"ann"}))
    value: Json = {"data": [{"id": "w1", "by": by, "kind": {"label": "run"}}]}
    assert {("Kind", "label"), ("Workout", "id")} <= leaks(judged, ann, value)
    beside: Json = {"kind": {"label": "run"}}
    assert leaks(judged, ann, beside) == {("Kind", "label")}


def test_nobody_is_accused_while_it_is_not_known_who_asked(judged: ContractJudge) -> None:
    value: Json = {"data": [{"id": "w1", "by": "ann", "kind": {"label": "run"}}]}
    assert leaks(judged, UNKNOWN, value) == set()
