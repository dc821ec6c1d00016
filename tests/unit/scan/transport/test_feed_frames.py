"""Bytes of a feed cut into frames: the same whatever the pieces in which they come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.scan.transport.feed_frames import (
    EVENTS,
    EventStream,
    FrameSplitter,
    LineFrames,
    SingleValue,
    cutter,
)
from oakum.scan.transport.feed_interface import Frame


def cut(by: FrameSplitter, *pieces: bytes) -> list[tuple[bytes, str]]:
    """Data and id of all frames of a feed that ends."""
    frames = [frame for piece in pieces for frame in by.take(piece)] + by.end()
    return [(frame.data, frame.id) for frame in frames]


@pytest.mark.parametrize(
    ("sent", "frames"),
    [
        # the examples of the standard, 9.2.6
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", [(b"YHOO\n+2\n10", "")]),
        (b": test stream\n\ndata: first\nid: 1\n\ndata:second\nid\n\ndata:  third\n\n",
         [(b"first", "1"), (b"second", ""), (b" third", "")]),
        (b"data\n\ndata\ndata\n\ndata:", [(b"", ""), (b"\n", ""), (b"", "")]),
        (b"data:test\n\ndata: test\n\n", [(b"test", ""), (b"test", "")]),
        # what surrounds data
        (b"\xef\xbb\xbfdata: a\r\rdata: b\r\n\r\n", [(b"a", ""), (b"b", "")]),
        (b"event: join\nretry: 10\nid: 7\n\nid: 8\0\ndata: x\n\n", [(b"x", "7")]),
        (b"data: half of it", [(b"half of it", "")]),
        (b"<!doctype html>\n\n<p>data: none</p>", []),
        (b"", []),
        (b"\xef", []),
    ],
)  # fmt: skip
def test_events_are_read_as_the_standard_reads_them(
    sent: bytes, frames: list[tuple[bytes, str]]
) -> None:
    assert cut(EventStream(), sent) == frames
    assert cut(EventStream(), *(sent[i : i + 1] for i in range(len(sent)))) == frames


PIECES = st.lists(
    st.sampled_from(
        [
            b"data",
            b":",
            b" ",
            b"a",
            b"\r",
            b"\n",
            b"\r\n",
            b"id: 1\n",
            b"\x1e",
            b"\xef\xbb\xbf",
            b"{}",
        ]
    ),
    max_size=12,
)


@given(PIECES, st.sampled_from([EventStream, LineFrames, SingleValue]))
def test_how_a_feed_is_cut_up_on_its_way_changes_nothing(
    pieces: list[bytes], kind: type[EventStream] | type[LineFrames] | type[SingleValue]
) -> None:
    assert cut(kind(), *pieces) == cut(kind(), b"".join(pieces))


def test_a_line_is_a_frame() -> None:
    assert cut(LineFrames(), b'\x1e{"a":', b'1}\r\n\n{"b":2}') == [
        (b'{"a":1}', ""),
        (b'{"b":2}', ""),
    ]


def test_a_body_that_is_one_value_is_one_frame() -> None:
    assert cut(SingleValue(), b'{"a":\n', b"1}") == [(b'{"a":\n1}', "")]
    assert cut(SingleValue(), b" \n") == []


@pytest.mark.parametrize(
    ("said", "asked", "kind"),
    [
        ("text/event-stream", EVENTS, EventStream),
        ("text/event-stream", "application/x-ndjson", EventStream),
        ("application/x-ndjson", EVENTS, LineFrames),
        ("text/plain", "application/x-ndjson", LineFrames),
        ("application/json", "application/x-ndjson", LineFrames),
        ("application/json", EVENTS, SingleValue),
        ("application/problem+json", EVENTS, SingleValue),
        ("text/html", EVENTS, EventStream),
        ("", "", EventStream),
    ],
)
def test_the_answer_says_how_it_is_cut(said: str, asked: str, kind: type) -> None:
    assert type(cutter(said, asked)) is kind


def test_an_id_stays_until_there_is_another() -> None:
    events = EventStream()
    assert events.take(b"id: 1\ndata: a\n\n") == [Frame(b"a", "1")]
    assert events.take(b"data: b\n\n") == [Frame(b"b", "1")]
