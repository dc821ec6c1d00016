"""Header allow lists, towards the API and back.

Only listed headers are forwarded. To some framework, a header that is not listed may name a caller
(CWE-290), a path or a method.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from oakum.http.cookies import cookie_pairs
from oakum.policy.model import Guarding
from oakum.routing.http_messages import Denial, Headers, HttpRequest, HttpResponse

_NEVER = re.compile(
    r"connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings|expect"
    r"|forwarded|x-forwarded-.*|x-oakum-.*|content-length|proxy"
    r"|.*method-override.*|.*http-method.*|.*http-verb.*|x-(?:rest-)?method|x-verb"
)
"""Never forwarded, whatever document and contract say: hop-by-hop headers (RFC 9110, 7.6.1), the
guard's own names, method overrides, `Proxy` (CVE-2016-5385)."""
_UNREAD = re.compile(r"range|if-range|accept-encoding|sec-websocket-.*")
"""Forwarded only if the response passes unread: a partial body cannot be judged."""
_CONDITION = re.compile(r"if-(?:none-)?match|if-(?:un)?modified-since")
"""Conditional headers: a declaration does not let them pass, since the answer to a guess would tell
what is withheld from a body; a write that has one is refused."""
_ONWARD = re.compile(
    r"host|accept|accept-language|accept-charset|content-type|content-language|content-encoding"
    r"|content-disposition|user-agent|origin|referer|cache-control|pragma|priority|prefer|dnt"
    r"|save-data|upgrade-insecure-requests|last-event-id|sec-fetch-[a-z-]+|sec-ch-[a-z-]+|sec-gpc"
    r"|access-control-request-(?:method|headers|private-network)"
    r"|traceparent|tracestate|baggage|b3|x-b3-[a-z-]+|uber-trace-id|sentry-trace|x-amzn-trace-id"
    r"|x-cloud-trace-context|x-datadog-[a-z0-9-]+|x-request-id|x-correlation-id"
    r"|idempotency-key|x-idempotency-key|x-requested-with|x-csrf-token|x-csrftoken|x-xsrf-token"
)
"""Standard headers of clients and browsers that identify no account (RFC 9110, Fetch, tracing)."""

_FORM = re.compile(r"(?:accept|content)-.*")

_BACK = re.compile(
    r"content-type|set-cookie|location|retry-after|www-authenticate|vary|content-language"
    r"|content-disposition|cache-control|expires|pragma|date|access-control-.*"
    r"|strict-transport-security|content-security-policy(?:-report-only)?|x-content-type-options"
    r"|x-frame-options|referrer-policy|permissions-policy|cross-origin-.*|x-request-id"
    r"|x-ratelimit-.*|ratelimit.*|deprecation|sunset|allow"
)
_CACHING = ("cache-control", "expires", "pragma")


def is_standard(name: str) -> bool:
    """Whether a header is a standard one that shapes the message or describes the client (RFC
    9110), and so never selects data."""
    patterns = (_NEVER, _UNREAD, _CONDITION, _ONWARD, _FORM)
    return any(pattern.fullmatch(name) for pattern in patterns)


def is_condition(name: str) -> bool:
    """Whether a header makes a request conditional on a validator (RFC 9110, 13.1)."""
    return _CONDITION.fullmatch(name) is not None


_CONDITIONS_OF_WRITES = ("if-match", "if-none-match", "if-unmodified-since")
"""Conditional headers that apply to methods other than GET and HEAD (RFC 9110, 13.1.3)."""


def refuse_lost(asked: HttpRequest, guard: Guarding, declared: Collection[str]) -> None:
    """Refuses a write with a header that is not forwarded but says whether or where to write:
    without it the API would overwrite a version that the client has not seen. Raises `Denial`."""
    hop = for_this_hop(asked)
    for name in _CONDITIONS_OF_WRITES:
        passes = name in guard.request_headers or _asks_for_any(asked, name)
        if asked.values(name) and (name in hop or not passes):
            raise Denial(412, "condition")
    passes = "content-range" in (*guard.request_headers, *declared) and "content-range" not in hop
    if asked.values("content-range") and not passes:
        raise Denial(400, "body")


def _asks_for_any(asked: HttpRequest, name: str) -> bool:
    """Whether a condition of a write holds for any object, and so compares nothing of it."""
    wild = name in ("if-match", "if-none-match") and asked.method not in ("GET", "HEAD")
    return wild and [each.strip(" \t") for each in asked.values(name)] == ["*"]


def onward(
    asked: HttpRequest, guard: Guarding, declared: Collection[str], *, raw: bool = False
) -> Headers:
    """Request headers that are forwarded to the API; `declared` are its parameters and credentials.

    `raw`: the response passes unread, so the client may send range and conditional headers.
    """
    hop = {*for_this_hop(asked), *((guard.service.header,) if guard.service else ())}

    def stays(name: str) -> bool:
        if name in hop:
            return False
        return _stays(name, guard, declared, raw=raw) or _asks_for_any(asked, name)

    proto = asked.values("x-forwarded-proto")[-1:] if guard.hops else []
    scheme = proto[0] if proto and proto[0] in ("http", "https") else asked.scheme
    return (
        *((name, value) for name, value in asked.headers if stays(name)),
        *(() if raw else (("accept-encoding", "identity"),)),
        ("x-forwarded-for", client(asked, guard.hops)),
        ("x-forwarded-proto", scheme),
        ("x-forwarded-host", asked.host),
    )


def _stays(name: str, guard: Guarding, declared: Collection[str], *, raw: bool) -> bool:
    if _NEVER.fullmatch(name):
        return False
    if _UNREAD.fullmatch(name):
        return raw
    if _CONDITION.fullmatch(name):
        return raw or name in guard.request_headers
    if name in declared or name in guard.request_headers:
        return True
    return name not in guard.strip and _ONWARD.fullmatch(name) is not None


