"""Checks a request's target and header fields before anything else reads them.

A request is refused if some servers would join, cut off or ignore a part of it and others would
not, so that every engine judges the same request.
"""

from __future__ import annotations

import re
from dataclasses import replace

from oakum.routing.http_messages import Denial, HttpRequest

MOST_LINES = 100
MOST_BYTES = 60 * 1024
"""Size limit of the target and all header lines, each with `: ` and line end."""
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""Bytes that a field value must not hold (RFC 9110, 5.5): some servers end the value there, others
drop them."""
_ABSOLUTE = re.compile(r"https?://([^/?#@]+)([/?].*|)", re.IGNORECASE | re.DOTALL)
_UNCOUNTED = re.compile(r"host|x-forwarded-proto|x-envoy-.*")
"""Header lines that some engine adds itself, so that they do not count."""
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_QUOTED = re.compile(r'"[^"]*"')
_PARAMETER = re.compile(r"[ \t]*(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*=.*)?", re.DOTALL)
_ALONE = ("basic", "bearer")


def in_origin_form(asked: HttpRequest) -> HttpRequest:
    """Converts a target with a host (RFC 9112, 3.2.2) to a path; the target's host overrides the
    `host` header. Other requests are returned unchanged."""
    found = _ABSOLUTE.fullmatch(asked.target)
    if found is None:
        return asked
    host, rest = found[1], found[2] if found[2].startswith("/") else f"/{found[2]}"
    headers = tuple(h if h[0] != "host" else ("host", host) for h in asked.headers)
    return replace(asked, target=rest, host=host, headers=headers)


def check(asked: HttpRequest) -> None:
    """Raises `Denial` for control characters and for several lines of `host` (400; RFC 9112, 3.2),
    and for too many or too long headers (431)."""
    several = len(asked.values("host")) > 1  # the API may read another line than the guard
    if several or any(_CONTROL.search(value) for _, value in asked.headers):
        raise Denial(400, "unreadable")
    size = len(asked.target) + sum(len(name) + len(value) + 4 for name, value in asked.headers)
    lines = sum(1 for name, _ in asked.headers if not _UNCOUNTED.fullmatch(name))
    if size > MOST_BYTES or lines > MOST_LINES:
        raise Denial(431, "unreadable")


def is_several(value: str) -> bool:
    """Whether an `authorization` header holds several credentials, as after joining two lines: a
    comma may only precede a parameter (RFC 9110, 11.4), and `Basic` and `Bearer` have none (RFC
    7617, RFC 6750)."""
    if "," not in value:
        return False
    pieces = _QUOTED.sub("", _ESCAPED.sub("", value)).split(",")
    alone = value.partition(" ")[0].lower() in _ALONE
    return len(pieces) > 1 and (alone or not all(map(_PARAMETER.fullmatch, pieces[1:])))
