"""Queries on a shape: its members, its elements, and the JSON types that it allows.

For a shape with alternatives (`oneOf`, `anyOf`), each result combines all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from oakum.http.media_type import is_feed
from oakum.openapi.model import Json, Media, Shape
from oakum.openapi.name_pattern_classes import NameClasses, NameTest, name_classes
from oakum.openapi.pattern_syntax import UnsupportedPattern


def names_of(shape: Shape) -> Collection[str]:
    """The component names of a schema, the most specific first: `Dog` before `Animal`, which it
    includes by `allOf`."""
    return shape.lineage or sorted(shape.names)


def member_names(shape: Shape) -> tuple[str, ...]:
    """Names of all members that a shape or one of its alternatives declares."""
    return tuple(dict.fromkeys(name for at in ways(shape) for name in at.properties))


def member(shape: Shape, segment: str) -> Shape | None:
    """The shape at a path segment, `*` for list elements and map values; None if undeclared.

    If several alternatives declare it, theirs are branches of one shape.
    """
    if segment == "*":
        return _either(shape, lambda at: [at.items, at.extra])
    return member_by_name(shape, segment)


@lru_cache(maxsize=1 << 14)
def member_by_name(shape: Shape, key: str) -> Shape | None:
    """The shape of a member, by name or as a map value."""
    if not tells_by_name(shape):
        return _either(shape, lambda at: [at.properties.get(key, at.extra)])
    classes = classes_of(shape)
    matched = classes.matched[classes.of(key)] if classes else None
    others = _undeclared_shapes(shape, matched)
    return _either(shape, lambda at: [at.properties.get(key, others.get(at))])


@lru_cache(maxsize=1 << 14)
def is_null_if_empty(shape: Shape, key: str) -> bool:
    """Whether a member is `null` if there is no object, in every alternative that has it."""
    having = [at for at in ways(shape) if key in at.properties and not _is_lifted(at, key)]
    return bool(having) and all(
        "null" in at.properties[key]().kinds
        if at.empty_as_null is None
        else key in at.empty_as_null
        for at in having
    )


def _is_lifted(shape: Shape, key: str) -> bool:
    """Whether a shape has a member only because all its alternatives do."""
    return bool(shape.branches) and key in vars(shape).get("_lifted", shape.properties)


@lru_cache(maxsize=1 << 14)
def tells_by_name(shape: Shape) -> bool:
    """Whether undeclared members are distinguished by name."""
    whole = ways(shape)
    return any(at.by_name for at in whole) and any(at.extra for at in whole)


@lru_cache(maxsize=1 << 14)
def classes_of(shape: Shape) -> NameClasses | None:
    """The classes of undeclared member names; None if a pattern of the document cannot be compiled,
    so that they are unknown."""
    found = (test for at in ways(shape) if at.by_name for test in at.by_name.tests)
    try:
        return name_classes(tuple(dict.fromkeys(found)))
    except UnsupportedPattern:
        return None


@lru_cache(maxsize=1 << 14)
def of_class(shape: Shape, matched: frozenset[NameTest] | None) -> Shape | None:
    """The shape of undeclared members whose names match exactly these tests; None: forbidden or
    unknown."""
    others = _undeclared_shapes(shape, matched)
    return _either(shape, lambda at: [others.get(at)])


def _undeclared_shapes(shape: Shape, matched: frozenset[NameTest] | None) -> Mapping[Shape, _Thunk]:
    """What a shape and each of its alternatives say of an undeclared member of such a name. What
    there is not by a schema is not by its alternatives either, which apply beside it."""
    found: dict[Shape, _Thunk] = {}
    todo = [shape]
    while todo:
        at = todo.pop()
        if at in found:
            continue
        found[at] = at.extra
        if at.by_name is not None:
            if matched is None or at.by_name.forbids(matched):
                found[at] = None
                continue
            found[at] = at.by_name.member(matched)
        todo += [branch() for branch in at.branches]
    return found


@lru_cache(maxsize=1 << 14)
def rest(shape: Shape) -> Shape | None:
    """The shape of undeclared members of any name."""
    return _either(shape, lambda at: [at.extra])


@lru_cache(maxsize=1 << 12)
def element(shape: Shape) -> Shape | None:
    """The shape of list elements; map values do not count."""
    return _either(shape, lambda at: [at.items])


def event_of(media: Media) -> Shape | None:
    """The shape of a body, or of one event of a feed: the contract's pointers start there."""
    inside = element(media.shape) if media.shape is not None and is_feed(media.type) else None
    return inside or media.shape


_Thunk = Callable[[], Shape] | None


def _either(shape: Shape, pick: Callable[[Shape], list[_Thunk]]) -> Shape | None:
    found: dict[int, Shape] = {}
    for at in ways(shape):
        for thunk in pick(at):
            for each in _flat(thunk()) if thunk is not None else ():
                found.setdefault(id(each), each)
    return merge([*found.values()]) if found else None


