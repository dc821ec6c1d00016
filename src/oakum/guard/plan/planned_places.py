"""Places in a response, of which each gets a node of the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from oakum.authz.compiled_model import Model
from oakum.authz.complete_lists import ListPlace
from oakum.authz.place_rules import holds
from oakum.authz.places import stated_resource
from oakum.authz.table import Table, Trie
from oakum.authz.unexpected_types import (
    element_resources,
    held_by,
    in_fields,
    lists_alone,
    misfits,
    references,
)
from oakum.openapi.model import Json, Shape
from oakum.openapi.shape_queries import member_by_name, member_names, rest

Ahead = tuple[tuple[tuple[str, ...], str], ...]
"""Pointers of `shows` below a place: segments still ahead, and the resource (`#`: a count)."""


_BITS = {"string": 1, "integer": 2, "number": 4, "boolean": 8, "object": 32, "array": 64}
"""JSON types as bits, numbered as in the Lua runtime."""
_LISTS = 128
"""Bit for a place inside an object where only lists are declared."""


@dataclass(frozen=True, eq=False)
class PlannedPlace:
    """A place in a response; `table` and `trie` are set inside a resource only."""

    shape: Shape | None
    ahead: Ahead
    table: int = -1
    trie: Trie | None = None
    inside: bool = False
    path: str = ""
    """Name in the audit, inside a resource only."""
    void: bool = False
    """As `void` of `Spot`."""
    gaps: tuple[str, ...] = ()
    """Concealed resources: a hidden object leaves this element out, and so does `null`."""
    page: bool = False
    """Whether it is, or is inside, an object that contains a count, or an ownerless object with a
    count further below."""


def inside_resource(
    place: PlannedPlace, shape: Shape | None, table: Table, index: int
) -> PlannedPlace:
    """The place of an object of a resource; names in the audit are relative to it."""
    outermost = not place.inside and table.resource.owner.kind == "none"
    page = counts_below(place, deep=outermost)
    return PlannedPlace(shape, place.ahead, index, table.trie, True, page=page)


def below(
    place: PlannedPlace, key: str | None, shape: Shape | None, trie: Trie | None, path: str
) -> PlannedPlace:
    """The place a step below; `key`: None for any step that nothing names."""
    ahead = tuple(
        (segments[1:], name)
        for segments, name in place.ahead
        if segments and segments[0] in (key, "*")
    )
    found = replace(place, shape=shape, ahead=ahead, trie=trie, path=path, void=False, gaps=())
    return replace(found, page=place.page or (place.inside and counts_below(found)))


def member_shape(place: PlannedPlace, key: str | None) -> Shape | None:
    """What the document declares of a member; `key`: None for those that nothing names."""
    if place.shape is None:
        return None
    return member_by_name(place.shape, key) if key is not None else rest(place.shape)


def may_hold(place: PlannedPlace, value: Json, *, refused: bool) -> bool:
    """Whether a container like `value` is allowed outside every resource. `refused`: whatever the
    document declares there."""
    declared = place.shape is not None and holds(value, place.shape) and not refused
    return declared or any(segments and name != "#" for segments, name in place.ahead)


def counts_below(place: PlannedPlace, *, deep: bool = False) -> bool:
    """Whether the value there directly contains a count; `deep`: or further below."""
    found = (segments for segments, name in place.ahead if name == "#")
    return any(segments if deep else len(segments) == 1 for segments in found)


def held_at(place: PlannedPlace, bound: Mapping[str, str]) -> tuple[str, ...]:
    """Resources of which an object may stand at a place."""
    return held_by(place.shape, bound, stated_at(place, bound))


def gaps_at(place: PlannedPlace, model: Model) -> tuple[str, ...]:
    """Concealed resources of which an object may be an element of a list or a map."""
    found = element_resources(place.shape, model.bound, stated_at(place, model.bound))
    return tuple(name for name in found if model.tables[name].resource.conceal)


def is_map(place: PlannedPlace) -> bool:
    """Whether an object at a place may hold values of a map."""
    declared = place.shape is not None and rest(place.shape) is not None
    return declared or any(at[:1] == ("*",) and name != "#" for at, name in place.ahead)


def names(place: PlannedPlace) -> dict[str, None]:
    """Members of an object that document or contract name, in the document's order."""
    found = _known_names(place)
    found.update((at[0], None) for at, _ in place.ahead if at and at[0] != "*")
    return found


def counted_rows(place: PlannedPlace) -> list[str]:
    """Member names that only the pointer of a count has; in a map they are values like all
    others."""
    known = _known_names(place)
    return [name for name in names(place) if name not in known]


def _known_names(place: PlannedPlace) -> dict[str, None]:
    found = dict.fromkeys(member_names(place.shape) if place.shape else ())
    found.update(dict.fromkeys(sorted(place.trie.names()) if place.trie else ()))
    found.update((at[0], None) for at, name in place.ahead if at and at[0] != "*" and name != "#")
    return found


def misfits_at(place: PlannedPlace, bound: Mapping[str, str]) -> frozenset[str]:
    """Kinds of value that are none of those declared, if objects stand at a place."""
    ahead = tuple(each for each in place.ahead if each[1] != "#")
    found = misfits(place.shape, ahead, bound)
    return in_fields(found) if place.inside else found


def stated_at(place: PlannedPlace, bound: Mapping[str, str]) -> str:
    """The resource that the contract says to stand at a place; empty if the object itself tells."""
    said = next((name for segments, name in place.ahead if not segments and name != "#"), "")
    return stated_resource(said, place.shape, bound)


def references_at(place: PlannedPlace, bound: Mapping[str, str]) -> tuple[str, ...]:
    """Resources of which a declared text or number may stand in place of an object."""
    shown = [name for segments, name in place.ahead if not segments and name != "#"]
    return references(place.shape, bound, shown[:1])


def misfit_bits(place: PlannedPlace, bound: Mapping[str, str]) -> int:
    """The kinds of value that are none of those declared at a place of a response, as bits."""
    bits = sum(_BITS[each] for each in misfits_at(place, bound))
    return bits + _LISTS if place.inside and lists_alone(place.shape) else bits


def around_a_list(place: ListPlace) -> dict[str, Any]:
    """What a document declares around the ids of a look-up."""
    return {
        "maps": sorted(place.maps),
        "declared": {name: sorted(kinds) for name, kinds in sorted(place.declared.items())},
        "harmless": sorted(place.harmless),
    }
