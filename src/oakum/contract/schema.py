"""Schemas to shapes: what a JSON value may look like, with references and compositions resolved.

A schema is read as a conjunction of *parts*: itself, what its `$ref` leads to, the members of its
`allOf`. The parts are merged into one `Shape`; `oneOf` and `anyOf` become branches. Nothing is
read before somebody asks for it, and each schema is read once: a description of 13 MB has tens of
thousands of schemas, most of which a command never looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from weakref import WeakValueDictionary

from oakum.contract.model import Json, Shape
from oakum.contract.reference import Library, Place, escape, unescape

Thunk = Callable[[], Shape]

_COMPOSING = frozenset(("$ref", "allOf", "oneOf", "anyOf", "discriminator"))
_MAPPING = ("additionalProperties", "unevaluatedProperties")
_HOMES = frozenset(("schemas", "$defs", "definitions"))
_KINDS = ("object", "array", "string", "number", "integer", "boolean", "null")
_KIND = {kind: frozenset((kind,)) for kind in _KINDS}
_KIND_OF: Mapping[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}
_NO_KIND: frozenset[str] = frozenset()
_STRUCTURES = frozenset(("object", "array", "null"))
_NO_MEMBERS: Mapping[str, Thunk] = {}
_ANY = Shape()
_NESTING = 64
"""Unions within unions looked through for what their alternatives share."""


class Schemas:
    """The shapes of one description: one `Shape` per schema, whoever asks."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._shapes: dict[int, Shape] = {}
        self._underway: set[int] = set()

    def shape(self, place: Place) -> Shape:
        """The shape of the schema at a place. Never fails: what cannot be read may be anything."""
        raw = place.value
        if type(raw) is not dict:
            return _ANY
        if len(raw) == 1 and type(ref := raw.get("$ref")) is str:
            target = self._library.resolve(place.file, ref)
            return _ANY if isinstance(target, str) else self.component(target)
        known = self._shapes.get(id(raw))
        if known is None:
            known = self._shapes[id(raw)] = self._read((place,), "")
        return known

    def component(self, place: Place) -> Shape:
        """The shape of a schema that has a name: a component, the target of a reference."""
        raw = place.value
        if type(raw) is not dict:
            return _ANY
        known = self._shapes.get(id(raw))
        if known is None:
            known = self._shapes[id(raw)] = self._read((place,), self.name(place))
        return known

    def name(self, place: Place) -> str:
        """The component name of what a reference leads to; "" when it is just some place."""
        segments = place.pointer.split("/")[1:]
        away = place.file is not self._library.main
        if not segments:
            return place.file.stem if away else ""
        home = segments[-2] if len(segments) > 1 else "schemas"
        return unescape(segments[-1]) if home in _HOMES or (away and home != "properties") else ""

    def all_of(self, places: tuple[Place, ...]) -> Shape:
        """The shape of a value that satisfies every one of some schemas."""
        return self.shape(places[0]) if len(places) == 1 else self._read(places, "")

    def _read(self, places: tuple[Place, ...], name: str) -> Shape:
        first = places[0]
        made: dict[str, Any] = {"pointer": first.where}
        parts: Sequence[Place] = places
        whole: _Conjunction | None = None
        if len(places) > 1 or not _COMPOSING.isdisjoint(first.value):
            whole = _Conjunction(self, self._library, places)
            parts = whole.parts
        names = {name} if name else set()
        members = self._merge(parts, made)
        kinds = _kinds(parts)
        nullable = any(part.value.get("nullable") is True for part in parts)
        if whole is not None:
            names |= whole.names
            nullable |= whole.nullable
            if whole.groups:
                kinds = self._branch(whole.groups, first, made, members, kinds)
            if whole.discriminator:
                made["discriminator"] = whole.discriminator
        if names:
            made["names"] = frozenset(names)
        made["properties"] = members or _NO_MEMBERS
        kinds = kinds or _implied(made)
        if kinds:
            made["kinds"] = kinds | _KIND["null"] if nullable else kinds
        return _shape(made)

    def _merge(self, parts: Sequence[Place], made: dict[str, Any]) -> dict[str, Thunk]:
        members: dict[str, tuple[Place, ...]] = {}
        items: list[Thunk] = []
        extra: list[Thunk] = []
        for part in parts:
            raw = part.value
            if type(properties := raw.get("properties")) is dict:
                start = part.pointer + "/properties/"
                for name, value in properties.items():
                    if value is not False:
                        place = Place(part.file, start + escape(name), value)
                        members[name] = (*members[name], place) if name in members else (place,)
            items += (_Lazy(self, (place,)) for place in _elements(part))
            extra += (_Lazy(self, (place,)) for place in _values(part))
            _annotate(raw, made)
        if items:
            made["items"] = _Either(tuple(items)) if len(items) > 1 else items[0]
        if extra:
            made["extra"] = _Either(tuple(extra)) if len(extra) > 1 else extra[0]
        return {name: _Lazy(self, places) for name, places in members.items()}

    def _branch(
        self,
        groups: Sequence[tuple[Place, ...]],
        first: Place,
        made: dict[str, Any],
        members: dict[str, Thunk],
        kinds: frozenset[str],
    ) -> frozenset[str]:
        """Adds the alternatives, and lifts what all alternatives of a group have in common."""
        lazy = [[(_Lazy(self, (place,)), place) for place in group] for group in groups]
        made["branches"] = tuple(thunk for group in lazy for thunk, _ in group)
        if len(self._underway) >= _NESTING:
            return kinds
        me = id(first.value)
        self._underway.add(me)
        try:
            for group in lazy:
                found = [thunk() for thunk, place in group if not self._is_underway(place)]
                if not kinds and found and all(shape.kinds for shape in found):
                    kinds = _NO_KIND.union(*(shape.kinds for shape in found))
                for name, thunk in _common(found).items():
                    members.setdefault(name, thunk)
        finally:
            self._underway.discard(me)
        return kinds

    def _is_underway(self, place: Place) -> bool:
        target = self._library.follow(place)
        return isinstance(target, str) or id(target.value) in self._underway


