"""Questions to a shape: its members, its elements, and the JSON types that it allows.

For a shape with alternatives (`oneOf`, `anyOf`), each result combines all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from oakum.http.media_type import is_feed
from oakum.openapi.model import Json, Media, Shape


def names_of(shape: Shape) -> Collection[str]:
    """The component names of a schema, the most specific first: of an object that is a `Dog`, which
    takes in `Animal` by `allOf`, `Dog`."""
    return shape.lineage or sorted(shape.names)


def member_names(shape: Shape) -> tuple[str, ...]:
    """Names of all members that a shape or one of its alternatives declares."""
    return tuple(dict.fromkeys(name for at in ways(shape) for name in at.properties))


def member(shape: Shape, segment: str) -> Shape | None:
    """The shape at a path segment; `*` for list elements and map values.

    Alternatives that each declare it become branches of one shape. None: undeclared.
    """
    if segment == "*":
        return _either(shape, lambda at: [at.items, at.extra])
    return named(shape, segment)


@lru_cache(maxsize=1 << 14)
def named(shape: Shape, key: str) -> Shape | None:
    """The shape of a member, by name or as a map value."""
    return _either(shape, lambda at: [at.properties.get(key, at.extra)])


@lru_cache(maxsize=1 << 14)
def rest(shape: Shape) -> Shape | None:
    """The shape of a member that has no name in the document."""
    return _either(shape, lambda at: [at.extra])


@lru_cache(maxsize=1 << 12)
def element(shape: Shape) -> Shape | None:
    """The shape of list elements; map values do not count."""
    return _either(shape, lambda at: [at.items])


def event_of(media: Media) -> Shape | None:
    """The shape of a body; of a feed, that of one event: pointers of a contract start there."""
    inside = element(media.shape) if media.shape is not None and is_feed(media.type) else None
    return inside or media.shape


_Thunk = Callable[[], Shape] | None


def _either(shape: Shape, pick: Callable[[Shape], list[_Thunk]]) -> Shape | None:
    found: dict[int, Shape] = {}
    for at in ways(shape):
        for thunk in pick(at):
            for each in _flat(thunk()) if thunk is not None else ():
                found.setdefault(id(each), each)
    return merged([*found.values()]) if found else None


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
    """Whether a shape allows only containers: a scalar in its place is granted by nobody."""
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
    """Identity of a shape: equal for the same place of the document, or for merges of the same
    places."""
    if _is_merged(shape):
        return frozenset(map(id, _flat(shape)))
    return shape.pointer or id(shape)


@dataclass(frozen=True)
class _constant:
    shape: Shape

    def __call__(self) -> Shape:
        return self.shape


def merged(shapes: list[Shape]) -> Shape:
    """One shape that allows whatever any of these allows."""
    return shapes[0] if len(shapes) == 1 else Shape(branches=tuple(_constant(s) for s in shapes))


def read_only(shape: Shape) -> bool:
    """Whether a shape is read-only in all its alternatives."""
    todo, seen = [shape], {shape}
    for at in todo:
        if at.read_only:
            continue
        if not at.branches:
            return False
        fresh = [each for each in (branch() for branch in at.branches) if each not in seen]
        todo += fresh
        seen.update(fresh)
    return True


def enum_values(shape: Shape) -> tuple[Json, ...]:
    """What a schema lists: an enumeration, `oneOf` of constants (how one gives them titles), a
    pattern that is a list of words; of an array, a list of each that its elements list, and the
    whole. Empty: it lists nothing."""
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
