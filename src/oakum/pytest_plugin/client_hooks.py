"""Hooks into HTTP clients, one place in each, removed at the end.

A test is not affected. The client's own function runs first, its result is returned, and an error
in a hook does not reach the test. The plugin does not import a client that the tests do not import;
an imported one is hooked before its first request.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any
from urllib.parse import urlencode, urlsplit

from oakum.exchange import Request, Response
from oakum.http.methods import WITHOUT_BODY
from oakum.pytest_plugin.body_chunks import AsyncRecordedChunks, RecordedChunks
from oakum.pytest_plugin.django_client import django_client
from oakum.pytest_plugin.network_hooks import aiohttp_client, http_client
from oakum.pytest_plugin.response_capture import (
    Capture,
    CaptureLine,
    CaptureObserver,
    Patch,
    lower,
    read_answer,
)

__all__ = ["HOOKS", "Capture", "CaptureObserver", "ClientHooks"]


class ClientHooks:
    """The hooked clients. `open` may be called again, for clients imported since."""

    def __init__(self, observer: CaptureObserver) -> None:
        self.line = CaptureLine(observer)
        self._undo: list[tuple[Any, str, Any]] = []
        self._open: set[str] = set()
        self._finder = _Finder(self.open)

    def open(self) -> None:
        """Hooks every client that has been imported, and each that will be."""
        if self._finder not in sys.meta_path:
            sys.meta_path.insert(0, self._finder)
        for name, patches in HOOKS.items():
            module = sys.modules.get(name)
            if module is None or name in self._open:
                continue
            with suppress(AttributeError):  # still being imported: try again next time
                for owner, attribute, made in patches(module, self.line):
                    self._undo.append((owner, attribute, getattr(owner, attribute)))
                    setattr(owner, attribute, made)
                self._open.add(name)

    def unhooked_clients(self) -> list[str]:
        """Names of imported clients that could not be hooked."""
        return [name for name in HOOKS if name in sys.modules and name not in self._open]

    def close(self) -> None:
        """Restores every hooked function."""
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
        """Implements `importlib.abc.MetaPathFinder`."""
        if name not in HOOKS:
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


def _httpx(module: Any, line: CaptureLine) -> Iterator[Patch]:
    plain, later = module.Client.send, module.AsyncClient.send
    stream, astream = _streams(module)

    def send(self: Any, request: Any, **more: Any) -> Any:
        with line.inside():
            response = plain(self, request, **more)
        for each in _history(response):
            line.pass_on(partial(_of_httpx, each, self), asker(self))
        with suppress(Exception):
            if more.get("stream") and not _is_read(response):
                pieces = RecordedChunks(line, response.stream)
                response.stream = stream(pieces)
                captured = _of_httpx(response, self, streamed=True)
                line.later(pieces, captured, asker(self), raw=True)
                return response
        line.pass_on(lambda: _of_httpx(response, self), asker(self))
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
        for each in _history(response):
            await line.pass_on_async(partial(_of_httpx, each, self), aasker(self))
        with suppress(Exception):
            if more.get("stream") and not _is_read(response):
                pieces = AsyncRecordedChunks(line, response.stream)
                response.stream = astream(pieces)
                captured = _of_httpx(response, self, streamed=True)
                line.later(pieces, captured, aasker(self), raw=True)
                return response
        await line.pass_on_async(lambda: _of_httpx(response, self), aasker(self))
        return response

    yield module.Client, "send", send
    yield module.AsyncClient, "send", asend


def _streams(module: Any) -> tuple[Any, Any]:
    """Bodies that have not been read, as httpx wants them to be."""

    class Stream(module.SyncByteStream):  # type: ignore[misc]
        def __init__(self, pieces: RecordedChunks) -> None:
            self.pieces = pieces

        def __iter__(self) -> Any:
            return self.pieces

        def close(self) -> None:
            self.pieces.close()

    class AsyncStream(module.AsyncByteStream):  # type: ignore[misc]
        def __init__(self, pieces: AsyncRecordedChunks) -> None:
            self.pieces = pieces

        def __aiter__(self) -> Any:
            return self.pieces

        async def aclose(self) -> None:
            await self.pieces.aclose()

    return Stream, AsyncStream


def _history(response: Any) -> list[Any]:
    """The responses whose redirects a client has followed, each with the request that it answers:
    what they show in headers and bodies, its caller has received."""
    return list(getattr(response, "history", None) or ())


def _is_read(response: Any) -> bool:
    """Whether all of a body is in memory already, as of a transport that is made up."""
    return hasattr(response, "_content")


def _to_httpx(module: Any, question: Request) -> Any:
    return module.Request(question.method, question.url, headers=dict(question.headers))


def _of_httpx(response: Any, client: Any = None, *, streamed: bool = False) -> Capture:
    request = response.request
    sent, blind = b"", False
    try:
        sent = request.content
    except Exception:  # noqa: BLE001 - a streamed body cannot be read again
        blind = True
    asked = Request(request.method, str(request.url), lower(request.headers), sent)
    if streamed:
        answer, why = Response(response.status_code, lower(response.headers)), ""
    else:
        answer, why = read_answer(response.status_code, response.headers, lambda: response.content)
    transport = getattr(client, "_transport", None)
    app = getattr(transport, "app", None)
    return Capture(asked, answer, getattr(client, "app", None) or app, None, why, blind)


def _requests(module: Any, line: CaptureLine) -> Iterator[Patch]:
    plain, pieces, leave = module.Session.send, module.Response.iter_content, module.Response.close

    def send(self: Any, request: Any, **more: Any) -> Any:
        with line.inside():
            response = plain(self, request, **more)
        if followed := _history(response):
            # The client sent the redirected requests through this hook, so each was recorded.
            line.pass_on(partial(of, self, followed[0]), asker(self))
        elif more.get("stream") and response._content is False:
            with suppress(Exception):
                line.later(response, of(self, response, streamed=True), asker(self))
        else:
            line.pass_on(lambda: of(self, response), asker(self))
        return response

    def asker(session: Any) -> Callable[[Request], Response]:
        def ask(question: Request) -> Response:
            made = module.Request(question.method, question.url, dict(question.headers)).prepare()
            with line.inside():
                told = plain(session, made, allow_redirects=False, timeout=5)
                return of(session, told).response

        return ask

    def iter_content(self: Any, *args: Any, **more: Any) -> Any:
        found = pieces(self, *args, **more)
        return note_content(self, found) if line.waits(self) else found

    def note_content(response: Any, found: Any) -> Iterator[Any]:
        for piece in found:
            line.piece(response, piece.encode() if isinstance(piece, str) else piece)
            yield piece
        line.read(response, whole=True)

    def close(self: Any) -> None:
        leave(self)
        line.read(self, whole=False)

    def of(session: Any, response: Any, *, streamed: bool = False) -> Capture:
        request, body = response.request, response.request.body
        app = None
        with suppress(Exception):  # adapters may be of any class
            # The adapter of Django REST framework calls an application in this process.
            app = getattr(session.get_adapter(request.url), "app", None)
        sent = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""
        asked = Request(request.method, request.url, lower(request.headers), sent)
        if streamed:
            answer, why = Response(response.status_code, lower(response.headers)), ""
        else:
            answer, why = read_answer(
                response.status_code, response.headers, lambda: response.content or b""
            )
        return Capture(asked, answer, app, None, why, body is not None and not sent)

    yield module.Session, "send", send
    yield module.Response, "iter_content", iter_content
    yield module.Response, "close", close


# --------------------------------------------------------------------------- Werkzeug: Flask


def _werkzeug(module: Any, line: CaptureLine) -> Iterator[Patch]:
    plain = module.Client.open

    def open(self: Any, *args: Any, **more: Any) -> Any:
        response = plain(self, *args, **more)

        def ask(question: Request) -> Response:
            url = urlsplit(question.url)
            builder = module.EnvironBuilder(
                path=url.path, query_string=url.query, method=question.method,
                base_url=f"{url.scheme}://{url.netloc}", headers=dict(question.headers),
            )  # fmt: skip
            made = plain(self, builder)
            return read_answer(made.status_code, made.headers, made.get_data, raw=True)[0]

        if followed := _history(response):
            # The client sent the redirected requests through this hook, so each was recorded.
            line.pass_on(lambda: of(self, followed[0], _request_body(args, more, followed[0])), ask)
            return response
        with suppress(Exception):
            if _is_open(response):
                captured = of(self, response, _request_body(args, more, response), streamed=True)
                response.response = RecordedChunks(line, response.response)
                line.later(response.response, captured, ask, raw=True)
                return response
        line.pass_on(lambda: of(self, response, _request_body(args, more, response)), ask)
        return response

    def of(client: Any, response: Any, sent: bytes | None, *, streamed: bool = False) -> Capture:
        request = response.request
        asked = Request(request.method, request.url, lower(request.headers), sent or b"")
        if streamed:
            answer, why = Response(response.status_code, lower(response.headers)), ""
        else:
            answer, why = read_answer(
                response.status_code, response.headers, response.get_data,
                held=not response.is_streamed, raw=True,
            )  # fmt: skip
        blind = sent is None and request.method not in {*WITHOUT_BODY, "DELETE"}
        return Capture(asked, answer, client.application, None, why, blind)

    yield module.Client, "open", open


def _is_open(response: Any) -> bool:
    """Whether a body is made while it is read: it may be slow, or have no end."""
    bare = response.status_code in (204, 304) or response.request.method == "HEAD"
    return bool(response.is_streamed and response.content_length is None and not bare)


def _request_body(args: tuple[Any, ...], more: Mapping[str, Any], response: Any) -> bytes | None:
    """The request body as given to Werkzeug's client; None if unknown."""
    given = more.get("json", more.get("data"))
    if any(not isinstance(each, str) for each in args):
        # The test has built the request itself; Flask's client would build it from arguments.
        with suppress(Exception):
            built: bytes = response.request.environ["wsgi.input"].getvalue()
            return built
        return None
    with suppress(Exception):
        if "json" in more:
            return json.dumps(given).encode()
        if isinstance(given, str | bytes):
            return given.encode() if isinstance(given, str) else given
        if isinstance(given, Mapping):
            return urlencode(given, doseq=True).encode()
    return b"" if given is None else None


HOOKS: Mapping[str, Callable[[Any, CaptureLine], Iterator[Patch]]] = {
    "httpx": _httpx,
    "httpx2": _httpx,
    "requests": _requests,
    "werkzeug.test": _werkzeug,
    "django.test.client": django_client,
    "http.client": http_client,
    "aiohttp.client": aiohttp_client,
}
"""Module → function that hooks its client and yields the patches."""
