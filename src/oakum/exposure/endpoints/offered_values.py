"""Values that the document offers for a parameter or body member (enum, const, boolean)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from oakum.exposure.endpoints.request_bodies import body_shape
from oakum.inference.lexicon import FieldClass, classify_field, word_set, words
from oakum.inference.side_effects import orders
from oakum.inference.unsafe_writes import asks_for_change
from oakum.openapi.model import Json, Operation, Parameter, Shape
from oakum.openapi.shape_queries import enum_values

_FEW = 6
"""A range of at most so many integers is tried whole; of a longer one only the bounds."""
_DEPTH = 3
"""How many levels of nested objects in a body are searched for members with choices."""
_PAGES = word_set("cursor from offset page pages skip start to until")


def choices(name: str, shape: Shape) -> tuple[Json, ...]:
    """Possible values, the most harmless first; empty if any value is possible, or for an id.

    They are an enumeration without values that may change something, both booleans, or integers
    within bounds (JSON Schema, 6.2).
    """
    if listed_values := enum_values(shape):
        return tuple(each for each in listed_values if not orders(name, each)) or listed_values[:1]
    kinds = shape.kinds - {"null"}
    if kinds == {"boolean"}:
        return (False, True)
    return values_in_bounds(name, shape) if kinds and kinds <= {"integer", "number"} else ()


def values_in_bounds(name: str, shape: Shape) -> tuple[Json, ...]:
    """Integers within a number's bounds; empty for an id."""
    if classify_field(name, shape) is FieldClass.KEY or words(name)[-1:] in (("id",), ("key",)):
        return ()
    low, high = _whole(shape.minimum), _whole(shape.maximum)
    if low is None or high is None:
        return tuple(each for each in (low, high) if each is not None)
    if low > high:
        return ()
    return tuple(range(low, high + 1)) if high - low < _FEW else (low, high)


def _whole(value: Json) -> int | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if number and float(value).is_integer() else None


def has_choices(parameter: Parameter) -> bool:
    """Whether an optional parameter has choices worth trying; parameters of paging have not."""
    shape = parameter.shape
    if enum_values(shape) or "boolean" in shape.kinds:
        return True
    both = shape.minimum is not None and shape.maximum is not None
    return (
        both and _PAGES.isdisjoint(words(parameter.name)) and bool(choices(parameter.name, shape))
    )


def members_with_choices(
    operation: Operation, given: Collection[str] = ()
) -> list[tuple[tuple[str, ...], Parameter]]:
    """(path, member) of the members of a body that have choices, also in nested objects, without
    those whose names suggest that they change something. Empty if the body requires members besides
    these and `given`."""
    shape = body_shape(operation)
    if shape is None:
        return []
    found = list(_members(shape, (), required=True))
    known = {at[0] for at, _ in found} | {*given} | {each.partition(".")[0] for each in given}
    return found if shape.required <= known else []


def _members(
    shape: Shape, at: tuple[str, ...], *, required: bool
) -> Iterator[tuple[tuple[str, ...], Parameter]]:
    for name, thunk in shape.properties.items():
        inner, needed = thunk(), required and name in shape.required
        if inner.read_only or asks_for_change(name, "", inner.kinds):
            continue
        member = Parameter(name, "body", needed, inner)
        if has_choices(member):
            yield (*at, name), member
        elif inner.properties and len(at) + 1 < _DEPTH:
            yield from _members(inner, (*at, name), required=needed)


def object_with(at: tuple[str, ...], value: Json, within: Json = None) -> Json:
    """An object with `value` at the path `at`, merged into the object `within`."""
    if not at:
        return value
    known = within if isinstance(within, dict) else {}
    return {**known, at[0]: object_with(at[1:], value, known.get(at[0]))}
