"""Turns schemas into shapes: what a JSON value may look like, with references resolved.

A schema is read as a conjunction of *parts*: itself, what its `$ref` leads to, the members of its
`allOf`. The parts are merged into one `Shape`; `oneOf` and `anyOf` become branches. Each schema is
read on demand and once: a description of 13 MB has tens of thousands of schemas, most of which a
command never needs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, NamedTuple

from oakum.http.json_pointer import unescape
from oakum.openapi import schema_object
from oakum.openapi.model import Json, Shape
from oakum.openapi.name_pattern_classes import NameTest
from oakum.openapi.reference_resolution import Library, LocatedValue
from oakum.openapi.schema_object import COMPOSING, KIND, MAPPING, NO_KIND, STRUCTURE
from oakum.openapi.shape_walk import (
    Either,
    Thunk,
    children,
    common,
    either,
    elements,
    flatten,
    schema_of,
    shape_with,
)

__all__ = ["Schemas", "children", "either", "elements", "flatten"]

_HOMES = frozenset(("schemas", "$defs", "definitions"))
_NO_MEMBERS: Mapping[str, Thunk] = {}
_ANY = Shape()
_NESTING = 64
"""Depth of nested unions that are searched for common members."""


class SchemaAlternatives(NamedTuple):
    """What an instance declared by a schema may be, according to the document."""

    itself: bool
    """Whether an instance of the schema itself is possible."""
    others: tuple[tuple[LocatedValue, ...], ...]
    """Other alternatives, each as the schemas that it satisfies together."""


class Groups(NamedTuple):
    """The alternatives of a schema."""

    listed: list[LocatedValue]
    """Alternatives in its `oneOf` and `anyOf`."""
    mapped: list[LocatedValue]
    """Alternatives that its own discriminator names, if it lists none."""
    tags: frozenset[int]
    """`id()` of its parts that have such a discriminator."""
    told: bool
    """Whether it has a discriminator, itself or through `allOf`."""


class Schemas:
    """The shapes of one description: one shared `Shape` per schema."""

    def __init__(
        self,
        library: Library,
        bases: Mapping[int, SchemaAlternatives] | None = None,
        tags: frozenset[int] = frozenset(),
    ) -> None:
        """`bases`: the schemas that are read as unions where they are referred to (`subtypes`);
        `tags`: their parts with a discriminator, which names no alternatives of theirs."""
        self._library = library
        self._bases = bases or {}
        self._tags = tags
        self._unions: dict[int, Shape] = {}
        self._shapes: dict[int, Shape] = {}
        self._meets: dict[frozenset[int], Shape] = {}
        self._underway: set[int] = set()
        self._heirs: dict[int, dict[str, LocatedValue]] | None = None

    def shape(self, place: LocatedValue) -> Shape:
        """The shape of the schema at a place. Never fails: an unreadable schema allows anything."""
        raw = place.value
        if type(raw) is not dict:
            return _ANY
        if len(raw) == 1 and type(ref := raw.get("$ref")) is str:
            target = self._library.resolve(place.file, ref)
            return _ANY if isinstance(target, str) else self.component(target)
        known = self._shapes.get(id(raw))
        if known is None:
            known = self._shapes[id(raw)] = self._read(place, "")
        return known

    def component(self, place: LocatedValue) -> Shape:
        """The shape at a place that declares a named schema: its own, or a union with its
        subtypes."""
        ways = self._bases and self._bases.get(id(self._library.resolve_alias(place).value))
        if not ways:
            return self.own(place)
        known = self._unions.get(id(place.value))
        if known is None:
            known = self._unions[id(place.value)] = self._one_of(self.own(place), ways)
        return known

    def own(self, place: LocatedValue) -> Shape:
        """The shape of a named schema, such as a component or the target of a reference, without
        subtypes."""
        raw = place.value
        if type(raw) is not dict:
            return _ANY
        known = self._shapes.get(id(raw))
        if known is None:
            known = self._shapes[id(raw)] = self._read(place, self.name(place))
        return known

    def groups(self, place: LocatedValue) -> Groups:
        """The alternatives of a schema, by `oneOf`, `anyOf` and discriminator."""
        whole = _Conjunction(self, self._library, (place,))
        mapped = [group for _, _, group in whole.mapped]
        return Groups(
            [each for group in whole.groups if group not in mapped for each in group],
            [each for component, _, group in whole.mapped if not component for each in group],
            frozenset(tag for component, tag, _ in whole.mapped if not component),
            whole.discriminator is not None,
        )

    def _one_of(self, own: Shape, ways: SchemaAlternatives) -> Shape:
        """A union that belongs to none of its alternatives."""
        first: list[Thunk] = [partial(_same, own)] if ways.itself else []
        made = replace(
            own,
            names=frozenset(),
            lineage=(),
            base=own.lineage or tuple(sorted(own.names)),
            properties=_NO_MEMBERS,
            items=None,
            extra=None,
            branches=(*first, *(_Own(self, each) for each in ways.others)),
            pointer="",
        )
        vars(made)["_schema"] = ("one of", schema_of(own))
        return made

    def alone(self, places: tuple[LocatedValue, ...]) -> Shape:
        """The shape of a value that satisfies these schemas and stands for no supertype."""
        if len(places) == 1:
            return self.own(places[0])
        return self._compose_shape(
            _Conjunction(self, self._library, places, self._tags), places, ""
        )

    def name(self, place: LocatedValue) -> str:
        """The component name of a reference's target; "" if the target is not a component."""
        segments = place.pointer.split("/")[1:]
        away = place.file is not self._library.main
        if not segments:
            return place.file.stem if away else ""
        home = segments[-2] if len(segments) > 1 else "schemas"
        return unescape(segments[-1]) if home in _HOMES or (away and home != "properties") else ""

    def heirs(self, place: LocatedValue) -> Mapping[str, LocatedValue]:
        """Name → definition that includes a schema by `allOf`: the alternatives of a discriminator
        in Swagger 2.0."""
        if self._heirs is None:
            self._heirs = {}
            home = LocatedValue(self._library.main, "", self._library.main.root).at("definitions")
            definitions = home.value if type(home.value) is dict else {}
            for name in definitions:
                at = home.at(name)
                parts = schema_object.schema_list(at, "allOf") if type(at.value) is dict else []
                for base in {self._identity(part) for part in parts}:
                    self._heirs.setdefault(base, {})[name] = at
        return self._heirs.get(id(place.value), {})

    def all_of(self, places: tuple[LocatedValue, ...]) -> Shape:
        """The shape of a value that satisfies every one of some schemas."""
        if len(places) == 1:
            return self.shape(places[0])
        key = frozenset(map(self._identity, places))
        known = self._meets.get(key)
        if known is None:
            known = self._meets[key] = self._compose(places, "")
        return known

    def _identity(self, place: LocatedValue) -> int:
        bare = type(place.value) is dict and len(place.value) == 1
        end = self._library.follow(place) if bare else place
        return id(place.value if isinstance(end, str) else end.value)

    def _read(self, place: LocatedValue, name: str) -> Shape:
        raw = place.value
        if not COMPOSING.isdisjoint(raw):
            return self._compose((place,), name)
        made: dict[str, Any] = {"pointer": place.where, "_schema": id(raw)}
        if name:
            made["names"] = frozenset((name,))
        if STRUCTURE.isdisjoint(raw):
            schema_object.annotate(raw, made)
            self._note_unread(place, made)
            made["properties"] = _NO_MEMBERS
        else:
            made["properties"] = self._merge((place,), made)
        return _with_kinds(made, schema_object.kinds(raw), schema_object.is_nullable(raw))

    def _compose(self, places: tuple[LocatedValue, ...], name: str) -> Shape:
        whole = _Conjunction(self, self._library, places, self._tags)
        shape = self._compose_shape(whole, places, name)
        if name or not self._bases:
            return shape
        met = {id(part.value) for part in whole.parts}
        for part in whole.parts:
            ways = self._bases.get(id(part.value))
            ends = (self._library.resolve_alias(way) for way, *_ in ways.others) if ways else ()
            if ways and met.isdisjoint(id(end.value) for end in ends):
                return self._one_of(shape, ways)
        return shape

    def _compose_shape(
        self, whole: _Conjunction, places: tuple[LocatedValue, ...], name: str
    ) -> Shape:
        made: dict[str, Any] = {"pointer": places[0].where, "_schema": whole.structure()}
        names = whole.names | {name} - {""}
        if names:
            made["names"] = frozenset(names)
        if len(names) > 1:
            made["lineage"] = tuple(dict.fromkeys(filter(None, (name, *whole.lineage()))))
        if whole.discriminator is not None:
            made["discriminator"] = whole.discriminator
        members = self._merge(whole.parts, made)
        kinds = schema_object.kinds_of_all(whole.parts)
        if whole.empty:
            kinds = KIND["null"]
        elif whole.groups:
            kinds = self._branch(whole.groups, places[0], made, members, kinds)
        made["properties"] = members
        return _with_kinds(made, kinds, whole.nullable)

    def _merge(self, parts: Sequence[LocatedValue], made: dict[str, Any]) -> dict[str, Thunk]:
        members: dict[str, tuple[LocatedValue, ...]] = {}
        items: list[list[LocatedValue]] = []
        extra: list[list[LocatedValue]] = []
        rules: list[schema_object.NameRule] = []
        for part in parts:
            for name, place in schema_object.members(part):
                members[name] = (*members[name], place) if name in members else (place,)
            items += [found] if (found := schema_object.items(part)) else []
            extra += [found] if (found := schema_object.values(part)) else []
            if not MAPPING.isdisjoint(part.value) or "propertyNames" in part.value:
                rules.append(schema_object.name_rule(part))
            schema_object.annotate(part.value, made)
            self._note_unread(part, made)
        if items:
            made["items"] = self.every(items)
        if extra:
            made["extra"] = self.every(extra)
        if any(rule.patterns or rule.names for rule in rules):
            made["by_name"] = _ByName(self, rules)
        return {name: _Lazy(self, places) for name, places in members.items()}

    def _note_unread(self, part: LocatedValue, made: dict[str, Any]) -> None:
        """Notes what a text holds, and what keywords say that declare nothing for everybody."""
        if "contentSchema" in part.value:
            made.setdefault("content", _Lazy(self, (part.at("contentSchema"),)))
        if schema_object.UNREAD.isdisjoint(part.value):
            return
        found: list[Thunk] = [_Lazy(self, (each,)) for each in schema_object.unread(part)]
        for each in schema_object.unread_elements(part):
            shape = Shape(kinds=KIND["array"], items=_Lazy(self, (each,)), pointer=each.where)
            found.append(partial(_same, shape))
        made["unread"] = (*made.get("unread", ()), *found)

    def every(self, parts: Sequence[Sequence[LocatedValue]]) -> Thunk:
        """The shape of an element: the schemas of all parts apply together, and within one part any
        alternative."""
        if all(len(places) == 1 for places in parts):
            return _Lazy(self, tuple(place for places in parts for place in places))
        return Either(tuple(_Lazy(self, (place,)) for places in parts for place in places))

    def _branch(
        self,
        groups: Sequence[tuple[LocatedValue, ...]],
        first: LocatedValue,
        made: dict[str, Any],
        members: dict[str, Thunk],
        kinds: frozenset[str],
    ) -> frozenset[str]:
        """Adds the alternatives, and lifts what all alternatives of a group have in common."""
        implied = "object" if members or "extra" in made else "array" if "items" in made else ""
        least = kinds or KIND.get(implied, NO_KIND)
        lazy = [
            [(_Alternative(_Lazy(self, (place,)), least), place) for place in group]
            for group in groups
        ]
        made["branches"] = tuple(thunk for group in lazy for thunk, _ in group)
        lifted = made["_lifted"] = set()
        if len(self._underway) >= _NESTING:
            return kinds
        me = id(first.value)
        self._underway.add(me)
        try:
            for group in lazy:
                found = [thunk() for thunk, place in group if not self._is_underway(place)]
                if not kinds and found and all(shape.kinds for shape in found):
                    kinds = NO_KIND.union(*(shape.kinds for shape in found))
                for name, thunk in common(found).items():
                    if name not in members:
                        members[name] = thunk
                        lifted.add(name)
        finally:
            self._underway.discard(me)
        return kinds

    def _is_underway(self, place: LocatedValue) -> bool:
        target = self._library.follow(place)
        return isinstance(target, str) or id(target.value) in self._underway


