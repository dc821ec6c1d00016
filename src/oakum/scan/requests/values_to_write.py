"""Another value of the same kind, to see whether a member can be set."""

from __future__ import annotations

import datetime
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace

from oakum.authz import Model
from oakum.authz.compiled_model import resources_in
from oakum.exposure.endpoints.request_bodies import body_shape, json_value
from oakum.exposure.values.knowledge import Knowledge
from oakum.inference.lexicon import FieldClass, classify_field
from oakum.openapi.model import Json, Operation, Shape
from oakum.openapi.shape_queries import enum_values, member
from oakum.policy.resource_schemas import resource_of

_EXACT = 2**53
"""From this number on, JSON readers may lose precision (RFC 8259, 6)."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


_LAST = re.compile(r"\{([^{}]+)\}(?:\.\w+)?")


def last_parameter(path: str) -> str:
    """The final path parameter (`/issues/{id}.json`); empty if the path ends otherwise."""
    found = _LAST.fullmatch(path.rstrip("/").rsplit("/", 1)[-1])
    return found[1] if found else ""


def written_resources(model: Model, operation: Operation) -> list[tuple[str, tuple[str, ...]]]:
    """Resources in a request body with their paths: by the contract, otherwise by schema name,
    otherwise by comparison with what the same path returns."""
    said = {name: at for at, name in model.sets.get(operation.id, ())}
    shape = body_shape(operation)
    if said or shape is None:
        return list(said.items())
    name = resource_of(shape, model.bound)
    return [(name, ())] if name else _derive_resource(model, operation, shape)


def place(model: Model, operation: Operation, resource: str) -> tuple[tuple[str, ...], Shape]:
    """Path and shape of a resource in a request body."""
    at = next((at for name, at in written_resources(model, operation) if name == resource), ())
    shape: Shape | None = body_shape(operation)
    for segment in at:
        shape = member(shape, segment) if shape is not None else None
    return at, shape or Shape()


def _derive_resource(
    model: Model, operation: Operation, shape: Shape
) -> list[tuple[str, tuple[str, ...]]]:
    """`{issue: {…}}`, or the members alone, where half of them at least are members of what a GET
    at the same address shows: one such place, or none.

    Never of an account that a POST might make: who makes one is not let in as it.
    """
    places: dict[tuple[str, ...], Shape] = {(): shape}
    for name, thunk in shape.properties.items():
        if (inner := thunk()).properties and not inner.read_only:
            places[(name,)] = inner
    ranked: dict[float, list[tuple[str, tuple[str, ...]]]] = {}
    for resource in read_there(model, operation):
        known = model.policy.resources[resource]
        if known.owner.kind == "none" or (operation.method == "POST" and known.is_account):
            continue
        for at, each in places.items():
            names = {n for n, thunk in each.properties.items() if not thunk().read_only}
            share = len(names & model.known[resource].names) / max(1, len(names))
            if share >= _HALF:
                ranked.setdefault(share, []).append((resource, at))
    best = ranked[max(ranked)] if ranked else []
    return best if len(best) == 1 else []


_HALF = 0.5


def read_there(model: Model, operation: Operation) -> list[str]:
    """Resources that a GET of the same path returns, or one directly below it."""
    stem = _stem(operation.path)
    found: dict[str, None] = {}
    for each in model.operations.values():
        under = _stem(each.path).removeprefix(stem)
        if each.method != "GET" or not _stem(each.path).startswith(stem):
            continue
        if under and not (operation.method == "POST" and re.fullmatch(r"/\{[^{}]+\}", under)):
            continue
        media = each.success()
        shown = resources_in(media.shape, model.bound) if media and media.shape else ()
        found |= dict.fromkeys(name for name, _ in shown)
        found |= dict.fromkeys(name for _, name in model.shown.get(each.id, ()))
    return list(found)


def _stem(path: str) -> str:
    return re.sub(r"\.\w+$", "", path.rstrip("/"))


def shape_of(model: Model, resource: str, *path: str) -> Shape:
    """The first schema of a resource's member that states a type or an enumeration; `Shape()` if
    none does."""
    for operation in model.operations.values():
        media = operation.success()
        for shape in (media.shape if media else None, body_shape(operation)):
            for found, inner in resources_in(shape, model.bound) if shape else ():
                at: Shape | None = inner if found == resource else None
                for step in path:
                    at = member(at, step) if at is not None else None
                if at is not None and (at.kinds or at.enum):
                    return at
    return Shape()


def taken_by(body: Shape, path: Sequence[str], shown: Shape) -> Shape:
    """A member's shape with the values that a request body accepts, since an API refuses the whole
    body for an unknown value, and a response may declare fewer."""
    inner: Shape | None = body
    for step in path:
        inner = member(inner, step) if inner is not None else None
    if inner is None:
        return shown
    top = inner.maximum if inner.maximum is not None else shown.maximum
    listed = enum_values(inner) if inner.items is None else ()
    items = inner.items or shown.items
    return replace(shown, enum=listed or shown.enum, maximum=top, items=items)


def other_value(name: str, value: Json, shape: Shape, *, far: bool = False) -> Json:
    """Another value of the same kind; None if none is safe. `far`: a number that does not occur by
    itself."""
    if isinstance(value, list):
        inner = shape.items() if shape.items else Shape()
        choices = [each for each in inner.enum if each not in value]
        if not all(isinstance(each, str) for each in value) or (inner.enum and not choices):
            return None
        more = choices[0] if choices else _word(name)
        return None if more in value else [*value, more]
    if isinstance(value, dict) or value is None:
        return None
    choices = [each for each in shape.enum if each not in (value, None)]
    if shape.enum:
        return choices[0] if choices else None
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        top = shape.maximum
        if not abs(value) < _EXACT:
            return None
        if far and not isinstance(top, int | float):
            return value + 1000 + secrets.randbelow(9000)
        return value - 1 if isinstance(top, int | float) and value + 1 > top else value + 1
    return _other_date(value) or (word if (word := _word(name)) != value else None)


def held_elsewhere(knowledge: Knowledge, owner: str, at: tuple[str, str], shape: Shape) -> Json:
    """The value of a member in another object of the owner, since a new object may have none. `at`:
    (resource, member)."""
    known = knowledge.own.get((owner, *at), ())
    return json_value(min(known), shape) if known else None


def _other_date(text: str) -> str:
    """The next day (the one before the last that there is) at the same time; empty: no date."""
    if not _DATE.match(text):
        return ""
    try:
        date = datetime.date.fromisoformat(text[:10])
    except ValueError:
        return ""
    day = datetime.timedelta(days=-1 if date == datetime.date.max else 1)
    return (date + day).isoformat() + text[10:]


def _word(name: str) -> str:
    if classify_field(name) is FieldClass.AUTHORITY:
        return "admin"
    return f"oakum-{secrets.token_hex(4)}"
