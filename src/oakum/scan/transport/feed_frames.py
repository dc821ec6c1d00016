"""Splits the bytes of a feed into frames, however they arrive.

Kinds: server-sent events (HTML Living Standard, *Server-sent events*, 9.2.6), lines of JSON
(`application/x-ndjson`; RFC 7464 with a record separator before each), and one whole body.
"""

from __future__ import annotations

from typing import Protocol

from oakum.http.media_type import EVENTS, LINES, is_json
from oakum.scan.transport.feed_interface import Frame

_BOM = b"\xef\xbb\xbf"
_SEPARATOR = b"\x1e"


class FrameSplitter(Protocol):
    """Takes chunks and returns the frames that are complete."""

    def take(self, piece: bytes, /) -> list[Frame]: ...

    def end(self) -> list[Frame]:
        """Frames in the remaining bytes, also an incomplete event: the subscriber has received
        it."""
        ...


def cutter(media_type: str, asked: str) -> FrameSplitter:
    """The cutter for the response's media type, or for the requested one if there is none
    for it."""
    if media_type in LINES or (asked in LINES and media_type != EVENTS):
        return LineFrames()
    if is_json(media_type):
        return SingleValue()
    return EventStream()


class EventStream:
    """Server-sent events: keeps data and id, drops comments, names and `retry`."""

    def __init__(self) -> None:
        self._rest = b""
        self._begun = False
        self._data: list[bytes] = []
        self._id = ""

    def take(self, piece: bytes, /) -> list[Frame]:
        """Events completed by a blank line."""
        self._rest += piece
        if not self._begun:
            if _BOM.startswith(self._rest[:3]) and len(self._rest) < 3:
                return []  # possibly part of a byte order mark
            self._rest = self._rest.removeprefix(_BOM)
            self._begun = True
        # A final CR may be half of a CRLF, so it waits for the next chunk.
        held = b"\r" if self._rest.endswith(b"\r") else b""
        text = self._rest.removesuffix(held) if held else self._rest
        lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + held
        return [frame for line in lines if (frame := self._line(line))]

    def end(self) -> list[Frame]:
        """The last event, complete or not."""
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


class LineFrames:
    """One frame for each line."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, piece: bytes, /) -> list[Frame]:
        """Complete lines, without blank ones."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return [Frame(line) for each in lines if (line := each.strip(_SEPARATOR + b" \r"))]

    def end(self) -> list[Frame]:
        """The last line, even without a line end."""
        return self.take(b"\n")


class SingleValue:
    """A body that is a single JSON value, which some feeds return instead of a stream."""

    def __init__(self) -> None:
        self._body = b""

    def take(self, piece: bytes, /) -> list[Frame]:
        """Collects the body; no frame before its end."""
        self._body += piece
        return []

    def end(self) -> list[Frame]:
        """The whole body as one frame."""
        body, self._body = self._body, b""
        return [Frame(body)] if body.strip() else []