class _Conjunction:
    """The parts that a value must satisfy all at once, and the alternatives beside them."""

    def __init__(
        self,
        schemas: Schemas,
        library: Library,
        places: Iterable[LocatedValue],
        tags: frozenset[int] = frozenset(),
    ) -> None:
        """`tags`: as those of `Schemas`."""
        self.mapped: list[tuple[str, int, tuple[LocatedValue, ...]]] = []
        """The groups of what a discriminator names and no list has, with the component and the part
        where it stands."""
        self._tags = tags
        self.parts: list[LocatedValue] = []
        self.names: set[str] = set()
        self._takes: dict[str, dict[str, None]] = {}
        """Component to those that it takes in; empty for what stands in none of them."""
        self.nullable = False
        self.groups: list[tuple[LocatedValue, ...]] = []
        self.discriminator: tuple[str, Mapping[str, str]] | None = None
        self._schemas = schemas
        self._library = library
        seen: set[int] = set()
        waiting = [(place, "") for place in reversed(tuple(places))]
        while waiting:
            place, component = waiting.pop()
            if type(place.value) is dict and id(place.value) not in seen:
                seen.add(id(place.value))
                self.parts.append(place)
                waiting.extend(reversed([*self._conjuncts(place, component)]))
        whole = [g for g in self.groups if not any(self._end(p) in seen for p in g)]
        self.empty = False
        """No alternative is left: nothing is such a value."""
        if any(_says(part) for part in self.parts):
            # x and (x or y) is x: `Cat` is a `Pet`, although `Pet` lists `Cat` as an alternative.
            self.groups = whole
        else:
            # x = (x or y), with nothing else, means y.
            left = [tuple(p for p in g if self._end(p) not in seen) for g in self.groups]
            self.groups, self.empty = [g for g in left if g], not all(left)

    def structure(self) -> Json:
        """The schemas that determine the value's structure, as in `walk.schema_of`."""
        found = {id(p.value) for p in self.parts if not STRUCTURE.isdisjoint(p.value)}
        found |= {id(place.value) for group in self.groups for place in group}
        return found.pop() if len(found) == 1 else frozenset(found or map(id, self.parts))

    def lineage(self) -> list[str]:
        """The names of its components, each before those that it takes in."""
        done: dict[str, None] = {}
        met, path = {""}, [("", [*self._takes.get("", ())])]
        while path:
            name, ahead = path[-1]
            if not ahead:
                done[name] = None
                path.pop()
            elif (below := ahead.pop()) not in met:
                met.add(below)
                path.append((below, [*self._takes.get(below, ())]))
        return [*reversed(done)]

    def _conjuncts(self, place: LocatedValue, component: str) -> Iterator[tuple[LocatedValue, str]]:
        """The parts of a part that stands in a component, each with its own component."""
        raw = place.value
        self.nullable |= schema_object.is_nullable(raw)
        if type(ref := raw.get("$ref")) is str:
            target = self._library.resolve(place.file, ref)
            if not isinstance(target, str):
                name = self._schemas.name(target)
                self.names |= {name} - {""}
                self._takes.setdefault(component, {})[name] = None
                yield target, name or component
        yield from ((each, component) for each in schema_object.schema_list(place, "allOf"))
        groups = []
        for word in ("oneOf", "anyOf"):
            given = [p for p in schema_object.schema_list(place, word) if p.value is not False]
            live = tuple(p for p in given if not schema_object.is_null(p.value))
            self.nullable |= len(live) < len(given)
            if len(live) > 1:
                # What only limits declares no alternative, and leaves open what is declared beside.
                if not all(schema_object.only_limits(each.value) for each in live):
                    groups.append(live)
            else:
                yield from ((each, component) for each in live)
        if type(raw.get("discriminator")) is dict:
            mapped = self._discriminate(place, groups)
            groups = groups or self._apart(place, component, mapped) if mapped else groups
        elif type(word := raw.get("discriminator")) is str:
            heirs = self._schemas.heirs(place)
            if heirs and not groups:
                groups = self._apart(place, component, tuple(heirs.values()))
            if self.discriminator is None:
                self.discriminator = (word, {name: name for name in heirs})
        self.groups += groups

    def _apart(
        self, place: LocatedValue, component: str, mapped: tuple[LocatedValue, ...]
    ) -> list[tuple[LocatedValue, ...]]:
        if id(place.value) in self._tags:
            return []
        self.mapped.append((component, id(place.value), mapped))
        return [mapped]

    def _discriminate(
        self, place: LocatedValue, groups: list[tuple[LocatedValue, ...]]
    ) -> tuple[LocatedValue, ...]:
        """Notes the discriminator. Gives the mapped schemas: where inheritance is written by
        `allOf`, they are alternatives that no `oneOf` lists."""
        raw = place.value["discriminator"]
        mapping = raw.get("mapping")
        named: dict[str, str] = {}
        found: list[LocatedValue] = []
        for value, text in mapping.items() if type(mapping) is dict else ():
            bare = "#" not in str(text) and "/" not in str(text)
            to = f"#/components/schemas/{text}" if bare else str(text)
            target = self._library.resolve(place.file, to)
            if not isinstance(target, str):
                named[value] = self._schemas.name(target)
                found.append(LocatedValue(place.file, place.pointer, {"$ref": to}))
        for branch in (branch for group in groups for branch in group):
            if type(branch.value) is dict and type(ref := branch.value.get("$ref")) is str:
                target = self._library.resolve(branch.file, ref)
                name = "" if isinstance(target, str) else self._schemas.name(target)
                if name and name not in named.values():
                    named[name] = name
        if self.discriminator is None:
            self.discriminator = (str(raw.get("propertyName", "")), named)
        return tuple(found)

    def _end(self, place: LocatedValue) -> int:
        target = self._library.follow(place)
        return 0 if isinstance(target, str) else id(target.value)


