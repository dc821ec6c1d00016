"""Requests whose caller chooses which members a response has, such as by `?fields=`.

A query parameter with such a name counts, whatever its value.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from oakum.openapi.model import Operation
from oakum.routing.route import called

_NAMES = frozenset(
    (
        *("fields", "field", "fl", "keys", "select", "only", "omit", "without", "with", "mask"),
        *("include", "includes", "includefields", "exclude", "excludes", "excludefields"),
        *("excludekeys", "expand", "extend", "embed", "populate", "relations", "joins", "depth"),
        *("attributes", "attrs", "props", "properties", "columns", "projection", "project"),
        *("lean", "compact", "partial", "minimal", "brief", "verbose", "summary", "detail"),
        *("details", "view", "representation", "shape"),
    )
)
_NOISE = re.compile(r"\[.*|[^a-z]")


def choices(operation: Operation, removed: Collection[str]) -> tuple[str, ...]:
    """Query parameters with which callers choose; `removed`: those that are not forwarded."""
    return tuple(
        each.name
        for each in operation.parameters
        if each.where == "query" and each.name not in removed and is_choice(each.name)
    )


def is_choice(parameter: str) -> bool:
    """Whether a name says that its parameter chooses members."""
    return _NOISE.sub("", parameter.lower()) in _NAMES


def chooses(target: str, names: Collection[str]) -> bool:
    """Whether a request's query has one of these parameters."""
    pieces = target.partition("?")[2].split("&") if names else ()
    found = {called(piece) for piece in pieces if piece}
    return not {*found, *(name.partition("[")[0] for name in found)}.isdisjoint(names)
