"""What the two walks over an answer find, in one form by which they can be compared."""

from __future__ import annotations

from collections.abc import Iterable

from oakum.authz import ObjectInstance
from oakum.exposure.values.knowledge import says_nothing
from oakum.policy.graphql_schema import TAG
from oakum.traffic.evaluation.cached_object_walk import SeenObject

Place = tuple[str, ...]
Row = tuple[object, ...]


def found_fast(objects: Iterable[SeenObject]) -> list[Row]:
    """Resource, place, owners, whether it stands in another, fields; of each object, sorted."""
    return sorted(map(_seen, objects), key=_order)


def found_judged(instances: Iterable[ObjectInstance]) -> list[Row]:
    """The same of what `Judge` finds, by the leaves of each instance."""
    kept = list(instances)
    places = {each.pointer for each in kept}
    return sorted((_expected(each, places) for each in kept), key=_order)


def _seen(seen: SeenObject) -> Row:
    form = seen.form
    held = (set(form.present), _fields_only(form.silent), set(form.saying))
    return (seen.resource, seen.place, seen.owners, seen.inside, *held)


def _expected(each: ObjectInstance, places: set[Place]) -> Row:
    inside = any(each.pointer[:n] in places for n in range(len(each.pointer)))
    return (each.resource, _place(each.pointer), each.owners, inside, *_fields(each, places))


def _place(pointer: Place) -> Place:
    return tuple("*" if part.isdigit() else part for part in pointer)


def _fields(each: ObjectInstance, places: set[Place]) -> tuple[set[str], set[str], set[str]]:
    """Present, silent, saying."""
    present, silent, saying = set[str](), set[str](), set[str]()
    for leaf in each.leaves:
        (silent if leaf.value is None or leaf.value in ([], {}) else present).add(leaf.path)
        scalar = not isinstance(leaf.value, dict | list)
        if scalar and not says_nothing(leaf.value) and leaf.path.rpartition(".")[2] != TAG:
            saying.add(leaf.path)
    depth = len(each.pointer)
    for other in places:
        inside = len(other) > depth and other[:depth] == each.pointer
        if inside and not any(other[:n] in places for n in range(depth + 1, len(other))):
            present.add(".".join(_place(other[depth:])))
    return present, _fields_only(silent - present), saying


def _fields_only(silent: Iterable[str]) -> set[str]:
    """Without elements of lists: of a `null` among them, `Judge` asks whether it is a gap that a
    hidden object leaves to this caller, which a walk that is the same for all cannot tell."""
    return {path for path in silent if path.rpartition(".")[2] != "*"}


def _order(row: Row) -> str:
    return repr([sorted(each) if isinstance(each, set) else each for each in row])