_CSRF = re.compile(r"(?:__host-|__secure-)?[._-]?(?:csrf|xsrf)[_-]?(?:token)?", re.I)
"""Cookies against CSRF, which identify nobody; their headers are forwarded as well."""
_CSRF_HEADERS = ("x-csrf-token", "x-csrftoken", "x-xsrf-token")
_SEPARATOR = re.compile(r"[,\s\"]")


def is_against_forgery(where: str, name: str) -> bool:
    """Whether a header or cookie is a CSRF token, which identifies nobody."""
    if where == "cookie":
        return _CSRF.fullmatch(name) is not None
    return where == "header" and name in _CSRF_HEADERS


_PLAIN = re.compile(r"[!#-+\-./0-:<-\[\]-~]*")
"""A cookie value by RFC 6265, 4.1.1, without quotes."""


def is_only_against_forgery(cookie: str) -> bool:
    """Whether a whole `cookie` header has only CSRF cookies, however a server parses it."""
    return all(
        equals and _CSRF.fullmatch(name) is not None and _PLAIN.fullmatch(value) is not None
        for name, equals, value in cookie_pairs(cookie)
        if name or equals
    )


def is_named(where: str, name: str, guard: Guarding) -> bool:
    """Whether the contract lists a credential as a header or cookie to be forwarded unchanged."""
    if where == "cookie":
        return name in (guard.cookies or ())
    own = name not in ("authorization", "cookie")
    return where == "header" and own and name in guard.request_headers


def names_nobody(where: str, name: str, guard: Guarding) -> bool:
    """Whether a credential identifies no caller although tokens identify callers: it is a CSRF
    token, or the contract lists it."""
    return is_against_forgery(where, name) or is_named(where, name, guard)


def with_cookies(headers: Headers, allowed: Collection[str]) -> Headers:
    """Request headers with only the allowed cookies and CSRF cookies. Any other cookie may select
    an account or tenant that nobody has judged."""
    said = [value for name, value in headers if name == "cookie"]
    kept = []
    for name, equals, value in cookie_pairs(";".join(said)):
        known = name in allowed or _CSRF.fullmatch(name) is not None
        if equals and known and not _starts_another(value):
            kept.append(f"{name}={value}")
    others = tuple(each for each in headers if each[0] != "cookie")
    return (*others, ("cookie", "; ".join(kept))) if kept else others


def _starts_another(value: str) -> bool:
    """Whether some server reads another cookie in the value of one."""
    at = _SEPARATOR.search(value)
    return at is not None and "=" in value[at.end() :]


def forwards(name: str, guard: Guarding, declared: Collection[str]) -> bool:
    """Whether a request header in lower case is forwarded to an operation with these parameters."""
    service = guard.service is not None and name == guard.service.header
    return not service and _stays(name, guard, declared, raw=False)


def for_this_hop(asked: HttpRequest) -> frozenset[str]:
    """Lower-case names of headers that `connection` makes hop-by-hop (RFC 9110, 7.6.1)."""
    words = (word for value in asked.values("connection") for word in value.split(","))
    return frozenset(filter(None, (word.strip().lower() for word in words)))


def upgrades(asked: HttpRequest) -> bool:
    """Whether a request asks for a WebSocket. Other upgrades are ignored, and so is one that
    `connection` does not name (RFC 9110, 7.8)."""
    named = (each for value in asked.values("upgrade") for each in value.split(","))
    wanted = "websocket" in (each.strip(" \t").lower() for each in named)
    return wanted and "upgrade" in for_this_hop(asked)


def client(asked: HttpRequest, hops: int) -> str:
    """The client's address: the one seen by the proxy `hops` away, otherwise the peer's."""
    entries = [
        entry.strip() for value in asked.values("x-forwarded-for") for entry in value.split(",")
    ]
    return entries[-hops] if 0 < hops <= len(entries) else asked.address


def returns(name: str, guard: Guarding) -> bool:
    """Whether a response header in lower case reaches the client."""
    return _BACK.fullmatch(name) is not None or name in guard.headers


_NAMING = "content-disposition"
"""The header with a file name, often a field of the object in the body; media types may have one
too."""
_NAMED = re.compile(r";[ \t]*(?:file)?name[*0-9]*[ \t]*=", re.IGNORECASE)
_CHARSET = re.compile(r";[ \t]*charset[ \t]*=[ \t]*\"?([a-z0-9_.:+-]+)", re.IGNORECASE)


def back(answered: HttpResponse, guard: Guarding, *, private: bool) -> Headers:
    """Response headers that reach the client; `private`: no cache may store the response."""
    kept = tuple(
        (name, value)
        for name, value in answered.headers
        if returns(name, guard) and not (private and name in _CACHING)
    )
    return (*kept, ("cache-control", "private, no-store")) if private else kept


def without_file_name(headers: Headers, guard: Guarding) -> Headers:
    """Headers of a response from whose body something was removed that a file name might contain:
    only the disposition type stays, an unknown one becomes `attachment` (RFC 6266, 4.2). A media
    type with a file name keeps only its charset."""
    if _NAMING in guard.headers:
        return headers
    made = {_NAMING: _disposition, "content-type": _media_type}
    return tuple((n, made[n](value) if n in made else value) for n, value in headers)


def _media_type(value: str) -> str:
    if _NAMED.search(value) is None:
        return value
    charset = _CHARSET.search(value)
    essence = value.partition(";")[0].strip(" \t")
    return f"{essence}; charset={charset[1]}" if charset else essence


def _disposition(value: str) -> str:
    kind = value.partition(";")[0].strip(" \t").lower()
    return "inline" if kind == "inline" else "attachment"
