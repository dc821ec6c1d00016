"""Requests, responses and denials (problem details) as the enforcement pipeline sees them.

A decision point is a generator (`RequestSteps`): it yields a request to the API and is sent the
response, or None if there was none. So the same code runs behind a synchronous server, an
asynchronous one, and a test that has neither."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeVar

from oakum.routing.content_type import read_media_type
from oakum.routing.problem_details import PROBLEM_HEADERS, RETRY_AFTER, problem

_LOG = logging.getLogger("oakum.guard")
Headers = tuple[tuple[str, str], ...]
"""Lower-case names in original order; a name may be repeated."""


@dataclass(frozen=True)
class HttpRequest:
    """A request as a client sent it, or as the guard sends it on."""

    method: str
    target: str
    """Path and query as received, undecoded."""
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    host: str = ""
    """Value of the `host` header, with or without a port."""
    scheme: str = "http"
    address: str = ""
    """IP address of the peer."""
    within: float = field(default=0.0, compare=False)
    """Timeout of a look-up in seconds; a later response is ignored."""

    def values(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        return [value for each, value in self.headers if each == name]


@dataclass(frozen=True)
class HttpResponse:
    """A response; `truncated`: the body was longer than what was read; `missing`: the API sent none
    and the server replied in its place."""

    status: int
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    truncated: bool = False
    missing: bool = False

    def header(self, name: str) -> str:
        """A header's values joined by a comma; empty when there is none."""
        return ", ".join(value for each, value in self.headers if each == name)

    @property
    def media(self) -> str:
        """Media type with parameters, in canonical form."""
        said = read_media_type([value for name, value in self.headers if name == "content-type"])
        return str(said) if said else ""

    @property
    def is_encoded(self) -> bool:
        """Whether the body has a content coding such as gzip."""
        return self.header("content-encoding").strip().lower() not in ("", "identity")


T = TypeVar("T")
RequestSteps = Generator[HttpRequest, HttpResponse | None, T]
"""A generator that yields requests, is sent their responses, and returns a `T`."""


def whole(answered: HttpResponse, method: str) -> bool:
    """Whether a body is complete by its `content-length`; True if a response to this method has no
    body (RFC 9110, 6.4.1 and 8.6)."""
    said = [value.strip() for name, value in answered.headers if name == "content-length"]
    if method == "HEAD" or answered.status in (204, 205, 304) or answered.status < 200:
        return True
    return all(_count(each) == len(answered.body) for each in said)


def _count(text: str) -> int:
    """A decimal number; -1 for anything else or for too many digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1


class Denial(Exception):
    """Raised to deny a request."""

    def __init__(self, status: int, reason: str, **headers: str) -> None:
        """`reason` is a reason code of the audit; in header names `_` stands for `-`."""
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = tuple((name.replace("_", "-"), value) for name, value in headers.items())

    def answer(self) -> HttpResponse:
        """The response: a problem document (RFC 9457), with the same bytes for each status."""
        headers = self.headers
        if self.status in (429, 503) and not headers:
            headers = (("retry-after", RETRY_AFTER),)
        return HttpResponse(
            self.status, (*PROBLEM_HEADERS, *headers), problem(self.status).encode()
        )


def broken(error: Exception) -> Denial:
    """The denial (502) for a bug in the guard itself. The log names the place and the error's type,
    not its message, which may hold personal data."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _LOG.error("a bug in oakum: %s at\n%s", type(error).__name__, where)
    return Denial(502, "error")
