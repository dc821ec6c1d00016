"""Hooks for Django's test clients, and for Django REST framework's, which are built on them.

Django itself says who the caller is; the API is asked only where Django does not know. This does
not affect the test: database queries made for it are not counted, and the client keeps no cookie of
its response.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any
from urllib.parse import unquote, urlsplit

from oakum.exchange import Request, Response
from oakum.pytest_plugin.body_chunks import AsyncRecordedChunks, RecordedChunks
from oakum.pytest_plugin.response_capture import (
    UNREAD,
    Capture,
    CaptureLine,
    Patch,
    lower,
    nobody_asks,
    read_answer,
)

_OWN_COOKIES = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "LANGUAGE_COOKIE_NAME")
"""Django settings with names of cookies that Django itself reads; `request.user` says to whom they
belong."""


def django_client(module: Any, line: CaptureLine) -> Iterator[Patch]:
    """Hooks both test clients at the method that every request goes through."""
    plain, later = module.Client.request, module.AsyncClient.request

    def request(self: Any, **more: Any) -> Any:
        sent = _payload(more.get("wsgi.input"))
        response = plain(self, **more)
        if response.streaming:
            with suppress(Exception):
                user = _user(response.wsgi_request)
                captured = _of(self, response, response.wsgi_request, sent, lambda: user)
                _stream(line, response, captured, asker(self), nobody_asks)
                return response
        made = response.wsgi_request
        line.pass_on(lambda: _of(self, response, made, sent, lambda: _user(made)), asker(self))
        return response

    async def arequest(self: Any, **more: Any) -> Any:
        sent = _payload(more.get("_body_file"))
        response = await later(self, **more)
        user, made = await _auser(response.asgi_request), response.asgi_request
        if response.streaming:
            with suppress(Exception):
                captured = _of(self, response, made, sent, lambda: user)
                _stream(line, response, captured, nobody_asks, aasker(self))
                return response
        await line.pass_on_async(
            lambda: _of(self, response, made, sent, lambda: user), aasker(self)
        )
        return response

    yield module.Client, "request", request
    yield module.AsyncClient, "request", arequest


def _stream(line: CaptureLine, response: Any, captured: Capture, ask: Any, aask: Any) -> None:
    """Hear a body as a test goes through it."""
    parts = response.streaming_content
    waits = getattr(response, "is_async", False)  # since Django 4.2
    pieces = AsyncRecordedChunks(line, parts) if waits else RecordedChunks(line, parts)
    response.streaming_content = pieces
    line.later(pieces, captured, aask if waits else ask, raw=True)


def asker(client: Any) -> Callable[[Request], Response]:
    """Sends look-ups directly to the client's application, bypassing the client."""

    def ask(question: Request) -> Response:
        parts = urlsplit(question.url)
        named = {f"HTTP_{n.upper().replace('-', '_')}": v for n, v in question.headers.items()}
        environ = client._base_environ(
            PATH_INFO=unquote(parts.path), QUERY_STRING=parts.query, REQUEST_METHOD="GET",
            SERVER_PORT="443" if parts.scheme == "https" else "80", HTTP_HOST=parts.netloc, **named,
        )  # fmt: skip
        with _hide_queries():
            return _answer(client.handler({**environ, "wsgi.url_scheme": parts.scheme}))[0]

    return ask


def aasker(client: Any) -> Callable[[Request], Any]:
    """The same for an asynchronous client."""

    async def ask(question: Request) -> Response:
        parts = urlsplit(question.url)
        named = [(n.encode(), v.encode("latin-1")) for n, v in question.headers.items()]
        scope = client._base_scope(
            path=unquote(parts.path), method="GET", scheme=parts.scheme,
            query_string=parts.query, headers=[],
        )  # fmt: skip
        scope["headers"] = [(b"host", parts.netloc.encode()), *named]
        with _hide_queries():
            return _answer(await client.handler(scope))[0]

    return ask


@contextmanager
def _hide_queries() -> Iterator[None]:
    """Hides database queries from a test that counts or forbids them."""
    connections = import_module("django.db").connections.all(initialized_only=True)
    before = [(each, each.force_debug_cursor, each.execute_wrappers) for each in connections]
    for each, _, _ in before:
        each.force_debug_cursor, each.execute_wrappers = False, []
    try:
        yield
    finally:
        for each, counted, wrappers in before:
            each.force_debug_cursor, each.execute_wrappers = counted, wrappers


def _user(request: Any) -> object:
    """Django's user of the request, loaded if no view has done so; None if unknown."""
    user: object = getattr(request, "user", None)
    with suppress(Exception), _hide_queries():
        str(getattr(user, "is_anonymous", ""))  # evaluates a lazy user
        return user
    return None  # the test has no database access


async def _auser(request: Any) -> object:
    """The same, where to load it may have to be waited for."""
    lazy = import_module("django.utils.functional")
    user: object = getattr(request, "user", None)
    if isinstance(user, lazy.LazyObject) and user.__dict__.get("_wrapped") is lazy.empty:
        user = None
        with suppress(Exception), _hide_queries():
            user = await request.auser()
    return user


def _of(
    client: Any, response: Any, request: Any, sent: bytes | None, user: Callable[[], object]
) -> Capture:
    settings = import_module("django.conf").settings
    asked = Request(
        request.method, request.build_absolute_uri(), lower(request.headers), sent or b""
    )
    answer, why = _answer(response)
    own = frozenset(getattr(settings, name) for name in _OWN_COOKIES)
    return Capture(asked, answer, client.handler, user, why, sent is None, own)


def _answer(response: Any) -> tuple[Response, str]:
    if response.streaming:
        return Response(response.status_code, lower(response.headers)), UNREAD
    return read_answer(response.status_code, response.headers, lambda: response.content, raw=True)


def _payload(given: Any) -> bytes | None:
    """The contents of `FakePayload`, which can be read only once."""
    if given is None:
        return b""
    with suppress(Exception):
        found: bytes = given._FakePayload__content.getvalue()
        return found
    return None
