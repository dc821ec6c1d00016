"""Where answers are overheard: one place in each client, and put back at the end.

The law of this module: a test notices nothing. The client's own function runs first, what it
returns is returned, and what goes wrong here goes wrong here. A client that nobody has imported
is not imported either; one that is imported is listened to before its first request.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any
from urllib.parse import urlencode, urlsplit

from oakum.exchange import Request, Response
from oakum.testing.ear import STREAMED, Ear, Heard, Line, Patch, answered, lower, nobody_asks
from oakum.testing.wire import aiohttp_client, http_client

__all__ = ["TAPS", "Ear", "Heard", "Taps"]


class Taps:
    """The clients that are listened to. `open` may be called again, for what was imported since."""

    def __init__(self, ear: Ear) -> None:
        self.line = Line(ear)
        self._undo: list[tuple[Any, str, Any]] = []
        self._open: set[str] = set()
        self._finder = _Finder(self.open)

    def open(self) -> None:
        """Listen to every client that has been imported, and from now on to each that will be."""
        if self._finder not in sys.meta_path:
            sys.meta_path.insert(0, self._finder)
        for name, tap in TAPS.items():
            module = sys.modules.get(name)
            if module is None or name in self._open:
                continue
            with suppress(AttributeError):  # still on its way in: next time
                for owner, attribute, made in tap(module, self.line):
                    self._undo.append((owner, attribute, getattr(owner, attribute)))
                    setattr(owner, attribute, made)
                self._open.add(name)

    def overlooked(self) -> list[str]:
        """Clients that were imported and not listened to."""
        return [name for name in TAPS if name in sys.modules and name not in self._open]

    def close(self) -> None:
        """Put every function back."""
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        while self._undo:
            owner, attribute, before = self._undo.pop()
            setattr(owner, attribute, before)
        self._open.clear()


class _Finder:
    """Finds clients as Python does, and says so when one has been imported: what a module asks
    while a test module is read would be over before the first test."""

    def __init__(self, imported: Callable[[], None]) -> None:
        self._imported = imported

    def find_spec(
        self, name: str, path: Any = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As an import hook is asked (`importlib.abc.MetaPathFinder`)."""
        if name not in TAPS:
            return None
        spec = PathFinder.find_spec(name, path, target)
        loader = spec.loader if spec is not None else None
        plain = getattr(loader, "exec_module", None)
        if plain is None:
            return None

        def exec_module(module: ModuleType) -> None:
            plain(module)
            self._imported()

        try:
            loader.exec_module = exec_module  # type: ignore[union-attr,method-assign]
        except AttributeError:
            return None
        return spec


# --------------------------------------------------------------------------- httpx, httpx2


def _httpx(module: Any, line: Line) -> Iterator[Patch]:
    plain, later = module.Client.send, module.AsyncClient.send
    read, aread = module.Response.read, module.Response.aread

    def send(self: Any, request: Any, **more: Any) -> Any:
        with line.inside():
            response = plain(self, request, **more)
        if more.get("stream"):
            _httpx_later(line, response, self)
        else:
            line.told(lambda: _of_httpx(response, self), asker(self))
        return response

    def asker(client: Any) -> Callable[[Request], Response]:
        def ask(question: Request) -> Response:
            with line.inside():
                made = plain(client, _to_httpx(module, question), auth=None)
            return _of_httpx(made).response

        return ask

    def aasker(client: Any) -> Callable[[Request], Any]:
        async def ask(question: Request) -> Response:
            made = await later(client, _to_httpx(module, question), auth=None)
            return _of_httpx(made).response

        return ask

    async def asend(self: Any, request: Any, **more: Any) -> Any:
        response = await later(self, request, **more)
        if more.get("stream"):
            _httpx_later(line, response, self)
        else:
            await line.atold(lambda: _of_httpx(response, self), aasker(self))
        return response

    def read_now(self: Any) -> Any:
        body = read(self)
        if (heard := line.read(self)) is not None:
            line.told(lambda: _with_body(heard, body), asker(self._oakum))
        return body

    async def aread_now(self: Any) -> Any:
        body = await aread(self)
        if (heard := line.read(self)) is not None:
            await line.atold(lambda: _with_body(heard, body), aasker(self._oakum))
        return body

    yield module.Client, "send", send
    yield module.AsyncClient, "send", asend
    yield module.Response, "read", read_now
    yield module.Response, "aread", aread_now


def _httpx_later(line: Line, response: Any, client: Any) -> None:
    with suppress(Exception):
        response._oakum = client
        line.later(response, _of_httpx(response, client, streamed=True))


def _with_body(heard: Heard, body: bytes) -> Heard:
    """The answer that was streamed, with the body that the test has read itself."""
    response, why = answered(heard.response.status, dict(heard.response.headers), lambda: body)
    return replace(heard, response=response, unread=why)


def _to_httpx(module: Any, question: Request) -> Any:
    return module.Request(question.method, question.url, headers=dict(question.headers))


def _of_httpx(response: Any, client: Any = None, *, streamed: bool = False) -> Heard:
    request = response.request
    sent, blind = b"", False
    try:
        sent = request.content
    except Exception:  # noqa: BLE001 - a body that was streamed
        blind = True
    asked = Request(request.method, str(request.url), lower(request.headers), sent)
    if streamed:
        answer, why = Response(response.status_code, lower(response.headers)), STREAMED
    else:
        answer, why = answered(response.status_code, response.headers, lambda: response.content)
    transport = getattr(client, "_transport", None)
    app = getattr(transport, "app", None)
    return Heard(asked, answer, getattr(client, "app", None) or app, None, why, blind)


