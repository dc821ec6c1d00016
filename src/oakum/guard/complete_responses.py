"""Whether the response to a look-up is complete and current.

A list that is not known to be complete counts as cut off. `lua/whole.lua` has the same rule.
"""

from __future__ import annotations

from oakum.authz.complete_lists import Place, extent, failed, look
from oakum.openapi.model import Json
from oakum.routing.messages import Answered


def is_whole(place: Place, answered: Answered, value: Json) -> bool:
    """Whether the list of ids at a place is certainly complete."""
    return extent(look(place, value), value, _named(answered)) == "whole"


def is_failed(pointer: tuple[str, ...], answered: Answered, value: Json) -> bool:
    """Whether a response reports that the object at a pointer could not be read, or is stale."""
    return failed(value, pointer, _named(answered))


def _named(answered: Answered) -> dict[str, str]:
    return {name: answered.header(name) for name in dict(answered.headers)}


def is_stale(answered: Answered, ttl: float) -> bool:
    """Whether a cached response is older than `ttl` seconds (RFC 9111, 5.1, 5.5)."""
    age, warning = answered.header("age").strip(), answered.header("warning").strip()
    old = bool(age) and not (
        age.isdecimal() and age.isascii() and len(age) < 10 and int(age) <= ttl
    )
    return old or warning.startswith(("110", "111", "112", "113"))
