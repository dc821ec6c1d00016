"""The guard inside a WSGI application (PEP 3333): Flask, Django, Pyramid, Bottle.

    app.wsgi_app = OakumMiddleware(app.wsgi_app, contract="exposure.yaml")

It should be the outermost layer: what stands outside of it is not guarded. Look-ups are asked of
the application itself, in this process and thread, since connections and sessions often belong to
one. So they take as long as it takes; one that took longer than `guard: timeout` is not believed.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote, unquote_to_bytes

from oakum.guard.dialogue import Answered, Asked, Headers
from oakum.guard.opening import open_gate, written
from oakum.guard.passage import Gatekeeper, Passing, Refusal
from oakum.guard.target import title

Environ = dict[str, Any]
Problem = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
StartResponse = Callable[..., Callable[[bytes], object]]
App = Callable[[Environ, StartResponse], Iterable[bytes]]

_LOG = logging.getLogger("oakum.guard")
_T = TypeVar("_T")
_OF_THE_SERVER = frozenset(
    ("SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "SERVER_SOFTWARE", "REMOTE_ADDR")
)


class OakumMiddleware:
    """Lets through what the contract grants, and cuts each answer down to what its caller may see.

    Answers are held back whole, up to `guard.max_body`; a longer one is refused (502).
    """

    def __init__(
        self,
        app: App,
        contract: str | Path | Gatekeeper,
        *,
        root: str = "",
        observe: bool = False,
        audit: Callable[[Mapping[str, Any]], None] = written,
    ) -> None:
        """`contract` is a policy file, or a document with `x-exposure`; `observe` changes nothing
        and lets `audit` say what would have been. Raises `InputError` with every mistake in it.

        `root`: where the application is mounted, as the server's `SCRIPT_NAME` is to say. Some
        servers let a request say it, and frameworks route by what follows it: others are refused.
        """
        self._app = app
        self._root = root.rstrip("/")
        self._audit = audit
        self._keeper = (
            contract
            if isinstance(contract, Gatekeeper)
            else open_gate(Path(contract), observe=observe)
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """One request."""
        most = self._keeper.policy.guard.max_body
        asked = _asked(environ, most + 1, self._root)
        entered = self._drive(self._keeper.enter(asked), environ)
        if isinstance(entered, Refusal):
            self._audit(entered.audit)
            return _answer(entered, asked.method, start_response)
        if self._keeper.observe:
            left = int(environ.get("CONTENT_LENGTH") or 0) - len(asked.body)
            again = _Again(asked.body, environ["wsgi.input"], left)
            environ["wsgi.input"] = io.BufferedReader(again)
            return self._watch(entered, environ, start_response)
        inner = _environ(environ, entered.forward)
        if entered.raw:
            return self._watch(entered, inner, start_response)
        try:
            answered = _heard(self._app, inner, most)
        except Exception as error:  # noqa: BLE001 - what stands outside might tell what went wrong
            _LOG.error("the application failed", exc_info=error)
            answered = Answered(502, truncated=True)
        answered = self._drive(self._keeper.leave(entered, answered), environ)
        self._audit(entered.audit)
        return _answer(answered, asked.method, start_response)

    def _watch(
        self, entered: Passing, environ: Environ, start_response: StartResponse
    ) -> Iterator[bytes]:
        """Sends everything on as it comes; what would have become of it is only written down."""
        heard = _Heard(self._keeper.policy.guard.max_body)

        def start(
            status: str, headers: list[tuple[str, str]], problem: Problem | None = None
        ) -> Callable[[bytes], object]:
            heard.start(status, headers)
            write = start_response(status, headers, problem) if problem else (
                start_response(status, headers)
            )  # fmt: skip

            def both(part: bytes) -> object:
                heard.add(part)
                return write(part)

            return both

        parts = self._app(environ, start)
        try:
            for part in parts:
                heard.add(part)
                yield part
        finally:
            _close(parts)
        self._drive(self._keeper.leave(entered, heard.answered()), environ)
        self._audit(entered.audit)

    def _drive(self, talk: Generator[Asked, Answered | None, _T], environ: Environ) -> _T:
        """Asks the application whatever the gatekeeper wants to know."""
        told: Answered | None = None
        while True:
            try:
                question = talk.send(told)
            except StopIteration as done:
                value: _T = done.value
                return value
            told = self._ask(question, environ)

    def _ask(self, question: Asked, environ: Environ) -> Answered | None:
        # What an outer layer found out about the caller is no part of a question of the guard's.
        like = {
            key: value
            for key, value in environ.items()
            if key.startswith("wsgi.") or key in _OF_THE_SERVER
        }
        like |= {"SCRIPT_NAME": environ.get("SCRIPT_NAME", ""), "wsgi.url_scheme": question.scheme}
        until = monotonic() + question.within
        try:
            told = _heard(self._app, _environ(like, question), self._keeper.policy.guard.max_body)
        except Exception:  # noqa: BLE001 - whatever the application raises, a server says 500
            told = Answered(500)
        if monotonic() <= until:
            return told
        _LOG.warning("a look-up took longer than `timeout`, and is not believed")
        return None


# --------------------------------------------------------------------------- what comes in


def _asked(environ: Environ, most: int, root: str) -> Asked:
    """The request, its body cut off at `most` bytes; one that is not mounted at `root` is about no
    place that anybody could read in one way."""
    headers = [
        (key[5:].replace("_", "-").lower(), value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    ]
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers.append((name.replace("_", "-").lower(), environ[name]))
    # The application reads the decoded path, and no server tells the raw one for sure.
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    query = environ.get("QUERY_STRING", "")
    if environ.get("SCRIPT_NAME", "") != root:
        path = ""
    target = quote(path.encode("latin-1"), safe="/:@!$&'()*+,;=~") + (f"?{query}" if query else "")
    body = _read(environ["wsgi.input"], environ, most)
    return Asked(
        environ["REQUEST_METHOD"],
        target,
        tuple(headers),
        body,
        environ.get("HTTP_HOST") or environ.get("SERVER_NAME", ""),
        environ["wsgi.url_scheme"],
        environ.get("REMOTE_ADDR", ""),
    )


def _read(source: Any, environ: Environ, most: int) -> bytes:
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdecimal():
        return bytes(source.read(min(int(length), most)))
    # Without a length only a server that ends the input itself can be read to its end.
    return bytes(source.read(most)) if environ.get("wsgi.input_terminated") else b""


def _environ(environ: Environ, asked: Asked) -> Environ:
    """An environment for what the application is asked instead."""
    path, _, query = asked.target.partition("?")
    decoded = unquote_to_bytes(path).decode("latin-1")
    prefix = environ.get("SCRIPT_NAME", "")
    if not decoded.startswith(prefix):
        prefix = ""
    made = {key: value for key, value in environ.items() if not key.startswith("HTTP_")}
    made |= {
        "REQUEST_METHOD": asked.method,
        "SCRIPT_NAME": prefix,
        "PATH_INFO": decoded.removeprefix(prefix),
        "QUERY_STRING": query,
        "HTTP_HOST": asked.host,
        "CONTENT_LENGTH": str(len(asked.body)) if asked.body else "",
        "wsgi.input": io.BytesIO(asked.body),
    }
    for name in ("RAW_URI", "REQUEST_URI"):  # what some servers add would still tell the query
        made.pop(name, None)
    for name, value in asked.headers:
        key = name.replace("-", "_").upper()
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
            value = f"{made[key]}, {value}" if key in made and name != "host" else value
        made[key] = value
    return made


class _Again(io.RawIOBase):
    """The body from its start: what was read of it, and then what is left."""

    def __init__(self, read: bytes, rest: Any, left: int) -> None:
        self._first = io.BytesIO(read)
        self._rest = rest
        self._left = left

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As `io.RawIOBase` asks."""
        part = self._first.read(len(buffer))
        if not part and self._left > 0:
            part = self._rest.read(min(self._left, len(buffer)))
            self._left -= len(part)
        buffer[: len(part)] = part
        return len(part)


