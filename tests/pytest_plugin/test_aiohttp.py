"""aiohttp's answers are heard, and a test reads each as if nobody listened.

A module of the same shape stands in for aiohttp: a session, and a reader that bytes are fed to.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from oakum.pytest_plugin import network_hooks
from oakum.pytest_plugin.response_capture import PART, UNREAD, Capture, CaptureLine, Evaluation

TEXT = b'{"id": "ann", "email": "ann@club.test"}'


class StreamReader:
    """As `aiohttp.streams.StreamReader`: what reads goes through `_read_nowait_chunk`."""

    def __init__(self) -> None:
        self._buffer: deque[bytes] = deque()
        self._eof = asyncio.Event()
        self._more = asyncio.Event()

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        if piece:
            self._buffer.append(piece)
        self._more.set()
        if last:
            self._eof.set()

    def is_eof(self) -> bool:
        return self._eof.is_set()

    def at_eof(self) -> bool:
        return self.is_eof() and not self._buffer

    async def wait_eof(self) -> None:
        await self._eof.wait()

    def _read_nowait_chunk(self, size: int) -> bytes:
        return self._buffer.popleft()

    async def readany(self) -> bytes:
        while not self._buffer and not self.is_eof():
            self._more.clear()
            await self._more.wait()
        return b"".join([self._read_nowait_chunk(-1) for _ in range(len(self._buffer))])

    async def read(self, size: int = -1) -> bytes:
        return b"".join([piece async for piece in self])

    async def __aiter__(self) -> Any:
        while piece := await self.readany():
            yield piece


class Ear:
    """Remembers what it hears."""

    def __init__(self) -> None:
        self.captured: list[Capture] = []

    def observe(self, captured: Capture) -> Evaluation:
        self.captured.append(captured)
        yield from ()

    def count_missed(self, why: str) -> None:
        raise AssertionError(why)

    def wants(self, method: str, url: str) -> bool:
        return True


@pytest.fixture
def observer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ear]:
    class ClientSession:
        async def _request(self, method: str, url: str, **more: Any) -> Any:
            return more["answer"]

    streams, client = ModuleType("aiohttp.streams"), ModuleType("aiohttp.client")
    streams.StreamReader = StreamReader  # type: ignore[attr-defined]
    client.ClientSession = ClientSession  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "aiohttp", ModuleType("aiohttp"))
    monkeypatch.setitem(sys.modules, "aiohttp.streams", streams)
    observer = Ear()
    observer.line = CaptureLine(observer)  # type: ignore[attr-defined]
    observer.session = ClientSession()  # type: ignore[attr-defined]
    for owner, name, made in network_hooks.aiohttp_client(client, observer.line):  # type: ignore[attr-defined]
        monkeypatch.setattr(owner, name, made)
    yield observer


def answer(content: StreamReader, *, length: bool) -> SimpleNamespace:
    headers = {"Content-Type": "application/json"}
    headers |= {"Content-Length": str(len(TEXT))} if length else {"Transfer-Encoding": "chunked"}
    asked = SimpleNamespace(method="GET", url="http://127.0.0.1/members/ann", headers={})
    return SimpleNamespace(request_info=asked, status=200, headers=headers, content=content)


async def request(observer: Any, content: StreamReader, *, length: bool) -> None:
    await observer.session._request("GET", "", answer=answer(content, length=length))


def bodies(observer: Ear) -> list[tuple[bytes, str]]:
    return [(each.response.body, each.unread) for each in observer.captured]


def test_a_short_body_is_heard_though_only_the_status_is_looked_at(observer: Ear) -> None:
    async def asked() -> bytes:
        content = StreamReader()
        asyncio.get_running_loop().call_soon(lambda: content.feed(TEXT, last=True))
        await request(observer, content, length=True)
        assert bodies(observer) == [(TEXT, "")]
        return await content.read()

    assert asyncio.run(asked()) == TEXT
    assert len(observer.captured) == 1


def test_a_body_that_stalls_is_not_waited_for(
    observer: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_hooks, "_PATIENCE", 0.001)

    async def asked() -> bytes:
        content = StreamReader()
        content.feed(TEXT[:9])
        await request(observer, content, length=True)
        assert not observer.captured
        content.feed(TEXT[9:], last=True)
        return await content.read()

    assert asyncio.run(asked()) == TEXT
    assert bodies(observer) == [(TEXT, "")]


def test_a_body_that_comes_in_pieces_is_heard_when_it_has_been_read(observer: Ear) -> None:
    async def asked() -> bytes:
        content = StreamReader()
        content.feed(TEXT[:9])
        await request(observer, content, length=False)
        found = await content.readany()
        assert not observer.captured
        content.feed(TEXT[9:], last=True)
        return found + b"".join([piece async for piece in content])

    assert asyncio.run(asked()) == TEXT
    assert bodies(observer) == [(TEXT, "")]


@pytest.mark.parametrize(("reads", "told"), [(0, (b"", UNREAD)), (1, (TEXT[:9], PART))])
def test_what_a_test_leaves_is_named_at_its_end(
    observer: Ear, reads: int, told: tuple[bytes, str]
) -> None:
    async def asked() -> None:
        content = StreamReader()
        content.feed(TEXT[:9])
        await request(observer, content, length=False)
        for _ in range(reads):
            await content.readany()

    asyncio.run(asked())
    observer.line.flush()  # type: ignore[attr-defined]
    assert bodies(observer) == [told]