class _Conjunction:
    """The parts that a value must satisfy all at once, and the alternatives beside them."""

    def __init__(self, schemas: Schemas, library: Library, places: Iterable[Place]) -> None:
        self.parts: list[Place] = []
        self.names: set[str] = set()
        self.nullable = False
        self.groups: list[tuple[Place, ...]] = []
        self.discriminator: tuple[str, Mapping[str, str]] | None = None
        self._schemas = schemas
        self._library = library
        seen: set[int] = set()
        waiting = [*reversed(tuple(places))]
        while waiting:
            place = waiting.pop()
            if type(place.value) is dict and id(place.value) not in seen:
                seen.add(id(place.value))
                self.parts.append(place)
                waiting.extend(reversed([*self._conjuncts(place)]))
        # x and (x or y) is x: `Cat` is a `Pet`, although `Pet` lists `Cat` as an alternative.
        self.groups = [g for g in self.groups if not any(self._end(p) in seen for p in g)]

    def _conjuncts(self, place: Place) -> Iterator[Place]:
        raw = place.value
        if type(ref := raw.get("$ref")) is str:
            target = self._library.resolve(place.file, ref)
            if not isinstance(target, str):
                self.names |= {self._schemas.name(target)} - {""}
                yield target
        yield from _listed(place, "allOf")
        groups = []
        for word in ("oneOf", "anyOf"):
            given = [p for p in _listed(place, word) if p.value is not False]
            live = tuple(p for p in given if not _is_null(p.value))
            self.nullable |= len(live) < len(given)
            if len(live) > 1:
                groups.append(live)
            else:
                yield from live
        if type(raw.get("discriminator")) is dict:
            mapped = self._discriminate(place, groups)
            groups = groups or [mapped] if mapped else groups
        self.groups += groups

    def _discriminate(self, place: Place, groups: list[tuple[Place, ...]]) -> tuple[Place, ...]:
        """Notes the discriminator. Gives the mapped schemas: where inheritance is written by
        `allOf`, they are alternatives that no `oneOf` lists."""
        raw = place.value["discriminator"]
        mapping = raw.get("mapping")
        named: dict[str, str] = {}
        found: list[Place] = []
        for value, text in mapping.items() if type(mapping) is dict else ():
            bare = "#" not in str(text) and "/" not in str(text)
            to = f"#/components/schemas/{text}" if bare else str(text)
            target = self._library.resolve(place.file, to)
            if not isinstance(target, str):
                named[value] = self._schemas.name(target)
                found.append(Place(place.file, place.pointer, {"$ref": to}))
        for branch in (branch for group in groups for branch in group):
            if type(branch.value) is dict and type(ref := branch.value.get("$ref")) is str:
                target = self._library.resolve(branch.file, ref)
                name = "" if isinstance(target, str) else self._schemas.name(target)
                if name and name not in named.values():
                    named[name] = name
        if self.discriminator is None:
            self.discriminator = (str(raw.get("propertyName", "")), named)
        return tuple(found)

    def _end(self, place: Place) -> int:
        target = self._library.follow(place)
        return 0 if isinstance(target, str) else id(target.value)


