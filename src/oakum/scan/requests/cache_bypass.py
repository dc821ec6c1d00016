"""Bypasses a shared cache, and recognises responses that came from one.

The key of a cache is the URL (RFC 9111, 2): a query that no request had before reaches the server.
`Age` (RFC 9111, 5.1), `Cache-Status` (RFC 9211) and headers of products show whether a response
came from a cache.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import replace

from oakum.exchange import Request, Response

_HIT = re.compile(r"\b(hit|stale|revalidated|updating)\b", re.I)
_SAY_HIT = ("cache-status", "x-cache", "x-cache-status", "cf-cache-status", "x-proxy-cache")


def past_cache(request: Request) -> Request:
    """The request with a unique query parameter, so that no cache has it."""
    sign = "&" if "?" in request.url else "?"
    return replace(request, url=f"{request.url}{sign}oakum={secrets.token_hex(6)}")


def bypass_cache(request: Request) -> Request:
    """The request with `no-cache` (RFC 9111, 5.2.1.4)."""
    return replace(request, headers={**request.headers, "cache-control": "no-cache"})


def fresh(request: Request) -> Request:
    """Both: a unique URL and `no-cache`."""
    return bypass_cache(past_cache(request))


def came_from_cache(response: Response) -> str:
    """The header that shows a cache hit: `age: 12`; empty if there is none."""
    age = response.headers.get("age", "").strip()
    if age.isdigit() and int(age) > 0:
        return f"age: {int(age)}"
    for name in _SAY_HIT:
        if found := _HIT.search(response.headers.get(name, "")):
            return f"{name}: {found[0].lower()}"
    return ""
