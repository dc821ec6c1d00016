"""The ASGI and WSGI middleware behind the exchange cases: the scripted API is the application."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes

from oakum.asgi import OakumMiddleware as Asgi
from oakum.guard.request_outcome import GuardedRequest, Refusal
from oakum.routing.http_messages import HttpRequest, RequestSteps
from oakum.wsgi import OakumMiddleware as Wsgi
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import Outcome, Request, Response, Setup
from tests.guard_patience import unhurried_gate

_SAFE = "/:@!$&'()*+,;=~"


class _Application:
    """The script, and what it was asked by the guard and in the client's place."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.keeper = PythonGuard(setup)._keeper
        unhurried_gate(self.keeper)
        self._enter = self.keeper.enter
        self.keeper.enter = self._noted  # type: ignore[method-assign]
        self._entered = False
        self.asked: list[Request] = []
        self.forwarded: Request | None = None
        self.audit: list[Any] = []

    def _noted(self, asked: HttpRequest) -> RequestSteps[GuardedRequest | Refusal]:
        """When a request has come in, what is asked next is asked in the client's place."""
        found = yield from self._enter(asked)
        self._entered = True
        return found

    def begin(self) -> None:
        self._entered, self.forwarded = False, None
        self.asked = []
        self.audit.clear()

    def answer(self, request: Request) -> Response | None:
        if self._entered:
            self._entered, self.forwarded = False, request
        else:
            self.asked.append(request)
        found = self._setup.upstream.answer(request)
        if found is None:
            self._setup.clock.now += 1.0
        return None if found is None or found.raw is not None else found

    def outcome(self, response: Response) -> Outcome:
        kept = tuple(pair for pair in response.headers if pair[0] != "content-length")
        sent = Response(response.status, kept, response.body)
        return Outcome(sent, self.forwarded, self.asked, self.audit[0])


class AsgiGuard:
    """`oakum.asgi`, spoken to as a server does."""

    def __init__(self, setup: Setup) -> None:
        self._app = _Application(setup)
        self._guard = Asgi(self._serve, self._app.keeper, audit=self._app.audit.append)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]]
        body = (await receive())["body"]
        target = scope["raw_path"].decode() + (
            "?" + scope["query_string"].decode("latin-1") if scope["query_string"] else ""
        )
        kept = tuple(pair for pair in headers if pair[0] not in ("host", "content-length"))
        answer = self._app.answer(Request(scope["method"], target, kept, body))
        if answer is None:
            raise TimeoutError
        pairs = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in answer.headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
        more = answer.truncated  # whoever stops in the middle has not answered
        await send({"type": "http.response.body", "body": answer.body, "more_body": more})

    def exchange(self, request: Request) -> Outcome:
        self._app.begin()
        path, _, query = request.target.partition("?")
        headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in request.headers]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1",
            "method": request.method, "scheme": request.scheme, "path": unquote(path),
            "raw_path": path.encode("latin-1"), "query_string": query.encode("latin-1"),
            "headers": [(b"host", request.host.encode()), *headers],
            "client": (request.address, 1234), "server": ("club.test", 80),
        }  # fmt: skip
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        with suppress(TimeoutError):  # the application's own goes on, once there is an answer
            asyncio.run(self._guard(scope, receive, send))
        pairs = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in sent[0]["headers"])
        body = b"".join(each["body"] for each in sent[1:])
        return self._app.outcome(Response(sent[0]["status"], pairs, body))


class WsgiGuard:
    """`oakum.wsgi`, spoken to as a server does: one value for each name, paths decoded."""

    def __init__(self, setup: Setup) -> None:
        self._app = _Application(setup)
        self._guard = Wsgi(self._serve, self._app.keeper, audit=self._app.audit.append)

    def _serve(self, environ: Any, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = (environ["SCRIPT_NAME"] + environ["PATH_INFO"]).encode("latin-1")
        query = environ["QUERY_STRING"]
        headers = [
            (key[5:].replace("_", "-").lower(), value)
            for key, value in environ.items()
            if key.startswith("HTTP_") and key != "HTTP_HOST"
        ]
        if environ.get("CONTENT_TYPE"):
            headers.append(("content-type", environ["CONTENT_TYPE"]))
        target = quote(path, safe=_SAFE) + (f"?{query}" if query else "")
        body = environ["wsgi.input"].read()
        answer = self._app.answer(Request(environ["REQUEST_METHOD"], target, tuple(headers), body))
        if answer is None:
            raise TimeoutError
        start_response(f"{answer.status} Said", list(answer.headers))
        return [answer.body]

    def exchange(self, request: Request) -> Outcome:
        self._app.begin()
        path, _, query = request.target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method, "SCRIPT_NAME": "", "QUERY_STRING": query,
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"), "SERVER_NAME": "club.test",
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": request.address,
            "HTTP_HOST": request.host, "wsgi.url_scheme": request.scheme,
            "wsgi.input": io.BytesIO(request.body), "wsgi.input_terminated": True,
            "CONTENT_LENGTH": str(len(request.body)) if request.body else "",
        }  # fmt: skip
        for name, value in request.headers:
            key = name.replace("-", "_").upper()
            key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
            joint = "; " if name == "cookie" else ","
            environ[key] = f"{environ[key]}{joint}{value}" if environ.get(key) else value
        started: list[Any] = []

        def start(status: str, headers: Any, problem: Any = None) -> Callable[[bytes], None]:
            started.append((int(status[:3]), tuple((k.lower(), v) for k, v in headers)))
            return lambda part: None

        body = b"".join(self._guard(environ, start))
        status, headers = started[-1]
        return self._app.outcome(Response(status, headers, body))


@contextmanager
def asgi_guard(setup: Setup) -> Iterator[AsgiGuard]:
    yield AsgiGuard(setup)


@contextmanager
def wsgi_guard(setup: Setup) -> Iterator[WsgiGuard]:
    yield WsgiGuard(setup)
