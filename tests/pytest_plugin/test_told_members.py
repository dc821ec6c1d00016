"""Exchanges tell tests and recorded traffic who is a member of a tenant, and in which role."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oakum.exchange import Exchange
from oakum.policy.contract import Contract, load
from oakum.pytest_plugin.response_capture import Capture
from oakum.pytest_plugin.suite_observer import SuiteObserver
from tests.pytest_plugin.test_told_owners import IDS, Leaks, me, of_traffic, sent
from tests.scan import test_members_of_tenants as books

FIRM = "parameters: [{name: firm, in: path, required: true, schema: {type: string}}], "
DONE = "responses: {'201': {description: ok}}}\n"
DOCUMENT = books.DOCUMENT.replace(
    "/firms/{firm}/members:\n",
    "/firms/{firm}/members:\n    post: {operationId: addMember, " + FIRM + DONE,
).replace("/invoices:\n", "/invoices:\n    post: {operationId: bill, " + DONE)


def of_a_suite(contract: Contract, exchanges: Sequence[Exchange]) -> set[str]:
    """What a suite finds whose API answers a request as it did before."""
    watch = SuiteObserver(contract, lambda request: None, key=b"k")
    for one in exchanges:
        evaluation = watch.observe(Capture(one.request, one.response, app=watch))
        with suppress(StopIteration):
            asked = next(evaluation)
            while True:
                who = asked.headers["authorization"]
                known = [me(who[7:]), *(e for e in exchanges if e.request.method == "GET")]
                same = (e.response for e in known if e.request.url == asked.url
                        and e.request.headers["authorization"] == who)  # fmt: skip
                asked = evaluation.send(next(same))
    return {each.key.field for each in watch.leaks}


def of_known_traffic(contract: Contract, exchanges: Sequence[Exchange]) -> set[str]:
    """What traffic tells whose callers were known before."""
    return of_traffic(contract, [*map(me, IDS), *exchanges])


BOTH = pytest.mark.parametrize("leaks", [of_a_suite, of_known_traffic], ids=["tests", "traffic"])
BILL = {"id": "b1", "firm": "north", "clerk": "u-cas", "total": 7.25, "margin": 0.125}


def contract(folder: Path, members: str) -> Contract:
    (folder / "openapi.yaml").write_text(DOCUMENT, encoding="utf-8")
    role = "/role" if members == books.ALONE else "/data/*/role"
    policy = folder / "exposure.yaml"
    policy.write_text(books.EXPOSURE % {"members": members, "role": role}, encoding="utf-8")
    return load(policy)


def members(who: str, *rows: tuple[str, str]) -> Exchange:
    shown = [{"user": {"id": IDS[name]}, "role": role} for name, role in rows]
    return sent(who, "GET", "/firms/north/members", {"data": shown})


def own(who: str, *rows: tuple[str, str]) -> Exchange:
    return sent(who, "GET", "/me/firms", {"data": [{"id": i, "role": r} for i, r in rows]})


def bill(who: str, **changed: Any) -> Exchange:
    return sent(who, "GET", "/invoices/b1", {**BILL, **changed})


WHOLE = {"id", "firm", "clerk", "total", "margin"}
LISTED: list[tuple[Sequence[Exchange], set[str]]] = [
    ([bill("ann")], set()),  # nothing is known of the firm
    ([members("ann", ("ann", "lead")), bill("ann")], set()),
    ([members("ann", ("ann", "clerk")), bill("ann")], {"margin"}),
    ([members("ann", ("ann", "clerk")), bill("bob")], WHOLE),
    ([members("ann", ("bob", "clerk")), bill("bob")], {"margin"}),
    ([members("ann", ("bob", "clerk")), bill("ann")], set()),  # ann may be shown a part
]
OWN: list[tuple[Sequence[Exchange], set[str]]] = [
    ([own("ann", ("north", "lead")), bill("ann")], set()),
    ([own("ann", ("north", "clerk")), bill("ann")], {"margin"}),
    ([own("bob", ("north", "lead")), own("ann", ("south", "lead")), bill("ann")], WHOLE),
    ([own("bob", ("north", "lead")), bill("ann")], set()),  # ann's firms are unknown
]


@BOTH
@pytest.mark.parametrize(("exchanges", "expected"), LISTED, ids=range(len(LISTED)))
def test_a_list_of_members_tells_who_is_shown_too_much(
    exchanges: Sequence[Exchange], expected: set[str], leaks: Leaks, tmp_path: Path
) -> None:
    assert leaks(contract(tmp_path, books.LISTED), exchanges) == expected


@BOTH
@pytest.mark.parametrize(("exchanges", "expected"), OWN, ids=range(len(OWN)))
def test_a_list_of_ones_own_tenants_tells_it_too(
    exchanges: Sequence[Exchange], expected: set[str], leaks: Leaks, tmp_path: Path
) -> None:
    assert leaks(contract(tmp_path, books.OWN), exchanges) == expected


CUT_OFF: list[dict[str, Any]] = [
    {"has_more": True}, {"next": "/firms/north/members?cursor=x"}, {"total": 9},
    {"truncated": True}, {"error": "one shard is down"}, {"link": '</m?page=2>; rel="next"'},
]  # fmt: skip


@BOTH
@pytest.mark.parametrize("more", CUT_OFF, ids=str)
def test_of_a_list_that_goes_on_nobody_knows_who_is_not_in_it(
    more: dict[str, Any], leaks: Leaks, tmp_path: Path
) -> None:
    def with_more(one: Exchange) -> Exchange:
        if "link" in more:
            return replace(one, response=replace(one.response, headers=one.response.headers | more))
        shown = json.loads(one.response.body) | more
        return replace(one, response=replace(one.response, body=json.dumps(shown).encode()))

    listed = with_more(members("ann", ("ann", "clerk")))
    mine = with_more(own("ann", ("south", "lead")))
    assert leaks(contract(tmp_path, books.LISTED), [listed, bill("bob")]) == set()
    assert leaks(contract(tmp_path, books.LISTED), [listed, bill("ann")]) == {"margin"}
    of_bob = own("bob", ("north", "lead"))
    assert leaks(contract(tmp_path, books.OWN), [of_bob, mine, bill("ann")]) == set()


@BOTH
def test_a_write_makes_a_membership_unknown(leaks: Leaks, tmp_path: Path) -> None:
    known = contract(tmp_path, books.LISTED)
    listed = members("ann", ("ann", "clerk"))
    about = sent("bob", "POST", "/firms/north/members", {}, {"user": IDS["ann"]})
    other = sent("bob", "POST", "/invoices", {}, {"total": 5})
    assert leaks(known, [listed, other, bill("ann")]) == {"margin"}
    if leaks is of_known_traffic:  # a suite's API says it again
        assert leaks(known, [listed, about, bill("ann")]) == set()
