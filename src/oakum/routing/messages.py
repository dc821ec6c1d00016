"""Requests, responses and denials (problem details) as the enforcement pipeline sees them.

A decision point is a generator: it yields a question to the API (`Asked`) and is sent the answer
(`Answered`), or None when there was none. So the same code stands behind a synchronous server, an
asynchronous one, and a test that has neither.
"""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass, field

from oakum.routing.media import read_media_type
from oakum.routing.problem import PROBLEM_HEADERS, RETRY_AFTER, problem

_LOG = logging.getLogger("oakum.guard")
Headers = tuple[tuple[str, str], ...]
"""Names in lower case, in the order they came; a name may stand more than once."""


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    target: str
    """Path and query as they came, undecoded."""
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    host: str = ""
    """As the `host` header says it, with a port or without."""
    scheme: str = "http"
    address: str = ""
    """Of the peer that the connection comes from."""
    within: float = field(default=0.0, compare=False)
    """Seconds that a question of the guard's own may take; what is later is no answer."""

    def values(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        return [value for each, value in self.headers if each == name]


@dataclass(frozen=True)
class Answered:
    """An answer; `truncated` when its body was longer than what was read of it, `missing` when the
    API gave none and the server says so in its place."""

    status: int
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    truncated: bool = False
    missing: bool = False

    def header(self, name: str) -> str:
        """A header's values joined by a comma; empty when there is none."""
        return ", ".join(value for each, value in self.headers if each == name)

    @property
    def media_type(self) -> str:
        """The media type without its parameters, in lower case; empty: none with one reading."""
        return self.media.partition(";")[0]

    @property
    def media(self) -> str:
        """The same with its parameters, as the guard says them."""
        said = read_media_type([value for name, value in self.headers if name == "content-type"])
        return str(said) if said else ""

    @property
    def encoded(self) -> bool:
        """Whether the body is compressed or otherwise not as it reads."""
        return self.header("content-encoding").strip().lower() not in ("", "identity")


def whole(answered: Answered, method: str) -> bool:
    """Whether an answer has as many bytes as its `content-length` says, where it says it and an
    answer to that method has any (RFC 9110, 6.4.1 and 8.6)."""
    said = [value.strip() for name, value in answered.headers if name == "content-length"]
    if method == "HEAD" or answered.status in (204, 205, 304) or answered.status < 200:
        return True
    return all(_count(each) == len(answered.body) for each in said)


def _count(text: str) -> int:
    """Digits as a number, -1 for whatever is none or longer than a number need be."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1


class Denied(Exception):
    """The way out of a decision as soon as it is no."""

    def __init__(self, status: int, reason: str, **headers: str) -> None:
        """`reason` is one of the audit's words; in header names `_` stands for `-`."""
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = tuple((name.replace("_", "-"), value) for name, value in headers.items())

    def answer(self) -> Answered:
        """What the client gets: a problem (RFC 9457) of always the same bytes."""
        headers = self.headers
        if self.status in (429, 503) and not headers:
            headers = (("retry-after", RETRY_AFTER),)
        return Answered(self.status, (*PROBLEM_HEADERS, *headers), problem(self.status).encode())


def broken(error: Exception) -> Denied:
    """What a mistake of the guard's own comes to: neither the API's answer nor the error goes out.
    The log tells where it was, and not what the error says, which may be a value of a person."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _LOG.error("a bug in oakum: %s at\n%s", type(error).__name__, where)
    return Denied(502, "error")
