"""Reads the engine's audit log while it grows.

The engine writes one JSON object a line; nobody else writes. What is read here is counted and
perhaps printed, never decided upon: a guard works the same when nobody reads its log.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import orjson

AUDIT_KEY = "OAKUM_AUDIT_KEY"
"""Environment variable with the key of the hashes in the audit log."""
_LONGEST = 1 << 20
"""Bytes of one line; an engine's line has a few hundred."""


class Tail:
    """Lines that are added to a file from now on: whole ones, each once.

    The file may not be there yet. One that was renamed is read to its end before its successor of
    the same name; one that has become shorter was truncated, and is read from its start.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._rest = b""
        if path.exists():
            self._file = path.open("rb")
            self._file.seek(0, os.SEEK_END)

    def lines(self) -> Iterator[bytes]:
        """What has come since the last call; a line without its end waits for it."""
        if self._file is not None:
            yield from self._read(self._file)
        if self._succeeded():
            self.close()
            try:
                self._file = self._path.open("rb")
            except FileNotFoundError:
                return
            yield from self._read(self._file)

    def _read(self, file: BinaryIO) -> Iterator[bytes]:
        if os.fstat(file.fileno()).st_size < file.tell():
            file.seek(0)
            self._rest = b""
        while more := file.read(_LONGEST):
            *whole, self._rest = (self._rest + more).split(b"\n")
            yield from whole
            if len(self._rest) > _LONGEST:
                self._rest = b""

    def _succeeded(self) -> bool:
        """Whether another file has the name by now."""
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        if self._file is None:
            return True
        here = os.fstat(self._file.fileno())
        return (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self._rest = None, b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(frozen=True)
class Passage:
    """One line: what became of one request, without a value of anybody's."""

    operation: str
    """Id of the endpoint; empty when the request found none."""
    status: int
    """Sent to the client; 0 when the client had gone."""
    denied: str = ""
    """Why the guard answered itself, one fixed word; empty when the upstream's answer passed."""
    removed: dict[str, int] = field(default_factory=dict)
    """`Member.email` → how many times it was taken out."""
    asked: int = 0
    """Look-ups put to the API."""
    failed: int = 0
    """Those of them without a usable answer."""


def passage(line: bytes) -> Passage | None:
    """Reads a line; None for one that is not an audit line."""
    try:
        raw = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(raw, dict) or not isinstance(raw.get("status"), int):
        return None
    removed = raw.get("removed")
    return Passage(
        _text(raw.get("op")),
        raw["status"],
        _text(raw.get("denied")),
        {str(name): _count(many) for name, many in removed.items()}
        if isinstance(removed, dict)
        else {},
        _count(raw.get("lookups")),
        _count(raw.get("failed")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
