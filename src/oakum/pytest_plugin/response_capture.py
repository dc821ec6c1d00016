"""What all client hooks share: captured responses, the observer's interface, and bodies that are
read later.

A test is not affected. An error in a hook is counted and does not reach the test.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from inspect import iscoroutinefunction
from typing import Any, Protocol

from oakum.exchange import Request, Response
from oakum.pytest_plugin.content_coding import LONG, MOST, decode

Evaluation = Generator[Request, Response | None, None]
"""A generator that yields look-ups for the same application and is sent each response; None: there
was none."""
Patch = tuple[Any, str, Any]
UNREAD = "no test read its body: only its headers were evaluated"
PART = "its test read a part of its body: only that and its headers were evaluated"
_UNREAD = (
    "image/", "audio/", "video/", "font/", "multipart/",
    "application/octet-stream", "application/pdf", "application/zip", "application/gzip",
)  # fmt: skip
"""Media types (or prefixes) whose bodies are ignored, since they hold no text."""


@dataclass(frozen=True)
class Capture:
    """A test's request and its response."""

    request: Request
    response: Response
    app: object = None
    """The application object, if it runs in this process; None: the response came over a
    network."""
    user: Callable[[], object] | None = None
    """Returns the framework's own user, as Django's; None: the framework does not know."""
    unread: str = ""
    """Why the response body is unknown; empty: it is known."""
    blind: bool = False
    """Whether the request body is unknown, although there may have been one."""
    own_cookies: frozenset[str] = frozenset()
    """Names of cookies that only the framework reads; `user` says to whom they belong."""


@dataclass
class _Later:
    """A response whose body the test may still read, with the part read so far."""

    held: object
    """What the test reads it from: kept, so that nothing else gets its id."""
    captured: Capture
    ask: Callable[[Request], Any]
    """Sends a question for the same application, or is waited for to do so."""
    raw: bool
    """Its content codings are not taken off."""
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def capture(self, why: str) -> Capture:
        """The response with the part of its body that was read. `why`: reason if incomplete, else
        empty."""
        response, body = self.captured.response, b"".join(self.parts)
        if why and not body and is_read(response.headers):
            return replace(self.captured, unread=UNREAD)
        why = LONG if self.size > MOST else why
        answer, unread = read_answer(
            response.status, dict(response.headers), lambda: body, held=False, raw=self.raw
        )
        answer = replace(answer, truncated=answer.truncated or bool(why))
        return replace(self.captured, response=answer, unread=unread or why)


class CaptureObserver(Protocol):
    """Interface of the observer to which the hooks report: which responses it wants, captured
    responses, and those that could not be read."""

    def observe(self, captured: Capture, /) -> Evaluation: ...
    def count_missed(self, why: str, /) -> None: ...
    def wants(self, method: str, url: str, /) -> bool: ...


