"""Base of the ASGI and WSGI middleware."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from oakum.guard.enforcement import Gatekeeper
from oakum.guard.loading import kept_going, open_gate, write_audit
from oakum.guard.mount_path import mount_at
from oakum.routing.http_messages import Headers, HttpResponse, whole

A = TypeVar("A")
_BREAK = re.compile(r"[\r\n\x00]")


class Middleware(Generic[A]):
    """Forwards requests that the contract grants, and cuts each response down to what its caller
    may see.

    Responses are buffered completely, up to `guard.max_body`; a longer one becomes a 502.
    """

    def __init__(
        self,
        app: A,
        contract: str | Path | Gatekeeper,
        *,
        root: str = "",
        observe: bool = False,
        audit: Callable[[Mapping[str, Any]], None] = write_audit,
    ) -> None:
        """`contract` is a policy file, or a document with `x-exposure`; `observe` changes nothing
        and lets `audit` say what would have been. Raises `InputError` with every mistake in it.

        `root`: where the application is mounted, as the server's `root_path` (ASGI) or
        `SCRIPT_NAME` (WSGI) is to say. Some servers let a request say it, and frameworks route by
        what follows it: others are refused. The document may write its paths with it or without.
        """
        self._app = app
        self._audit = kept_going(audit)
        self._keeper = (
            contract
            if isinstance(contract, Gatekeeper)
            else open_gate(Path(contract), observe=observe)
        )
        self._mount = mount_at(root, self._keeper.paths)


class TooLong(OSError):
    """Raised into an application that sends too much, like an error of a closed connection."""


class ResponseCollector:
    """Collects an application's response, up to a number of bytes."""

    def __init__(self, most: int, method: str = "GET") -> None:
        self.truncated = False
        """It was longer than what was kept of it."""
        self._most = most
        self._method = method
        self._status = 0
        self._headers: Headers = ()
        self._body: list[bytes] = []
        self._size = 0

    def add(self, part: bytes) -> None:
        """Adds a piece of the body; beyond the limit it is dropped and `truncated` set."""
        self._size += len(part)
        self.truncated = self._size > self._most
        if not self.truncated:
            self._body.append(bytes(part))

    def response(self) -> HttpResponse:
        """The collected response; a 502 if none began, or if a header contains a line end (RFC
        9110, 5.5), which some servers would write as further headers."""
        if any(_BREAK.search(str(part)) for header in self._headers for part in header):
            return HttpResponse(502, truncated=True)
        body = b"" if self.truncated else b"".join(self._body)
        answered = HttpResponse(self._status or 502, self._headers, body, self.truncated)
        return answered if whole(answered, self._method) else replace(answered, truncated=True)


def with_length(answered: HttpResponse, method: str) -> Headers:
    """The headers of a response with `content-length`, unless it never has a body (RFC 9110,
    8.6)."""
    if answered.body or (method != "HEAD" and answered.status not in (204, 304)):
        return (*answered.headers, ("content-length", str(len(answered.body))))
    return answered.headers