# --------------------------------------------------------------------------- requests


def _requests(module: Any, line: Line) -> Iterator[Patch]:
    plain, content = module.Session.send, module.Response.content

    def send(self: Any, request: Any, **more: Any) -> Any:
        with line.inside():
            response = plain(self, request, **more)
        if more.get("stream"):
            with suppress(Exception):
                line.later(response, of(response, streamed=True))
                response._oakum = self
        else:
            line.told(lambda: of(response), asker(self))
        return response

    def asker(session: Any) -> Callable[[Request], Response]:
        def ask(question: Request) -> Response:
            made = module.Request(question.method, question.url, dict(question.headers)).prepare()
            with line.inside():
                told = plain(session, made, allow_redirects=False, timeout=5)
                return of(told).response

        return ask

    def read(self: Any) -> Any:
        body = content.fget(self)
        if (heard := line.read(self)) is not None:
            line.told(lambda: _with_body(heard, body or b""), asker(self._oakum))
        return body

    def of(response: Any, *, streamed: bool = False) -> Heard:
        request, body = response.request, response.request.body
        sent = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""
        asked = Request(request.method, request.url, lower(request.headers), sent)
        if streamed:
            answer, why = Response(response.status_code, lower(response.headers)), STREAMED
        else:
            answer, why = answered(
                response.status_code, response.headers, lambda: content.fget(response) or b""
            )
        return Heard(asked, answer, None, None, why, body is not None and not sent)

    yield module.Session, "send", send
    yield module.Response, "content", property(read)


# --------------------------------------------------------------------------- Werkzeug: Flask


def _werkzeug(module: Any, line: Line) -> Iterator[Patch]:
    plain = module.Client.open

    def open(self: Any, *args: Any, **more: Any) -> Any:
        response = plain(self, *args, **more)

        def ask(question: Request) -> Response:
            url = urlsplit(question.url)
            builder = module.EnvironBuilder(
                path=url.path, query_string=url.query, method=question.method,
                base_url=f"{url.scheme}://{url.netloc}", headers=dict(question.headers),
            )  # fmt: skip
            return of(self, plain(self, builder), b"").response

        line.told(lambda: of(self, response, _sent(args, more)), ask)
        return response

    def of(client: Any, response: Any, sent: bytes | None) -> Heard:
        request = response.request
        asked = Request(request.method, request.url, lower(request.headers), sent or b"")
        streamed = response.is_streamed
        if streamed and response.content_length is None and not _ends(response):
            answer, why = Response(response.status_code, lower(response.headers)), STREAMED
        else:
            answer, why = answered(
                response.status_code, response.headers, response.get_data, held=not streamed
            )
        blind = sent is None and request.method not in ("GET", "HEAD", "OPTIONS", "DELETE")
        return Heard(asked, answer, client.application, None, why, blind)

    yield module.Client, "open", open


def _ends(response: Any) -> bool:
    """Whether a body is one that is read whatever its length: any but a feed."""
    return not str(response.mimetype).startswith("text/event-stream")


def _sent(args: tuple[Any, ...], more: Mapping[str, Any]) -> bytes | None:
    """The body of a request as it was given to Werkzeug's client; None: it cannot be told."""
    given = more.get("json", more.get("data"))
    if any(not isinstance(each, str) for each in args):
        return None  # a request that was built elsewhere
    with suppress(Exception):
        if "json" in more:
            return json.dumps(given).encode()
        if isinstance(given, str | bytes):
            return given.encode() if isinstance(given, str) else given
        if isinstance(given, Mapping):
            return urlencode(given, doseq=True).encode()
    return b"" if given is None else None


# --------------------------------------------------------------------------- Django


def _django(module: Any, line: Line) -> Iterator[Patch]:
    plain, later = module.Client.request, module.AsyncClient.request

    def request(self: Any, **more: Any) -> Any:
        sent = payload(more.get("wsgi.input"))
        response = plain(self, **more)
        line.told(lambda: of(self, response, response.wsgi_request, sent), nobody_asks)
        return response

    async def arequest(self: Any, **more: Any) -> Any:
        sent = payload(more.get("_body_file"))
        response = await later(self, **more)
        line.told(lambda: of(self, response, response.asgi_request, sent), nobody_asks)
        return response

    def payload(given: Any) -> bytes | None:
        """What stands in `FakePayload`, which may be read once."""
        if given is None:
            return b""
        with suppress(Exception):
            found: bytes = given._FakePayload__content.getvalue()
            return found
        return None

    def of(client: Any, response: Any, request: Any, sent: bytes | None) -> Heard:
        headers = lower(request.headers)
        asked = Request(request.method, request.build_absolute_uri(), headers, sent or b"")
        if response.streaming:
            answer, why = Response(response.status_code, lower(response.headers)), STREAMED
        else:
            answer, why = answered(response.status_code, response.headers, lambda: response.content)
        user = (lambda: request.user) if hasattr(request, "user") else None
        # Django says itself who is calling: a question would run queries that a test may count.
        return Heard(asked, answer, client.handler, user, why, sent is None)

    yield module.Client, "request", request
    yield module.AsyncClient, "request", arequest


TAPS: Mapping[str, Callable[[Any, Line], Iterator[Patch]]] = {
    "httpx": _httpx,
    "httpx2": _httpx,
    "requests": _requests,
    "werkzeug.test": _werkzeug,
    "django.test.client": _django,
    "http.client": http_client,
    "aiohttp.client": aiohttp_client,
}
"""Module → how its client is listened to."""
