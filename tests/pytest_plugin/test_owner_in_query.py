"""Tests and recorded traffic read an owner from the query, as a scan does."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.authz.owners import named_in_query
from oakum.exchange import Exchange, Request, Response
from oakum.policy.contract import Contract, load
from oakum.policy.model import Owner, Policy, Resource
from oakum.pytest_plugin.response_capture import Capture
from oakum.pytest_plugin.suite_observer import SuiteObserver
from oakum.routing.judged_contract import compile_for_judging
from oakum.traffic.evaluation.traffic_judge import ContractJudge
from oakum.traffic.recorded_exchange import RecordedExchange
from tests.scan.test_owner_in_query import DAYS, entry

POLICY = Policy({}, {"Day": Resource("Day", frozenset(), owner=Owner("query", ("userId",)))})
SENT = (
    ("", set()),
    ("?userId=u-ann", {"steps", "note"}),
    ("?userId=u-bob", set()),
    ("?userId=u-ann&userId=u-bob", set()),
    ("?userId=u-ann&UserID=u-bob", set()),
    ("?userId[]=u-ann", set()),
    ("?page=2&userId=u%2Dann", {"steps", "note"}),
)


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return load(entry("").write(tmp_path_factory.mktemp("steps"), 1))


def exchange(path: str, shown: object) -> Exchange:
    """A request of bob's."""
    return Exchange(
        Request("GET", f"http://127.0.0.1{path}", {"authorization": "Bearer b"}),
        Response(200, {"content-type": "application/json"}, json.dumps(shown).encode()),
    )


ME = exchange("/me", {"id": "u-bob"})


@pytest.mark.parametrize(("query", "leaks"), SENT)
def test_a_test_suite_is_told_what_leaks_of_whom_the_query_names(
    contract: Contract, query: str, leaks: set[str]
) -> None:
    watch = SuiteObserver(contract, lambda request: None, key=b"k")
    for one in (ME, exchange(f"/days{query}", DAYS["u-ann"])):
        evaluation = watch.observe(Capture(one.request, one.response, app=watch))
        with suppress(StopIteration):  # it asks who calls, if anything
            assert next(evaluation).url == ME.request.url
            while True:
                assert evaluation.send(ME.response).url == ME.request.url
    assert {each.key.field for each in watch.leaks} == leaks


@pytest.mark.parametrize(("query", "leaks"), SENT)
def test_recorded_traffic_is_judged_by_whom_the_query_names(
    contract: Contract, query: str, leaks: set[str]
) -> None:
    judged = ContractJudge(compile_for_judging(contract))
    for one in (ME, exchange(f"/days{query}", DAYS["u-ann"])):
        judged.evaluate(RecordedExchange(one, "whole", headers=True), json.loads(one.response.body))
    assert {each.field for each in judged.drift()} == leaks


pairs = st.tuples(
    st.sampled_from(["userId", "userid", "USERID", "userId[]", "userId[0]", "user", "page"]),
    st.sampled_from(["u-ann", "u-bob", "", "7"]),
)


@given(st.lists(pairs, max_size=4))
def test_whatever_a_query_says_an_owner_is_named_by_one_parameter_of_the_very_name_or_by_none(
    said: list[tuple[str, str]],
) -> None:
    query = "&".join(f"{name}={value}" for name, value in said)
    spelt = [(name, value) for name, value in said if name.lower().startswith("userid")]
    expected = {"?userId": spelt[0][1]} if [name for name, _ in spelt] == ["userId"] else {}
    assert named_in_query(POLICY, query) == expected
