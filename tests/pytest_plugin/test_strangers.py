"""A stranger who is logged in is not called nobody, where no relation says that they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from oakum.exchange import Exchange, Request, Response
from oakum.policy.contract import load
from oakum.pytest_plugin.report_writer import SuiteRun, report
from oakum.pytest_plugin.response_capture import Capture
from oakum.pytest_plugin.suite_observer import BARE_TEXT, SuiteObserver
from oakum.routing.judged_contract import compile_for_judging
from oakum.traffic.evaluation.traffic_judge import ContractJudge
from oakum.traffic.recorded_exchange import RecordedExchange
from tests.gate.club import written
from tests.pytest_plugin.test_told_owners import HOST, me, sent
from tests.unit.exposure.exchanges.test_relations_before_write import DOCUMENT, OF_ANN, POLICY

BOB = sent("bob", "GET", "/files/f-7", OF_ANN)
SIGNED_OUT = Exchange(Request("GET", f"{HOST}/files/f-7"), BOB.response)
ASKED = [
    ([BOB], "anyone who is logged in", "Anyone who is logged in can read"),
    ([SIGNED_OUT], "anyone", "Anyone can read"),
    ([BOB, SIGNED_OUT], "anyone", "Anyone can read"),
]


@pytest.mark.parametrize(("exchanges", "viewer", "title"), ASKED)
def test_a_stranger_is_called_as_in_a_scan(
    exchanges: Sequence[Exchange], viewer: str, title: str, tmp_path: Path
) -> None:
    contract = load(written(tmp_path, document=DOCUMENT, policy=POLICY))
    watch = SuiteObserver(contract, lambda request: None, key=b"k")
    for one in (me("ann"), me("bob"), *exchanges):
        evaluation = watch.observe(Capture(one.request, one.response, app=watch))
        answer: Response | None = None
        while True:
            try:
                asked = next(evaluation) if answer is None else evaluation.send(answer)
            except StopIteration:
                break
            name = asked.headers.get("authorization", "")[7:]
            answer = me(name).response if name else Response(401, {}, b"")
    assert f"was sent to `{viewer}`" in watch.leaks[-1].words
    watch.tally.settle()
    run = SuiteRun("suite", "exposure.yaml", "", "r", "2026-01-01T00:00:00Z", 0.0, 1)
    assert report(watch, watch.tally, run).findings[0].title.startswith(title)
    judged = ContractJudge(compile_for_judging(contract))
    for one in (me("ann"), me("bob"), *exchanges):
        judged.evaluate(RecordedExchange(one, "whole", headers=True), json.loads(one.response.body))
    assert {each.viewer for each in judged.drift()} == {viewer}


EXPORT = DOCUMENT.replace(
    "  /notes:\n",
    """\
  /export:
    get:
      operationId: export
      responses: {"200": {description: all, content: {"text/csv": {schema: {type: string}}}}}
  /notes:
""",
)


@pytest.mark.parametrize(
    ("kind", "body", "named"),
    [("text/csv", "id,sum\n7,12\n", True), ("text/plain", "Dear Ann, " * 9, True),
     ("text/plain", "ok", False), ("application/json", '{"ready": true}', False)],
)  # fmt: skip
def test_a_text_without_a_resource_is_named_as_not_judged(
    kind: str, body: str, named: bool, tmp_path: Path
) -> None:
    contract = load(written(tmp_path, document=EXPORT, policy=POLICY))
    watch = SuiteObserver(contract, lambda request: {"id": "u-bob"}, key=b"k")
    asked = Request("GET", f"{HOST}/export", {"authorization": "Bearer bob"})
    answer = Response(200, {"content-type": kind}, body.encode())
    assert not [*watch.observe(Capture(asked, answer, app=watch))]
    assert watch.tally.places == ({(BARE_TEXT, "export"): 1} if named else {})
