"""Finds elements of lists and maps in an object as stored by the API, by their keys.

A body may name each of many elements, and each is compared with what is stored in its place. An
index of every place makes that no more work than reading both.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from oakum.authz.id_spelling import identifier
from oakum.authz.member_paths import at_path
from oakum.http.json_pointer import Pointer
from oakum.openapi.model import Json
from oakum.policy.model import Resource


class Index(str):
    """A step into a list."""


class MapName(str):
    """A step to a map value under an undeclared name."""


Names = tuple[str | None, ...]
"""Map names on the path to an element; None for each list on it."""
Ids = tuple[str | None, ...]


@dataclass
class _Place:
    value: Json
    """Kept, so that no other value takes its identity."""
    elements: dict[tuple[Names, Ids], list[Json]] = field(default_factory=dict)
    masks: dict[tuple[bool, ...], None] = field(default_factory=dict)
    """Which names are None somewhere."""


class StoredElements:
    """Finds stored elements; each place is read once."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, int, Hashable], _Place] = {}

    def values_having(
        self, resource: Resource, value: Json, steps: Pointer, said: list[Json]
    ) -> list[Json]:
        """Values at the end of a path, within those elements of each list on it whose keys are
        exactly `said`. In a map, the name of a value is one of its keys."""
        any_of = (Index, MapName)
        outline = tuple((type(e), "" if isinstance(e, any_of) else str(e)) for e in steps)
        at = (resource.name, id(value), outline)
        place = self._places.get(at)
        if place is None:
            place = self._places[at] = _read(resource, value, steps)
        named = tuple(str(each) for each in steps if isinstance(each, MapName))
        last = named[-1] if steps and isinstance(steps[-1], MapName) else None
        wanted = tuple(map(identifier, said))
        return [
            each
            for mask in place.masks
            for ids in _own(wanted, last)
            for each in place.elements.get(
                (tuple(None if gone else n for gone, n in zip(mask, named, strict=True)), ids), ()
            )
        ]


def _own(wanted: Ids, name: str | None) -> list[Ids]:
    """What an element may say its keys are, whose keys and name are `wanted`."""
    if name is None:
        return [wanted]
    found: list[Ids] = [wanted] if wanted == (name,) else []
    if wanted[-1:] == (name,) and wanted[:-1] != (name,):
        found.append(wanted[:-1])
    return found


def _read(resource: Resource, value: Json, steps: Pointer) -> _Place:
    found: list[tuple[Names, Json]] = [((), value)]
    for step in steps:
        below: list[tuple[Names, Json]] = []
        for names, each in found:
            mapped = isinstance(step, MapName)
            if isinstance(each, list):
                more: Names = (*names, None) if mapped else names
                below += [(more, inner) for inner in each]
            elif isinstance(each, dict) and mapped:
                below += [((*names, name), inner) for name, inner in each.items()]
            elif isinstance(each, dict) and not isinstance(step, Index) and step in each:
                below.append((names, each[step]))
        found = below
    place = _Place(value)
    for names, each in found:
        said = at_path(each, resource.key) if resource.key else []
        ids = tuple(identifier(one) for one in said if one is not None)
        place.elements.setdefault((names, ids), []).append(each)
        place.masks[tuple(name is None for name in names)] = None
    return place
