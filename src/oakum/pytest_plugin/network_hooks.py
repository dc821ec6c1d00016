"""Hooks at the network level: the standard library (urllib, urllib3) and aiohttp.

A test reads the same body as without the plugin. A short body of known length is read ahead and put
back; any other is captured as far as the test reads it.
"""

from __future__ import annotations

import asyncio
import io
import json
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from oakum.exchange import Request, Response
from oakum.http.methods import WITHOUT_BODY
from oakum.pytest_plugin.body_chunks import RecordedFile
from oakum.pytest_plugin.response_capture import (
    Capture,
    CaptureLine,
    Patch,
    ends,
    lower,
    read_answer,
)

_MOST = 4 << 20
"""Most bytes of a body that is read ahead."""
_SHORT = 64 << 10
"""Most bytes of a body that aiohttp receives before anybody reads it."""
_PATIENCE = 0.5
"""Seconds to wait for such a body."""


def http_client(module: Any, line: CaptureLine) -> Iterator[Patch]:
    """Hooks the standard library's client, which urllib and urllib3 use."""
    kind = module.HTTPConnection
    put, header, plain = kind.putrequest, kind.putheader, kind.getresponse

    def putrequest(self: Any, method: str, url: str, *args: Any, **more: Any) -> None:
        self._oakum = (method, url, {})
        put(self, method, url, *args, **more)

    def putheader(self: Any, name: Any, *values: Any) -> None:
        with suppress(Exception):
            self._oakum[2][_text(name)] = ", ".join(map(_text, values))
        header(self, name, *values)

    def getresponse(self: Any) -> Any:
        response = plain(self)
        if line.is_inside:
            return response
        with suppress(Exception):
            method, url, headers = self._oakum
            if (asked := asked_of(self, method, url, headers)) is not None:
                told = Response(response.status, lower(response.headers))
                wanted = method != "HEAD" and line.observer.wants(method, asked.url)
                body = _ahead(response, told) if wanted else b""
                if body is not None:
                    line.pass_on(
                        lambda: _capture_of(asked, told, body), lambda question: ask(self, question)
                    )
                elif response.fp is not None:
                    captured = _capture_of(asked, told, None)
                    _follow(line, response, captured, lambda question: ask(self, question))
        return response

    def asked_of(self: Any, method: str, url: str, headers: dict[str, str]) -> Request | None:
        scheme = "https" if isinstance(self, module.HTTPSConnection) else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        whole = url if "://" in url else f"{scheme}://{host}:{self.port}{url}"
        return Request(method, whole, lower(headers))

    def ask(self: Any, question: Request) -> Response:
        with line.inside():
            again = module.HTTPConnection(self.host, self.port, timeout=5)
            if isinstance(self, module.HTTPSConnection):
                context = getattr(self, "_context", None)
                again = module.HTTPSConnection(self.host, self.port, timeout=5, context=context)
            try:
                url = urlsplit(question.url)
                path = f"{url.path}?{url.query}" if url.query else url.path
                again.request(question.method, path, headers=dict(question.headers))
                told = again.getresponse()
                return Response(told.status, lower(told.headers), told.read(_MOST))
            finally:
                again.close()

    yield kind, "putrequest", putrequest
    yield kind, "putheader", putheader
    yield kind, "getresponse", getresponse


def _capture_of(asked: Request, told: Response, body: bytes | None) -> Capture:
    blind = asked.method not in WITHOUT_BODY
    if body is None:
        return Capture(asked, told, None, None, "", blind)
    answer, why = read_answer(told.status, dict(told.headers), lambda: body, raw=True)
    return Capture(asked, answer, None, None, why, blind)


def _follow(
    line: CaptureLine, response: Any, captured: Capture, ask: Callable[[Request], Response]
) -> None:
    """Hear a body when the test has read it."""

    def end(body: bytes, whole: bool) -> None:
        line.piece(wire, body)
        line.read(wire, whole=whole)

    wire = response.fp = RecordedFile(response.fp, captured.response.headers, end)
    line.later(wire, captured, ask, raw=True)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _ahead(response: Any, told: Response) -> bytes | None:
    """A body of `http.client`, read and given back; None: it is not read ahead."""
    length = told.headers.get("content-length", "")
    if told.status in (204, 304) or length == "0":
        return b""
    if not length.isdecimal() or int(length) > _MOST or not ends(told.headers):
        return None
    body: bytes = response.read()
    response.fp, response.length = io.BytesIO(body), len(body)
    return body


def aiohttp_client(module: Any, line: CaptureLine) -> Iterator[Patch]:
    """Hooks aiohttp, including its test client: a response is reported once its body is there, or
    has been read."""
    plain, stream = module.ClientSession._request, import_module("aiohttp.streams").StreamReader
    take = stream._read_nowait_chunk

    async def request(self: Any, method: str, url: Any, **more: Any) -> Any:
        response = await plain(self, method, url, **more)
        with suppress(Exception):
            captured, content = of(response, more), response.content
            line.later(content, captured, asker(weakref.ref(self)))
            if await _is_there(content, captured):
                for piece in getattr(content, "_buffer", ()):
                    line.piece(content, piece)
                await line.aread(content, whole=True)
        return response

    def asker(session: Any) -> Callable[[Request], Any]:
        async def ask(question: Request) -> Response:
            headers = dict(question.headers)
            made = await plain(session(), question.method, question.url, headers=headers)
            return Response(made.status, lower(made.headers), await made.read())

        return ask

    def take_piece(self: Any, size: int) -> bytes:
        piece: bytes = take(self, size)
        line.piece(self, piece)
        return piece

    def watch_read(read: Any) -> Any:
        async def reads(self: Any, *args: Any, **more: Any) -> Any:
            found = await read(self, *args, **more)
            if line.waits(self) and self.at_eof():
                await line.aread(self, whole=True)
            return found

        return reads

    def of(response: Any, more: dict[str, Any]) -> Capture:
        info, given = response.request_info, more.get("json", more.get("data"))
        sent, blind = b"", False
        if "json" in more and given is not None:
            sent = json.dumps(given).encode()
        elif isinstance(given, str | bytes):
            sent = given.encode() if isinstance(given, str) else given
        elif given is not None:
            blind = True
        asked = Request(info.method, str(info.url), lower(info.headers), sent)
        answer = Response(response.status, lower(response.headers))
        return Capture(asked, answer, None, None, "", blind)

    yield module.ClientSession, "_request", request
    yield stream, "_read_nowait_chunk", take_piece
    for name in ("read", "readany", "readchunk", "readuntil", "readexactly"):
        if hasattr(stream, name):
            yield stream, name, watch_read(getattr(stream, name))


async def _is_there(content: Any, captured: Capture) -> bool:
    """Whether a whole body waits to be read. One that is short and of a known length is waited for,
    and stays where it is: many a test reads a status only."""
    length = captured.response.headers.get("content-length", "")
    if not content.is_eof() and length.isdecimal() and int(length) <= _SHORT:
        with suppress(TimeoutError):
            await asyncio.wait_for(content.wait_eof(), _PATIENCE)
    return bool(content.is_eof())
