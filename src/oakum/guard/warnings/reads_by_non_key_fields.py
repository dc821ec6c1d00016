"""Warnings about reads that find an object by a member that is not its key.

No look-up exists for such a member, so data outside objects, such as `{"found": true}`, reveals
hidden objects too.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import Model
from oakum.authz.compiled_model import may_be_hidden, shapes_within
from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.objects_in_responses import answer
from oakum.guard.compiled.request_places import plain
from oakum.guard.unexplained_request_names import find_unexplained
from oakum.openapi.model import Operation, Shape
from oakum.openapi.shape_queries import element, scalars
from oakum.policy.resource_schemas import resource_of

_MOST = 3


def found_by_members(contract: CompiledContract) -> Iterator[Problem]:
    """Warns once about reads that find objects by a member, for resources that are hidden from some
    callers."""
    model = contract.model
    members: dict[str, str] = {}
    for name, each in model.policy.resources.items():
        if may_be_hidden(model, name):
            for rule in each.fields:
                members.setdefault(plain(rule.path.rpartition(".")[2]), name)
    found = [
        (each.operation, name, where_, members[plain(last)])
        for each in contract.endpoints
        if each.graph or not each.acts
        for name, last, where_ in (_arguments if each.graph else _places)(model, each.operation)
        if plain(last) in members
    ]
    if not found:
        return
    operation, name, place, resource = found[0]
    id = operation.id
    removed = f", or remove `{name}`, `{id}: {{without: [{name}]}}`" if place == "query" else ""
    by = few([n for each, n, _, of in found if each is operation and of == resource], _MOST)
    others = dict.fromkeys(each.id for each, *_ in found if each.id != operation.id)
    more = f"; likewise at {few([*others], _MOST)}" if others else ""
    yield Problem(
        contract.location(operation),
        f"`{operation.id}` may find a `{resource}` by {by}, and its response shows outside of"
        f" objects whether there is one that the caller may not see{more}",
        f"let it answer with the object alone{removed}; write `{id}: {{params: {{{name}:"
        f" {resource}.FIELD}}}}` if it finds none",
    )


def _places(model: Model, operation: Operation) -> Iterator[tuple[str, str, str]]:
    """Parameters and members of a body that may find an object: as the contract names each, by its
    last name, and where it is."""
    if _tells_more(model, operation):
        for each in find_unexplained(model, operation):
            if each.contract_name:
                yield each.contract_name, each.last, each.where


def _arguments(model: Model, operation: Operation) -> Iterator[tuple[str, str, str]]:
    """The same, arguments of a GraphQL query whose field leads to no object of a resource."""
    params = model.rule(operation.id).params
    for each in operation.arguments:
        name = f"{each.field}.{each.name}"
        stated = each.names_id or name in params or each.name in params
        if each.queried and not stated and all(one not in model.bound for one in each.types):
            yield name, each.name.rpartition(".")[2], "argument"


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