def _same(shape: Shape) -> Shape:
    return shape


def _says(part: LocatedValue) -> bool:
    """Whether a schema says something of a value by itself."""
    return bool(schema_object.kinds(part.value)) or not STRUCTURE.isdisjoint(part.value)


class _Lazy:
    """The shape of a value that satisfies some schemas, made at the first call and kept."""

    __slots__ = ("_places", "_schemas", "_shape")

    def __init__(self, schemas: Schemas, places: tuple[LocatedValue, ...]) -> None:
        self._schemas = schemas
        self._places = places
        self._shape: Shape | None = None

    def __call__(self) -> Shape:
        if self._shape is None:
            self._shape = self._make_shape()
            self._places = ()
        return self._shape

    def _make_shape(self) -> Shape:
        return self._schemas.all_of(self._places)


class _Alternative:
    """The shape of an alternative: of the kinds declared beside it, if it says none itself."""

    __slots__ = ("_kinds", "_shape", "_thunk")

    def __init__(self, thunk: Thunk, kinds: frozenset[str]) -> None:
        self._thunk = thunk
        self._kinds = kinds
        self._shape: Shape | None = None

    def __call__(self) -> Shape:
        if self._shape is None:
            shape = self._thunk()
            self._shape = shape if shape.kinds or not self._kinds else self._limited(shape)
        return self._shape

    def _limited(self, shape: Shape) -> Shape:
        ways = tuple(_Alternative(way, self._kinds) for way in shape.branches)
        made = replace(shape, kinds=self._kinds, branches=ways)
        vars(made).update({k: v for k, v in vars(shape).items() if k in ("_schema", "_lifted")})
        return made


