"""Which alternative of a union an object belongs to.

Only the members that an object has decide, never those that it lacks, since a response may contain
a part of an object. An object that may belong to several alternatives belongs to none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from oakum.authz.compiled_model import Members, Model, members_of
from oakum.authz.data_outside_objects import changes
from oakum.authz.discriminators import Tag, alternative_by_component, objects_of
from oakum.openapi.model import Json, Operation, Shape
from oakum.openapi.shape_queries import merge
from oakum.policy.resource_schemas import resource_of


def select_alternative(
    shape: Shape,
    value: dict[str, Json],
    bound: Mapping[str, str],
    known: Mapping[str, Members],
    told: Tag | None,
    *,
    inside: bool = False,
    unlike: frozenset[str] = frozenset(),
) -> Shape | None:
    """The alternative of a union that an object belongs to; the union itself if none is a resource.

    Only present members count, since an object may be partial: an alternative is ruled out by a
    member that others declare and it does not. If one resource remains, it is chosen; None if
    several do, since ambiguity must open nothing. `inside` a resource, an alternative that is no
    resource has other rules, so it must not remain beside one that is. `unlike`: resources that the
    object is none of, as the API shows it, which counts where it says nothing of that itself.
    """
    if not shape.branches or resource_of(shape, bound):
        return shape
    branches = objects_of(shape, bound)
    if told:
        name, mapping = told
        tag = value.get(name)
        wanted = mapping.get(tag, tag) if isinstance(tag, str) else None
        hit = alternative_by_component(wanted, branches) if wanted is not None else None
        if hit is not None:
            return branches[hit]
    resources = [resource_of(branch, bound) for branch in branches]
    if not any(resources):
        return shape
    has = [declares(branch, bound, known) for branch in branches]
    there = [name for name in value if any(name in each.names for each in has)]
    left = {
        resource
        for resource, each in zip(resources, has, strict=True)
        if each.open or all(name in each.names for name in there)
    }
    if left == {""}:
        return nobodys(branches, bound)
    if inside and "" in left:
        return None
    possible = (left or {*resources}) - {""}
    if left and told and told[0] not in value:
        possible -= unlike
    return all_of(branches, possible.pop(), bound) if len(possible) == 1 else None


def keeps_kind(model: Model, operation: Operation) -> bool:
    """Whether an operation may write an existing object without changing its type."""
    if not changes(model, operation):
        return False
    return operation.method != "POST" or operation.path.endswith("}")


def mixes(shape: Shape, bound: Mapping[str, str]) -> bool:
    """Whether some alternatives are resources and others are none."""
    found = {bool(resource_of(each, bound)) for each in objects_of(shape, bound)}
    return len(found) == 2


def declares(branch: Shape, bound: Mapping[str, str], known: Mapping[str, Members]) -> Members:
    """Members that an alternative may have; for a resource, by any of its schemas and lines."""
    resource = resource_of(branch, bound)
    return known[resource] if resource in known else members_of(branch)


def nobodys(branches: list[Shape], bound: Mapping[str, str]) -> Shape:
    """All alternatives that are no resource, merged."""
    return merge([branch for branch in branches if not resource_of(branch, bound)])


def all_of(branches: list[Shape], resource: str, bound: Mapping[str, str]) -> Shape:
    """All alternatives of one resource, merged."""
    somebodys = [branch for branch in branches if resource_of(branch, bound) == resource]
    return replace(merge(somebodys), names=somebodys[0].names)
