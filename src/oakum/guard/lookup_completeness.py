"""Whether the response to a look-up is complete and current.

A list that is not known to be complete counts as cut off. `lua/whole.lua` has the same rule.
"""

from __future__ import annotations

import re

from oakum.authz.complete_lists import ListPlace, extent, look, reports_failure
from oakum.openapi.model import Json
from oakum.routing.http_messages import HttpResponse

_TOLD = re.compile(r"(?<![a-z])(?<!fwd=)(?:stale|updating)(?![a-z])|(?<![a-z])fail|ttl=-")
"""Words of caches for a response that was stored too long: `STALE`, `TCP_STALE_HIT`, `UPDATING`,
`TCP_REFRESH_FAIL_OLD`; not `fwd=stale`, where the cache has requested a fresh one (RFC 9211)."""
_NO_WORD = ("control", "key", "keys", "tag", "tags")
"""Last words of names of cache headers that do not give a status."""
_AGE = re.compile(
    "(?:x-)?(?:(?:cache|cached|content|copy|data|index|replica|response|snapshot)-)?age"
)
"""Headers with the age of an answer in seconds."""


def is_whole(place: ListPlace, answered: HttpResponse, value: Json) -> bool:
    """Whether the list of ids at a place is certainly complete."""
    return extent(look(place, value), value, _headers_by_name(answered)) == "whole"


def is_failed(pointer: tuple[str, ...], answered: HttpResponse, value: Json) -> bool:
    """Whether a response reports that the object at a pointer could not be read, or is stale."""
    return reports_failure(value, pointer, _headers_by_name(answered))


def _headers_by_name(answered: HttpResponse) -> dict[str, str]:
    return {name: answered.header(name) for name in dict(answered.headers)}


def is_stale(answered: HttpResponse, ttl: float) -> bool:
    """Whether a response comes from a cache and is older than `ttl` seconds (RFC 9111, 5.1, 5.5),
    or is marked stale."""
    warning = answered.header("warning").strip()
    ages = (name for name, _ in answered.headers if _AGE.fullmatch(name))
    old = any(_is_old(answered.header(name).strip(), ttl) for name in ages)
    told = any(_is_told(name, said.lower()) for name, said in answered.headers)
    return told or old or warning.startswith(("110", "111", "112", "113"))


def _is_old(age: str, ttl: float) -> bool:
    known = age.isdecimal() and age.isascii() and len(age) < 10
    return bool(age) and not (known and int(age) <= ttl)


def _is_told(name: str, said: str) -> bool:
    about = "cache" in (said if name == "server-timing" else name)
    return about and not name.endswith(_NO_WORD) and bool(_TOLD.search(said))
