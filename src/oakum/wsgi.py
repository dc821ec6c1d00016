"""The guard inside a WSGI application (PEP 3333): Flask, Django, Pyramid, Bottle.

    app.wsgi_app = OakumMiddleware(app.wsgi_app, contract="exposure.yaml")

It should be the outermost layer, since a middleware outside of it is not guarded. Look-ups are sent
to the application itself, in this process and thread, since connections and sessions often belong
to one. So a look-up cannot be interrupted; its result is ignored if it took longer than `guard:
timeout`.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote, unquote_to_bytes

from oakum.guard.loading import unread
from oakum.guard.middleware import Middleware, ResponseCollector, TooLong, with_length
from oakum.guard.mount_path import SAFE, Mount
from oakum.guard.request_outcome import GuardedRequest, Refusal
from oakum.routing.http_messages import Denial, HttpRequest, HttpResponse, RequestSteps
from oakum.routing.problem_details import title

Environ = dict[str, Any]
Problem = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
StartResponse = Callable[..., Callable[[bytes], object]]
App = Callable[[Environ, StartResponse], Iterable[bytes]]

_LOG = logging.getLogger("oakum.guard")
_PIECE = 65_536
"""Bytes of a body read at once. Some servers end the process if an interrupted chunk is larger than
one read."""
_T = TypeVar("_T")
_OF_THE_SERVER = frozenset(
    ("SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "SERVER_SOFTWARE", "REMOTE_ADDR")
)
_OF_WSGI = frozenset(
    f"wsgi.{name}"
    for name in (
        "version", "url_scheme", "input", "input_terminated", "errors", "file_wrapper",
        "multithread", "multiprocess", "run_once",
    )
)  # fmt: skip
"""Keys of a WSGI environ that PEP 3333 and its successors define, without `wsgi.early_hints` (RFC
8297)."""


class OakumMiddleware(Middleware[App]):
    """Guards a WSGI application."""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """One request."""
        most, observe = self._keeper.policy.guard.max_body, self._keeper.observe
        asked = _build_request(environ, self._mount)
        try:
            asked = replace(asked, body=_read(environ, most + 1, needed=not observe))
        except Denial as denied:
            return self._refuse(unread(asked, denied), asked, start_response)
        late: list[BaseException] = []
        entered = self._drive(self._keeper.enter(asked), environ, late)
        if isinstance(entered, Refusal):
            return _Late(self._refuse(entered, asked, start_response), late)
        if observe:
            left = sys.maxsize if _is_terminated(environ) else _length(environ) - len(asked.body)
            if left >= 0:
                again = _Again(asked.body, environ["wsgi.input"], left)
                environ["wsgi.input"] = io.BufferedReader(again)
            return self._watch(entered, environ, start_response)
        inner = _environ(environ, entered.forward, self._mount)
        if entered.raw and not entered.switch:
            return self._watch(entered, inner, start_response)
        answered = self._run_app(inner, late)
        answered = self._drive(self._keeper.leave(entered, answered), environ, late)
        self._audit(entered.audit)
        return _Late(_answer(answered, asked.method, start_response), late)

    def _refuse(
        self, refusal: Refusal, asked: HttpRequest, start_response: StartResponse
    ) -> Iterable[bytes]:
        self._audit(refusal.audit)
        return _answer(refusal, asked.method, start_response)

    def _run_app(self, environ: Environ, late: list[BaseException]) -> HttpResponse:
        """The application's answer; what it raised instead is told to the log alone, since what
        stands outside might tell what went wrong."""
        try:
            return _call_app(self._app, environ, self._keeper.policy.guard.max_body)
        except Exception as error:  # noqa: BLE001 - handled below
            _LOG.error("the application failed", exc_info=error)
        except BaseException as error:  # noqa: BLE001 - raised again, after the answer
            late.append(error)
        return HttpResponse(502, missing=True)

    def _watch(
        self, entered: GuardedRequest, environ: Environ, start_response: StartResponse
    ) -> Iterator[bytes]:
        """Sends everything on as it comes; what would have become of it is only written down."""
        heard = _ResponseCollector(self._keeper.policy.guard.max_body, entered.asked.method)

        def start(
            status: str, headers: list[tuple[str, str]], problem: Problem | None = None
        ) -> Callable[[bytes], object]:
            write = start_response(status, headers, problem) if problem else (
                start_response(status, headers)
            )  # fmt: skip
            with suppress(Exception):  # a malformed message is the server's concern
                heard.start(status, headers, problem)

            def both(part: bytes) -> object:
                with suppress(Exception):
                    heard.add(part)
                return write(part)

            return both

        try:
            parts = self._app(environ, start)
            try:
                for part in parts:
                    with suppress(Exception):
                        heard.add(part)
                    yield part
            finally:
                _close(parts)
        finally:
            late: list[BaseException] = []
            self._drive(self._keeper.leave(entered, heard.response()), environ, late)
            self._audit(entered.audit)
        if late:
            raise late[0]

    def _drive(
        self,
        steps: RequestSteps[_T],
        environ: Environ,
        late: list[BaseException],
    ) -> _T:
        """Asks the application whatever the gatekeeper wants to know. `late`: what it raised that
        ends more than a request, for after the answer."""
        told: HttpResponse | None = None
        while True:
            try:
                question = steps.send(told)
            except StopIteration as done:
                value: _T = done.value
                return value
            told = self._ask(question, environ, late)

    def _ask(
        self, question: HttpRequest, environ: Environ, late: list[BaseException]
    ) -> HttpResponse | None:
        if late:
            return None
        # The guard's own look-ups must not carry what an outer layer stored about the caller.
        like = {
            key: value
            for key, value in environ.items()
            if key.startswith("wsgi.") or key in _OF_THE_SERVER
        }
        like |= {"SCRIPT_NAME": environ.get("SCRIPT_NAME", ""), "wsgi.url_scheme": question.scheme}
        until = monotonic() + question.within
        try:
            told = _call_app(
                self._app, _environ(like, question, self._mount), self._keeper.policy.guard.max_body
            )
        except Exception:  # noqa: BLE001 - whatever the application raises, a server says 500
            told = HttpResponse(500)
        except BaseException as error:  # noqa: BLE001 - raised again, after the answer
            late.append(error)
            return None
        if monotonic() <= until:
            return told
        _LOG.warning("a look-up took longer than `timeout`, and is ignored")
        return None


# --------------------------------------------------------------------------- what comes in


def _build_request(environ: Environ, mount: Mount) -> HttpRequest:
    """The request without its body; one that is not mounted there, or whose path is no text of
    PEP 3333, is about no place that anybody could read in one way."""
    headers = [
        (key[5:].replace("_", "-").lower(), value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    ]
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers.append((name.replace("_", "-").lower(), environ[name]))
    # The application reads the decoded path, and not every server provides the raw one.
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    query = environ.get("QUERY_STRING", "")
    try:
        octets = path.encode("latin-1") if environ.get("SCRIPT_NAME", "") == mount.root else b""
    except UnicodeEncodeError:
        octets = b""
    target = mount.inward(path, quote(octets, safe=SAFE)) + (f"?{query}" if query else "")
    return HttpRequest(
        environ["REQUEST_METHOD"],
        target,
        tuple(headers),
        b"",
        environ.get("HTTP_HOST") or environ.get("SERVER_NAME", ""),
        environ["wsgi.url_scheme"],
        environ.get("REMOTE_ADDR", ""),
    )


_NO_LENGTH, _UNREADABLE = -1, -2


def _length(environ: Environ) -> int:
    """How long the request says that its body is, or why that is not known."""
    said = environ.get("CONTENT_LENGTH") or ""
    if not said:
        return _NO_LENGTH
    if not (said.isascii() and said.isdigit()):
        return _UNREADABLE
    return int(said) if len(said) < 20 else sys.maxsize


def _is_terminated(environ: Environ) -> bool:
    return _length(environ) == _NO_LENGTH and bool(environ.get("wsgi.input_terminated"))


def _read(environ: Environ, most: int, *, needed: bool) -> bytes:
    """The body, cut off at `most` bytes. Raises `Denial` where all of it is `needed` and does not
    come, or it says no length that anybody could read."""
    source, length = environ["wsgi.input"], _length(environ)
    if length == _UNREADABLE and needed:
        raise Denial(400, "body")
    known = length >= 0
    if not known:
        # Without a length, only servers that terminate the input can be read to the end.
        ends = _is_terminated(environ)
        if needed and not ends and "HTTP_TRANSFER_ENCODING" in environ:
            raise Denial(411, "body")
        length = most if ends else 0
    most = min(length, most)
    body = bytearray()
    try:
        while len(body) < most and (part := _read_piece(source, min(_PIECE, most - len(body)))):
            body += part
    except Exception as error:
        if not needed:
            raise
        raise Denial(400, "truncated") from error  # the client has disconnected
    if needed and known and len(body) < most:
        raise Denial(400, "truncated")  # a partial body could mean something else
    return bytes(body)


def _read_piece(source: Any, most: int) -> bytes:
    """The next bytes of a body, at most so many; empty: its end.

    Werkzeug's stream of a chunked body counts what its client announced and never sent. The `read`
    that Python gives such a raw stream then goes beyond its buffer, so it fills one of ours. Raises
    `OSError`."""
    if getattr(type(source), "read", None) is not io.RawIOBase.read:
        return bytes(source.read(most))
    piece = bytearray(most)
    count = source.readinto(piece) or 0
    if count > len(piece):
        raise OSError("the body ends within a chunk")
    return bytes(piece[:count])


def _environ(environ: Environ, asked: HttpRequest, mount: Mount) -> Environ:
    """An environment for what the application is asked instead. A server's early hints, sockets and
    the like stay outside: they are ways to answer that would not be read."""
    path, _, query = asked.target.partition("?")
    decoded = unquote_to_bytes(mount.outward(path, below=True)).decode("latin-1")
    prefix = environ.get("SCRIPT_NAME", "")
    if not decoded.startswith(prefix):
        prefix = ""
    made = {key: value for key, value in environ.items() if _is_passed(key)}
    made |= {
        "REQUEST_METHOD": asked.method,
        "SCRIPT_NAME": prefix,
        "PATH_INFO": decoded.removeprefix(prefix),
        "QUERY_STRING": query,
        "HTTP_HOST": asked.host,
        "CONTENT_LENGTH": str(len(asked.body)) if asked.body else "",
        "wsgi.input": io.BytesIO(asked.body),
    }
    # variables that some servers add would still contain the query
    for name in ("RAW_URI", "REQUEST_URI"):
        made.pop(name, None)
    for name, value in asked.headers:
        key = name.replace("-", "_").upper()
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
            value = f"{made[key]}, {value}" if key in made and name != "host" else value
        made[key] = value
    return made


def _is_passed(key: str) -> bool:
    """Whether a key is neither a header nor a way to answer."""
    if key.startswith(("HTTP_", "wsgi.")):
        return key in _OF_WSGI
    return not key.endswith((".socket", ".websocket", ".connection"))


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


class _ResponseCollector(ResponseCollector):
    """An application's answer, as it calls `start_response` and `write`."""

    def start(
        self, status: str, headers: list[tuple[str, str]], problem: Problem | None = None
    ) -> Callable[[bytes], object]:
        """Takes the place of the server's `start_response`. An answer has one beginning: another
        one says what went wrong, and comes before the first piece of a body (PEP 3333)."""
        if self._status and problem is None:
            raise AssertionError("`start_response` was called already")
        if self._size and problem is not None and problem[1] is not None:
            raise problem[1].with_traceback(problem[2])
        self._status = int(status.split(" ", 1)[0])
        self._headers = tuple((name.lower(), value) for name, value in headers)
        return self.write

    def write(self, part: bytes) -> None:
        """Takes the place of the server's `write`."""
        self.add(part)
        if self.truncated:
            raise TooLong


