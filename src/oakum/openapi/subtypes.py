"""Finds schemas whose place may hold an object of another owner.

OpenAPI has two ways to express it: a `discriminator` names a schema that includes the declared one
by `allOf` (`PrivateNote` of `Entry`), or the declared schema lists alternatives. Given the owners
of schemas (the resources of a contract), the schemas are found where owners differ; these are read
as unions (`Schemas`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from oakum.openapi import schema_object
from oakum.openapi.model import Json, Shape
from oakum.openapi.reference_resolution import Library, LocatedValue
from oakum.openapi.schema import SchemaAlternatives, Schemas

Owner = Callable[[Shape], str]


class Subtypes:
    """`bases`: `id()` of a schema → its possible subtypes; `tags`: `id()` of the schemas with a
    discriminator that says so; `names`: `bases` by component name; `owners`: owner → other owners
    whose objects may stand in place of its own."""

    def __init__(
        self, library: Library, schemas: Schemas, home: Mapping[str, LocatedValue], owner: Owner
    ) -> None:
        self._library = library
        self._schemas = schemas
        self._home = home
        self._owner = owner
        self._taken: dict[int, dict[int, LocatedValue]] = {}
        self.bases: dict[int, SchemaAlternatives] = {}
        self.tags: frozenset[int] = frozenset()
        self.owners: dict[str, frozenset[str]] = {}
        self.names: dict[str, tuple[str, ...]] = {}

    def find(self, bound: Iterable[str]) -> None:
        """Examines the components in `bound`, and the schemas that they include."""
        candidates: dict[int, LocatedValue] = {}
        for name in bound:
            if name in self._home:
                place = self._end(self._home[name])
                candidates |= {id(place.value): place} | self._takes(place)
        for base in candidates.values():
            if type(base.value) is dict:
                self._look(base)

    def _look(self, base: LocatedValue) -> None:
        listed, mapped, tags, told = self._schemas.groups(base)
        owner = self._owner(self._schemas.own(base))
        ways: tuple[tuple[LocatedValue, ...], ...]
        if listed:
            flat = tuple(self._flat(listed, {id(base.value)}))
            others = {self._owner(self._schemas.shape(each)) for each in flat}
            if not owner or others <= {"", owner}:
                return
            ways = tuple((each, self._reference(base)) for each in flat)
        else:
            heirs = self._heirs(base, mapped) if told else []
            owners = [self._owner(self._schemas.own(each)) for each in heirs]
            known = {id(self._end(each).value) for each in mapped}
            more = {
                other
                for each, other in zip(heirs, owners, strict=True)
                if owner or id(self._end(each).value) not in known
            }
            if more <= {"", owner}:
                return
            ways = tuple((each,) for each in heirs)
        others = {self._owner(self._schemas.own(self._end(each))) for each, *_ in ways}
        if owner:
            self.owners[owner] = self.owners.get(owner, frozenset()) | (others - {"", owner})
        found = SchemaAlternatives(not listed, ways)
        self.bases[id(base.value)] = found
        self.tags |= frozenset() if listed else tags
        names = (self._schemas.name(self._end(way)) for way, *_ in ways)
        self.names[self._schemas.name(base)] = tuple(filter(None, names))
        for place in self._wrappers.get(id(base.value), ()) if not listed else ():
            self.bases.setdefault(id(place.value), found)

    def _flat(self, listed: list[LocatedValue], above: set[int]) -> Iterator[LocatedValue]:
        """Alternatives, and those of an alternative without an owner."""
        for each in listed:
            end = self._end(each)
            if type(end.value) is not dict or id(end.value) in above:
                continue
            inner = self._schemas.groups(end).listed
            if inner and not self._owner(self._schemas.shape(each)):
                yield from self._flat(inner, above | {id(end.value)})
            else:
                yield each

    def _heirs(self, base: LocatedValue, mapped: list[LocatedValue]) -> list[LocatedValue]:
        """The components that take a schema in, and those that its discriminator names."""
        me = id(base.value)
        found = dict(self._by_input.get(me, {}))
        for each in mapped:
            end = self._end(each)
            if id(end.value) != me:
                found.setdefault(id(end.value), end)
        return [*found.values()]

    @cached_property
    def _by_input(self) -> dict[int, dict[int, LocatedValue]]:
        """By what they take in, the components that do."""
        found: dict[int, dict[int, LocatedValue]] = {}
        for place in self._home.values():
            end = self._end(place)
            for base in self._takes(end):
                found.setdefault(base, {}).setdefault(id(end.value), place)
        return found

    @cached_property
    def _wrappers(self) -> dict[int, list[LocatedValue]]:
        """By schema, the components that are it and say no member of their own, such as one that
        may be null."""
        found: dict[int, list[LocatedValue]] = {}
        for place in self._home.values():
            raw = place.value
            parts = schema_object.schema_list(place, "allOf") if type(raw) is dict else []
            refs = [each for each in parts if type(each.value) is dict and "$ref" in each.value]
            bare = all(each in refs or not _says(each.value) for each in (*parts, place))
            if len(refs) == 1 and bare:
                found.setdefault(id(self._end(refs[0]).value), []).append(place)
        return found

    def _takes(self, place: LocatedValue) -> dict[int, LocatedValue]:
        """What a schema takes in by `allOf` or beside a reference, at any depth."""
        me = id(place.value)
        known = self._taken.get(me)
        if known is None:
            known = self._taken[me] = {}
            waiting = [place]
            while waiting:
                at = waiting.pop()
                if type(at.value) is not dict:
                    continue
                parts = schema_object.schema_list(at, "allOf")
                if type(at.value.get("$ref")) is str:
                    parts.append(LocatedValue(at.file, at.pointer, {"$ref": at.value["$ref"]}))
                for part in parts:
                    end = part
                    if type(part.value) is dict and part.value.keys() == {"$ref"}:
                        end = self._end(part)
                        if id(end.value) in (me, *known):
                            continue
                        known[id(end.value)] = end
                    waiting.append(end)
        return known

    def _end(self, place: LocatedValue) -> LocatedValue:
        return self._library.resolve_alias(place)

    def _reference(self, place: LocatedValue) -> LocatedValue:
        return LocatedValue(place.file, place.pointer, {"$ref": f"#{place.pointer}"})


def _says(raw: Json) -> bool:
    """Whether a schema declares a member, or is a reference."""
    return type(raw) is dict and not raw.keys().isdisjoint(("properties", "$ref", "oneOf", "anyOf"))
