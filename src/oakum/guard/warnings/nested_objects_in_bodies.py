"""Warnings about objects in lists, maps and other objects of a request body.

Each is about a write that the gateway cannot check: the contract's line for the container decides,
and not the owners of the objects in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import Model
from oakum.authz.table import leaf_index
from oakum.errors import Problem
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.openapi.model import Operation, Shape
from oakum.openapi.path_segments import nameless
from oakum.openapi.shape_queries import ways
from oakum.policy.resource_schemas import resource_of


def removed_by_null(contract: CompiledContract) -> Iterator[Problem]:
    """Warns once about objects that a caller can remove by sending `null` for their container,
    under the container's line."""
    model = contract.model
    found: dict[tuple[str, str], tuple[Operation, str]] = {}
    for endpoint in contract.endpoints:
        new = endpoint.operation.method == "POST" and endpoint.checks.target.kind == "caller"
        for around, name, held in (
            _owned_members(model, endpoint) if endpoint.write and not new else ()
        ):
            found.setdefault((around, name), (endpoint.operation, held))
    if found:
        (around, name), (operation, held) = next(iter(found.items()))
        more = f" (and at {len(found) - 1} more places)" if len(found) > 1 else ""
        said = (
            f"callers who may set `{around}.{name}` can remove the `{held}` there with `null`,"
            f" whoever owns it: that line alone decides at `{operation.id}`{more}"
        )
        hint = (
            f"remove `set` from `{around}.{name}` if that `{held}` may be another's and the API"
            " deletes it then"
        )
        yield Problem(contract.location(operation), said, hint)


def _owned_members(model: Model, endpoint: GrantedEndpoint) -> Iterator[tuple[str, str, str]]:
    """Settable members of a body's objects that are an object with an owner of its own, alone: the
    resource, the member and the resource of the object."""
    for shape, _ in _within(endpoint.operation):
        around = resource_of(shape, model.bound)
        table = model.settable[around] if around else None
        for name, child in shape.properties.items() if table is not None else ():
            at = leaf_index(table, name) if table is not None else -1
            set_ = at >= 0 and table is not None and bool(table.rules[at].grants)
            for held in {resource_of(way, model.bound) for way in ways(child())} - {""}:
                one = model.policy.resources[held]
                if set_ and one.owner.kind == "field" and not one.is_account:
                    yield around, name, held


def names_in_maps(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about map names that are treated as keys, since no GET shows the stored map."""
    model = contract.model
    shown = {nameless(e.operation.path) for e in contract.endpoints if e.operation.method == "GET"}
    for endpoint in contract.endpoints:
        operation = endpoint.operation
        unseen = operation.method in ("PUT", "PATCH") and nameless(operation.path) not in shown
        for name, finder in endpoint.checks.finders.items() if endpoint.write and unseen else ():
            if name and finder.kind == "ask" and "map" in many_of(model, operation, name):
                key = model.policy.resources[name].key
                yield Problem(
                    contract.location(operation),
                    f"no GET shows the map of `{name}` objects that `{operation.id}` writes, so"
                    f" each name in it counts as a `{key}`: an object that the API keeps under"
                    " another key could belong to another user",
                    f"let `GET {operation.path}` show it, or let clients send a list",
                )


def many_of(model: Model, operation: Operation, name: str) -> set[str]:
    """`list` and `map`, if a request body may hold objects of a resource as elements or values of
    one, at any depth."""
    bound = model.bound
    return {kind for shape, kind in _within(operation) if resource_of(shape, bound) == name} - {""}


def _within(operation: Operation) -> Iterator[tuple[Shape, str]]:
    """What a request body may hold at any depth, each with `list` or `map` if it is one of many."""
    todo = [(each.shape, "") for each in operation.body if each.shape is not None]
    met = {*todo}
    for shape, around in todo:
        yield shape, around
        below = [(each(), around) for each in shape.branches]
        below += [(each(), "") for each in shape.properties.values()]
        below += [(each(), "list") for each in (shape.items,) if each is not None]
        below += [(each(), "map") for each in (shape.extra,) if each is not None]
        todo += [each for each in below if each not in met]
        met.update(below)
