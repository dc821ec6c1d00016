"""Whether a response may come from a cache and was made for another caller, by its headers.

A response tells who the caller is only if the API made it for this very request. One that a cache
stored, or may store for others (RFC 9111), says nothing about the caller (CWE-524).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from oakum.routing.http_messages import HttpResponse

FRESH = ("cache-control", "no-cache, no-store")
"""Request header that makes every cache ask the API and store nothing (RFC 9111, 5.2.1)."""

_NONE = re.compile(r'"?0+"?')
_HAD = re.compile(
    r"(?:hit|(?<![a-z])(?:stale|updating|revalidated|fresh|(?<!not.)(?<!no.)cached))(?![a-z])"
)
"""Words for a cache hit: `HIT`, `TCP_MEM_HIT`, `RefreshHit from …`, `STALE`, `fresh`."""
_IS_HIT = re.compile(r"\s*[a-z_-]*hit\s*")
_YES = re.compile(r"\s*(?:1|true|yes|on)\s*")
_MISSED = re.compile(
    r"(?:miss|(?<![a-z])(?:bypass|dynamic|pass|expired|none|no|not|false|off|disabled|skip|private"
    r"|uncached|uncacheable))(?![a-z])|(?<![a-z0-9])0(?![a-z0-9])"
)
"""Words for a cache miss."""
_WARNED = re.compile(r"(?:^|,)\s*11[0-3](?![0-9])")
"""`warning` codes of a stale response, or of a disconnected cache (RFC 7234, 5.5)."""
_FOUND_BY_TRAFFIC_SERVER = re.compile(r"\[[^\]]*c[HRS]")
_CACHES = ("cache", "varnish", "cdn")
_OTHERS = ("x-hits", "x-nc")
"""Cache headers whose names contain no word of `_CACHES`."""
_BEGINS_WITH_HIT = re.compile(r"\s*[a-z_]*hit(?![a-z0-9])")
_QUOTED = re.compile('"[^"]*"')
_FORWARDED = ("bypass", "method", "uri-miss", "vary-miss", "miss", "request", "stale")
"""Why a cache asked the API (RFC 9211, 2.2)."""
_NO_WORD = ("control", "key", "keys", "tag", "tags")
"""Last words of names of cache headers that do not say hit or miss."""


def handed_on(answered: HttpResponse) -> bool:
    """Whether this response came from a cache, or may be served to others by one."""
    headers = dict(_joined_headers(answered))
    age = headers.get("age")
    if age is not None and not re.fullmatch(r"\s*0+\s*", age):
        return True
    if re.search(r"[0-9]\s+[0-9]", headers.get("x-varnish", "")):
        return True
    return any(_says(name, value) for name, value in headers.items())


def kept_apart(answered: HttpResponse) -> bool:
    """Whether no shared cache may store the response and no header indicates that one did: a cache
    that ignores `private` has headers of its own."""
    said = _directives(answered.header("cache-control"))
    # Contradictory or repeated directives: caches differ in which they follow.
    if "public" in said or ("no-store" not in said and said.get("private") != ""):
        return False
    if _is_stored(answered.header("cache-status")):
        return False
    return "no-store" in said or not any(_is_unclear(n, v) for n, v in _joined_headers(answered))


def _says(name: str, value: str) -> bool:
    if name == "cache-control":
        return _may_be_shared(value)
    if name.endswith("cache-control") or name == "surrogate-control":
        said = _directives(value)
        apart = "no-store" in said or said.get("private") == ""
        return _lasts(said.get("s-maxage")) or (not apart and _may_be_shared(f"public, {value}"))
    if name == "via":
        return _FOUND_BY_TRAFFIC_SERVER.search(value) is not None
    return _had(name, value.lower())


def _had(name: str, value: str) -> bool:
    """Whether a cache says in a header that it had the response."""
    if name == "warning":
        return _WARNED.search(value) is not None
    if name == "server-timing":
        metrics = _QUOTED.sub(lambda text: text[0].replace(",", " "), value).split(",")
        return any(map(_had_by_metric, metrics))
    if name == "cache-status":
        members = ((each, _member(each)) for each in _members(value))
        return any(_HAD.search(each) if said is None else said for each, said in members)
    if any(_IS_HIT.fullmatch(each) for each in value.split(",")):
        return True
    if not any(word in name for word in _CACHES) and name not in _OTHERS:
        return False
    if name.endswith(("hits", "-age")):
        return re.search("[1-9]", value) is not None
    if name.endswith(("cache", "cached", "hit")) and any(map(_YES.fullmatch, value.split(","))):
        return True
    if "cache" not in name:
        return any(map(_BEGINS_WITH_HIT.match, value.split(",")))
    return not name.endswith(_NO_WORD) and bool(_HAD.search(value))


def _had_by_metric(metric: str) -> bool:
    """Whether a metric of `server-timing` says that a cache of responses had it; one of Rails tells
    of its cache of data."""
    name = metric.partition(";")[0].strip()
    if name.endswith(".active_support") or not any(word in metric for word in _CACHES):
        return False
    return bool(_HAD.search(metric)) or name.endswith("cache-refresh")


def _members(value: str) -> list[str]:
    """Those of `cache-status`, the nearest to the API first, without what stands in quotes."""
    return _QUOTED.sub('""', re.sub(r"\\.", "", value)).split(",")


def _member(text: str) -> bool | None:
    """Whether a cache had the response (RFC 9211, 2); None where it does not say so in these words.
    Had is also what the API confirmed, or what was asked for somebody else at the same time."""
    said = _parameters(text)
    if any(said.get(name, "?0") != "?0" for name in ("hit", "collapsed")):
        return True
    if said.get("fwd-status") == "304":
        return True
    return False if said.get("fwd") in _FORWARDED or "hit" in said else None


def _parameters(member: str) -> dict[str, str]:
    pairs = (each.strip().partition("=") for each in member.split(";")[1:])
    return {name: held for name, _, held in pairs}


def _is_stored(value: str) -> bool:
    """Whether a cache says that it keeps the response, whoever had it made (RFC 9211, 2)."""
    members = _members(value.lower())
    return any(_parameters(each).get("stored", "?0") != "?0" for each in members)


def _joined_headers(answered: HttpResponse) -> Iterator[tuple[str, str]]:
    """Headers, each with its lines joined."""
    return ((name, answered.header(name)) for name in dict(answered.headers))


def _is_unclear(name: str, value: str) -> bool:
    """Whether a header says something of a cache, and not that it did not have the response."""
    about = "cache" in name and not name.endswith(_NO_WORD)
    if name == "cache-status" and all(_member(each) is False for each in _members(value.lower())):
        return False
    return about and _MISSED.search(value.lower()) is None


def _may_be_shared(value: str) -> bool:
    """Whether a shared cache may store and reuse it without revalidation."""
    said = _directives(value)
    if _lasts(said.get("s-maxage")):
        return True
    if "no-store" in said or said.get("private") == "":
        return False
    return "public" in said and "no-cache" not in said and _lasts(said.get("max-age", ""))


def _directives(value: str) -> Mapping[str, str]:
    """Directive → value; the value is empty when there is none."""
    made: dict[str, str] = {}
    if value.count('"') % 2:
        return made  # an unbalanced quote cannot be parsed
    value = re.sub('"[^"]*"', lambda text: text[0].replace(",", ";"), value.lower())
    for each in value.split(","):
        if found := re.match(r"\s*([^\s=]+)\s*=?\s*(.*?)\s*$", each):
            made[found[1]] = found[2]
    return made


def _lasts(said: str | None) -> bool:
    return said is not None and not _NONE.fullmatch(said)
