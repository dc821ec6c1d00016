"""Which texts the schema of a parameter allows, as a table that every engine can run."""

from __future__ import annotations

import json

from oakum.authz.id_spelling import text
from oakum.openapi.model import Shape
from oakum.openapi.pattern_automaton import Automaton, of_pattern, of_texts


def of_shape(shape: Shape) -> Automaton | None:
    """The values that a schema allows, by `enum`, otherwise `pattern`, otherwise integers by
    `type`; None if it has none of them. Raises `UnsupportedPattern`."""
    if shape.enum and all(isinstance(each, str | int) for each in shape.enum):
        return of_texts(json.dumps(e) if isinstance(e, bool) else text(e) for e in shape.enum)
    if shape.pattern and shape.kinds <= {"string"}:
        return of_pattern(shape.pattern)
    return of_pattern(r"^-?\d+$") if is_integer(shape) else None


def is_integer(shape: Shape) -> bool:
    """Whether `type: integer` alone says which texts a schema allows."""
    return not shape.enum and shape.kinds == {"integer"}
