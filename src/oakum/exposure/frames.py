"""Splits the bytes of a feed into frames, however they arrive.

Kinds: server-sent events (HTML Living Standard, *Server-sent events*, 9.2.6), lines of JSON
(`application/x-ndjson`; RFC 7464 with a record separator before each), and one whole body.
"""

from __future__ import annotations

from typing import Protocol

from oakum.exposure.streams import Frame
from oakum.http.media_type import is_json

EVENTS = "text/event-stream"
LINES = frozenset(
    {
        "application/x-ndjson", "application/ndjson", "application/jsonl",
        "application/x-jsonlines", "application/json-seq", "application/stream+json",
    }
)  # fmt: skip
_BOM = b"\xef\xbb\xbf"
_SEPARATOR = b"\x1e"


class Cutter(Protocol):
    """Takes pieces, gives the frames that they have completed."""

    def take(self, piece: bytes, /) -> list[Frame]: ...

    def end(self) -> list[Frame]:
        """What the last piece left. Half an event is one here: who listens has got its bytes."""
        ...


def cutter(media_type: str, asked: str) -> Cutter:
    """For what the answer says it is; where it says nothing of use, for what was asked for."""
    if media_type in LINES or (asked in LINES and media_type != EVENTS):
        return Lines()
    if is_json(media_type):
        return Whole()
    return Events()


class Events:
    """Server-sent events: of each its data and the last id; comments, names and `retry` go."""

    def __init__(self) -> None:
        self._rest = b""
        self._begun = False
        self._data: list[bytes] = []
        self._id = ""

    def take(self, piece: bytes, /) -> list[Frame]:
        """Events that a blank line has ended."""
        self._rest += piece
        if not self._begun:
            if _BOM.startswith(self._rest[:3]) and len(self._rest) < 3:
                return []  # perhaps the beginning of a byte order mark
            self._rest = self._rest.removeprefix(_BOM)
            self._begun = True
        # a last CR may be half of a CRLF: it waits for the next piece
        held = b"\r" if self._rest.endswith(b"\r") else b""
        text = self._rest.removesuffix(held) if held else self._rest
        lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + held
        return [frame for line in lines if (frame := self._line(line))]

    def end(self) -> list[Frame]:
        """The last event, ended or not."""
        if self._rest:
            self._line(self._rest.rstrip(b"\r"))
            self._rest = b""
        frame = self._line(b"")
        return [frame] if frame else []

    def _line(self, line: bytes) -> Frame | None:
        if not line:
            data, self._data = self._data, []
            return Frame(b"\n".join(data), self._id) if data else None
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        return None


class Lines:
    """A frame is a line."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, piece: bytes, /) -> list[Frame]:
        """Lines that have ended; blank ones say nothing."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return [Frame(line) for each in lines if (line := each.strip(_SEPARATOR + b" \r"))]

    def end(self) -> list[Frame]:
        """A last line needs no end."""
        return self.take(b"\n")


class Whole:
    """A body that is one value: some endpoints answer so to whom they do not keep a feed open
    for."""

    def __init__(self) -> None:
        self._body = b""

    def take(self, piece: bytes, /) -> list[Frame]:
        """Nothing before the end."""
        self._body += piece
        return []

    def end(self) -> list[Frame]:
        """The body."""
        body, self._body = self._body, b""
        return [Frame(body)] if body.strip() else []
