"""What each technique leaves of the budget for what comes after it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import pytest

from oakum.exchange import Request
from oakum.scan.limits import LEAST, is_spent
from oakum.scan.techniques import nested_object_ids
from tests.unit.scan.studio import Run, Studio, probe


@dataclass
class Left:
    """A budget of which so many requests are left."""

    requests_left: int
    rate: float = 10.0
    took: float = 0.0

    hold = staticmethod(nullcontext)

    def spares(self, request: Request) -> str:
        return ""

    def bare(self) -> AbstractContextManager[None]:
        return nullcontext()


@pytest.mark.parametrize(("left", "spent"), [(0, True), (LEAST - 1, True), (LEAST, False)])
def test_a_budget_is_spent_where_no_more_is_left_than_others_need(left: int, spent: bool) -> None:
    assert is_spent(Left(left)) is spent
    assert not is_spent(None)


def test_nothing_is_asked_below_an_own_object_once_the_budget_is_spent() -> None:
    for left, asked in ((LEAST - 1, 0), (LEAST, 1)):
        run = Run(Studio()).explore()
        run.give(pace=Left(left))
        before = len(run.studio.asked)
        nested_object_ids._ask(
            run.engine, probe("getNews").otherwise("parents", endpoint="news"), "cat", "ann"
        )
        assert len(run.studio.asked) - before == asked
