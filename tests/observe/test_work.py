"""What reading a line of a log costs is bounded by its length, whatever its sender made of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from oakum.traffic.traffic_files import TrafficSource, one
from tests.work import calls

SIZE = 2_000
MOST = 500
"""Calls that reading any line of either size takes; most take some 130. What one call does to a
text (a regular expression, the parser of JSON) is not counted."""


def line(path: str, **more: Any) -> bytes:
    return json.dumps({"method": "GET", "path": path, "status": 200, **more}).encode()


LINES: dict[str, Callable[[int], bytes]] = {
    "a long segment": lambda size: line("/" + "a" * size),
    "many segments": lambda size: line("/a" * (size // 2)),
    "empty segments": lambda size: line("/" * size),
    "dots": lambda size: line("/.." * (size // 3)),
    "escapes": lambda size: line("/" + "%2f" * (size // 3)),
    "broken escapes": lambda size: line("/" + "%" * size),
    "many parameters": lambda size: line("/a?" + "&".join(["a=1"] * (size // 4))),
    "parameters without a name": lambda size: line("/a?" + "&" * size),
    "nested parameters": lambda size: line("/a?" + "[" * size),
    "many members": lambda size: line("/a", **{f"m{n}": n for n in range(size // 10)}),
    "nested members": lambda size: line("/a", m=json.loads("[" * 50 + "]" * 50), n="x" * size),
    "a long host": lambda size: line("/a", host="a." * (size // 2)),
    "many addresses": lambda size: line("/a", x_forwarded_for="192.0.2.7, " * (size // 11)),
    "a long time": lambda size: line("/a", time="1" * size),
    "what is not JSON": lambda size: b"{" * size,
}


@pytest.mark.parametrize("name", LINES)
def test_twice_the_line_takes_no_more_steps(name: str) -> None:
    for size in (SIZE, 2 * SIZE):
        text = LINES[name](size)
        one(TrafficSource("log", kind="lines"), text)  # what is made once is made now
        assert 0 < calls(lambda: one(TrafficSource("log", kind="lines"), text)) <= MOST  # noqa: B023
