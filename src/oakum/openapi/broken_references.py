"""Finds references to nothing, and what cannot be read without their targets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from oakum.http.json_pointer import escape
from oakum.openapi.model import Json
from oakum.openapi.reference_resolution import DescriptionFile, Library, LocatedValue

_PLAIN = frozenset(("example", "examples", "enum", "default", "const", "callbacks", "links"))
"""Keywords whose values are data, or endpoints of somebody else's: no reference in them is
followed."""
_NAMED = frozenset(("properties", "patternProperties", "dependentSchemas", "$defs", "definitions"))
_NAMED |= {"schemas", "responses", "content", "headers", "encoding", "additionalOperations"}
"""Keywords whose members are called as the author likes, so that no name is a keyword."""
_APART = 200
"""Most broken references whose effects are traced separately; the rest share one trace."""

Trail = str | tuple["Trail", str]
"""A pointer, or (its beginning, last segment); joined only when a message needs it."""


class BrokenReference(NamedTuple):
    """A `$ref` whose target does not exist."""

    place: LocatedValue
    """Location of the `$ref`."""
    why: str
    within: frozenset[int]
    """`id()` of the values that cannot be read without its target."""


def broken(library: Library) -> list[BrokenReference]:
    """Every broken reference that is reachable from the paths."""
    if library.is_whole():
        return []
    walk = _Walk(library)
    walk.run()
    found = [
        BrokenReference(place, why, walk.around((holder,)))
        for place, why, holder in walk.found[:_APART]
    ]
    rest = walk.found[_APART:]
    every = walk.around(holder for _, _, holder in rest)
    return found + [BrokenReference(place, why, every) for place, why, _ in rest]


class _Walk:
    """Everything below the paths once, and what each value stands in or is referred to from."""

    def __init__(self, library: Library) -> None:
        self.found: list[tuple[LocatedValue, str, int]] = []
        """Place of a broken reference, why it is broken, and the identity of what holds it."""
        self._library = library
        self._above: defaultdict[int, list[int]] = defaultdict(list)
        self._seen: set[int] = set()
        self._waiting: list[tuple[DescriptionFile, Json, Trail, bool]] = []
        self._heirs: dict[int, list[str]] | None = None

    def run(self) -> None:
        main = self._library.main
        self._waiting.append((main, main.root["paths"], "/paths", True))
        while self._waiting:
            file, value, trail, named = self._waiting.pop()
            if id(value) in self._seen:
                continue
            self._seen.add(id(value))
            if type(value) is list:
                for index, child in enumerate(value):
                    self._enter(value, file, child, (trail, str(index)))
            elif type(value) is dict:
                self._map(file, value, trail, named)

    def _enter(
        self, holder: Json, file: DescriptionFile, value: Json, trail: Trail, named: bool = False
    ) -> None:
        if type(value) is dict or type(value) is list:
            self._above[id(value)].append(id(holder))
            self._waiting.append((file, value, trail, named))

    def _extend(self, value: Json) -> None:
        """Enters what a discriminator of Swagger 2.0 chooses from, which nothing refers to: the
        definitions that extend a schema."""
        main = self._library.main
        home = LocatedValue(main, "", main.root).at("definitions")
        known = home.value if type(home.value) is dict else {}
        if self._heirs is None:
            self._heirs = {}
            for name in known:
                parts = home.at(name).at("allOf").value
                for part in parts if type(parts) is list else ():
                    end = self._library.follow(LocatedValue(main, "", part))
                    if not isinstance(end, str):
                        self._heirs.setdefault(id(end.value), []).append(name)
        for name in self._heirs.get(id(value), ()):
            self._enter(value, main, known[name], f"/definitions/{escape(name)}")

    def _map(
        self, file: DescriptionFile, value: Mapping[str, Json], trail: Trail, named: bool
    ) -> None:
        if not named and type(value.get("discriminator")) is str:
            self._extend(value)
        for key, child in value.items():
            if type(child) is dict or type(child) is list:
                if named or not (key in _PLAIN or key.startswith("x-")):
                    self._enter(value, file, child, (trail, key), not named and key in _NAMED)
            elif key == "$ref" and not named and type(child) is str:
                place = LocatedValue(file, _join_trail((trail, key)), child)
                target = self._library.resolve(file, child)
                if isinstance(target, str):
                    self.found.append((place, target, id(value)))
                    continue
                self._enter(value, target.file, target.value, target.pointer)
                end = self._library.follow(LocatedValue(file, "", value))
                # a circular reference
                if isinstance(end, str) and end.startswith(f"`{child}`"):
                    self.found.append((place, end, id(value)))

    def around(self, holders: Iterable[int]) -> frozenset[int]:
        """Some values, and all that they stand in or are referred to from, at any distance."""
        found = set(holders)
        waiting = list(found)
        while waiting:
            more = [each for each in self._above[waiting.pop()] if each not in found]
            found.update(more)
            waiting += more
        return frozenset(found)


def _join_trail(trail: Trail) -> str:
    segments: list[str] = []
    while isinstance(trail, tuple):
        trail, last = trail
        segments.append(escape(last))
    return "/".join((trail, *reversed(segments)))
