"""The clock of this machine beside a server's."""

from __future__ import annotations

import pytest

from oakum.exchange import Response
from oakum.scan.identities.clock_skew import clock_off, clock_words

NOON = 1_770_000_000.0


@pytest.mark.parametrize(("now", "off"), [(NOON, 0), (NOON + 95, 95), (NOON - 3600, -3600)])
def test_the_difference_is_read_from_the_date(now: float, off: float) -> None:
    response = Response(200, {"date": "Mon, 02 Feb 2026 02:40:00 GMT"})
    assert clock_off(response, now) == off


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": ""}])
def test_without_a_date_nothing_is_known(headers: dict[str, str]) -> None:
    assert clock_off(Response(200, headers), NOON) == 0


def test_the_words_say_which_clock_is_where() -> None:
    assert clock_words(95.2) == "this machine's clock is 95 s ahead of the server's"
    assert clock_words(-60) == "this machine's clock is 60 s behind the server's"
