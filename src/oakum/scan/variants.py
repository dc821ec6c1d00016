"""Another value of the same kind: what is sent to see whether a member can be set."""

from __future__ import annotations

import datetime
import re
import secrets

from oakum.contract.lexicon import FieldClass, classify_field
from oakum.contract.model import Json, Operation, Shape
from oakum.scan.bodies import body_shape
from oakum.semantics import Model
from oakum.semantics.model import resources_in
from oakum.semantics.table import member

_EXACT = 2**53
"""Numbers from here on are not the same to everybody who reads JSON (RFC 8259, 6)."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def written(model: Model, operation: Operation) -> list[tuple[str, tuple[str, ...]]]:
    """Resources in the body of a request, each with where it stands."""
    said = {name: at for at, name in model.sets.get(operation.id, ())}
    shape = body_shape(operation)
    bound = [model.bound[name] for name in shape.names if name in model.bound] if shape else []
    return list((said or dict.fromkeys(bound, ())).items())


def shape_of(model: Model, resource: str, *path: str) -> Shape:
    """What the document says of a member of a resource, or of one within it, wherever it says
    most."""
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


def other_value(name: str, value: Json, shape: Shape, *, far: bool = False) -> Json:
    """Another value of the same kind; None when none is safe to send. `far`: a number that does not
    come next by itself."""
    if isinstance(value, list):
        inner = shape.items() if shape.items else Shape()
        choices = [each for each in inner.enum if each not in value]
        if not all(isinstance(each, str) for each in value) or (inner.enum and not choices):
            return None
        more = choices[0] if choices else _word(name)
        return None if more in value else [*value, more]
    if isinstance(value, dict) or value is None:
        return None
    choices = [each for each in shape.enum if each != value]
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
