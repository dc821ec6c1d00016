"""Chooses a value to write in place of another, to test whether a member can be set."""

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
from oakum.openapi.model import Json, Shape
from oakum.openapi.shape_queries import enum_values, member

_EXACT = 2**53
"""From this number on, JSON readers may lose precision (RFC 8259, 6)."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


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
