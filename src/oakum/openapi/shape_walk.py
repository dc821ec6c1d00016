"""Walks shapes to every leaf, by field path.

Alternatives are merged on the way, so that a path is found once whichever branch declares it. The
graph of shapes is finite, cycles included: the same alternatives always make the same union.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from weakref import WeakValueDictionary

from oakum.openapi.model import Json, Shape

Thunk = Callable[[], Shape]

_NO_MEMBERS: Mapping[str, Thunk] = {}
_STRUCTURES = frozenset(("object", "array", "null"))
_NULL = frozenset(("null",))


def children(shape: Shape) -> Mapping[str, Shape]:
    """The declared members of an object, merged over its alternatives; cached for each shape."""
    memory = vars(shape)
    known: Mapping[str, Shape] | None = memory.get("_children")
    if known is None:
        known = memory["_children"] = _children(shape)
    return known


def _children(shape: Shape) -> Mapping[str, Shape]:
    if not shape.branches:
        return {name: thunk() for name, thunk in shape.properties.items()}
    found: dict[str, list[Shape]] = {}
    for one in _alternatives(shape):
        for name, thunk in one.properties.items():
            found.setdefault(name, []).append(thunk())
    return {name: either(members) for name, members in found.items()}


def elements(shape: Shape) -> Shape | None:
    """The shape at `*`: list elements or map values; None if neither is declared; cached for each
    shape."""
    memory = vars(shape)
    if "_elements" not in memory:
        memory["_elements"] = _elements(shape)
    known: Shape | None = memory["_elements"]
    return known


def _elements(shape: Shape) -> Shape | None:
    ways = [each for one in _alternatives(shape) for each in (one.items, one.extra)]
    found = [thunk() for thunk in ways if thunk is not None]
    return either(found) if found else None


def _alternatives(shape: Shape) -> Sequence[Shape]:
    """The shape and all its branches, at any depth."""
    if not shape.branches:
        return (shape,)
    found = {shape: None}
    waiting = [*shape.branches]
    while waiting:
        branch = waiting.pop(0)()
        if branch not in found:
            found[branch] = None
            waiting += branch.branches
    return tuple(found)


# ---------------------------------------------------------------------------------- unions


class Either:
    """A thunk for the union of several thunks, built on the first call."""

    __slots__ = ("_shape", "_thunks")

    def __init__(self, thunks: tuple[Thunk, ...]) -> None:
        self._thunks = thunks
        self._shape: Shape | None = None

    def __call__(self) -> Shape:
        if self._shape is None:
            self._shape = either(thunk() for thunk in self._thunks)
            self._thunks = ()
        return self._shape


_EITHERS: WeakValueDictionary[frozenset[int], Shape] = WeakValueDictionary()
"""Unions by the `id()` of their alternatives, which a union keeps alive."""


def either(shapes: Iterable[Shape]) -> Shape:
    """The union of shapes; the same alternatives give the same shape."""
    atoms: dict[Shape, None] = {}
    for shape in shapes:
        atoms.update(dict.fromkeys(vars(shape).get("_atoms", (shape,))))
    found = tuple(atoms)
    if len(found) == 1:
        return found[0]
    key = frozenset(map(id, found))
    union = _EITHERS.get(key)
    if union is None:
        union = _EITHERS[key] = _union(found)
    return union


def _union(shapes: tuple[Shape, ...]) -> Shape:
    first = shapes[0]
    lifted = common(shapes)
    made: dict[str, Any] = {
        "_atoms": shapes,
        "_schema": frozenset(map(schema_of, shapes)),
        "_lifted": lifted.keys(),
        "pointer": first.pointer,
        "names": (names := frozenset.intersection(*(shape.names for shape in shapes))),
        "lineage": tuple(each for each in first.lineage if each in names),
        "properties": lifted,
        "branches": tuple(_KnownShape(shape) for shape in shapes),
        "example": next((s.example for s in shapes if s.example is not None), None),
        "default": next((s.default for s in shapes if s.default is not None), None),
        "read_only": all(shape.read_only for shape in shapes),
        "write_only": all(shape.write_only for shape in shapes),
    }
    if all(shape.kinds for shape in shapes):
        made["kinds"] = frozenset().union(*(shape.kinds for shape in shapes))
    if all(shape.format == first.format for shape in shapes):
        made["format"] = first.format
    if all(shape.enum for shape in shapes):
        made["enum"] = tuple(value for shape in shapes for value in shape.enum)
    return shape_with(made)


class _KnownShape:
    """A thunk for a shape that is there already."""

    __slots__ = ("_shape",)

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def __call__(self) -> Shape:
        return self._shape


def common(shapes: Sequence[Shape]) -> Mapping[str, Thunk]:
    """The members that all of the shapes have."""
    if not shapes:
        return _NO_MEMBERS
    names = [n for n in shapes[0].properties if all(n in s.properties for s in shapes)]
    return {n: Either(tuple(shape.properties[n] for shape in shapes)) for n in names}


def shape_with(made: dict[str, Any]) -> Shape:
    """A `Shape` of the given fields, `properties` among them.

    The class holds the other defaults, so only what was said is stored: an eighth of the time
    that the constructor of a frozen class with fifteen fields takes, ten thousand times over.
    """
    shape = object.__new__(Shape)
    vars(shape).update(made)
    return shape


def schema_of(shape: Shape) -> Json:
    """Key of the schemas that define a shape's structure. A nullable reference to a component
    equals the component."""
    return vars(shape).get("_schema", id(shape))


def flatten(shape: Shape, max_depth: int = 12) -> Iterator[tuple[str, Shape]]:
    """The leaf field paths of a value, each once, with the shape that stands there.

    A path is dotted, `*` for the elements of a list and the values of a map:
    `workout_counts.*.count`; the value itself is "". A leaf is what declares nothing below it, or
    may be a scalar. Where a schema comes back within itself, or `max_depth` segments are used up,
    the path ends there with the whole shape. Resources that all embed each other have more paths
    than anybody can read: beyond 20,000 they are cut at the greatest depth that gives fewer.
    """
    try:
        found = _below(shape, max_depth, _NOTHING)
    except _TooMany:
        found = _shallow(shape, max_depth)
    # A member's name may contain a dot, so `a.b` can be reached twice; each path is yielded once.
    return iter(dict(zip(found.paths, found.leaves, strict=True)).items())


def _shallow(shape: Shape, max_depth: int) -> _Below:
    found = _below(shape, 0, _NOTHING)
    with suppress(_TooMany):
        for depth in range(1, max_depth):
            found = _below(shape, depth, _NOTHING)
    return found


class _TooMany(Exception):
    """More paths than anybody can read."""


_MOST = 20_000
_NOTHING: frozenset[Json] = frozenset()
_CUT = 1 << 30
"""Height of a subtree cut by `max_depth`: too large to be reused elsewhere."""


class _Below:
    """The paths below a shape, their leaves, and on what they depend.

    `height` is the length of the longest path in segments. `cut` holds the enclosing schemas at
    whose return a path ended. `loop` holds every schema of the cycles below: the paths are the
    same wherever none of these encloses the shape. Two lists rather than one of pairs: a hundred
    thousand pairs are work for the garbage collector, strings are none.
    """

    __slots__ = ("cut", "height", "leaves", "loop", "paths")

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.leaves: list[Shape] = []
        self.height = 0
        self.cut = _NOTHING
        self.loop = _NOTHING

    def leaf(self, path: str, shape: Shape, height: int) -> None:
        self.paths.append(path)
        self.leaves.append(shape)
        self.height = max(self.height, height)

    def add(self, segment: str, other: _Below) -> None:
        """Adds the paths below a member, or below an alternative if the segment is empty."""
        prefix = segment + "."
        if segment:
            self.paths += [prefix + path if path else segment for path in other.paths]
        else:
            self.paths += other.paths
        self.leaves += other.leaves
        if len(self.paths) > _MOST:
            raise _TooMany
        self.height = max(self.height, other.height + bool(segment))
        if other.loop:
            self.cut |= other.cut
            self.loop |= other.loop

    def merge(self) -> None:
        """Each path once, whichever alternatives declare it."""
        if len(set(self.paths)) < len(self.paths):
            found: dict[str, list[Shape]] = {}
            for path, leaf in zip(self.paths, self.leaves, strict=True):
                found.setdefault(path, []).append(leaf)
            self.paths = list(found)
            self.leaves = [either(leaves) for leaves in found.values()]


def _below(shape: Shape, room: int, around: frozenset[Json]) -> _Below:
    memory = vars(shape)
    known: _Below | None = memory.get("_below")
    if known is not None and known.height <= room and known.loop.isdisjoint(around):
        return known
    made = _Below()
    schema = schema_of(shape)
    if _is_leaf(shape):
        made.leaf("", shape, 0)
        return made
    if schema in around:
        made.leaf("", shape, 0)
        made.cut = made.loop = frozenset((schema,))
        return made
    if not room and any(_own(one) for one in _alternatives(shape)):
        made.leaf("", shape, _CUT)
        return made
    _descend(made, shape, room, around | {schema})
    if made.loop:
        made.cut -= {schema}
    if made.cut:
        made.loop |= {schema}
    elif made.height <= room:
        memory["_below"] = made  # cached as long as the shape exists
    return made


def _descend(made: _Below, shape: Shape, room: int, around: frozenset[Json]) -> None:
    alternatives = _alternatives(shape)
    frames = [one for one in alternatives if one.branches] or [shape]
    own = [member for frame in frames for member in _own(frame)]
    for name, thunk in own:
        child = thunk()
        if _is_leaf(child):
            made.leaf(name, child, 1)
        else:
            made.add(name, _below(child, room - 1, around))
    if not shape.branches:
        if not shape.kinds <= _STRUCTURES:
            made.leaf("", shape, 0)
        if len(own) > len(shape.properties) + 1:
            made.merge()
        return
    leaves: list[Shape] = []
    for one in alternatives:
        if _is_leaf(one):
            leaves.append(one)
        elif not one.branches:
            made.add("", _below(one, room, around))
    # A branch that only narrows sibling members, or is only `null`, does not make the schema a
    # leaf.
    narrow = _STRUCTURES if own else _NULL
    kinds = [one.kinds or shape.kinds for one in leaves]
    if not all(each and each <= narrow for each in kinds):
        for one in leaves:
            made.leaf("", one, 0)
    if not made.paths:
        made.leaf("", shape, 0)
    made.merge()


def _own(shape: Shape) -> list[tuple[str, Thunk]]:
    """The members that a shape itself declares, without those lifted from its alternatives."""
    lifted = vars(shape).get("_lifted", ())
    found = [(name, each) for name, each in shape.properties.items() if name not in lifted]
    return found + [("*", each) for each in (shape.items, shape.extra) if each is not None]


def _is_leaf(shape: Shape) -> bool:
    return not (shape.properties or shape.items or shape.extra or shape.branches)


def reachable(shapes: Iterable[Shape], done: set[Shape] | None = None) -> Iterator[Shape]:
    """Every shape at or below these, without duplicates; `done`: shapes already visited, with
    everything below them."""
    waiting = list(shapes)
    done = set() if done is None else done
    while waiting:
        shape = waiting.pop()
        if shape in done:
            continue
        done.add(shape)
        yield shape
        waiting += shape.below()