class _Own(_Lazy):
    """The same of what is in no other schema's place."""

    __slots__ = ()

    def _make_shape(self) -> Shape:
        return self._schemas.alone(self._places)


class _ByName:
    """What the parts of a schema say together of undeclared members by their names."""

    def __init__(self, schemas: Schemas, rules: Sequence[schema_object.NameRule]) -> None:
        self._schemas = schemas
        self._rules = rules
        self._members: dict[frozenset[NameTest], Thunk | None] = {}

    @cached_property
    def tests(self) -> tuple[NameTest, ...]:
        patterns = [pattern for rule in self._rules for pattern, _ in rule.patterns]
        return tuple(dict.fromkeys([*patterns, *(test for each in self._names for test in each)]))

    @cached_property
    def _names(self) -> list[tuple[NameTest, ...]]:
        """What every name matches, of each part that says so."""
        return [
            tuple(_name_tests(self._schemas.shape(rule.names)))
            for rule in self._rules
            if rule.names is not None and rule.names.value is not False
        ]

    def forbids(self, matched: Collection[NameTest]) -> bool:
        if any(test not in matched for each in self._names for test in each):
            return True
        return any(
            (rule.names is not None and rule.names.value is False)
            or any(name in matched and each.value is False for name, each in rule.patterns)
            for rule in self._rules
        )

    def member(self, matched: Collection[NameTest]) -> Thunk | None:
        key = frozenset(matched)
        if key not in self._members:
            self._members[key] = None if self.forbids(key) else self._make_thunk(key)
        return self._members[key]

    def _make_thunk(self, matched: frozenset[NameTest]) -> Thunk | None:
        found: list[list[LocatedValue]] = []
        for rule in self._rules:
            met = [place for pattern, place in rule.patterns if pattern in matched]
            # Each schema whose pattern a name matches is about its member, and no other then.
            found += [[each] for each in met] or ([[*rule.others]] if rule.others else [])
        return self._schemas.every(found) if found else None


def _name_tests(shape: Shape) -> Iterator[NameTest]:
    """What a schema of names says that a test can tell: an enumeration, a pattern."""
    if shape.enum:
        yield tuple(each for each in shape.enum if isinstance(each, str))
    if shape.pattern:
        yield shape.pattern


def _with_kinds(made: dict[str, Any], kinds: frozenset[str], nullable: bool) -> Shape:
    if not kinds:  # a schema with members is an object, even without `type`
        implied = "object" if made["properties"] or "extra" in made else "array"
        kinds = KIND[implied] if implied == "object" or "items" in made else NO_KIND
    if kinds:
        made["kinds"] = kinds | KIND["null"] if nullable else kinds
    return shape_with(made)
