"""Where answers are overheard: one place in each client, and put back at the end.

The law of this module: a test notices nothing. The client's own function runs first, what it
returns is returned, and what goes wrong here goes wrong here. A client that nobody has imported
is not imported either.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from oakum.exchange import Request, Response

Talk = Generator[Request, Response | None, None]
"""Yields a question for the same application, and is sent the answer; None: there was none."""
_READ = ("json", "csv", "text/plain")
"""Parts of the media types whose bodies are looked at. Others may have no end."""


@dataclass(frozen=True)
class Heard:
    """A request of a test's, and what came back."""

    request: Request
    response: Response
    app: object = None
    """The application, where it runs in this process; None: the answer came over a network."""
    user: Callable[[], object] | None = None
    """Who the framework itself takes the caller for (Django's user); None: it does not say."""


class Ear(Protocol):
    """What listens."""

    def hear(self, heard: Heard, /) -> Talk: ...
    def missed(self, why: str, /) -> None: ...


class Taps:
    """The clients that are listened to. `open` may be called again, for what was imported since."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._undo: list[tuple[Any, str, Any]] = []
        self._open: set[str] = set()

    def open(self) -> None:
        """Listen to every client that has been imported."""
        for name, tap in TAPS.items():
            if name in sys.modules and name not in self._open:
                module = sys.modules[name]
                with suppress(AttributeError):  # still on its way in: next time
                    for owner, attribute, made in tap(module, self._ear):
                        self._undo.append((owner, attribute, getattr(owner, attribute)))
                        setattr(owner, attribute, made)
                    self._open.add(name)

    def overlooked(self) -> list[str]:
        """Clients that were imported and not listened to."""
        return [name for name in TAPS if name in sys.modules and name not in self._open]

    def close(self) -> None:
        """Put every function back."""
        while self._undo:
            owner, attribute, before = self._undo.pop()
            setattr(owner, attribute, before)
        self._open.clear()


Patch = tuple[Any, str, Any]


def _told(ear: Ear, make: Callable[[], Heard], ask: Callable[[Request], Response]) -> None:
    """Tell what was heard, and answer what the ear wants to know."""
    try:
        talk = ear.hear(make())
        answer: Response | None = None
        while True:
            question = talk.send(answer)
            answer = None
            with suppress(Exception):  # no answer is an answer
                answer = ask(question)
    except StopIteration:
        return
    except Exception as error:  # noqa: BLE001 - a fault of ours must fail no test; it is told
        ear.missed(type(error).__name__)


def _lower(headers: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers.items():
        key = str(name).lower()
        found[key] = f"{found[key]}, {value}" if key in found else str(value)
    return found


def _body(headers: Mapping[str, str], read: Callable[[], bytes]) -> bytes:
    kind = headers.get("content-type", "").lower()
    return read() if any(part in kind for part in _READ) else b""


def _answer(status: int, headers: Any, read: Callable[[], bytes]) -> Response:
    lower = _lower(headers)
    return Response(status, lower, _body(lower, read))


# --------------------------------------------------------------------------- httpx, httpx2


def _httpx(module: Any, ear: Ear) -> Iterator[Patch]:
    plain, later = module.Client.send, module.AsyncClient.send

    def send(self: Any, request: Any, **more: Any) -> Any:
        response = plain(self, request, **more)

        def ask(question: Request) -> Response:
            return _of_httpx(plain(self, _to_httpx(module, question), auth=None)).response

        if not more.get("stream"):
            _told(ear, lambda: _of_httpx(response, self), ask)
        return response

    async def asend(self: Any, request: Any, **more: Any) -> Any:
        response = await later(self, request, **more)
        if more.get("stream"):
            return response
        try:
            talk = ear.hear(_of_httpx(response, self))
            answer: Response | None = None
            while True:
                question = talk.send(answer)
                answer = None
                with suppress(Exception):
                    made = await later(self, _to_httpx(module, question), auth=None)
                    answer = _of_httpx(made).response
        except StopIteration:
            pass
        except Exception as error:  # noqa: BLE001 - as above
            ear.missed(type(error).__name__)
        return response

    yield module.Client, "send", send
    yield module.AsyncClient, "send", asend


def _to_httpx(module: Any, question: Request) -> Any:
    return module.Request(question.method, question.url, headers=dict(question.headers))


def _of_httpx(response: Any, client: Any = None) -> Heard:
    request = response.request
    sent = b""
    with suppress(Exception):  # a body that was streamed
        sent = request.content
    asked = Request(request.method, str(request.url), _lower(request.headers), sent)
    answer = _answer(response.status_code, response.headers, lambda: response.content)
    transport = getattr(client, "_transport", None)
    app = getattr(transport, "app", None)
    return Heard(asked, answer, getattr(client, "app", None) or app)


# --------------------------------------------------------------------------- requests


def _requests(module: Any, ear: Ear) -> Iterator[Patch]:
    plain = module.Session.send

    def send(self: Any, request: Any, **more: Any) -> Any:
        response = plain(self, request, **more)

        def ask(question: Request) -> Response:
            made = module.Request(question.method, question.url, dict(question.headers)).prepare()
            return of(plain(self, made, allow_redirects=False, timeout=5)).response

        if not more.get("stream"):
            _told(ear, lambda: of(response), ask)
        return response

    def of(response: Any) -> Heard:
        request = response.request
        sent = request.body
        sent = sent.encode() if isinstance(sent, str) else sent if isinstance(sent, bytes) else b""
        asked = Request(request.method, request.url, _lower(request.headers), sent)
        return Heard(
            asked, _answer(response.status_code, response.headers, lambda: response.content)
        )

    yield module.Session, "send", send


# --------------------------------------------------------------------------- Werkzeug: Flask


def _werkzeug(module: Any, ear: Ear) -> Iterator[Patch]:
    plain = module.Client.open

    def open(self: Any, *args: Any, **more: Any) -> Any:
        response = plain(self, *args, **more)

        def ask(question: Request) -> Response:
            url = urlsplit(question.url)
            builder = module.EnvironBuilder(
                path=url.path, query_string=url.query, method=question.method,
                base_url=f"{url.scheme}://{url.netloc}", headers=dict(question.headers),
            )  # fmt: skip
            return of(self, plain(self, builder)).response

        _told(ear, lambda: of(self, response), ask)
        return response

    def of(client: Any, response: Any) -> Heard:
        request = response.request
        asked = Request(request.method, request.url, _lower(request.headers))
        answer = _answer(response.status_code, response.headers, response.get_data)
        return Heard(asked, answer, client.application)

    yield module.Client, "open", open


# --------------------------------------------------------------------------- Django


def _django(module: Any, ear: Ear) -> Iterator[Patch]:
    plain, later = module.Client.request, module.AsyncClient.request

    def request(self: Any, **more: Any) -> Any:
        response = plain(self, **more)
        _told(ear, lambda: of(self, response, response.wsgi_request), _unasked)
        return response

    async def arequest(self: Any, **more: Any) -> Any:
        response = await later(self, **more)
        _told(ear, lambda: of(self, response, response.asgi_request), _unasked)
        return response

    def of(client: Any, response: Any, request: Any) -> Heard:
        asked = Request(request.method, request.build_absolute_uri(), _lower(request.headers))
        read = (lambda: b"") if response.streaming else (lambda: response.content)
        answer = _answer(response.status_code, response.headers, read)
        user = (lambda: request.user) if hasattr(request, "user") else None
        return Heard(asked, answer, client.handler, user)

    yield module.Client, "request", request
    yield module.AsyncClient, "request", arequest


def _unasked(question: Request) -> Response:
    """Django says itself who is calling: a question would run queries that a test may count."""
    raise LookupError(question.method)


TAPS: Mapping[str, Callable[[Any, Ear], Iterator[Patch]]] = {
    "httpx": _httpx,
    "httpx2": _httpx,
    "requests": _requests,
    "werkzeug.test": _werkzeug,
    "django.test.client": _django,
}
"""Module → how its client is listened to."""
