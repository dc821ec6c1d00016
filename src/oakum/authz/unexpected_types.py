"""Values of another JSON type than declared, where objects of resources are expected.

Such a value may be a hidden object in another form, so it is removed, and data beside it is treated
as data beside a hidden object. A place holds objects if its schema leads to a resource, or if
`shows` does: where the document is vague, `shows` also says which JSON type is expected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from oakum.authz.compiled_model import outermost
from oakum.http.json_pointer import Pointer
from oakum.openapi.model import Json, Shape
from oakum.openapi.shape_queries import containers, element, scalars, ways
from oakum.policy.resource_schemas import resource_of

Shown = tuple[tuple[tuple[str, ...], str], ...]
"""(pointer pattern, resource) pairs."""
SCALARS = frozenset(("string", "integer", "number", "boolean"))
"""Kinds of scalar values; `number`: with a fraction or an exponent."""
KINDS = SCALARS | {"object", "array"}
_NONE = frozenset[str]()


class Misfits:
    """Finds values of one response that have another JSON type than the objects declared there."""

    def __init__(
        self, bound: Mapping[str, str], shown: Shown, conceals: Callable[[str], bool]
    ) -> None:
        """`conceals`: whether objects of a resource may be hidden, as if there were none."""
        self._bound = bound
        self._shown = shown
        self._conceals = conceals
        self._kinds: dict[Shape | None, frozenset[str]] = {}
        self._gaps: dict[tuple[Shape | None, str], bool] = {}
        self.texts = True
        """Whether a text may be one."""
        self.met = False
        """Whether such a value was met."""

    def is_one(
        self, value: Json, shape: Shape | None, at: Pointer, *, inside: bool = False
    ) -> bool:
        """Whether a value has an undeclared JSON type where objects are expected; empty values
        never do. `inside`: it is a field of an object, where any scalar is allowed if one is
        declared."""
        kind = kind_of(value) if self.texts or not isinstance(value, str) else ""
        kinds = self.kinds(shape, at) if kind else _NONE
        found = kind in (in_fields(kinds) if inside else kinds)
        self.met = self.met or found
        return found

    def is_gap(self, shape: Shape | None, stated: str) -> bool:
        """Whether `null` as an element may stand for an object that is not there, where one that is
        hidden is left out: then it is left out, too. `stated`: the resource that the contract says
        for this place."""
        found = self._gaps.get((shape, stated))
        if found is None:
            found = any(map(self._conceals, element_resources(shape, self._bound, stated)))
            self._gaps[shape, stated] = found
        self.met = self.met or found
        return found

    def kinds(self, shape: Shape | None, at: Pointer) -> frozenset[str]:
        """JSON types that a value at a place must not have; empty where no objects are expected."""
        ahead = self.ahead(at) if self._shown else ()
        if ahead:
            return misfits(shape, ahead, self._bound)
        found = self._kinds.get(shape)
        if found is None:
            found = self._kinds[shape] = misfits(shape, (), self._bound)
        return found

    def ahead(self, at: Pointer) -> Shown:
        """(rest of the pattern, resource) for each pattern of `shows` that leads to a place or
        below it."""
        depth = len(at)
        return tuple(
            (segments[depth:], resource)
            for segments, resource in self._shown
            if len(segments) >= depth and matches(segments, at)
        )


def kind_of(value: Json) -> str:
    """The JSON type of a value; empty for values that say nothing: null, false, and empty strings,
    lists and objects."""
    if isinstance(value, dict | list):
        return ("object" if isinstance(value, dict) else "array") if value else ""
    if value is None or value is False or value == "":
        return ""
    return _OF[value.__class__]


_OF: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def misfits(shape: Shape | None, ahead: Shown, bound: Mapping[str, str]) -> frozenset[str]:
    """JSON types that a value must not have because objects are expected there; empty if none are.
    `ahead`: what `shows` says of the place and those below it."""
    steps = {segments[0] if segments else "" for segments, _ in ahead}
    if not steps and (shape is None or not _leads(shape, bound)):
        return _NONE
    stated = {"object"} if steps else set[str]()
    for step in steps:
        stated |= {"array"} if step == "*" or step.isdigit() else set()
    for way in ways(shape) if shape is not None else ():
        stated |= _stated_kinds(way, bound, told=bool(steps))
    return KINDS - stated


def in_fields(kinds: frozenset[str]) -> frozenset[str]:
    """The same for a field of an object, where any scalar is allowed if one is declared."""
    return kinds if kinds >= SCALARS else kinds - SCALARS


def held_by(shape: Shape | None, bound: Mapping[str, str], stated: str = "") -> tuple[str, ...]:
    """Resources that an object at a place may belong to. `stated`: the resource that the contract
    says, first."""
    referred = _referred_resources(shape, tuple(bound.items())) if shape is not None else ()
    return tuple(dict.fromkeys((*([stated] if stated else ()), *referred)))


def element_resources(
    shape: Shape | None, bound: Mapping[str, str], stated: str
) -> tuple[str, ...]:
    """Resources of which the elements of a list, or the values of a map, are objects; empty where a
    text or a number may stand among them, as in a row."""
    mixed = shape is not None and any(_scalars(way, told=bool(stated)) for way in ways(shape))
    return () if mixed else held_by(shape, bound, stated)


@lru_cache(maxsize=1 << 14)
def _referred_resources(shape: Shape, bound: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    names = (resource_of(way, dict(bound)) for way in ways(shape))
    return tuple(dict.fromkeys(name for name in names if name))


def references(
    shape: Shape | None, bound: Mapping[str, str], shown: Iterable[str] = ()
) -> tuple[str, ...]:
    """Resources whose objects a scalar may represent by its key, as APIs do when a caller does not
    ask to expand them. `shown`: resources that `shows` names there."""
    told = (*shown,)
    if shape is None or not any(_scalars(way, told=bool(told)) for way in ways(shape)):
        return ()
    return tuple(dict.fromkeys((*told, *_referred_resources(shape, tuple(bound.items())))))


def _leads(shape: Shape, bound: Mapping[str, str]) -> bool:
    return next(iter(outermost(shape, bound)), None) is not None


def _stated_kinds(way: Shape, bound: Mapping[str, str], *, told: bool) -> set[str]:
    """JSON types that one alternative describes. An object or list without any further description
    counts as undescribed. `told`: `shows` names this place."""
    found = _scalars(way, told=told)
    if "object" in way.kinds or not way.kinds:
        described = way.properties or way.extra is not None or resource_of(way, bound)
        found |= {"object"} if described else set()
    if "array" in way.kinds or not way.kinds:
        found |= {"array"} if way.items is not None else set()
    return found


def _scalars(way: Shape, *, told: bool) -> set[str]:
    """The kinds of scalar that one alternative allows: any, if nothing says what stands there."""
    if way.content is not None:  # a text that holds JSON: what it declares is inside
        return {"string"}
    found = {*(way.kinds & SCALARS if way.branches or told else scalars(way))}
    return found | {"integer"} if "number" in found else found


def is_no_list(value: dict[str, Json], shape: Shape | None) -> bool:
    """Whether a value is an object where only lists are declared, and not a list with numbered
    keys, as PHP serializes a list from which an element was removed."""
    if shape is None or not _lists_alone(shape):
        return False
    return not all(name.isascii() and name.isdigit() for name in value)


def lists_alone(shape: Shape | None) -> bool:
    """Whether the document declares only lists at a place, and no object."""
    return shape is not None and _lists_alone(shape)


@lru_cache(maxsize=1 << 14)
def _lists_alone(shape: Shape) -> bool:
    found = False
    for way in ways(shape):
        described = way.properties or way.extra is not None
        if "object" in way.kinds or described:
            return False
        listed = "array" in way.kinds or (not way.kinds and way.items is not None)
        if not (listed or way.kinds or way.branches):
            return False
        found = found or listed
    return found


@lru_cache(maxsize=1 << 14)
def in_cell(shape: Shape | None, *, inside: bool) -> bool:
    """Whether a CSV cell, which is always text, may be shown for what the document declares: a
    scalar, or a list of scalars. `inside`: it is a field of an object."""
    if shape is None:
        return False
    each = element(shape) if lists_alone(shape) else None if inside else shape
    return each is not None and bool(scalars(each)) and not containers(each)


def matches(segments: tuple[str, ...], at: Pointer) -> bool:
    """Whether a place is on the path of a pattern, or at its end."""
    return all(want in ("*", got) for want, got in zip(segments, at, strict=False))
