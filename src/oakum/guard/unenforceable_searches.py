"""Warnings of `guard check` about reads that find an object by a member that is not its key.

Warnings change nothing. No look-up answers for such a member, so what a response tells outside of
objects, such as `{"found": true}`, tells of a hidden one as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from oakum.authz import Model
from oakum.authz.compiled_model import is_hidden_from_members, shapes_within
from oakum.authz.places import resource_of
from oakum.errors import Location, Problem, few
from oakum.openapi.model import Operation, Shape
from oakum.openapi.shape_queries import element, scalars
from oakum.routing.lookup_plan import Endpoint
from oakum.routing.objects_in_responses import answer
from oakum.routing.request_places import plain
from oakum.routing.unexplained_names import unexplained

_MOST = 3


def searches(
    model: Model, endpoints: Iterable[Endpoint], where: Callable[[Operation], Location]
) -> Iterator[Problem]:
    """Warns once about such reads, by the members of resources that are hidden from some."""
    members: dict[str, str] = {}
    for name, each in model.policy.resources.items():
        if each.conceal and is_hidden_from_members(model, name):
            for rule in each.fields:
                members.setdefault(plain(rule.path.rpartition(".")[2]), name)
    found = [
        (each.operation, place, members[plain(place.last)])
        for each in endpoints
        if not each.acts and not each.graph and _tells_more(model, each.operation)
        for place in unexplained(model, each.operation)
        if place.called and plain(place.last) in members
    ]
    if not found:
        return
    operation, place, resource = found[0]
    name, id = place.called, operation.id
    removed = (
        f", or remove `{name}`, `{id}: {{without: [{name}]}}`" if place.where == "query" else ""
    )
    others = dict.fromkeys(each.id for each, _, _ in found if each.id != operation.id)
    more = f"; likewise at {few([*others], _MOST)}" if others else ""
    yield Problem(
        where(operation),
        f"`{operation.id}` may find a `{resource}` by `{name}`, and what its response tells outside"
        f" of objects tells whether there is one that the caller may not see{more}",
        f"let it answer with the object alone{removed}; write `{id}: {{params: {{{name}:"
        f" {resource}.FIELD}}}}` if it finds none",
    )


def _tells_more(model: Model, operation: Operation) -> bool:
    """Whether a response has values outside of resources, and no list of these: a list is filtered
    by its members, and its counts are named in the contract."""
    top = answer(operation)
    if top is None:
        return False
    outside = [*shapes_within(top, lambda at: not resource_of(at, model.bound))]
    if any(_is_of(model, element(each)) for each in outside):
        return False
    return any(scalars(each) for each in outside if not _is_of(model, each))


def _is_of(model: Model, shape: Shape | None) -> bool:
    return shape is not None and bool(resource_of(shape, model.bound))