class _Lazy:
    """The shape of a value that satisfies some schemas, made at the first call and kept."""

    __slots__ = ("_places", "_schemas", "_shape")

    def __init__(self, schemas: Schemas, places: tuple[Place, ...]) -> None:
        self._schemas = schemas
        self._places = places
        self._shape: Shape | None = None

    def __call__(self) -> Shape:
        if self._shape is None:
            self._shape = self._schemas.all_of(self._places)
        return self._shape


class _Either:
    """The shape of a value that one of several schemas describes, made at the first call."""

    __slots__ = ("_shape", "_thunks")

    def __init__(self, thunks: tuple[Thunk, ...]) -> None:
        self._thunks = thunks
        self._shape: Shape | None = None

    def __call__(self) -> Shape:
        if self._shape is None:
            self._shape = either(thunk() for thunk in self._thunks)
        return self._shape


_EITHERS: WeakValueDictionary[frozenset[int], Shape] = WeakValueDictionary()
"""Unions by the identities of their alternatives, which a living union keeps alive. One union per
set of alternatives makes the graph of shapes finite."""


def either(shapes: Iterable[Shape]) -> Shape:
    """The shape of a value that one of these describes; the same alternatives, the same shape."""
    atoms: dict[Shape, None] = {}
    for shape in shapes:
        atoms.update(dict.fromkeys(vars(shape).get("_atoms", (shape,))))
    if len(atoms) < 2:
        return next(iter(atoms), _ANY)
    key = frozenset(map(id, atoms))
    known = _EITHERS.get(key)
    if known is not None:
        return known
    found = tuple(atoms)
    made: dict[str, Any] = {
        "_atoms": found,
        "pointer": found[0].pointer,
        "names": frozenset.intersection(*(shape.names for shape in found)),
        "properties": _common(found),
        "branches": tuple(_Given(shape) for shape in found),
        "example": next((s.example for s in found if s.example is not None), None),
        "read_only": all(shape.read_only for shape in found),
        "write_only": all(shape.write_only for shape in found),
    }
    if all(shape.kinds for shape in found):
        made["kinds"] = _NO_KIND.union(*(shape.kinds for shape in found))
    if all(shape.format == found[0].format for shape in found):
        made["format"] = found[0].format
    if all(shape.enum for shape in found):
        made["enum"] = tuple(value for shape in found for value in shape.enum)
    union = _EITHERS[key] = _shape(made)
    return union


