"""An amount says its unit, and is told apart from what only looks like one."""

from __future__ import annotations

import pytest

from oakum.errors import Problem
from oakum.openapi.source import parse
from oakum.policy.amounts import count, duration, size
from oakum.policy.node_reader import Read, Reader


def read(reader: Read[float], text: str) -> tuple[float | None, list[str]]:
    problems: list[Problem] = []
    found = reader(Reader(problems), parse(text, "p"), "it")
    return found, [str(each).removeprefix("p:1:1: it must be ") for each in problems]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("1ms", 0.001), ("30s", 30.0), ("1m", 60.0), ("2h", 7200.0), ("7d", 604800.0)],
)
def test_a_duration_is_told_in_seconds(text: str, seconds: float) -> None:
    assert read(duration, text) == (seconds, [])


DURATION = "a duration, such as `500ms`, `30s`, `1m`, `1h` or `1d`, not "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30", "the number `30`; say the unit: `30s`"),
        ("1.5", "the number `1.5`"),
        ("0s", "the word `0s`"),
        ("-1s", "the word `-1s`"),
        ("1.5h", "the word `1.5h`"),
        ("1 h", "the word `1 h`"),
        ("1H", "the word `1H`"),
        ("1w", "the word `1w`"),
        ("s", "the word `s`"),
        ("99999999999d", "the word `99999999999d`"),
        ("true", "the boolean `true`"),
        ("''", "an empty text"),
        ("[1s]", "a list"),
        ("", "nothing"),
    ],
)
def test_what_is_no_duration_is_refused(text: str, expected: str) -> None:
    assert read(duration, text) == (None, [DURATION + expected])


@pytest.mark.parametrize(
    ("text", "octets"),
    [("1", 1), ("1048576", 1 << 20), ("10B", 10), ("64KiB", 65536), ("1MiB", 1 << 20)],
)
def test_a_size_is_told_in_bytes(text: str, octets: int) -> None:
    assert read(size, text) == (octets, [])


SIZE = "a size, such as `64KiB`, `1MiB` or a number of bytes, not "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", "the number `0`"),
        ("-1", "the number `-1`"),
        ("1.5", "the number `1.5`"),
        ("0MiB", "the word `0MiB`"),
        ("1MB", "the word `1MB`; write `1MiB`"),
        ("64k", "the word `64k`; write `64KiB`"),
        ("MiB", "the word `MiB`"),
        ("1TiB", "the word `1TiB`"),
        ("true", "the boolean `true`"),
        ("{}", "an empty map"),
    ],
)
def test_what_is_no_size_is_refused(text: str, expected: str) -> None:
    assert read(size, text) == (None, [SIZE + expected])


def test_a_count_is_a_whole_number_that_is_large_enough() -> None:
    assert read(count(0), "0") == (0, [])
    assert read(count(1), "200") == (200, [])
    least = "a whole number of at least 1, not "
    assert read(count(1), "0") == (None, [f"{least}the number `0`"])
    assert read(count(1), "true") == (None, [f"{least}the boolean `true`"])
    assert read(count(1), "1.0") == (None, [f"{least}the number `1.0`"])
    assert read(count(1), "'1'") == (None, [f"{least}the word `1`"])