def _call_app(app: App, environ: Environ, most: int) -> HttpResponse:
    heard = _ResponseCollector(most)
    try:
        parts = app(environ, heard.start)
        try:
            for part in parts:
                heard.add(part)
                if heard.truncated:
                    break
        except BaseException:
            with suppress(Exception):
                _close(parts)
            raise
    except TooLong:
        return heard.response()
    try:
        _close(parts)
    except Exception as error:  # noqa: BLE001 - the response is complete
        _LOG.error("the application failed after its response", exc_info=error)
    return heard.response()


def _close(parts: Iterable[bytes]) -> None:
    close = getattr(parts, "close", None)
    if close is not None:
        close()


class _Late(list[bytes]):
    """An answer, after which something is raised that the server has to hear of: that the process
    is to end, or a time is up. Before it, what stands outside would answer instead."""

    def __init__(self, parts: Iterable[bytes], late: list[BaseException]) -> None:
        super().__init__(parts)
        self._late = late

    def close(self) -> None:
        """As servers call it when the answer is sent (PEP 3333)."""
        if self._late:
            raise self._late.pop()


def _answer(answered: HttpResponse, method: str, start_response: StartResponse) -> list[bytes]:
    headers = [(name.title(), value) for name, value in with_length(answered, method)]
    start_response(f"{answered.status} {title(answered.status)}", headers)
    return [answered.body]