class _Given:
    """A thunk for a shape that is there already."""

    __slots__ = ("_shape",)

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def __call__(self) -> Shape:
        return self._shape


def _shape(made: dict[str, Any]) -> Shape:
    # The class holds the defaults, so only what was said is stored: an eighth of the time that
    # the constructor of a frozen class with fifteen fields takes, tens of thousands of times.
    shape = object.__new__(Shape)
    vars(shape).update(made)
    return shape


# ------------------------------------------------------------------- reading one plain schema


def _kinds(parts: Sequence[Place]) -> frozenset[str]:
    kinds = _NO_KIND
    for part in parts:
        own = _own_kinds(part.value)
        if own and kinds and own != kinds:
            both = own & kinds
            if {"integer", "number"} <= own | kinds:
                both |= _KIND["integer"]
            kinds = both or own | kinds  # a contradiction is sloppiness, not emptiness
        else:
            kinds = own or kinds
    return kinds


def _own_kinds(raw: Json) -> frozenset[str]:
    said = raw.get("type")
    if type(said) is str:
        return _KIND.get(said, _NO_KIND)
    if type(said) is list:
        return frozenset(kind for kind in said if type(kind) is str and kind in _KIND)
    if "const" in raw:
        return _KIND[_KIND_OF[type(raw["const"])]]
    if type(values := raw.get("enum")) is list:
        return frozenset(_KIND_OF[type(value)] for value in values)
    return _NO_KIND


def _implied(made: Mapping[str, Any]) -> frozenset[str]:
    if made["properties"] or "extra" in made:
        return _KIND["object"]
    return _KIND["array"] if "items" in made else _NO_KIND


def _annotate(raw: Json, made: dict[str, Any]) -> None:
    """What schemas say of a value beside its structure; of several parts the first is heard."""
    if "example" in raw:
        made.setdefault("example", raw["example"])
    elif type(examples := raw.get("examples")) is list and examples:
        made.setdefault("example", examples[0])
    if "format" in raw:
        made.setdefault("format", str(raw["format"]))
    if type(values := raw.get("enum")) is list:
        made.setdefault("enum", tuple(values))
    elif "const" in raw:
        made.setdefault("enum", (raw["const"],))
    if type(required := raw.get("required")) is list:
        names = frozenset(name for name in required if type(name) is str)
        made["required"] = made["required"] | names if "required" in made else names
    if raw.get("readOnly") is True:
        made["read_only"] = True
    if raw.get("writeOnly") is True:
        made["write_only"] = True


def _listed(place: Place, word: str) -> list[Place]:
    file, pointer, raw = place
    values = raw.get(word)
    if type(values) is not list:
        return []
    return [Place(file, f"{pointer}/{word}/{i}", value) for i, value in enumerate(values)]


def _elements(part: Place) -> list[Place]:
    raw = part.value
    found = _listed(part, "prefixItems") if "prefixItems" in raw else []
    items = raw.get("items")
    if type(items) is list:  # how JSON Schema wrote `prefixItems` before 2020
        found += _listed(part, "items")
    elif type(items) is dict or items is True:
        found.append(Place(part.file, part.pointer + "/items", items))
    return found


def _values(part: Place) -> list[Place]:
    file, pointer, raw = part
    found = [
        Place(file, f"{pointer}/{word}", raw[word])
        for word in _MAPPING
        if word in raw and (type(raw[word]) is dict or raw[word] is True)
    ]
    if type(patterns := raw.get("patternProperties")) is dict:
        start = pointer + "/patternProperties/"
        found += (Place(file, start + escape(n), v) for n, v in patterns.items() if v is not False)
    return found


def _is_null(raw: Json) -> bool:
    if type(raw) is not dict:
        return False
    return (
        raw.get("type") in ("null", ["null"])
        or raw.get("enum") == [None]
        or ("const" in raw and raw["const"] is None)
    )


