"""Names in requests whose meaning neither contract nor document states.

A string or number outside every resource may be the key of an object, whatever its name. Names in
`params`, and names made of a resource and its key, are explained.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from oakum.authz import Model
from oakum.guard.compiled.path_objects import key_lists
from oakum.guard.compiled.request_places import (
    RequestPlace,
    body_places,
    parameter_places,
    plain,
    words,
)
from oakum.openapi.model import Operation, Shape
from oakum.openapi.shape_queries import member, scalars, ways
from oakum.routing.allowed_headers import is_standard
from oakum.routing.paging_parameters import PAGING

_KEYS = frozenset(("string", "integer"))
_PLAIN = re.compile(r"[\w$.][\w$.*-]*")
_FORMATS = frozenset(
    ("date", "date-time", "time", "duration", "password", "email", "binary", "byte", "hostname")
)
"""String formats that are never keys of objects (JSON Schema Validation, 7.3; OpenAPI 3.0)."""
_DEEDS = frozenset(("action", "op", "operation", "command", "verb"))
"""Names of an action on an object, unless a resource has such a name."""


def in_flow(name: str) -> str:
    """A name as written inside a YAML flow mapping, quoted if needed."""
    return name if _PLAIN.fullmatch(name) else json.dumps(name)


def explains(model: Model, operation: str, name: str) -> str:
    """A contract line that would state what a request parameter holds, for a hint."""
    known = [n for n, e in model.policy.resources.items() if e.key and not e.is_account]
    one = known[0] if len(known) == 1 else "RESOURCE"
    key = model.policy.resources[one].key if len(known) == 1 else "KEY"
    return (
        f"write `{operation}: {{params: {{{in_flow(name)}: {one}.{key}}}}}` if it names an object,"
        f" or with the field that it holds, `{one}.FIELD`"
    )


def find_unexplained(model: Model, operation: Operation) -> Iterator[RequestPlace]:
    """Places outside the path whose meaning is not stated and that may hold a key."""
    rule, every = model.rule(operation.id), words(model, model.policy.resources)
    roots = [tuple(at) for at, _ in model.sets.get(operation.id, ())]
    said = {*rule.params, *key_lists(model, operation)}
    deeds = _DEEDS - {plain(name) for name in (*model.policy.resources, *model.bound)}
    for place, shape in _places(model, operation):
        inside = any(place.inside[: len(at)] == at for at in roots) and place.where == "body"
        named = plain(place.last) in {*every, *deeds} or any(
            each in every for each in place.plain_names
        )
        stated = place.contract_name in said or place.last in said or place.name in said
        if not (inside or named or stated) and may_be_a_key(shape, place):
            yield place


def may_be_a_key(shape: Shape | None, place: RequestPlace) -> bool:
    """Whether the value at a place may be the key of an object."""
    if shape is None or place.names:
        return True
    found = [each for way in ways(shape) for each in (way, *_elements(way))]
    return any(
        scalars(each) & _KEYS
        and not each.enum
        and each.format not in _FORMATS
        and not each.branches
        for each in found
    )


def _elements(shape: Shape) -> Iterator[Shape]:
    if shape.items is not None:
        yield from ways(shape.items())


def _places(model: Model, operation: Operation) -> Iterator[tuple[RequestPlace, Shape | None]]:
    """Those that are forwarded, each with its schema. A header that any client sends names no
    object, and neither does what turns pages."""
    without = model.rule(operation.id).without
    for each in operation.parameters:
        usual = each.where == "path" or (each.where == "header" and is_standard(each.name.lower()))
        paged = each.where == "query" and each.name.lower() in PAGING
        if usual or paged or each.where == "cookie" or each.name in without:
            continue
        for place in parameter_places(each):
            if place.contract_name not in without:
                yield place, _at(each.shape, place.inside)
    for place, resource in body_places(operation, model.bound):
        for media in operation.body if not resource else ():
            shape = media.shape
            if shape is None or not place.inside or _at(shape, place.inside) is not None:
                yield place, _at(shape, place.inside) if shape is not None else None


def _at(shape: Shape, inside: tuple[str, ...]) -> Shape | None:
    found: Shape | None = shape
    for step in inside:
        found = member(found, step) if found is not None else None
    return found
