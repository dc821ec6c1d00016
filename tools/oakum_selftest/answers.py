"""Answers of a healthy API, which is asked hundreds of times over as if it had leaks.

Remembered, and told again, as long as nothing was written in between.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from enum import StrEnum

import orjson

from oakum.exchange import Request, Response
from oakum.scan.transport.rate_and_budget import Transport

_LARGEST = 1 << 20
"""Bytes of the longest body that is remembered."""


class Does(StrEnum):
    """What a request does to the world in which the next one is asked."""

    READS = "reads"  # nothing: its answer may be remembered
    TRIES = "tries"  # nothing that an answer shows, but it must be sent: a login
    WRITES = "writes"


class Memory:
    """Answers of a target, told again when the same is asked in the same world.

    A world is what was written since `begin`, in its order. What sets the same members of the same
    thing again takes the place of what set them before, so that a run which puts back what it has
    changed is in the same world as another that did. Reads are remembered, and the logins of
    identities; everything else is always sent. Answers of servers in trouble are not kept.
    """

    def __init__(self, does: Callable[[Request], Does]) -> None:
        self.sent = 0
        """Requests that went to the target."""
        self._does = does
        self._known: dict[str, Response] = {}
        self._writes: dict[str, str] = {}
        self._world = ""

    def begin(self) -> None:
        """A run begins, in the world as it was found."""
        self._writes.clear()
        self._world = ""

    def forget(self) -> None:
        """Ask the target for everything anew."""
        self._known.clear()

    def send(self, request: Request, transport: Transport, *, entering: bool = False) -> Response:
        """`entering`: it is part of an identity's login, which is the same in every world."""
        asked, does = _digest(request), self._does(request)
        key = asked if entering else f"{self._world} {asked}"
        keeps = entering or does is Does.READS
        if keeps and key in self._known:
            return self._known[key]
        answer = transport.send(request)
        self.sent += 1
        if not keeps and does is Does.WRITES:
            self._write(request, asked)
        elif keeps and _is_sound(answer):
            self._known[key] = answer
        return answer

    def _write(self, request: Request, asked: str) -> None:
        what = _sets(request) or f"{len(self._writes)} {asked}"
        self._writes.pop(what, None)
        self._writes[what] = asked
        whole = "\n".join((*self._writes, *self._writes.values()))
        self._world = hashlib.sha256(whole.encode()).hexdigest()


def _is_sound(answer: Response) -> bool:
    return answer.status != 429 and answer.status < 500 and len(answer.body) < _LARGEST


def _sets(request: Request) -> str:
    """Which members of what a request sets; empty: it is not known that it does only that.

    PUT does the same however often it is done (RFC 9110, 9.2.2); so does PATCH with members as
    JSON Merge Patch has them (RFC 7396).
    """
    if request.method not in ("PUT", "PATCH"):
        return ""
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return ""
    names = sorted(body) if isinstance(body, dict) else None
    return f"{request.method} {request.url} {names}" if names is not None else ""


def _digest(request: Request) -> str:
    parts = [request.method.encode(), request.url.encode(), request.body]
    parts += (f"{name}: {value}".encode() for name, value in sorted(request.headers.items()))
    whole = b"".join(len(part).to_bytes(8) + part for part in parts)
    return hashlib.sha256(whole).hexdigest()