def _common(shapes: Sequence[Shape]) -> dict[str, Thunk]:
    """The members that every one of the shapes has."""
    if not shapes:
        return {}
    names = [n for n in shapes[0].properties if all(n in s.properties for s in shapes)]
    return {n: _Either(tuple(shape.properties[n] for shape in shapes)) for n in names}


# ---------------------------------------------------------------------------- walking shapes


def children(shape: Shape) -> Mapping[str, Shape]:
    """The declared members of an object, those of all its alternatives included, merged."""
    if not shape.branches:
        return {name: thunk() for name, thunk in shape.properties.items()}
    found: dict[str, list[Shape]] = {}
    for one in _alternatives(shape):
        for name, thunk in one.properties.items():
            found.setdefault(name, []).append(thunk())
    return {name: either(shapes) for name, shapes in found.items()}


def elements(shape: Shape) -> Shape | None:
    """What stands at `*`: the elements of a list or the values of a map; None where neither is
    declared."""
    found: list[Shape] = []
    for one in _alternatives(shape) if shape.branches else (shape,):
        found += (thunk() for thunk in (one.items, one.extra) if thunk is not None)
    return either(found) if found else None


def _alternatives(shape: Shape) -> Sequence[Shape]:
    found = {shape: None}
    waiting = [*shape.branches]
    while waiting:
        branch = waiting.pop(0)()
        if branch not in found:
            found[branch] = None
            waiting += branch.branches
    return tuple(found)


def flatten(shape: Shape, max_depth: int = 32) -> Iterator[tuple[str, Shape]]:
    """The leaf field paths of a value, each once, with the shape that stands there.

    A path is dotted, `*` for the elements of a list and the values of a map:
    `workout_counts.*.count`; the value itself is "". A leaf is what declares nothing below it, or
    may be a scalar. Where a schema comes back within itself, or `max_depth` segments are used up,
    the path ends there with the whole shape.
    """
    # A member's name may hold a dot, so `a.b` can be reached twice: each path is told once.
    yield from dict(_rows(shape, max_depth, ()).rows).items()


_CUT = 1 << 30
"""Height of what `max_depth` cut: more than any room, so that it is kept for nobody else."""


class _Rows:
    """The paths below a shape, and on what they depend.

    `height` is their length in segments. `open` holds the enclosing shapes at whose return a path
    was cut. `loop` holds every shape of the cycles below: the paths are the same wherever none of
    these encloses the shape.
    """

    __slots__ = ("height", "loop", "open", "rows")

    def __init__(self, rows: list[tuple[str, Shape]], height: int = 0) -> None:
        self.rows = rows
        self.height = height
        self.open: set[Shape] = set()
        self.loop: set[Shape] = set()

    def extend(self, segment: str, below: _Rows) -> None:
        prefix = segment + "."
        self.rows += [(prefix + path if path else segment, leaf) for path, leaf in below.rows]
        self.height = max(self.height, below.height + 1)
        self.open |= below.open
        self.loop |= below.loop


def _rows(shape: Shape, room: int, around: tuple[Shape, ...]) -> _Rows:
    known: _Rows | None = vars(shape).get("_rows")
    if known is not None and known.height <= room and known.loop.isdisjoint(around):
        return known
    if shape in around:
        cut = _Rows([("", shape)])
        cut.open.add(shape)
        return cut
    below, star = children(shape), elements(shape)
    if not below and star is None:
        made = _Rows([("", shape)])
    elif not room:
        return _Rows([("", shape)], _CUT)
    else:
        made = _Rows([("", shape)] if shape.kinds - _STRUCTURES else [])
        inner = (*around, shape)
        for name, child in below.items():
            made.extend(name, _rows(child, room - 1, inner))
        if star is not None:
            made.extend("*", _rows(star, room - 1, inner))
    made.loop |= made.open
    made.open.discard(shape)
    if made.open:
        made.loop.add(shape)
    elif made.height <= room:
        vars(shape)["_rows"] = made  # lives and dies with the shape
    return made
