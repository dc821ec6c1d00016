"""Which headers pass, towards the API and back from it.

The law of this module: towards the API everything passes but what would speak in the guard's name
or change what is asked; back from it nothing passes but what is listed.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from oakum.contract.model import Guarding
from oakum.guard.dialogue import Answered, Asked, Headers

_HOP = frozenset(
    (
        *("connection", "keep-alive", "proxy-connection", "proxy-authenticate"),
        *("proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade"),
        "http2-settings",
    )
)
"""RFC 9110, 7.6.1, and what older clients send."""
_ALWAYS = re.compile(
    r"x-oakum-.*|x-http-method-override|x-http-method|x-method-override|expect|forwarded"
    r"|x-forwarded-.*|content-length"
)
_PARTIAL = re.compile(r"range|if-range|accept-encoding")
_CONDITION = re.compile(r"if-(?:none-)?match|if-(?:un)?modified-since")
"""Conditions on a version of the body, which nobody was shown whole."""
_NAMING = re.compile(
    r"x-real-ip|x-original-url|x-rewrite-url|x-original-host|x-user.*|x-remote-user"
    r"|x-authenticated-.*|x-auth-request-.*|x-amzn-oidc-.*|x-goog-.*|x-ms-client-principal.*"
    r"|x-client-cert.*|ssl-client-.*|.*[^a-z0-9-].*"
)
"""Ways in which a proxy names caller and path; what CGI cannot tell from another name."""

_BACK = re.compile(
    r"content-type|set-cookie|location|retry-after|www-authenticate|vary|content-language"
    r"|content-disposition|cache-control|expires|pragma|date|access-control-.*"
    r"|strict-transport-security|content-security-policy(?:-report-only)?|x-content-type-options"
    r"|x-frame-options|referrer-policy|permissions-policy|cross-origin-.*|x-request-id"
    r"|x-ratelimit-.*|ratelimit.*|deprecation|sunset|allow"
)
_CACHING = ("cache-control", "expires", "pragma")


def onward(
    asked: Asked, guard: Guarding, declared: Collection[str], *, raw: bool = False
) -> Headers:
    """Request headers that go on to the API; `declared` are its parameters and credentials.

    `raw`: the answer will pass unread, so the client may ask for a part or for a version of it.
    """
    named = {
        word.strip().lower() for value in asked.values("connection") for word in value.split(",")
    }
    service = {guard.service.header} if guard.service else set()
    never = _HOP | named | service

    def stays(name: str) -> bool:
        if name in never or _ALWAYS.fullmatch(name):
            return False
        if _PARTIAL.fullmatch(name):
            return raw
        if name in declared or (raw and _CONDITION.fullmatch(name)):
            return True
        return not (name in guard.strip or _NAMING.fullmatch(name) or _CONDITION.fullmatch(name))

    proto = asked.values("x-forwarded-proto")[-1:] if guard.hops else []
    scheme = proto[0] if proto and proto[0] in ("http", "https") else asked.scheme
    return (
        *((name, value) for name, value in asked.headers if stays(name)),
        *(() if raw else (("accept-encoding", "identity"),)),
        ("x-forwarded-for", client(asked, guard.hops)),
        ("x-forwarded-proto", scheme),
        ("x-forwarded-host", asked.host),
    )


def client(asked: Asked, hops: int) -> str:
    """The client's address: what the proxy that is `hops` away saw, or else the peer."""
    entries = [
        entry.strip() for value in asked.values("x-forwarded-for") for entry in value.split(",")
    ]
    return entries[-hops] if 0 < hops <= len(entries) else asked.address


def back(answered: Answered, guard: Guarding, *, private: bool) -> Headers:
    """Response headers that reach the client; `private`: no cache may keep the answer."""
    kept = tuple(
        (name, value)
        for name, value in answered.headers
        if (_BACK.fullmatch(name) or name in guard.headers) and not (private and name in _CACHING)
    )
    return (*kept, ("cache-control", "private, no-store")) if private else kept
