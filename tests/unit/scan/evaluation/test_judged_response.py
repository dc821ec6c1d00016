"""A response with its judgement: parsed once, and judged again only by news."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import orjson

from oakum.exchange import Response
from oakum.exposure.finding_evidence import Question
from oakum.scan.evaluation.judged_response import JudgedResponse
from oakum.scan.requests.builder import fill
from tests.unit.scan.evaluation.test_evaluator import ANN, Watch
from tests.unit.scan.studio import IDS, Run, Studio, probe, reply

ABOUT_ANN = Question(
    "q", "getPerson", "cat", frozenset({"ann"}), {"personId": IDS["ann"]}, frozenset(), ""
)


class Members:
    """A list of members that says whether it was news."""

    def __init__(self, *news: bool) -> None:
        self._news = [*news]

    def meet(self, instances: object) -> bool:
        return self._news.pop(0)


def test_a_scan_parses_a_response_once_and_judges_it_once() -> None:
    """With an `ETag`, for which its governed values are kept, and with tenants to be asked for."""
    run = Run(Studio())
    memberships: Any = Members(False, True)
    engine = replace(run.engine, context=replace(run.engine.context, memberships=memberships))
    filled = fill(probe("getMe"), engine.target, engine.knowledge, None)
    assert filled is not None
    answer = replace(reply(ANN), headers={**reply().headers, "etag": '"1"'})
    evaluator, parsed, judged = engine.evaluator, list[Any](), list[Question]()
    judge = evaluator.judge

    def parse(text: Any, *args: Any, **more: Any) -> Any:
        parsed.append(text)
        return plain(text, *args, **more)

    def counted(at: Any, question: Question, *args: Any) -> JudgedResponse:
        judged.append(question)
        return judge(at, question, *args)

    evaluator.judge = counted  # type: ignore[method-assign]
    plain, fast = json.loads, orjson.loads
    with (
        patch("json.loads", parse),
        patch("orjson.loads", lambda text: parsed.append(text) or fast(text)),
    ):
        engine.judge(probe("getMe"), "ann", None, filled, answer, "1")
        assert (len(parsed), len(judged)) == (1, 1)
        engine.judge(probe("getMe"), "ann", None, filled, answer, "2")
        assert (len(parsed), len(judged)) == (2, 3), "tenants that were met are news"


def test_judging_again_takes_what_was_learnt_since_and_parses_nothing() -> None:
    watch = Watch()
    evaluator = watch.run.evaluator
    first = evaluator.judge(probe("getPerson"), ABOUT_ANN, reply(ANN))
    with patch("oakum.scan.evaluation.judged_response.json_in") as parse:
        again = evaluator.again(first)
    assert not parse.called and again.parsed is first.parsed
    assert again.value == first.value == ANN and again.whole
    assert [each.resource for each in again.instances] == ["Person"]


def test_what_is_no_json_is_judged_as_a_text() -> None:
    page = Response(200, {"content-type": "text/html"}, b"<p>Ann</p>")
    seen = Watch().run.evaluator.judge(probe("getPerson"), ABOUT_ANN, page)
    assert seen.parsed == () and seen.value == "<p>Ann</p>" and not seen.whole
