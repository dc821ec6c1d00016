"""Filters whose value is JSON, or whose names hold a path (`filters[email][$eq]`): what to request.

An API may check the names at the top of a filter but not inside `$or`, the whole name of a field
but not its members (`bank.iban`), a plain value but not one in an operator. So one condition is put
in each of these places. A dialect is recognised by what the document says of the parameter, and
confirmed by a condition on a field that the caller may see.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import orjson

from oakum.exposure.endpoints.parameter_styles import text_of
from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Json, Parameter, Shape

_NAMES = word_set(
    "condition conditions criteria filter filters predicate q query search selector where"
)
"""Names of parameters that take conditions."""
_PASSED_ON = frozenset({"where"})
"""Names under which query builders take a complete condition."""


@dataclass(frozen=True)
class Dialect:
    """How an API writes conditions."""

    sign: str
    """Prefix of operators: `$or`, `_or`, `or`."""
    within: str = ""
    """The member that contains the condition; empty if there is none."""
    explicit: bool = False
    """Whether every value is inside an operator: `{"email": {"_eq": "…"}}`."""
    deep: bool = False
    """Whether the condition is in names of parameters, with each value as text."""

    def conditions(self, field: str, value: Json) -> dict[str, Json]:
        """Place → a condition on a field in it, the plain place first. Names of places do not
        contain the value."""
        steps = [each for each in field.split(".") if each != "*"]
        among = f"{self.sign}in" if self.sign else "inq"
        tree = self.deep or self.explicit

        def at(given: Json) -> dict[str, Json]:
            return _nest(steps, given) if tree else {".".join(steps): given}

        plain = at({f"{self.sign}eq": value} if self.explicit else value)
        found: dict[str, Json] = {"": plain}
        if self.deep:
            found["eq"] = at({f"{self.sign}eq": value})
        elif not tree and len(steps) > 1:
            found["nested"] = _nest(steps, value)
        found |= {each: {f"{self.sign}{each}": [plain]} for each in ("or", "and")}
        found["in"] = at({among: [value]})
        return {name: {self.within: each} if self.within else each for name, each in found.items()}

    def pairs(self, name: str, condition: Json) -> tuple[tuple[str, str], ...]:
        """A condition as query parameters."""
        return tuple(_flat(name, condition)) if self.deep else ((name, text_of(condition)),)


MONGO, LOOPBACK, DIRECTUS = Dialect("$"), Dialect("", within="where"), Dialect("_", explicit=True)
DEEP = Dialect("$", deep=True)


def dialects(parameter: Parameter) -> tuple[Dialect, ...]:
    """Dialects that a parameter may take; empty if nothing suggests conditions in JSON."""
    said = frozenset(words(parameter.name))
    if parameter.where != "query" or parameter.shape.enum or not said or not said <= _NAMES:
        return ()
    if parameter.style == "deepObject":
        return () if parameter.shape.properties else (DEEP,)
    example = _as_json(parameter.example)
    shown = f"{parameter.description} {text_of(example) if example is not None else ''}"
    is_object = "object" in parameter.shape.kinds and parameter.style in ("", "json")
    is_text = not parameter.shape.kinds or "string" in parameter.shape.kinds
    told = isinstance(example, dict) or '{"' in parameter.description
    if not (is_object or (is_text and (told or parameter.style == "json"))):
        return ()
    if '"where"' in shown or "where" in parameter.shape.properties:
        return (LOOPBACK,)
    if '"_eq"' in shown or '"_or"' in shown:
        return (DIRECTUS,)
    alone = is_object and not told and said & {"filter", "filters"}
    # The style that OpenAPI has by default writes no object within an object.
    deep = (DEEP,) if is_object and not (told or parameter.style) else ()
    return (MONGO, LOOPBACK, *deep) if alone else (MONGO, *deep)


def under_other_names(parameters: Sequence[Parameter]) -> Iterator[Parameter]:
    """Undocumented names for a documented filter: an API that checks the documented name may pass
    another one to the same query."""
    declared = {each.name for each in parameters}
    if filters := [each for each in parameters if dialects(each)]:
        for name in sorted(_PASSED_ON - declared):
            yield replace(filters[0], name=name, required=False)


def literal(value: str, shape: Shape) -> Json:
    """A known value in the type that the document declares for the filter."""
    if not shape.kinds & {"integer", "number", "boolean"} or "string" in shape.kinds:
        return value
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    return found if isinstance(found, int | float) else value


def _as_json(value: Json) -> Json:
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None


def _nest(steps: list[str], value: Json) -> dict[str, Json]:
    first, *rest = steps
    return {first: _nest(rest, value) if rest else value}


def _flat(name: str, value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _flat(f"{name}[{key}]", each)
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _flat(f"{name}[{at}]", each)
    else:
        yield name, text_of(value)
