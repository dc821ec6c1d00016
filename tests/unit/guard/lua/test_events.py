"""Streams cut into events: what goes out is what was judged, however the bytes came."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.guard.lua_state import lua_state

MOST = 200
LUA = lua_state("events").execute(b"return require 'oakum.events'")
PIECES = st.lists(
    st.sampled_from(
        [b"data: ", b"data:", b"data", b"id: 7", b"event: new", b"retry: 5", b": note", b"other: x",
         b"1", b"[2]", b"hidden", b" ", b"\n", b"\r", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b"\x00"]
    ),
    max_size=30,
)  # fmt: skip


def passed(kind: bytes, pieces: list[bytes], judged: list[bytes] | None = None) -> bytes:
    """What goes out of a stream that comes in these pieces; `hidden` is not for anybody."""

    def judge(data: bytes) -> bytes | None:
        if judged is not None:
            judged.append(data)
        return None if b"hidden" in data else data

    cutter: Any = LUA[b"new"](kind, MOST, judge)
    out = b"".join(cutter[b"feed"](cutter, piece) for piece in pieces)
    return out + bytes(cutter[b"finish"](cutter))


@given(PIECES, st.sampled_from([b"sse", b"ndjson"]))
def test_what_goes_out_does_not_depend_on_how_it_came(pieces: list[bytes], kind: bytes) -> None:
    whole = b"".join(pieces)
    once = passed(kind, [whole])
    assert passed(kind, pieces) == once
    assert passed(kind, [bytes((byte,)) for byte in whole]) == once


@given(PIECES, st.sampled_from([b"sse", b"ndjson"]))
def test_no_data_go_out_that_nobody_judged(pieces: list[bytes], kind: bytes) -> None:
    judged: list[bytes] = []
    out = passed(kind, pieces, judged)
    shown = [data for data in judged if b"hidden" not in data]
    if kind == b"ndjson":
        assert out == b"".join(data + b"\n" for data in shown)
    else:
        events = [part for part in out.split(b"\n\n") if b"data: " in b"\n" + part]
        data = [
            b"\n".join(line[6:] for line in part.split(b"\n") if line.startswith(b"data: "))
            for part in events
        ]
        assert data == shown
        names = {line.partition(b": ")[0] for line in out.split(b"\n")}
        assert names <= {b"", b":", b"data", b"event", b"id", b"retry"}


@given(PIECES)
def test_what_passed_once_passes_as_it_is(pieces: list[bytes]) -> None:
    out = passed(b"sse", pieces)
    assert passed(b"sse", [out]) == out


@pytest.mark.parametrize("kind", [b"sse", b"ndjson"])
def test_an_event_is_not_longer_than_any_may_be(kind: bytes) -> None:
    begin = b"data: " if kind == b"sse" else b""
    with pytest.raises(Exception, match="an event is too long"):
        passed(kind, [begin, *[b"a" * 50] * 5])


def test_nothing_of_a_withheld_event_goes_out() -> None:
    assert passed(b"sse", [b"id: 7\nretry: 31337\nevent: new\ndata: hidden\n\n"]) == b""
    assert passed(b"sse", [b"data: hidden\n: why\n\n"]) == b""
    assert passed(b"sse", [b": why\ndata: hidden\n\n"]) == b""
    assert passed(b"sse", [b"retry: 5\n\n"]) == b"retry: 5\n\n"
    assert passed(b"sse", [b": why\n\n"]) == b":\n\n"


def test_the_end_of_a_line_does_not_tell_of_a_withheld_one_after_it() -> None:
    assert passed(b"ndjson", [b"1\r\nhidden"]) == passed(b"ndjson", [b"1"]) == b"1\n"


def test_an_end_in_the_middle_of_an_event_is_no_event() -> None:
    assert passed(b"sse", [b"data: 1\n\ndata: 2\n"]) == b"data: 1\n\n"
    assert passed(b"ndjson", [b"1\n2"]) == b"1\n2\n"


@pytest.mark.parametrize("end", [b"\n\n", b"\r\r", b"\r\n\r\n", b"\r\n\r"])
def test_an_event_goes_out_as_soon_as_it_ends(end: bytes) -> None:
    cutter: Any = LUA[b"new"](b"sse", MOST, lambda data: data)
    assert cutter[b"feed"](cutter, b"data: 1" + end) == b"data: 1\n\n"
    assert cutter[b"feed"](cutter, b"\ndata: 2" + end) == b"data: 2\n\n"
