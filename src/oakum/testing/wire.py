"""Clients that are heard where they speak to a network: the standard library's, which urllib and
urllib3 use, and aiohttp's.

The law of this module: a test reads the body that it would have read. One of a known length that
is short is read ahead and given back; any other is heard when the test has read it, or counted.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from oakum.exchange import Request, Response
from oakum.testing.ear import STREAMED, Heard, Line, Patch, answered, is_read, lower

_MOST = 4 << 20
"""Bytes of a body that is read ahead."""


def http_client(module: Any, line: Line) -> Iterator[Patch]:
    """The standard library's client: urllib and urllib3 speak through it."""
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
                wanted = method != "HEAD" and line.ear.wants(method, asked.url)
                body = _ahead(response, told) if wanted else b""
                line.told(lambda: of(asked, told, body), lambda question: ask(self, question))
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

    def of(asked: Request, told: Response, body: bytes | None) -> Heard:
        blind = asked.method not in ("GET", "HEAD", "OPTIONS")
        if body is None:
            return Heard(asked, told, None, None, STREAMED, blind)
        answer, why = answered(told.status, dict(told.headers), lambda: body)
        return Heard(asked, answer, None, None, why, blind)

    yield kind, "putrequest", putrequest
    yield kind, "putheader", putheader
    yield kind, "getresponse", getresponse


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _ahead(response: Any, told: Response) -> bytes | None:
    """A body of `http.client`, read and given back; None: it is not read ahead."""
    length = told.headers.get("content-length", "")
    if told.status in (204, 304) or length == "0":
        return b""
    if not length.isdecimal() or int(length) > _MOST or not is_read(told.headers):
        return None
    body: bytes = response.read()
    response.fp, response.length = io.BytesIO(body), len(body)
    coding = told.headers.get("content-encoding", "identity").lower()
    if coding in ("", "identity"):
        return body
    if coding in ("gzip", "x-gzip", "deflate"):
        with suppress(zlib.error):
            return zlib.decompressobj(47).decompress(body, _MOST)
    return None


def aiohttp_client(module: Any, line: Line) -> Iterator[Patch]:
    """aiohttp, its test client among its users: an answer is heard when its body is read."""
    plain, read = module.ClientSession._request, module.ClientResponse.read

    async def request(self: Any, method: str, url: Any, **more: Any) -> Any:
        response = await plain(self, method, url, **more)
        with suppress(Exception):
            response._oakum = self
            line.later(response, of(response, more))
        return response

    async def read_now(self: Any) -> Any:
        body = await read(self)
        heard = line.read(self)
        if heard is not None:
            answer, why = answered(
                heard.response.status, dict(heard.response.headers), lambda: body
            )

            async def ask(question: Request) -> Response:
                headers = dict(question.headers)
                made = await plain(self._oakum, question.method, question.url, headers=headers)
                return Response(made.status, lower(made.headers), await read(made))

            whole = replace(heard, response=answer, unread=why)
            await line.atold(lambda: whole, ask)
        return body

    def of(response: Any, more: dict[str, Any]) -> Heard:
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
        return Heard(asked, answer, None, None, STREAMED, blind)

    yield module.ClientSession, "_request", request
    yield module.ClientResponse, "read", read_now
