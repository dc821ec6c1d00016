"""Reads `guard` and `limits`: what a gateway needs beyond who may see what.

All of it configures a decision point, so a mistake may give access: algorithms that confuse keys
(RFC 8725, 2.1 and 3.1), a path that allows more than intended, a header that every client may send.
Such values are refused here; `check` refuses those that are wrong only for this document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Literal, cast

from oakum.openapi.source import Node
from oakum.policy.amounts import count, duration, size
from oakum.policy.model import Guarding, Limit, Policy, Service, Tokens
from oakum.policy.node_reader import Read, Reader, many, nearest, one_of, read_map, record, word

GUARD = (
    *("jwt", "service", "api_keys", "ttl", "timeout", "lookups", "pass", "websockets", "hosts"),
    *("origins", "strip", "headers", "request_headers", "cookies", "unknown"),
    *("max_body", "hops"),
)
JWT = ("keys", "algorithms", "issuer", "audience", "audiences")
SERVICE = ("header", "env")
LIMIT = ("distinct", "rate", "per")
RATED = ("callers", "anonymous")
"""Names with a `rate` limit; a `distinct` limit names a resource."""

FAMILIES: Mapping[str, str] = {
    **dict.fromkeys(("HS256", "HS384", "HS512"), "a shared secret"),
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "a public key"),
    **dict.fromkeys(("ES256", "ES384", "ES512", "EdDSA"), "a public key"),
}
"""Algorithm (RFC 7518, RFC 8037) → the kind of key that verifies it."""

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
ORIGIN = re.compile(rf"https?://(?:{_HOST.pattern})(?::[0-9]{{1,5}})?")
_SEGMENT = re.compile(r"(?:[A-Za-z0-9._~!$&'()+,=:@-]|%[0-9A-Fa-f]{2})*")
_FRAMING = frozenset(
    (
        *("connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate"),
        *("proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding"),
        *("upgrade", "content-encoding"),
    )
)
"""Headers that a gateway writes itself: they concern one connection or the framing of the body."""
OF_THE_WHOLE = frozenset(
    (
        *("etag", "last-modified", "accept-ranges", "content-range", "content-md5", "digest"),
        *("content-digest", "repr-digest"),
    )
)
"""Headers that describe the complete body, before anything was removed."""

_IN_ANOTHER_NAME = re.compile(
    r".*method-override.*|.*http-method.*|.*http-verb.*|x-(?:rest-)?method|x-verb|proxy"
    r"|forwarded|x-forwarded-.*|x-oakum-.*|range|if-(?!match$|unmodified-since$).*|accept-encoding"
)
"""Matches request headers that are never forwarded, or not where a response is judged."""


def read_guarding(r: Reader, node: Node, what: str) -> Guarding | None:
    found = record(r, node, what, GUARD)
    usual = Guarding()
    return Guarding(
        tokens=found.find("jwt", _tokens),
        service=found.find("service", _service),
        ttl=found.read("ttl", duration, usual.ttl),
        timeout=found.read("timeout", duration, usual.timeout),
        lookups=found.read("lookups", count(0), usual.lookups),
        api_keys=found.read("api_keys", word, ""),
        passes=found.read("pass", many(_way, "a path pattern"), ()),
        websockets=found.read("websockets", many(_way, "a path pattern"), ()),
        hosts=found.read("hosts", _hosts, ()),
        origins=found.read("origins", many(_origin, "an origin"), ()),
        strip=found.read("strip", many(_header, "a header's name"), ()),
        headers=found.read("headers", many(_response_header, "a header's name"), ()),
        request_headers=found.read("request_headers", many(_request_header, "a header's name"), ()),
        cookies=found.find("cookies", many(_cookie, "a cookie's name")),
        unknown=found.read("unknown", _read_unknown, usual.unknown),
        max_body=found.read("max_body", size, usual.max_body),
        hops=found.read("hops", count(0), usual.hops),
    )


def _cookie(r: Reader, node: Node, what: str) -> str | None:
    found = word(r, node, what)
    if found is not None and not TOKEN.fullmatch(found):
        r.wrong(node, f"`{found}` is not a cookie name (RFC 6265, 4.1.1)")
        return None
    return found


def _read_unknown(r: Reader, node: Node, what: str) -> Literal["refuse", "remove"] | None:
    said = one_of("refuse", "remove")(r, node, what)
    return cast(Literal["refuse", "remove"] | None, said)


# --------------------------------------------------------------------------- who is calling


def _tokens(r: Reader, node: Node, what: str) -> Tokens | None:
    found = record(r, node, what, JWT)
    found.require("keys", "`jwt`", "write a file of keys (RFC 7517), or the URL of one")
    said = found.present(("audience", "audiences"))
    if len(said) > 1:
        r.wrong(found["audience"], "`audience` and `audiences` are the same", "keep one of the two")
    usual = Tokens("")
    return Tokens(
        keys=found.read("keys", word, ""),
        algorithms=found.read("algorithms", _algorithms, usual.algorithms),
        issuer=found.read("issuer", word, ""),
        audiences=found.read(said[0], many(word, "an audience"), ()) if said else (),
        location=node.location,
    )


def _algorithms(r: Reader, node: Node, what: str) -> tuple[str, ...] | None:
    names = many(_algorithm, "an algorithm")(r, node, what)
    if node.kind == "list" and not node.elements:
        r.wrong(node, f"{what} is empty, so no token would be accepted", "leave it out")
    if names and len({FAMILIES[name] for name in names}) > 1:
        # Anybody could sign with the public key as if it were the shared secret.
        mixed = ", ".join(f"`{name}`" for name in names)
        r.wrong(node, f"{mixed} mix a shared secret with public keys", "keep one kind")
    return names


def _algorithm(r: Reader, node: Node, what: str) -> str | None:
    found = word(r, node, what)
    if found is not None and found.lower() == "none":
        r.wrong(
            node, f"with the algorithm `{found}` anybody can forge a token", "name one that signs"
        )
        return None
    if found is None or found in FAMILIES:
        return found
    r.wrong(node, f"`{found}` is not a JWT signature algorithm", nearest(found, FAMILIES))
    return None


def _service(r: Reader, node: Node, what: str) -> Service | None:
    found = record(r, node, what, SERVICE)
    for key in SERVICE:
        found.require(key, "`service`")
    return Service(found.read("header", _header, ""), found.read("env", _variable, ""))


def _variable(r: Reader, node: Node, what: str) -> str | None:
    found = word(r, node, what)
    if found is None or VARIABLE.fullmatch(found):
        return found
    # If it is not a name, it may be the secret itself, so the message does not repeat it.
    r.wrong(node, f"{what} names no environment variable", "a contract holds no secret")
    return None


# --------------------------------------------------------------------------- headers, hosts, paths


def _header(r: Reader, node: Node, what: str) -> str | None:
    """The name of a header in lower case (RFC 9110, 5.1)."""
    found = word(r, node, what)
    if found is None:
        return None
    name = found.lower()
    if not TOKEN.fullmatch(found):
        r.wrong(
            node, f"`{found}` is not a header name", "write the name alone, such as `x-api-key`"
        )
    elif name in _FRAMING:
        r.wrong(node, f"only the gateway may write `{name}`")
    return name


def _response_header(r: Reader, node: Node, what: str) -> str | None:
    found = _header(r, node, what)
    if found in OF_THE_WHOLE:
        r.wrong(node, f"`{found}` reveals removed data, and cannot be allowed")
    return found


def _request_header(r: Reader, node: Node, what: str) -> str | None:
    found = _header(r, node, what)
    if found and _IN_ANOTHER_NAME.fullmatch(found):
        r.wrong(node, f"`{found}` changes the request or its caller, and cannot be allowed")
    return found


def _hosts(r: Reader, node: Node, what: str) -> tuple[str, ...] | None:
    found = many(_host, "a host's name")(r, node, what)
    if node.kind == "list" and not node.elements:
        r.wrong(node, f"{what} names none", "omit it if any host is accepted")
    return found


def _origin(r: Reader, node: Node, what: str) -> str | None:
    found = word(r, node, what)
    if found is None or ORIGIN.fullmatch(found):
        return found
    hint = (
        "write scheme, host and port as a browser does, `https://app.example.com`; no path, no `*`"
    )
    r.wrong(node, f"`{found}` is not the origin of a page", hint)
    return None


def _host(r: Reader, node: Node, what: str) -> str | None:
    found = word(r, node, what)
    if found is None or _HOST.fullmatch(found.lower()):
        return found and found.lower()
    r.wrong(node, f"`{found}` is not a host name", "write it without scheme, port and path")
    return None


def _way(r: Reader, node: Node, what: str) -> str | None:
    """A path, `*` for one segment and, at its end, `**` for all that follow."""
    found = word(r, node, what)
    if found is None:
        return None
    if not found.startswith("/"):
        r.wrong(node, f"`{found}` is not a path pattern", f"write `/{found}`")
        return None
    segments = found[1:].split("/")
    if "**" in segments[:-1]:
        r.wrong(node, f"`**` must be at the end of `{found}`")
    elif not all(each in ("*", "**") or _plain(each) for each in segments) or "" in segments[:-1]:
        hint = "plain segments, `*` for any one segment, and `**` at the end for the rest"
        r.wrong(node, f"`{found}` is not a path pattern", hint)
    return found


def _plain(segment: str) -> bool:
    return bool(_SEGMENT.fullmatch(segment)) and segment not in (".", "..")


def limits(r: Reader, node: Node, what: str) -> tuple[Limit, ...] | None:
    read: Read[dict[str, Limit]] = read_map(_limit)
    found = read(r, node, what)
    return None if found is None else tuple(found.values())


def _limit(r: Reader, key: Node, node: Node) -> Limit:
    found = record(r, node, "a limit", LIMIT)
    said = found.present(("distinct", "rate"))
    if found.whole and len(said) != 1:
        hint = "`distinct` counts the owners whose objects are read, `rate` the calls"
        r.wrong(node, f"the limit `{key.scalar}` must count exactly one thing", hint)
    found.require("per", f"the limit `{key.scalar}`", "add its time window, such as `1h`")
    kind: Literal["distinct", "rate"] = "rate" if said == ["rate"] else "distinct"
    if len(said) == 1:
        r.later(partial(_check_limit, r, key, kind))
    return Limit(
        str(key.scalar),
        kind,
        most=found.read(kind, count(1), 1),
        per=found.read("per", duration, 1.0),
        location=key.location,
    )


def _check_limit(r: Reader, key: Node, kind: str, policy: Policy) -> None:
    called = str(key.scalar)
    if kind == "rate":
        if called not in RATED:
            hint = nearest(called, RATED)
            if called in policy.resources:
                hint = "`distinct` limits how many owners' objects one caller may read"
            r.wrong(key, f"a `rate` is of `callers` or of `anonymous`, not of `{called}`", hint)
    elif not r.is_known(key, called, policy.resources, "resource"):
        return
    elif policy.resources[called].owner.kind == "none":
        r.wrong(key, f"`{called}` has no owners to count")
