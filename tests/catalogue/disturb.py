"""Disturbances of an API: it fails, refuses or mumbles, and shows nobody more than before.

Each is an ASGI app around one of the catalogue. A request to log in is let through, so that a scan
gets to work at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Answer = tuple[int, bytes, bytes]
"""Status, media type, body."""
Disturb = Callable[[int, str], Answer | None]
"""(number of the request, method) → what is answered in the API's place; None: the API answers."""

_SAFE = ("GET", "HEAD", "OPTIONS")
_LOGINS = ("login", "session", "token", "auth")
_JSON = b"application/json"


def _every(nth: int, status: int, body: bytes = b"{}", kind: bytes = _JSON) -> Disturb:
    return lambda number, method: (status, kind, body) if number % nth == 0 else None


def _writes(status: int, *methods: str) -> Disturb:
    def disturb(number: int, method: str) -> Answer | None:
        chosen = method in methods if methods else method not in _SAFE
        return (status, _JSON, b'{"error": "not now"}') if chosen else None

    return disturb


INSTEAD: dict[str, Disturb] = {
    "each fourth answer is 503": _every(4, 503),
    "each fifth answer is 429": _every(5, 429),
    "each fifth answer is a page": _every(5, 200, b"<html>Maintenance</html>", b"text/html"),
    "each fifth answer is an empty object": _every(5, 200),
    "each fifth answer is an empty list": _every(5, 200, b"[]"),
    "writes are refused with 409": _writes(409),
    "writes are refused with 404": _writes(404),
    "deletions are refused": _writes(405, "DELETE"),
}
AFTERWARDS: dict[str, Callable[[str, Answer], Answer]] = {
    "writes are done and answered with 500": lambda method, answer: (
        answer if method in _SAFE else (500, _JSON, b"{}")
    ),
    "writes are done and answered with 404": lambda method, answer: (
        answer if method in _SAFE else (404, _JSON, b"{}")
    ),
    "each object names the time": lambda method, answer: _with_times(answer),
}
ALL = (*INSTEAD, *AFTERWARDS)


def disturbed(app: ASGIApp, how: str) -> ASGIApp:
    """The app, disturbed in the way of this name."""
    numbers = count(1)

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or any(word in scope["path"] for word in _LOGINS):
            await app(scope, receive, send)
            return
        number = next(numbers)
        instead = INSTEAD[how](number, scope["method"]) if how in INSTEAD else None
        if instead is not None:
            await _say(send, instead, [])
            return
        come: list[Message] = []

        async def keep(message: Message) -> None:
            come.append(message)

        await app(scope, receive, keep)
        headers = [pair for pair in come[0]["headers"] if pair[0] != b"content-length"]
        kind = dict(headers).get(b"content-type", b"")
        body = b"".join(each.get("body", b"") for each in come[1:])
        answer = (come[0]["status"], kind, body)
        if how in AFTERWARDS:
            answer = AFTERWARDS[how](scope["method"], answer)
        await _say(send, answer, [pair for pair in headers if pair[0] != b"content-type"])

    return asked


async def _say(send: Send, answer: Answer, headers: list[tuple[bytes, bytes]]) -> None:
    status, kind, body = answer
    length = (b"content-length", str(len(body)).encode())
    own = [(b"content-type", kind)] if kind else []
    start = {"type": "http.response.start", "status": status, "headers": [*headers, *own, length]}
    await send(start)
    await send({"type": "http.response.body", "body": body})


def _with_times(answer: Answer) -> Answer:
    status, kind, body = answer
    if b"json" not in kind or not body:
        return answer
    times = (f"2031-02-03T04:05:{second % 60:02}Z" for second in _SECONDS)
    return status, kind, json.dumps(_stamped(json.loads(body), times)).encode()


_SECONDS = count()


def _stamped(value: object, times: Iterator[str]) -> object:
    if isinstance(value, list):
        return [_stamped(each, times) for each in value]
    if isinstance(value, dict):
        return {name: _stamped(each, times) for name, each in value.items()} | {
            "fetched_at": next(times)
        }
    return value
