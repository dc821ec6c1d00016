"""Which methods are safe, and which of them a scan sends."""

from __future__ import annotations

from oakum.http.methods import READS, SAFE, SHOWS, WITHOUT_BODY, WRITES


def test_each_set_is_within_the_wider_one() -> None:
    assert SHOWS < READS < SAFE and WITHOUT_BODY < READS
    assert "TRACE" not in READS and "OPTIONS" not in SHOWS and "QUERY" in SHOWS
    assert SAFE.isdisjoint(WRITES)
