"""Follows growing log files and standard input, like `tail -F`.

Besides `traffic_files`, the only module for traffic that opens files. A log that was rotated or
truncated is read again from its beginning. Memory is bounded: a line that is too long is skipped,
and reading waits for the consumer.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from oakum.errors import InputError, Location, Problem
from oakum.traffic.recorded_exchange import RecordedExchange
from oakum.traffic.traffic_files import LONGEST, STDIN, TOO_LONG, TrafficSource, one

_PIECE: Final = 1 << 20
_PAUSE: Final = 0.1
_AHEAD: Final = 64
"""How many pieces of standard input may wait to be read."""


def follow(found: Sequence[TrafficSource], *, whole: bool) -> Iterator[RecordedExchange | None]:
    """The exchanges of the sources as they arrive; None now and then while there are none, so that
    the caller can do timed work. Ends only when standard input is the only source and ends.

    `whole`: begin with the present content of the files; otherwise with what is appended from now
    on. Raises `InputError` for a file that does not grow by lines.
    """
    for source in found:
        if source.name.endswith((".gz", ".zst", ".zstd", ".har")):
            hint = "give a log that grows line by line, or read it with `oakum observe traffic`"
            raise InputError([Problem(Location(source.name), "cannot be followed", hint)])
    tails = [_StandardInput(each) if each.name == STDIN else _Tail(each, whole) for each in found]
    try:
        while not all(isinstance(each, _StandardInput) and each.ended for each in tails):
            idle = True
            for tail in tails:
                for line in tail.lines():
                    idle = False
                    passed = one(tail.source, line)
                    if passed is not None:
                        yield passed
            yield None
            if idle:
                time.sleep(_PAUSE)
    finally:
        for tail in tails:
            tail.close()


class _LineJoiner:
    """Joins pieces of bytes into lines; lines that are too long are counted and skipped."""

    def __init__(self, source: TrafficSource) -> None:
        self.source = source
        self._rest = b""
        self._over = False

    def cut(self, piece: bytes) -> list[bytes]:
        """The lines that a piece completes."""
        *whole, self._rest = (self._rest + piece).split(b"\n")
        if self._over and whole:
            whole, self._over = whole[1:], False
        if len(self._rest) > LONGEST:
            if not self._over:
                self.source.skipped[TOO_LONG] += 1
            self._rest, self._over = b"", True
        return whole

    def anew(self) -> None:
        """Discards a partial line, because the file was replaced."""
        self._rest, self._over = b"", False

    def last(self) -> list[bytes]:
        """An unterminated last line, if it is not too long."""
        rest, self._rest = self._rest, b""
        return [rest] if rest and not self._over else []


class _Tail(_LineJoiner):
    """A log file followed by its name, also when rotation puts another file there."""

    def __init__(self, source: TrafficSource, whole: bool) -> None:
        super().__init__(source)
        self._path = Path(source.name)
        self._file: BinaryIO | None = None
        self._open()
        if not whole and self._file is not None:
            self._file.seek(0, 2)

    def lines(self) -> list[bytes]:
        """The new lines, at most one block of them."""
        if self._file is None:
            self._open()
        piece = self._file.read(_PIECE) if self._file is not None else b""
        if not piece and self._has_moved():
            self.close()
            self.anew()
        return self.cut(piece) if piece else []

    def _open(self) -> None:
        try:
            self._file = self._path.open("rb", buffering=0)
        except OSError:
            self._file = None  # the file may come back

    def _has_moved(self) -> bool:
        """Whether the name now leads to another file, or the open file has become shorter."""
        if self._file is None:
            return False
        held = os.fstat(self._file.fileno())
        try:
            now = self._path.stat()
        except OSError:
            return False  # removed: read the open file until a new one appears
        return (now.st_dev, now.st_ino) != (held.st_dev, held.st_ino) or (
            now.st_size < self._file.tell()
        )

    def close(self) -> None:
        """Closes the file; `lines` opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None


class _StandardInput(_LineJoiner):
    """Standard input, read in a thread of its own, since a read may block for hours."""

    def __init__(self, source: TrafficSource) -> None:
        super().__init__(source)
        self.ended = False
        self._pieces: queue.Queue[bytes] = queue.Queue(_AHEAD)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        stream = sys.stdin.buffer
        while piece := stream.read1(_PIECE) if hasattr(stream, "read1") else stream.read(_PIECE):
            self._pieces.put(piece)
        self._pieces.put(b"")

    def lines(self) -> list[bytes]:
        """The lines that have arrived since the last call; sets `ended` at the end of the input."""
        try:
            piece = self._pieces.get_nowait()
        except queue.Empty:
            return []
        if piece:
            return self.cut(piece)
        self.ended = True
        return self.last()

    def close(self) -> None:
        """Does nothing: standard input stays open."""
