"""Finds the member that tells the alternatives of a `oneOf` or `anyOf` apart.

That is the `discriminator`, if there is one. Otherwise it is a member for which each alternative
lists strings (`const`, `enum`) that no other allows. If there is none, the union is untagged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from oakum.openapi.model import Shape
from oakum.openapi.shape_queries import names_of
from oakum.policy.resource_schemas import resource_of

Tag = tuple[str, Mapping[str, str]]
"""Name of the member, and its values mapped to component names."""


@lru_cache(maxsize=1 << 12)
def tag_of(shape: Shape) -> Tag | None:
    """The tag of a union; None if there is none."""
    if shape.discriminator is not None or not shape.branches:
        return shape.discriminator
    branches = [each for way in shape.branches if (each := way()).kinds != {"null"}]
    if len(branches) < 2 or any(each.branches or not each.names for each in branches):
        return None
    first, *others = branches
    for name in first.properties:
        if all(name in each.properties for each in others):
            found = _told_apart(name, branches)
            if found is not None:
                return name, found
    return None


def _told_apart(name: str, branches: list[Shape]) -> Mapping[str, str] | None:
    """Value → component, if each alternative declares values of its own."""
    found: dict[str, str] = {}
    for each in branches:
        values = each.properties[name]().enum
        others = [other.names for other in branches if other is not each]
        own = sorted(each.names.difference(*others))
        if not values or not own:
            return None
        for value in values:
            if not isinstance(value, str) or value in found:
                return None
            found[value] = own[0]
    return found


def alternative_by_tag(mapping: Mapping[str, str], branches: Sequence[Shape]) -> dict[str, int]:
    """Value of a tag → index of the one alternative that it means."""
    found: dict[str, int] = {}
    names = {*mapping, *(name for each in branches for name in each.names)}
    for said in sorted(names):
        hit = alternative_by_component(mapping.get(said, said), branches)
        if hit is not None:
            found[said] = hit
    return found


def alternative_by_component(wanted: str, branches: Sequence[Shape]) -> int | None:
    """Index of the only alternative whose own component is `wanted`, or, if none is, of the only
    one that includes it by `allOf`. None if there is none, or more than one."""
    itself = [n for n, each in enumerate(branches) if wanted == next(iter(names_of(each)), "")]
    hit = itself or [n for n, each in enumerate(branches) if wanted in each.names]
    return hit[0] if len(hit) == 1 else None


def objects_of(shape: Shape, bound: Mapping[str, str]) -> list[Shape]:
    """Alternatives of a union that allow an object."""
    return [each for each in alternatives(shape, bound) if not each.kinds or "object" in each.kinds]


def alternatives(shape: Shape, bound: Mapping[str, str]) -> list[Shape]:
    """Alternatives of a union with nested unions flattened; resources stay whole."""
    found = [branch() for branch in shape.branches]
    for at in found:
        if at.branches and not resource_of(at, bound):
            found += [each for each in (b() for b in at.branches) if each not in found]
    return [each for each in found if not each.branches or resource_of(each, bound)]
