"""The places of a document that the lines of a contract can name.

An embedded resource is one place: the lines of its own resource decide about its members.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from oakum.openapi.model import Shape
from oakum.openapi.shape_queries import (
    identity,
    member,
    member_by_name,
    member_names,
    merge,
    scalars,
)
from oakum.policy.resource_schemas import resource_of

_MAX_DEPTH = 24


MOST_PLACES = 1 << 13
"""Most places below one contract line that are expanded, leaves and containers."""


def declared_as(shape: Shape, bound: Mapping[str, str]) -> str:
    """The resource declared at a place: of the value there or, where an object of another resource
    may be returned, of the referenced schema."""
    return resource_of(shape, bound) or next((bound[n] for n in shape.base if n in bound), "")


def stated_resource(said: str, shape: Shape | None, bound: Mapping[str, str]) -> str:
    """The resource that `shows` or `sets` says to be at a place; empty if it only repeats the
    document and an object of another resource may be returned there, which the object itself then
    shows."""
    repeats = shape is not None and shape.base and declared_as(shape, bound) == said
    return "" if repeats else said


def nameable(name: str) -> bool:
    """Whether a field path can name this member. A name with `.`, `*` or `**` cannot be written:
    these separate steps and are wildcards, so such a path would grant other members."""
    return "." not in name and name not in ("*", "**")


def besides_resources(shape: Shape, bound: Mapping[str, str]) -> Shape | None:
    """The shape of a member without its resource alternatives, such as the id in `oneOf: [string,
    User]`; None if all alternatives are resources, which are judged by their own lines."""
    if not shape.branches or shape.properties or resource_of(shape, bound):
        return shape
    own: list[Shape] = []
    todo, met, resources = [shape], {shape}, False
    while todo:
        for branch in (each() for each in todo.pop().branches):
            if resource_of(branch, bound):
                resources = True
            elif branch not in met:
                met.add(branch)
                own += [] if branch.branches else [branch]
                todo.append(branch)
    if not resources:
        return shape
    return merge(own) if own else None


def unnameable(shape: Shape, bound: Mapping[str, str]) -> list[str]:
    """Declared members below a shape that no field path can name, outside of other resources."""
    found: dict[str, None] = {}
    todo, seen = [shape], set[object]()
    while todo:
        at = todo.pop()
        here = identity(at)
        if here in seen or resource_of(at, bound):
            continue
        seen.add(here)
        found.update(dict.fromkeys(name for name in at.properties if not nameable(name)))
        todo += at.below()
    return sorted(found)


class Places:
    """The declared places below shapes; `bound`: schema name → resource name. Results are cached,
    since recursive schemas are met at thousands of places."""

    def __init__(self, bound: Mapping[str, str]) -> None:
        self._bound = bound
        self._opened: dict[tuple[Shape, bool], tuple[tuple[str, Shape], ...] | None] = {}

    def leaves(self, shape: Shape, path: str) -> tuple[list[str], int]:
        """Declared leaves at and below a path, and the depth at which they were cut; 0: complete.

        An embedded resource is one leaf. A schema nested in itself is not followed. Mutually
        recursive ones have a huge number of paths: beyond `MOST_PLACES` the deeper levels are cut.
        """
        steps = 0
        found = list(islice(self._walk(shape, path, _MAX_DEPTH), MOST_PLACES + 1))
        if len(found) > MOST_PLACES:
            steps = self._depth(shape, bool(path))
            found = list(self._walk(shape, path, steps))
        return [leaf for leaf in found if leaf is not None], steps

    def _depth(self, shape: Shape, inside: bool) -> int:
        """The most levels that have `MOST_PLACES` places together; at least the first."""
        level: list[tuple[Shape, tuple[object, ...]]] = [(shape, ())]
        places = 0
        for depth in range(_MAX_DEPTH):
            places += len(level)
            if places > MOST_PLACES:
                return max(depth - 1, 1)
            below: list[tuple[Shape, tuple[object, ...]]] = []
            for at, seen in level:
                here = identity(at)
                children = None if here in seen else self._open(at, inside or depth > 0)
                below += [(child, (*seen, here)) for _, child in children or ()]
                if depth and places + len(below) > MOST_PLACES:
                    return depth
            level = below
        return _MAX_DEPTH - 1

    def _walk(
        self, shape: Shape, path: str, depth: int, seen: tuple[object, ...] = ()
    ) -> Iterator[str | None]:
        """Places at and below `path` up to `depth` levels: leaves by path, others as None."""
        children = self._open(shape, bool(path))
        if children is None or len(seen) > _MAX_DEPTH:
            yield path
            return
        yield path if path and scalars(shape) else None  # `anyOf: [text, object]`
        here = identity(shape)
        if here in seen or len(seen) >= depth:
            return
        seen = (*seen, here)
        for name, child in children:
            yield from self._walk(child, f"{path}.{name}" if path else name, depth, seen)

    def _open(self, shape: Shape, inside: bool) -> tuple[tuple[str, Shape], ...] | None:
        """The members that a path can name, with their shapes. None: a leaf. `inside`: below the
        object where the paths begin, which may be of a resource itself."""
        key = (shape, inside)
        if key not in self._opened:
            self._opened[key] = self._members(shape, inside)
        return self._opened[key]

    def _members(self, shape: Shape, inside: bool) -> tuple[tuple[str, Shape], ...] | None:
        own: Shape | None = shape
        if inside:
            own = None if resource_of(shape, self._bound) else besides_resources(shape, self._bound)
        if own is None:
            return None
        names, star = member_names(own), member(own, "*")
        if not names and star is None:
            return None
        below = [(name, member_by_name(own, name)) for name in names if nameable(name)]
        return tuple((name, child) for name, child in (*below, ("*", star)) if child is not None)
