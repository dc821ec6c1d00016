"""Values that the document offers for a parameter or body member (enum, const, boolean)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from oakum.exposure.bodies import body_shape
from oakum.inference.lexicon import FieldClass, classify_field, listed, words
from oakum.inference.params import enumerated
from oakum.inference.sensitive import asks_for_change
from oakum.openapi.model import Json, Operation, Parameter, Shape

_FEW = 6
"""Integers between two bounds that are all tried; of more, the bounds alone."""
_DEPTH = 3
"""Levels of a body at which members with choices are looked for."""
_PAGES = listed("cursor from offset page pages skip start to until")


def choices(name: str, shape: Shape) -> tuple[Json, ...]:
    """What may stand there, the least telling first: an enumeration, both booleans, integers
    within their bounds (JSON Schema, 6.2); empty: anything may, or what names somebody's object."""
    if listed_values := enumerated(shape):
        return listed_values
    kinds = shape.kinds - {"null"}
    if kinds == {"boolean"}:
        return (False, True)
    return bounded(name, shape) if kinds and kinds <= {"integer", "number"} else ()


def bounded(name: str, shape: Shape) -> tuple[Json, ...]:
    """Integers within the bounds of a number; of an id, which names an object, none."""
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
    """Whether an optional parameter has choices that are worth trying: it does not turn pages."""
    shape = parameter.shape
    if enumerated(shape) or "boolean" in shape.kinds:
        return True
    both = shape.minimum is not None and shape.maximum is not None
    return (
        both and _PAGES.isdisjoint(words(parameter.name)) and bool(choices(parameter.name, shape))
    )


def members_with_choices(
    operation: Operation, given: Collection[str] = ()
) -> list[tuple[tuple[str, ...], Parameter]]:
    """(place, member) of a body: those with choices, also in objects in it, of whose words none
    says that sending it changes something. None where the body needs more than these and what is
    `given`: it would be refused."""
    shape = body_shape(operation)
    if shape is None:
        return []
    found = list(_members(shape, (), required=True))
    known = {at[0] for at, _ in found} | {*given}
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


def placed(at: tuple[str, ...], value: Json, within: Json = None) -> Json:
    """An object in which a value stands at a place; beside what stands in `within` already."""
    if not at:
        return value
    known = within if isinstance(within, dict) else {}
    return {**known, at[0]: placed(at[1:], value, known.get(at[0]))}
