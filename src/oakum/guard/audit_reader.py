"""Reads the engine's audit log while it grows.

The engine writes one JSON object a line, and nothing else writes to the file. Lines are counted and
may be printed; no decision depends on them, so a guard works the same when nobody reads its log.
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
"""Environment variable that holds the key for the hashes in the audit log."""
_LONGEST = 1 << 20
"""Bytes of one line; real lines have a few hundred."""


class Tail:
    """Complete lines appended to a file from now on, each once.

    The file need not exist yet. After a rename the old file is read to its end before the new one
    of the same name; a file that shrank was truncated and is read from its start.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._rest = b""
        if path.exists():
            self._file = path.open("rb")
            self._file.seek(0, os.SEEK_END)

    def lines(self) -> Iterator[bytes]:
        """Lines since the last call; an incomplete line is kept until its end arrives."""
        if self._file is not None:
            yield from self._read(self._file)
        if self._is_rotated():
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

    def _is_rotated(self) -> bool:
        """Whether the path now leads to another file (log rotation)."""
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
class AuditRecord:
    """One audit line: the outcome of one request, without any personal data."""

    operation: str
    """Id of the operation; empty when no route matched."""
    status: int
    """Status sent to the client; 0 when the client had disconnected."""
    denied: str = ""
    """Reason code when the guard itself responded; empty when the upstream's response passed."""
    removed: dict[str, int] = field(default_factory=dict)
    """`Member.email` → how many times it was removed."""
    asked: int = 0
    """Look-ups sent to the API."""
    failed: int = 0
    """Look-ups without a usable response."""


def record_of(line: bytes) -> AuditRecord | None:
    """Parses one line of the audit log; None if it is not JSON with a numeric status."""
    try:
        raw = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(raw, dict) or not isinstance(raw.get("status"), int):
        return None
    removed = raw.get("removed")
    return AuditRecord(
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