@lru_cache(maxsize=1 << 14)
def ways(shape: Shape) -> tuple[Shape, ...]:
    """The shape and all nested branches, each once: shared alternatives would otherwise multiply,
    and recursive ones never end."""
    found = {shape: None}
    todo = [*reversed(shape.branches)]
    while todo:
        branch = todo.pop()()
        if branch not in found:
            found[branch] = None
            todo += reversed(branch.branches)
    return tuple(found)


def requires(shape: Shape, name: str) -> bool:
    """Whether each alternative requires a member in a response; a scalar or a `null` in place of
    the object has none. GraphQL answers each field that was asked for, with `null` if need be."""
    objects = [each for each in ways(shape) if each.kinds and not each.branches]
    return bool(objects) and all(
        (name in each.required or each.empty_as_null is not None)
        and name in each.properties
        and not each.properties[name]().write_only
        for each in objects
    )


_SCALARS = frozenset(("string", "boolean", "integer", "number"))


_CONTAINERS = frozenset(("object", "array"))


@lru_cache(maxsize=1 << 14)
def scalars(shape: Shape) -> frozenset[str]:
    """Scalar JSON types that a shape allows, without `null`, which is always allowed."""
    found: set[str] = set()
    for way in ways(shape):
        if way.kinds or way.branches:
            found |= way.kinds & _SCALARS
        elif not (way.properties or way.items or way.extra):
            found |= _SCALARS
    return frozenset(found)


@lru_cache(maxsize=1 << 14)
def containers(shape: Shape) -> frozenset[str]:
    """Containers that a shape allows: `object`, `array`."""
    found: set[str] = set()
    for way in ways(shape):
        found |= way.kinds & _CONTAINERS if way.kinds or way.branches else _CONTAINERS
    return frozenset(found)


def solid(shape: Shape | None) -> bool:
    """Whether a shape allows only objects and lists, so that no grant covers a scalar."""
    return shape is not None and not scalars(shape) and bool(containers(shape))


def _flat(shape: Shape) -> Iterator[Shape]:
    """A shape, or the shapes merged into it, so that merging again does not nest."""
    if _is_merged(shape):
        for branch in shape.branches:
            yield from _flat(branch())
    else:
        yield shape


def _is_merged(shape: Shape) -> bool:
    return bool(shape.branches) and isinstance(shape.branches[0], _constant)


@lru_cache(maxsize=1 << 14)
def identity(shape: Shape) -> object:
    """Hashable identity of a shape: equal for the same place of the document, or for merges of the
    same places."""
    if _is_merged(shape):
        return frozenset(map(id, _flat(shape)))
    return shape.pointer or id(shape)


@dataclass(frozen=True)
class _constant:
    shape: Shape

    def __call__(self) -> Shape:
        return self.shape


def merge(shapes: list[Shape]) -> Shape:
    """One shape that allows whatever any of these allows."""
    return shapes[0] if len(shapes) == 1 else Shape(branches=tuple(_constant(s) for s in shapes))


def read_only(shape: Shape) -> bool:
    """Whether a shape is read-only in all its alternatives."""
    return _in_all(shape, lambda at: at.read_only)


@lru_cache(maxsize=1 << 14)
def write_only(shape: Shape) -> bool:
    """Whether a shape is write-only in all its alternatives, and so no part of a response."""
    return _in_all(shape, lambda at: at.write_only)


def _in_all(shape: Shape, says: Callable[[Shape], bool]) -> bool:
    todo, seen = [shape], {shape}
    for at in todo:
        if says(at):
            continue
        if not at.branches:
            return False
        fresh = [each for each in (branch() for branch in at.branches) if each not in seen]
        todo += fresh
        seen.update(fresh)
    return True


def enum_values(shape: Shape) -> tuple[Json, ...]:
    """The values that a schema enumerates: by `enum`, by `oneOf` of constants (a way to give them
    titles), or by a pattern that is a list of words; of an array, a list of each element value, and
    one of all. Empty: none."""
    if shape.enum:
        return shape.enum
    if shape.branches:
        each = [thunk().enum for thunk in shape.branches]
        return tuple(dict.fromkeys(value for enum in each for value in enum)) if all(each) else ()
    if shape.items is not None and (inner := enum_values(shape.items())):
        whole = [[*inner]] if len(inner) > 1 else []
        return ([inner[0]], *whole, *([value] for value in inner[1:]))
    found = _WORDS.fullmatch(shape.pattern)
    return tuple(found[1].split("|")) if found else ()


_WORDS = re.compile(r"\^\((?:\?:)?([\w-]+(?:\|[\w-]+)+)\)\$")
