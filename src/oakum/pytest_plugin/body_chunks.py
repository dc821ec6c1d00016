"""Captures bodies that a test reads in chunks.

A test gets each chunk at the time at which it would have got it, and no chunk is read that it does
not ask for. The response is reported when its last chunk has been read, or when it is closed.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

from oakum.pytest_plugin.content_coding import MOST
from oakum.pytest_plugin.response_capture import CaptureLine


class RecordedChunks:
    """Wraps an iterable of bytes and records each chunk that a test reads."""

    def __init__(self, line: CaptureLine, pieces: Any) -> None:
        """`pieces`: closed with this, if they can be."""
        self._line, self._pieces = line, pieces
        self._ahead: Iterator[Any] | None = None
        self._within = False
        """A piece is being made: what closes this now is the end of the pieces."""

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._ahead is None:
            self._ahead = iter(self._pieces)
        self._within = True
        try:
            piece = next(self._ahead)
        except StopIteration:
            self._line.read(self, whole=True)
            raise
        finally:
            self._within = False
        self._line.piece(self, piece)
        return piece

    def close(self) -> None:
        """Closes the body and reports the response with what was read so far."""
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()
        if not self._within:
            self._line.read(self, whole=False)


class AsyncRecordedChunks:
    """As `RecordedChunks`, for an asynchronous iterable."""

    def __init__(self, line: CaptureLine, pieces: Any) -> None:
        self._line, self._pieces = line, pieces
        self._ahead: AsyncIterator[Any] | None = None

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        if self._ahead is None:
            self._ahead = aiter(self._pieces)
        try:
            piece = await anext(self._ahead)
        except StopAsyncIteration:
            await self._line.aread(self, whole=True)
            raise
        self._line.piece(self, piece)
        return piece

    async def aclose(self) -> None:
        """Closes the body and reports the response with what was read so far."""
        close = getattr(self._pieces, "aclose", None)
        if close is not None:
            await close()
        await self._line.aread(self, whole=False)


class RecordedFile:
    """Wraps the file from which `http.client` and urllib3 read a body, and records what is read."""

    def __init__(
        self, file: Any, headers: Mapping[str, str], end: Callable[[bytes, bool], None]
    ) -> None:
        """`end`: told what was read until the file was closed, and whether it is all."""
        self._file, self._end = file, end
        self._chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        length = headers.get("content-length", "")
        self._length = int(length) if length.isdecimal() else None
        self._read, self._size, self._over = list[bytes](), 0, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def _note(self, piece: bytes, *, last: bool = False) -> bytes:
        self._over |= last or not piece
        if self._size <= MOST:
            self._read.append(piece)
        self._size += len(piece)
        return piece

    def read(self, size: int | None = -1) -> bytes:
        """`io.RawIOBase.read`, with the bytes kept; to the end if `size` is negative or None."""
        piece: bytes = self._file.read(size)
        return self._note(piece, last=size is None or size < 0) if size != 0 else piece

    def read1(self, size: int = -1) -> bytes:
        """`io.BufferedIOBase.read1`, with the bytes kept."""
        piece: bytes = self._file.read1(size)
        return self._note(piece) if size != 0 else piece

    def readline(self, size: int = -1) -> bytes:
        """`io.IOBase.readline`, with the bytes kept."""
        return self._note(self._file.readline(size))

    def readinto(self, into: Any) -> int:
        """`io.RawIOBase.readinto`, with the bytes kept."""
        size: int = self._file.readinto(into)
        self._note(bytes(memoryview(into)[:size]))
        return size

    def close(self) -> None:
        """As in a file object."""
        self._file.close()
        end, self._end = self._end, lambda *_: None
        body = b"".join(self._read)
        if self._chunked:
            end(*_join_chunks(body))
        else:
            end(body, self._size == self._length if self._length is not None else self._over)


def _join_chunks(text: bytes) -> tuple[bytes, bool]:
    """The joined chunks, and whether they are complete."""
    file, parts = io.BytesIO(text), list[bytes]()
    while line := file.readline():
        try:
            size = int(line.split(b";")[0], 16)
        except ValueError:
            break
        if size == 0:
            return b"".join(parts), True
        parts.append(file.read(size))
        file.readline()
    return b"".join(parts), False
