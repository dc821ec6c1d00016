"""Replies that the guard makes instead of the API's: problem documents (RFC 9457)."""

from __future__ import annotations

import json
from http import HTTPStatus

PROBLEM_HEADERS = (("content-type", "application/problem+json"), ("cache-control", "no-store"))
"""Headers of every response that the guard itself makes."""
RETRY_AFTER = "1"
"""Seconds, sent with each 429 and 503."""

_TITLES = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
"""Renamed by RFC 9110; the oldest supported Python has the former names."""


def title(status: int) -> str:
    """The reason phrase of RFC 9110; for an unregistered status, that of its class."""
    known = _TITLES.get(status)
    for each in (status, status // 100 * 100, 500):
        known = known or next((one.phrase for one in HTTPStatus if one == each), None)
    return known or ""


def problem(status: int) -> str:
    """The body of a denial (RFC 9457): the same bytes from every engine."""
    return json.dumps(
        {"type": "about:blank", "title": title(status), "status": status}, separators=(",", ":")
    )