# --------------------------------------------------------------------------- what goes out


class _Heard:
    """An application's answer, collected; at most so many bytes of it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._status = 0
        self._headers: Headers = ()
        self._body: list[bytes] = []
        self._size = 0

    def start(
        self, status: str, headers: list[tuple[str, str]], problem: Problem | None = None
    ) -> Callable[[bytes], object]:
        """Takes the place of the server's `start_response`."""
        self._status = int(status.split(" ", 1)[0])
        self._headers = tuple((name.lower(), value) for name, value in headers)
        return self.add

    def add(self, part: bytes) -> None:
        """Collects a piece of the body, as long as there is room."""
        self._size += len(part)
        if not self.truncated:
            self._body.append(part)

    @property
    def truncated(self) -> bool:
        """It was longer than what was kept of it."""
        return self._size > self._most

    def answered(self) -> Answered:
        """What was heard."""
        body = b"" if self.truncated else b"".join(self._body)
        return Answered(self._status or 502, self._headers, body, self.truncated)


def _heard(app: App, environ: Environ, most: int) -> Answered:
    heard = _Heard(most)
    parts = app(environ, heard.start)
    try:
        for part in parts:
            heard.add(part)
            if heard.truncated:
                break
    finally:
        _close(parts)
    return heard.answered()


def _close(parts: Iterable[bytes]) -> None:
    close = getattr(parts, "close", None)
    if close is not None:
        close()


def _answer(answered: Answered, method: str, start_response: StartResponse) -> list[bytes]:
    headers = [(name.title(), value) for name, value in answered.headers]
    if answered.body or (method != "HEAD" and answered.status not in (204, 304)):
        headers.append(("Content-Length", str(len(answered.body))))
    start_response(f"{answered.status} {title(answered.status)}", headers)
    return [answered.body]
