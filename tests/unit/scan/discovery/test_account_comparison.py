"""Comparisons of answers about people who exist and who do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from oakum.exchange import Request, Response
from oakum.scan.discovery.account_comparison import ComparedAnswer, Comparison
from oakum.scan.requests.builder import FilledRequest

FILLED = FilledRequest(Request("POST", "http://localhost/forgot"), {}, frozenset(), "/forgot")


def said(status: int, body: str = "{}", kind: str = "application/json") -> Response:
    return Response(status, {"content-type": kind}, body.encode())


def compared(answer: Callable[[str], Response]) -> Comparison:
    """A comparison of answers about ann and bob, and about nobody."""
    made = Comparison(lambda who, nth: [ComparedAnswer(who, FILLED, answer(who))], ["ann", "bob"])
    made.found = made.run()  # type: ignore[attr-defined]
    return made


def test_answers_that_stay_alike_prove_something() -> None:
    made = compared(lambda who: said(202))
    assert made.alike and not made.why_unsettled


def test_a_difference_that_stays_is_found() -> None:
    made = compared(lambda who: said(202 if who else 404))
    assert made.found and not made.why_unsettled  # type: ignore[attr-defined]


@pytest.mark.parametrize("nth", range(1, 9))
def test_one_page_among_the_answers_leaves_a_difference_unknown_or_found(nth: int) -> None:
    """It never makes the two sides look settled and alike."""
    turns: Iterator[int] = iter(range(1, 100))

    def answer(who: str) -> Response:
        if next(turns) == nth:
            return said(200, "<html>", "text/html")
        return said(202 if who else 404)

    made = compared(answer)
    assert made.found or made.why_unsettled  # type: ignore[attr-defined]


def test_a_server_that_fails_for_everybody_proves_nothing() -> None:
    made = compared(lambda who: said(500))
    assert made.alike and made.why_unsettled == "it failed with a server error"
