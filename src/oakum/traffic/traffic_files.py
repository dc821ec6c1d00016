"""Reads recorded traffic from files (plain or compressed) and standard input.

The only module of `oakum.traffic` that opens anything. Nothing is stored: only one record is in
memory at a time. Records that cannot be used are counted with their reason, and a source that ends
too early is not trustworthy.
"""

from __future__ import annotations

import glob
import gzip
import io
import itertools
import re
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

import orjson

from oakum.errors import InputError, Location, Problem, install_hint
from oakum.traffic.observation_model import SourceCounts
from oakum.traffic.recorded_exchange import (
    RecordedExchange,
    UnusableRecord,
    from_entry,
    from_log,
    is_entry,
)

LONGEST = 32 << 20
"""Most bytes of a line; longer lines are skipped, so that memory stays bounded."""
_HAR = re.compile(rb'\s*\{\s*"log"\s*:\s*\{')
_PEEK = 1 << 16
_CHUNK = 1 << 16
STDIN = "-"
_ZSTD = (".zst", ".zstd")
Wanted = Callable[[bytes], object]
"""Decides by its bytes whether a line is worth parsing."""
NO_JSON: Final = "a line that is not JSON"
TOO_LONG: Final = "a line that is too long"


@dataclass
class TrafficSource:
    """A file or standard input, with its counts."""

    name: str
    kind: str = ""
    """`har` or `lines`; empty until something was read."""
    read: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    """Reason → number of skipped records."""
    broken: str = ""
    """Why it ended too early; empty: it was read to its end."""
    at: int = 0
    """Position: bytes of decompressed lines, or entries of a HAR."""
    grows: bool = False
    """Whether an incomplete last line is left for the next reading."""

    @property
    def counts(self) -> SourceCounts:
        """The counts so far, for a report."""
        return SourceCounts(self.name, self.kind, self.read, dict(self.skipped), self.broken)

    @property
    def distrust(self) -> str:
        """Why this source proves nothing; empty: it can be relied upon."""
        return self.counts.distrust


def sources(names: Iterable[str]) -> list[TrafficSource]:
    """The sources that arguments name, with patterns expanded, in order and without duplicates.

    Raises `InputError` with each name that leads to no file, and each Parquet file.
    """
    found: dict[str, TrafficSource] = {}
    problems = []
    for name in names:
        hits = [name]
        if name != STDIN and not Path(name).is_file():
            hits = sorted(glob.glob(name))  # noqa: PTH207 - a pattern may be absolute
        files = [each for each in hits if each == STDIN or Path(each).is_file()]
        if not files:
            problems.append(Problem(Location(name), "leads to no file", "give a file, or `-`"))
        problems += map(_parquet, filter(_is_parquet, files))
        found.update((each, TrafficSource(each)) for each in files)
    if problems:
        raise InputError(problems)
    return [*found.values()]


def _is_parquet(name: str) -> bool:
    """Whether a file is Parquet, by its magic number. A single one does not name its run."""
    if name == STDIN:
        return False
    try:
        with Path(name).open("rb") as file:
            return file.read(4) == b"PAR1"
    except OSError:
        return False


def _parquet(name: str) -> Problem:
    hint = "give the whole folder that `oakum observe keep` wrote, `-o DIR`"
    return Problem(Location(name), "is a single Parquet file, which cannot be read alone", hint)


def is_log(source: TrafficSource) -> bool:
    """Whether a file begins like a log, with a JSON line that is not an exchange with a body. An
    SQL engine may read it directly."""
    if source.name == STDIN or re.search(r"[*?\[\]{}']", source.name):
        return False
    try:
        with _open_file(source.name) as file:
            if _HAR.match(file.peek(_PEEK)[:_PEEK].removeprefix(b"\xef\xbb\xbf")):
                return False
            first = next(_lines(TrafficSource(source.name), file, None), None)
            # The engine treats a truncated frame as a complete one.
            while source.name.endswith(_ZSTD) and file.read(_CHUNK):
                pass
    except (OSError, EOFError, zlib.error, InputError):
        return False
    return isinstance(first, dict) and not is_entry(first)


def records(
    source: TrafficSource, wanted: Wanted | None = None, start: int = 0
) -> Iterator[RecordedExchange]:
    """The exchanges of a source, counted in it as they are read. `wanted`: parse only the lines
    that it accepts; None: all. `start`: where an earlier reading ended, as in
    `TrafficSource.at`."""
    source.kind, source.read, source.broken, source.at = "", 0, "", start
    source.skipped.clear()
    try:
        with _open_file(source.name) as file:
            yield from _read_exchanges(source, file, wanted)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        source.broken = "is truncated, or its compression does not match its name"
    except OSError as error:
        source.broken = f"cannot be read: {(error.strerror or 'no reason given').lower()}"


