"""Whether a response may come from a cache and was made for another caller, by its headers.

A response tells who the caller is only if the API made it for this very request. One that a cache
stored, or may store for others (RFC 9111), says nothing about the caller (CWE-524).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from oakum.routing.messages import Answered

FRESH = ("cache-control", "no-cache, no-store")
"""Request header that makes every cache ask the API and store nothing (RFC 9111, 5.2.1)."""

_NONE = re.compile(r'"?0+"?')
_HAD = re.compile(r"(?<![a-z])(?:hit|stale|updating|revalidated)(?![a-z])")
"""Words for a cache hit in response headers: `HIT`, `TCP_MEM_HIT`, `hit from …`, `STALE`."""


def handed_on(answered: Answered) -> bool:
    """Whether this response came from a cache, or may be served to others by one."""
    headers = {name: answered.header(name) for name, _ in answered.headers}
    age = headers.get("age")
    if age is not None and not re.fullmatch(r"\s*0+\s*", age):
        return True
    if re.search(r"[0-9]\s+[0-9]", headers.get("x-varnish", "")):
        return True
    return any(_says(name, value) for name, value in headers.items())


def kept_apart(answered: Answered) -> bool:
    """Whether no shared cache may store it."""
    said = _directives(answered.header("cache-control"))
    # Contradictory or repeated directives: caches differ in which they follow.
    return "public" not in said and ("no-store" in said or said.get("private") == "")


def _says(name: str, value: str) -> bool:
    if name == "cache-control":
        return _declared(value)
    if name.endswith("cache-control") or name == "surrogate-control":
        said = _directives(value)
        apart = "no-store" in said or said.get("private") == ""
        return _lasts(said.get("s-maxage")) or (not apart and _declared(f"public, {value}"))
    if "cache" not in name:
        return False
    value = value.lower()
    return bool(re.search("[1-9]" if name.endswith("hits") else _HAD, value))


def _declared(value: str) -> bool:
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
