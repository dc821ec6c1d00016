"""Exchanges tell tests and recorded traffic who created an object, and whose its parent is."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from oakum.exchange import Exchange, Request, Response
from oakum.policy.contract import Contract, load
from oakum.pytest_plugin.response_capture import Capture
from oakum.pytest_plugin.suite_observer import SuiteObserver
from oakum.routing.judged_contract import compile_for_judging
from oakum.traffic.evaluation.traffic_judge import ContractJudge
from oakum.traffic.recorded_exchange import RecordedExchange
from tests.scan import test_creators, test_parents

HOST = "http://127.0.0.1"
IDS = {"ann": "u-ann", "bob": "u-bob"}


def sent(who: str, method: str, path: str, shown: object, body: object = None) -> Exchange:
    return Exchange(
        Request(method, HOST + path, {"authorization": f"Bearer {who}"},
                json.dumps(body).encode() if body is not None else b""),
        Response(201 if method == "POST" else 200, {"content-type": "application/json"},
                 json.dumps(shown).encode()),
    )  # fmt: skip


def me(who: str) -> Exchange:
    return sent(who, "GET", "/me", {"id": IDS[who]})


def of_a_suite(contract: Contract, exchanges: Sequence[Exchange]) -> set[str]:
    watch = SuiteObserver(contract, lambda request: None, key=b"k")
    for one in exchanges:
        evaluation = watch.observe(Capture(one.request, one.response, app=watch))
        with suppress(StopIteration):
            asked = next(evaluation)
            while True:
                asked = evaluation.send(me(asked.headers["authorization"][7:]).response)
    return {each.key.field for each in watch.leaks}


def of_traffic(contract: Contract, exchanges: Sequence[Exchange]) -> set[str]:
    judged = ContractJudge(compile_for_judging(contract))
    for one in exchanges:
        judged.evaluate(RecordedExchange(one, "whole", headers=True), json.loads(one.response.body))
    return {each.field for each in judged.drift()}


Leaks = Callable[[Contract, Sequence[Exchange]], set[str]]
BOTH = pytest.mark.parametrize("leaks", [of_a_suite, of_traffic], ids=["tests", "traffic"])


PAPER = {"id": "p1", "text": "ann's will"}
MADE = sent("ann", "POST", "/papers", PAPER, {"text": "ann's will"})
READ_BY_BOB = sent("bob", "GET", "/papers/p1", PAPER)
CREATIONS: list[tuple[list[Exchange], set[str]]] = [
    ([MADE, READ_BY_BOB], {"id", "text"}),
    ([MADE, sent("ann", "GET", "/papers/p1", PAPER)], set()),
    ([READ_BY_BOB, MADE, READ_BY_BOB], set()),
    ([sent("ann", "POST", "/papers", PAPER, {"id": "p1"}), READ_BY_BOB], set()),
    ([MADE, sent("bob", "GET", "/papers/p2", {**PAPER, "id": "p2"})], set()),
    ([READ_BY_BOB], set()),
]
"""Only what ann has made is hers: not what was there before, what the request names, or another."""


@BOTH
@pytest.mark.parametrize(("exchanges", "expected"), CREATIONS)
def test_whose_an_object_is_is_told_by_its_creation(
    leaks: Leaks, exchanges: list[Exchange], expected: set[str], tmp_path: Path
) -> None:  # fmt: skip
    contract = load(test_creators.entry(leaky=True).write(tmp_path, 1))
    assert leaks(contract, [me("ann"), me("bob"), *exchanges]) == expected


def test_another_test_may_give_the_same_key_to_somebody_else(tmp_path: Path) -> None:
    contract = load(test_creators.entry(leaky=True).write(tmp_path, 1))
    watch = SuiteObserver(contract, lambda request: None, key=b"k")
    for test, exchanges in (("one", [MADE]), ("two", [READ_BY_BOB])):
        watch.begin(test)
        for one in (me("ann"), me("bob"), *exchanges):
            evaluation = watch.observe(Capture(one.request, one.response, app=watch))
            with suppress(StopIteration):
                asked = next(evaluation)
                while True:
                    asked = evaluation.send(me(asked.headers["authorization"][7:]).response)
    assert watch.leaks == []


PROJECT = sent("ann", "GET", "/projects", [{"id": "pr-1", "lead": "u-ann"}])
ISSUES = sent("ann", "GET", "/projects/pr-1/issues", [{"id": "i-7", "title": "x"}])
COMMENTS = [{"id": "c-1", "text": "secret"}]
READ = sent("bob", "GET", "/issues/i-7/comments", COMMENTS)
PARENTS: list[tuple[list[Exchange], set[str]]] = [
    ([PROJECT, ISSUES, READ], {"id", "text"}),
    ([PROJECT, ISSUES, sent("ann", "GET", "/issues/i-7/comments", COMMENTS)], set()),
    ([PROJECT, ISSUES, sent("bob", "GET", "/issues/i-8/comments", COMMENTS)], set()),
    ([ISSUES, READ], set()),
    ([READ], set()),
]
"""A comment has the owner of its issue, and that of its project, once both were shown."""


@BOTH
@pytest.mark.parametrize(("exchanges", "expected"), PARENTS)
def test_whose_an_object_is_is_told_by_its_parents(
    leaks: Leaks, exchanges: list[Exchange], expected: set[str], tmp_path: Path
) -> None:  # fmt: skip
    contract = load(test_parents.entry("").write(tmp_path, 1))
    assert leaks(contract, [me("ann"), me("bob"), *exchanges]) == expected


def test_a_refusal_of_what_its_creator_was_shown_closes_it(tmp_path: Path) -> None:
    contract = load(test_creators.entry(leaky=True).write(tmp_path, 1))
    watch = SuiteObserver(contract, lambda request: None, key=b"k")
    refused = sent("bob", "GET", "/papers/p1", {})
    refused = Exchange(refused.request, Response(404, {}, b""))
    for one in (me("ann"), MADE, sent("ann", "GET", "/papers/p1", PAPER), me("bob"), refused):
        evaluation = watch.observe(Capture(one.request, one.response, app=watch))
        with suppress(StopIteration):
            asked = next(evaluation)
            while True:
                asked = evaluation.send(me(asked.headers["authorization"][7:]).response)
    closed = {(key.field, key.viewer) for key, result in watch.tally.shown if result == "closed"}
    assert closed == {("id", "member"), ("text", "member")}