def _read_exchanges(
    source: TrafficSource, file: io.BufferedReader, wanted: Wanted | None
) -> Iterator[RecordedExchange]:
    head = file.peek(_PEEK)[:_PEEK].removeprefix(b"\xef\xbb\xbf")
    source.kind = "har" if _HAR.match(head) else "lines"
    if source.kind == "har":
        values = _entries(source, file)
    else:
        _skip(file, source.at)
        values = _lines(source, file, wanted)
    for value in values:
        passed = _usable(source, value)
        if passed is not None:
            yield passed


def one(source: TrafficSource, line: bytes) -> RecordedExchange | None:
    """The exchange in a line, counted in its source; None if it is unusable."""
    source.kind = "lines"
    value = _value(source, line)
    return _usable(source, value) if value is not None else None


def _usable(source: TrafficSource, value: object) -> RecordedExchange | None:
    try:
        passed = from_entry(value) if source.kind == "har" or is_entry(value) else from_log(value)
    except UnusableRecord as why:
        source.skipped[str(why)] += 1
        return None
    source.read += 1
    return passed


def _skip(file: io.BufferedReader, many: int) -> None:
    if many and file.seekable():
        file.seek(many)
        return
    while many and (data := file.read(min(many, _CHUNK))):
        many -= len(data)


def _lines(
    source: TrafficSource, file: io.BufferedReader, wanted: Wanted | None
) -> Iterator[object]:
    while line := file.readline(LONGEST):
        if source.grows and not line.endswith(b"\n") and _is_begun(line):
            return
        source.at += len(line)
        if len(line) == LONGEST and not line.endswith(b"\n"):
            source.skipped[TOO_LONG] += 1
            while rest := file.readline(LONGEST):
                source.at += len(rest)
                if rest.endswith(b"\n"):
                    break
            continue
        if line.lstrip().startswith(b"{") and not line.endswith(b"\n") and _is_begun(line):
            source.broken = "is truncated in its last line"
        value = _value(source, line, wanted)
        if value is not None:
            yield value


def _is_begun(line: bytes) -> bool:
    if len(line) == LONGEST:
        return False
    try:
        orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return True
    return False


def _value(source: TrafficSource, line: bytes, wanted: Wanted | None = None) -> object:
    """The JSON value of a line; None if it is empty, unwanted or not JSON."""
    line = line.removeprefix(b"\xef\xbb\xbf").strip()
    if not line or (wanted is not None and not wanted(line)):
        return None
    try:
        found: object = orjson.loads(line)
    except orjson.JSONDecodeError:
        source.skipped[NO_JSON] += 1
        return None
    if found is None:
        source.skipped["a line that is not a JSON object"] += 1
    return found


def _entries(source: TrafficSource, file: io.BufferedReader) -> Iterator[object]:
    try:
        import ijson  # type: ignore[import-untyped]
    except ImportError:
        raise _missing_module(source.name, "ijson") from None

    if file.peek(3)[:3] == b"\xef\xbb\xbf":
        file.read(3)
    try:
        found = ijson.items(file, "log.entries.item", use_float=True)
        for value in itertools.islice(found, source.at, None):
            source.at += 1
            yield value
    except ijson.JSONError:
        source.broken = "is truncated, or is not valid JSON"


@contextmanager
def _open_file(name: str) -> Iterator[io.BufferedReader]:
    if name == STDIN:
        yield io.BufferedReader(_Reads(_pieces(sys.stdin.buffer)))
        return
    with Path(name).open("rb") as raw:
        if name.endswith(".gz"):
            yield io.BufferedReader(_Reads(_pieces(gzip.GzipFile(fileobj=raw))))
        elif name.endswith(_ZSTD):
            yield io.BufferedReader(_Reads(_decompress(raw, name)))
        else:
            yield raw


def _pieces(stream: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    while data := stream.read(_CHUNK):
        yield data


def _decompress(raw: BinaryIO, name: str) -> Iterator[bytes]:
    """The frames of a Zstandard file (RFC 8878), one after the other. Raises `EOFError` when the
    last one does not come to its end."""
    try:
        import zstandard
    except ImportError:
        raise _missing_module(name, "zstandard") from None
    frame = zstandard.ZstdDecompressor().decompressobj()
    begun = True
    try:
        while packed := raw.read(_CHUNK):
            while packed:
                if not begun:
                    frame, begun = zstandard.ZstdDecompressor().decompressobj(), True
                yield frame.decompress(packed)
                packed, begun = frame.unused_data, not frame.eof
    except zstandard.ZstdError:
        raise EOFError from None
    if begun:
        raise EOFError


def _missing_module(name: str, module: str) -> InputError:
    return InputError([Problem(Location(name), f"needs `{module}`", install_hint("observe"))])


class _Reads(io.RawIOBase):
    """Pieces of bytes as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        """Always true, as `io.RawIOBase` asks."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """The next bytes; 0 at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        data, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)
