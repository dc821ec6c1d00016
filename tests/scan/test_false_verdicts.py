"""Correct APIs that were accused, and wrong ones that passed: one of each class."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from oakum.finding import Result
from tests.scan.ledgers import (
    DOCUMENT,
    POLICY,
    Ledgers,
    said,
    scanned,
    told,
)
from tests.scan.servers import UNAUTHORIZED, Call, Reply

pytestmark = pytest.mark.server


# --------------------------------------------------------------------------- what is asked


def test_the_example_of_an_optional_filter_is_not_sent(tmp_path: Path) -> None:
    class Strict(Ledgers):
        def expenses(self, call: Call, who: str) -> Reply:
            return Reply(400, {"error": "filter"}) if call.query else super().expenses(call, who)

    report = scanned(Strict(), tmp_path)
    shown = {
        c.field for c in report.cells if c.door.path == "/v2/expenses" and c.result is Result.OPEN
    }
    assert "amount" in shown, told(report)
    assert (report.findings, report.distrust) == ((), ())


def test_a_form_of_question_is_dropped_at_the_first_failure_it_causes(tmp_path: Path) -> None:
    class Brittle(Ledgers):
        failed = 0

        def expenses(self, call: Call, who: str) -> Reply:
            if "filter" in call.query and "*" not in call.query["filter"]:
                self.failed += 1
                return Reply(500, {"error": "cannot parse the filter"})
            return super().expenses(call, who)

    api = Brittle()
    plain = DOCUMENT.replace(', example: "amount:7"', "")
    report = scanned(api, tmp_path, document=plain)
    assert (report.findings, report.distrust) == ((), ()), told(report)
    assert 0 < api.failed <= 6  # three forms of a filter, and what `options` puts into it


# --------------------------------------------------------------------------- caches


class Tagged(Ledgers):
    """Every answer has its request's number in it, and one validator for all of them."""

    numbers = count(1)
    same = False

    def expenses(self, call: Call, who: str) -> Reply:
        if not who:
            return UNAUTHORIZED
        # every member's, to every member alike, where the contract has it so
        own = [*self.spent.values()] if self.same else self.own(who)
        return Reply(200, [*own, {"request_id": next(self.numbers)}], (("etag", '"v1"'),))

    def expense(self, call: Call, who: str, id: str) -> Reply:
        if self.same and who and id in self.spent:
            return Reply(200, self.spent[id])
        return super().expense(call, who, id)


def test_the_number_of_a_request_confuses_no_cache(tmp_path: Path) -> None:
    api = Tagged()
    api.same = True
    shared = POLICY.replace("amount, iban: [{see: [owner]}]", "amount, iban: [{see: [member]}]")
    assert said(scanned(api, tmp_path, policy=shared)) == set()


def test_one_validator_for_the_data_of_two_people_is_suspected(tmp_path: Path) -> None:
    report = scanned(Tagged(), tmp_path)
    assert {each[:2] for each in said(report)} == {("suspected", "shared-cache-allowed")}


@pytest.mark.parametrize(
    "headers",
    [
        (("cache-control", "private, no-store"),),
        (("cache-control", "private"),),
        (("vary", "X-Key"),),
    ],
    ids=str,
)
def test_what_no_shared_cache_may_mix_up_is_not_accused(headers: Any, tmp_path: Path) -> None:
    api = Tagged()
    api.headers = headers
    assert said(scanned(api, tmp_path)) == set()
