"""Sets of HTTP methods, each with what it is for.

Method names are those of RFC 9110, PATCH of RFC 5789, and QUERY, a safe request with a body.
"""

from __future__ import annotations

SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "QUERY"))
"""Methods that change nothing (RFC 9110, 9.2.1)."""
READS = SAFE - {"TRACE"}
"""Safe methods that a scan may send: a TRACE returns the request, with its credentials."""
SHOWS = READS - {"OPTIONS"}
"""Safe methods whose response shows what is at the path: frameworks answer OPTIONS themselves."""
WITHOUT_BODY = frozenset(("GET", "HEAD", "OPTIONS"))
"""Methods whose requests have no body: if none was seen of another one, it was not read."""
WRITES = ("PATCH", "PUT", "POST")
"""Methods that set what their body has; the one that sets the least comes first."""


def routed_method(method: str) -> str:
    """The method whose operation answers: a HEAD is a GET without its content (RFC 9110, 9.3.2)."""
    return "GET" if method == "HEAD" else method