@dataclass(frozen=True)
class CaptureLine:
    """Passes captured responses from the hooks to the observer."""

    observer: CaptureObserver
    _later: dict[int, _Later] = field(default_factory=dict)
    """Responses whose bodies a test may still read, by `id()` of what the test reads from."""
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _inside: threading.local = field(default_factory=threading.local)

    def pass_on(self, make: Callable[[], Capture], ask: Callable[[Request], Response]) -> None:
        """Passes on a response, and sends the look-ups that its evaluation needs."""
        try:
            evaluation, answer = self.observer.observe(make()), None
            while True:
                question = self.step(evaluation, answer)
                answer = None
                with suppress(Exception):  # no response is a valid result too
                    answer = ask(question)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001 - our bugs must not fail a test; they are counted
            self.observer.count_missed(type(error).__name__)

    async def pass_on_async(
        self, make: Callable[[], Capture], ask: Callable[[Request], Any]
    ) -> None:
        """As `pass_on`, for an asynchronous client."""
        try:
            evaluation, answer = self.observer.observe(make()), None
            while True:
                question = self.step(evaluation, answer)
                answer = None
                with suppress(Exception):
                    answer = await ask(question)
        except StopAsyncIteration:
            return
        except Exception as error:  # noqa: BLE001 - as above
            if not isinstance(error, StopIteration):
                self.observer.count_missed(type(error).__name__)

    def step(self, evaluation: Evaluation, answer: Response | None) -> Request:
        """Runs one step of an evaluation and returns the next look-up. Threads take turns, and none
        holds the lock during a look-up."""
        with self._lock:
            return evaluation.send(answer)

    def later(
        self,
        held: object,
        captured: Capture,
        ask: Callable[[Request], Any],
        *,
        raw: bool = False,
    ) -> None:
        """Registers a response whose body has not been read. `held`: the object from which the test
        reads it. `raw`: the body still has its content coding."""
        self._later[id(held)] = _Later(held, captured, ask, raw)

    def waits(self, held: object) -> bool:
        """Whether a test may still read more of a body that has not been evaluated."""
        return id(held) in self._later

    def piece(self, held: object, piece: bytes) -> None:
        """Records a part of a body that a test has read."""
        later = self._later.get(id(held))
        if later is None or not is_read(later.captured.response.headers):
            return
        if later.size <= MOST:
            later.parts.append(bytes(piece))
        later.size += len(piece)

    def read(self, held: object, *, whole: bool) -> None:
        """Evaluates a body once, when a test has read it completely or stopped reading."""
        later = self._later.pop(id(held), None)
        if later is not None:
            self.pass_on(lambda: later.capture("" if whole else PART), later.ask)

    async def aread(self, held: object, *, whole: bool) -> None:
        """As `read`, for an asynchronous client."""
        later = self._later.pop(id(held), None)
        if later is not None:
            await self.pass_on_async(lambda: later.capture("" if whole else PART), later.ask)

    def flush(self) -> None:
        """Evaluates responses whose bodies no test has read completely, at least by their
        headers."""
        for later in [*self._later.values()]:
            if iscoroutinefunction(later.ask):
                later.ask = nobody_asks
            self.read(later.held, whole=False)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Ignores requests of this thread inside the block: another hook sees them, or they are
        look-ups."""
        before = getattr(self._inside, "on", False)
        self._inside.on = True
        try:
            yield
        finally:
            self._inside.on = before

    @property
    def is_inside(self) -> bool:
        """Whether this thread is inside `inside`."""
        return getattr(self._inside, "on", False)


def nobody_asks(question: Request) -> Response:
    """The `ask` of clients that cannot send look-ups; always raises."""
    raise LookupError(question.method)


def lower(headers: Any) -> dict[str, str]:
    """Headers by name in lower case, repeated ones joined by a comma."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        key = str(name).lower()
        found[key] = f"{found[key]}, {value}" if key in found else str(value)
    return found


def is_read(headers: Mapping[str, str]) -> bool:
    """Whether bodies of this media type are evaluated."""
    kind = headers.get("content-type", "").lower().strip()
    return not kind.startswith(_UNREAD)


def ends(headers: Mapping[str, str]) -> bool:
    """Whether a body should be read before the test reads it: any text, except an endless feed."""
    return is_read(headers) and not headers.get("content-type", "").startswith("text/event-stream")


def read_answer(
    status: int, headers: Any, read: Callable[[], bytes], *, held: bool = True, raw: bool = False
) -> tuple[Response, str]:
    """(response, reason why its body was not read; empty: it was). `held`: it is in memory, so
    reading is free. `raw`: it still has its content coding; otherwise the client may have decoded
    it."""
    names = headers if isinstance(headers, dict) else lower(headers)
    if is_read(names):
        body, why = decode(read(), names.get("content-encoding", ""), raw=raw)
        return Response(status, names, body, truncated=bool(why)), why
    media = names.get("content-type", "").split(";")[0].strip()
    length = names.get("content-length", "")
    empty = length == "0" or status in (204, 304) or (held and not length and not read())
    return Response(
        status, names
    ), "" if empty else f"`{media}` is not supported: only its headers were evaluated"
