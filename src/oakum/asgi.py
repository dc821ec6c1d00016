"""The guard inside an ASGI application: FastAPI, Starlette, Quart, Litestar, Django.

    app = OakumMiddleware(app, contract="exposure.yaml")

It should be the outermost middleware, as here, since a middleware outside of it is not guarded.
Look-ups are sent to the application itself, in this process and for at most `guard: timeout`; then
the task is cancelled. (On event loops other than asyncio's no task is cancelled. A late response is
ignored on all of them.)
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from oakum.guard.loading import unread
from oakum.guard.middleware import Middleware, ResponseCollector, TooLong, with_length
from oakum.guard.mount_path import SAFE, Mount
from oakum.guard.request_outcome import GuardedRequest, Refusal
from oakum.routing.http_messages import Denial, HttpRequest, HttpResponse, RequestSteps
from oakum.routing.problem_details import PROBLEM_HEADERS, problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_LOG = logging.getLogger("oakum.guard")
_T = TypeVar("_T")
_OF_THE_SERVER = frozenset(
    ("asgi", "http_version", "root_path", "client", "server", "state", "app")
)
"""Keys of an ASGI scope that the server sets, as in Starlette. A look-up copies only these."""


class OakumMiddleware(Middleware[App]):
    """Guards an ASGI application."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection (ASGI 3.0)."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "lifespan":  # contains no personal data
            await self._app(scope, receive, send)
        else:
            raise NotImplementedError(f"unsupported ASGI scope type `{scope['type']}`")

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken, observe = _RequestBody(receive), self._keeper.observe
        most = self._keeper.policy.guard.max_body
        inquirer = _Inquirer(self._app, scope, receive, most, self._mount)
        try:
            body_read = await taken.body(most + 1, None if observe else TAKEN)
        except TimeoutError:
            late = _build_request(scope, b"", self._mount)
            await self._refuse(unread(late, Denial(408, "truncated")), late, send)
            return
        if body_read is None:
            return  # the client has disconnected, and a partial body could mean something else
        asked = _build_request(scope, body_read, self._mount)
        entered = await inquirer.drive(self._keeper.enter(asked))
        if isinstance(entered, Refusal):
            await self._refuse(entered, asked, send)
        elif observe:
            await self._watch(entered, inquirer, scope, taken.again(), send)
        else:
            body = _once(entered.forward.body, receive)
            inner = inquirer.inner(entered.forward)
            passed = self._watch if entered.raw and not entered.switch else self._guard
            await passed(entered, inquirer, inner, body, send)

    async def _refuse(self, refusal: Refusal, asked: HttpRequest, send: Send) -> None:
        self._audit(refusal.audit)
        await _answer(refusal, asked.method, send)

    async def _guard(
        self,
        entered: GuardedRequest,
        inquirer: _Inquirer,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Sends an answer, cut down, as soon as it is complete: what the application does after it
        holds no client. Its own end is waited for all the same, as a server does.

        Frameworks answer 500 and then raise what happened, for the server's log. We write it there
        instead: what stands outside might tell what went wrong, and with it values; and a server
        closes the connection then, which it does not after the answer for an absent object. A body
        that was too long is ended by an error of our own.
        """
        heard = _ResponseCollector(self._keeper.policy.guard.max_body)

        async def work() -> None:
            await self._app(scope, receive, heard)

        task = _start_task(work)
        if task is None:
            failed: Exception | None = None
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - raised again, after the answer
                failed = error
            await self._leave(entered, heard, inquirer, send)
            if failed is not None and not heard.truncated:
                _LOG.error("the application failed", exc_info=failed)
            return
        # The write happens only now, and it may have changed what was looked up before.
        task.add_done_callback(lambda _: self._keeper.forget(entered))
        try:
            await _first(task, heard, None)
            await self._leave(entered, heard, inquirer, send)
            await asyncio.wait((task,))
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait((task,))
            raise
        finally:
            _let_go(task)
        if heard.truncated:
            _over(task)  # stopped by our own error, so nothing to log
        elif isinstance(raised := task.exception(), Exception):
            _LOG.error("the application failed", exc_info=raised)
        else:
            task.result()

    async def _leave(
        self, entered: GuardedRequest, heard: _ResponseCollector, inquirer: _Inquirer, send: Send
    ) -> None:
        answered = await inquirer.drive(self._keeper.leave(entered, heard.response()))
        self._audit(entered.audit)
        await _answer(answered, entered.asked.method, send)

    async def _watch(
        self,
        entered: GuardedRequest,
        inquirer: _Inquirer,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Sends everything on as it comes; what would have become of it is only written down."""
        heard = _ResponseCollector(self._keeper.policy.guard.max_body, entered.asked.method)

        async def both(message: Message) -> None:
            await send(message)
            with suppress(Exception):  # a malformed message is the server's concern
                heard.note(message)

        try:
            await self._app(scope, receive, both)
        finally:
            await inquirer.drive(self._keeper.leave(entered, heard.response()))
            self._audit(entered.audit)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        upgrade = (("connection", "Upgrade"), ("upgrade", "websocket"))
        asked = _build_request({"method": "GET", **scope}, b"", self._mount)
        asked = HttpRequest(
            "GET", asked.target, (*(h for h in asked.headers if h[0] != "upgrade"), *upgrade),
            b"", asked.host, asked.scheme, asked.address,
        )  # fmt: skip
        most = self._keeper.policy.guard.max_body
        inquirer = _Inquirer(self._app, scope, receive, most, self._mount)
        entered = await inquirer.drive(self._keeper.enter(asked))
        self._audit(entered.audit)
        socket = _Socket(send, scope)
        if isinstance(entered, Refusal):
            await receive()  # `websocket.connect`
            await socket.refuse(entered)
            return
        if self._keeper.observe:
            await self._app(inquirer.inner(entered.forward), receive, send)
            return
        failed = False
        try:
            await self._app(inquirer.inner(entered.forward), receive, socket)
        except Exception as error:  # noqa: BLE001 - what stands outside might tell what went wrong
            _LOG.error("the application failed", exc_info=error)
            failed = True
        await socket.end(failed=failed)


# --------------------------------------------------------------------------- what is looked up


@dataclass(frozen=True)
class _Inquirer:
    """Asks the application whatever the gatekeeper wants to know about one request."""

    app: App
    scope: Scope
    receive: Receive
    most: int
    mount: Mount
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    """As it was before the application was asked: what it notes of a caller is for one request."""

    async def drive(self, steps: RequestSteps[_T]) -> _T:
        """The result of a decision."""
        told: HttpResponse | None = None
        while True:
            try:
                question = steps.send(told)
            except StopIteration as done:
                value: _T = done.value
                return value
            told = await self._ask(question)

    def inner(self, asked: HttpRequest, like: Scope | None = None) -> Scope:
        """A scope for what the application is asked instead, like this request or like another."""
        below = self.mount.below(self.scope["path"])
        return _scope(self.scope if like is None else like, asked, self.mount, below=below)

    async def _ask(self, question: HttpRequest) -> HttpResponse | None:
        """The application's answer; None: there was none in time."""
        heard = _ResponseCollector(self.most)
        # The guard's own look-ups must not carry what an outer layer stored about the caller.
        like = {key: value for key, value in self.scope.items() if key in _OF_THE_SERVER}
        like |= {"type": "http", "method": question.method, "scheme": question.scheme}
        until = monotonic() + question.within

        async def work() -> None:
            await self.app(self.inner(question, like), _once(b"", self.receive), heard)

        try:
            await _for(question.within, work, heard, self.context.copy())
        except Exception:  # noqa: BLE001 - whatever the application raises, a server says 500
            if not heard.complete:
                return HttpResponse(500) if monotonic() <= until else None
        return heard.response() if (heard.ended or monotonic()) <= until else None


_LEFT: set[asyncio.Task[None]] = set()
"""Tasks that nobody awaits; asyncio itself keeps only weak references."""


def _loop() -> asyncio.AbstractEventLoop | None:
    """The running asyncio event loop; None on other loops."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _start_task(
    work: Callable[[], Coroutine[Any, Any, None]], context: contextvars.Context | None = None
) -> asyncio.Task[None] | None:
    """What an application does, as a task of its own; None: the event loop knows of none."""
    loop = _loop()
    return None if loop is None else loop.create_task(work(), context=context)


async def _first(
    task: asyncio.Task[None], heard: _ResponseCollector, seconds: float | None
) -> None:
    """Waits until an application has answered or ended, and for so many seconds at most."""
    heard.over = over = asyncio.get_running_loop().create_future()
    if heard.ended:
        return
    try:
        await asyncio.wait((task, over), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        over.cancel()


async def _for(
    seconds: float,
    work: Callable[[], Coroutine[Any, Any, None]],
    heard: _ResponseCollector,
    context: contextvars.Context,
) -> None:
    """Waits so long for what an application answers. Then it is told to end, unless it has answered
    and is busy with something else; no application can hold its caller by not ending."""
    task = _start_task(work, context)
    if task is None:
        await work()
        return
    try:
        await _first(task, heard, seconds)
    finally:
        _let_go(task)
        if not heard.complete:
            task.cancel()
    if task.done() and not task.cancelled() and (error := task.exception()) is not None:
        raise RuntimeError("a request made by the guard itself failed") from error


def _let_go(task: asyncio.Task[None]) -> None:
    if not task.done():
        _LEFT.add(task)
        task.add_done_callback(_over)


def _over(task: asyncio.Task[None]) -> None:
    _LEFT.discard(task)
    if not task.cancelled():
        task.exception()  # marked as retrieved: it came too late to matter


# --------------------------------------------------------------------------- what comes in


def _build_request(scope: Scope, body: bytes, mount: Mount) -> HttpRequest:
    """The request; one that is not mounted there is about no place that anybody could read in one
    way."""
    headers = tuple((k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in scope["headers"])
    client = scope.get("client")
    host = next((value for name, value in headers if name == "host"), "")
    query = scope.get("query_string", b"").decode("latin-1")
    there = scope.get("root_path", "").rstrip("/") == mount.root
    path = mount.inward(scope["path"], _path(scope)) if there else ""
    target = path + (f"?{query}" if query else "")
    address = client[0] if client else ""
    return HttpRequest(
        scope["method"], target, headers, body, host, scope.get("scheme", "http"), address
    )


def _path(scope: Scope) -> str:
    """The path that the application will read, as it came where that is still told."""
    path: str = scope["path"]
    raw = scope.get("raw_path")
    came = raw.decode("latin-1").partition("?")[0] if raw else ""
    if came and unquote(came) == path:
        return came
    try:
        return quote(path, safe=SAFE)
    except UnicodeEncodeError:  # half of a surrogate pair, which a URL cannot contain
        return ""


def _scope(scope: Scope, asked: HttpRequest, mount: Mount, *, below: bool) -> Scope:
    """A scope for what the application is asked instead, with a path that is written as that of a
    request `below` its mount is. Extensions stay outside: they are ways to answer that would not be
    read."""
    path, _, query = asked.target.partition("?")
    path = mount.outward(path, below=below)
    headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in asked.headers]
    if asked.host and not asked.values("host"):
        headers.append((b"host", asked.host.encode("latin-1")))
    if asked.body and not asked.values("content-length"):
        headers.append((b"content-length", str(len(asked.body)).encode()))
    changed = {
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("latin-1"),
        "headers": headers,
        "extensions": {},
        "state": dict(scope.get("state", {})),
        **({"asgi": _with_disconnects(scope["asgi"])} if "asgi" in scope else {}),
    }
    made: Scope = {**scope, **changed}
    if "method" in scope:
        made["method"] = asked.method
    return made


def _with_disconnects(versions: Scope) -> Scope:
    """The versions of a server as of one whose `send` does not fail for a client that has gone
    (ASGI 2.4 has it fail): an answer is collected here, so that an application only learns of a
    disconnect when it asks, and one that never ends would go on."""
    major, _, minor = str(versions.get("spec_version", "2.0")).partition(".")
    later = major.isdigit() and minor.isdigit() and (int(major), int(minor)) > (2, 3)
    return {**versions, "spec_version": "2.3"} if later else versions


TAKEN = 60.0
"""Seconds in which a request body must be received completely."""


def _within(seconds: float | None) -> AbstractAsyncContextManager[object]:
    return nullcontext() if _loop() is None else asyncio.timeout(seconds)


class _RequestBody:
    """The request's body as it comes in; can be given once more, and the rest of it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._messages: list[Message] = []

    async def body(self, most: int, seconds: float | None) -> bytes | None:
        """The body, cut off at `most` bytes; None: its sender has gone before its end. Raises
        `TimeoutError` when not all has come in so many seconds (of asyncio's loops)."""
        body = bytearray()
        more = True
        async with _within(seconds):
            while more and len(body) < most:
                message = await self._receive()
                self._messages.append(message)
                if message["type"] != "http.request":
                    return None if seconds is not None else bytes(body)
                body += message.get("body", b"")
                more = message.get("more_body", False)
        return bytes(body[:most])

    def again(self) -> Receive:
        """Everything from its start."""

        async def receive() -> Message:
            return self._messages.pop(0) if self._messages else await self._receive()

        return receive


def _once(body: bytes, receive: Receive) -> Receive:
    """A body in one piece, and then what comes of the connection: that it ends."""
    told = False

    async def once() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


# --------------------------------------------------------------------------- what goes out


class _ResponseCollector(ResponseCollector):
    """Collects an application's response from the messages that it sends."""

    def __init__(self, most: int, method: str = "GET") -> None:
        super().__init__(most, method)
        self.complete = False
        self.ended = 0.0
        """When it was complete, or too long (`time.monotonic`)."""
        self.over: asyncio.Future[None] | None = None
        """Told then."""

    async def __call__(self, message: Message) -> None:
        """Takes the place of the server's `send`."""
        if not self.truncated:
            self.note(message)
        if self.truncated:
            raise TooLong

    def note(self, message: Message) -> None:
        """Collects one message. Raises `RuntimeError`, as servers do, for a message out of order
        where it comes: an answer has one beginning, and nothing follows its end."""
        kind = message["type"]
        begins = kind == "http.response.start"
        if self.ended or begins == bool(self._status) or kind not in _KNOWN:
            raise RuntimeError(f"`{kind}` has no place here")
        if begins:
            headers = tuple(
                (k.decode("latin-1").lower(), v.decode("latin-1"))
                for k, v in message.get("headers", ())
            )
            self._status, self._headers = int(message["status"]), headers
            return
        self.add(bytes(message.get("body", b"")))
        self.complete = not message.get("more_body", False)
        if self.complete or self.truncated:
            self.ended = monotonic()
            if self.over is not None and not self.over.done():
                self.over.set_result(None)

    def response(self) -> HttpResponse:
        """The collected response; an incomplete one counts as no response."""
        if not self.complete and not self.truncated:
            return HttpResponse(502, truncated=bool(self._status), missing=not self._status)
        return super().response()


_KNOWN = ("http.response.start", "http.response.body")


class _Socket:
    """Sends on what is of a WebSocket. Whatever the application sends in its place would pass
    unread, so it is a refusal, which is the same for all of them."""

    def __init__(self, send: Send, scope: Scope) -> None:
        self._send, self._answers = send, DENIAL in scope.get("extensions", {})
        self._open = self._ended = False

    async def __call__(self, message: Message) -> None:
        kind = message["type"]
        if self._ended:
            return
        if kind == "websocket.accept" or (self._open and kind in _SOCKETS):
            self._open, self._ended = True, kind == "websocket.close"
            await self._send(message)
        elif not self._open:
            await self.refuse(_WITHHELD)

    async def end(self, *, failed: bool) -> None:
        """Ends it when the application has ended, with an error (`failed`) or without."""
        if not self._open and not self._ended:
            await self.refuse(_WITHHELD)
        elif failed:
            with suppress(Exception):  # the client may have disconnected
                await self({"type": "websocket.close", "code": 1011})

    async def refuse(self, answer: HttpResponse) -> None:
        """Answers in place of a WebSocket, as far as the server can."""
        self._ended = True
        if self._answers:
            await _answer(answer, "GET", self._send, f"{DENIAL}.")
        else:
            # Before it is accepted, servers make an HTTP 403 of it.
            await self._send({"type": "websocket.close", "code": 1008})


_SOCKETS = ("websocket.send", "websocket.close")
_WITHHELD = HttpResponse(502, PROBLEM_HEADERS, problem(502).encode())
DENIAL = "websocket.http.response"
"""ASGI extension for an HTTP response to a WebSocket request that is denied."""


async def _answer(
    answered: HttpResponse, method: str, send: Send, kind: str = "http.response."
) -> None:
    named = with_length(answered, method)
    headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in named]
    await send({"type": f"{kind}start", "status": answered.status, "headers": headers})
    await send({"type": f"{kind}body", "body": answered.body, "more_body": False})
