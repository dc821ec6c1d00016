"""The fast way over recorded answers says what the slow one says: `Judge` and `Look`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import cadence
from oakum.authz import Judge
from oakum.exposure.evidence import Redactor
from oakum.exposure.exchanges.caller_identification import NOBODY, UNKNOWN
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.response_reader import read_as_declared
from oakum.policy.contract import load
from oakum.pytest_plugin.response_evaluator import JudgedExchange, JudgingContext, ObservedExchange
from oakum.routing.judged_contract import compile_for_judging
from oakum.traffic.evaluation.cached_object_walk import FastWalk
from oakum.traffic.evaluation.decision_cache import Verdicts
from oakum.traffic.evaluation.traffic_judge import ContractJudge
from oakum.traffic.inventory import read
from oakum.traffic.traffic_files import TrafficSource, records
from tests.observe.crowd import Crowd, text
from tests.observe.walks import found_fast, found_judged

CONTRACT = Path(cadence.__file__).with_name("exposure.yaml")
CALLERS = (NOBODY, UNKNOWN)


@pytest.fixture(scope="module", params=["1", "fixed"])
def traffic(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("fast_walk") / "crowd.ndjson"
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(text(Crowd(members=6, stage=request.param).exchanges(120)))
    return file


def test_the_same_objects_fields_and_leaks(traffic: Path) -> None:
    judged = ContractJudge(compile_for_judging(load(CONTRACT)))
    model, policy = judged.model, judged.policy
    label = KnownIdentities(policy, {}, {}, {}).label
    frame = JudgingContext(model, Redactor(b"k" * 32, judged.names), label, {})
    verdicts = Verdicts(model, label)
    fast_walks = {name: FastWalk(model, name) for name in model.operations}
    compared = Counter[str]()
    for passed in records(TrafficSource(str(traffic))):
        found = judged.find_operation(passed)
        judged.evaluate(passed, read(passed.exchange.response.body, "application/json"))
        if found is None or not passed.exchange.response.body:
            continue
        operation, params = found
        response = passed.exchange.response
        legible = read_as_declared(operation, response)
        for caller in (*CALLERS, judged._caller(passed)):
            good, ids = response.status < 300, caller.principal.ids
            seen = fast_walks[operation.id].objects(legible.value, legible.shape, good, params, ids)
            judge = Judge(model, caller.principal, operation.id, params, response.status)
            instances = judge.judge(legible.value, legible.shape).instances
            assert found_fast(seen) == found_judged(instances)
            begins = operation.method != "GET"
            owners = frozenset(owner for each in instances for owner in each.owners)
            who = judged.facts.inform(policy, caller, owners)
            asked = ObservedExchange(operation, params, who, response, legible, begins, "", "")
            look = JudgedExchange(frame, asked, {}).judge()
            leaks = set()
            for each in seen:
                verdict = verdicts.of(operation.id, each, caller, judged.facts, params, begins)
                leaks |= verdict.of(each.form)[0]
            assert leaks == {leak.key for leak in look.leaks}
            compared[operation.id] += len(leaks)
    assert len(compared) > 15


def test_what_begins_anew_has_heard_nothing_and_is_compiled_no_second_time(traffic: Path) -> None:
    judged = ContractJudge(compile_for_judging(load(CONTRACT)))
    judged.learn_all([TrafficSource(str(traffic))])
    for passed in records(TrafficSource(str(traffic))):
        judged.evaluate(passed, read(passed.exchange.response.body, "application/json"))
    fresh = judged.fresh()
    assert fresh.model is judged.model
    assert judged.sent_fields() and judged.distrust() == ()
    assert fresh.sent_fields() == () and fresh.drift() == () and fresh.distrust() != ()
