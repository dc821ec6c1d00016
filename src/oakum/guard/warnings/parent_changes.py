"""Warnings about members by which a write may move an object to another parent.

A member named like another resource with its key (`folder_id`) may be the parent of the object, and
is as often a mere reference. It is checked if `params` states it, also in an object within another.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import Model
from oakum.authz.table import ruling_leaves
from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.request_places import body_places, plain, words
from oakum.guard.compiled.write_targets import asks_object
from oakum.guard.unexplained_request_names import in_flow
from oakum.openapi.model import Operation, Shape
from oakum.openapi.shape_queries import member, ways
from oakum.openapi.shape_walk import children, elements
from oakum.policy.resource_schemas import resource_of

_DEEP = 5
"""Most levels to follow below an object, since a schema may be recursive."""
_PARENTS = frozenset(("parent", "parentid"))
_MOST = 3


def moved_objects(contract: CompiledContract) -> Iterator[Problem]:
    """Warns once about each member that may name an object of a resource with an owner."""
    model = contract.model
    found = dict[tuple[str, str, str], list[tuple[Operation, str]]]()
    for endpoint in contract.endpoints:
        operation, rule = endpoint.operation, model.rule(endpoint.operation.id)
        checked = rule.call is None or asks_object(model.policy, rule.call)
        if endpoint.write and checked and not rule.graphql:
            for at, one, member, other in _reference_members(model, operation):
                called = ".".join((*at, member))
                if called not in rule.params:
                    found.setdefault((one, member, other), []).append((operation, called))
    for (one, member, other), ((first, called), *more) in found.items():
        ids = [each.id for each, _ in more if each.id != first.id]
        likewise = f"; likewise at {few([*dict.fromkeys(ids)], _MOST)}" if ids else ""
        names = [in_flow(e) for e in dict.fromkeys((called, *(e for o, e in more if o is first)))]
        key = model.policy.resources[other].key
        keys, refers = (
            f"{first.id}: {{params: {{{', '.join(f'{e}: {other}.{to}' for e in names[:_MOST])}}}}}"
            for to in (key, "FIELD")
        )
        yield Problem(
            contract.location(first),
            f"`{first.id}` may set `{one}.{member}`, and the gateway does not check the `{other}`"
            f" that it names: an object may come into another's{likewise}",
            f"write `{keys}` to have it checked, or `{refers}` if it only refers to one",
        )


def _reference_members(
    model: Model, operation: Operation
) -> Iterator[tuple[tuple[str, ...], str, str, str]]:
    """Places of objects in a body, the resource of each, its members that somebody may set and that
    are named like a key of another, and the resource of that."""
    resources = model.policy.resources
    owned = {n: e for n, e in resources.items() if not e.is_account and e.owner.kind != "none"}
    called = words(model, owned)
    for at, one in _objects(model, operation):
        table = model.settable[one]
        for name, line in zip(table.leaves, table.rules, strict=True):
            last = plain(name.rpartition(".")[2])
            itself = one if last in _PARENTS and one in owned and resources[one].key else ""
            other = called.get(last, itself)
            if other and line.grants and name != resources[one].key:
                yield at, one, name, other


def _objects(model: Model, operation: Operation) -> Iterator[tuple[tuple[str, ...], str]]:
    """Places of objects in a body, also within others if somebody may set what they are in, and the
    resource of each."""
    roots = {place.inside: one for place, one in body_places(operation, model.bound) if one}
    roots |= {tuple(at): one for at, one in model.sets.get(operation.id, ())}
    yield from roots.items()
    found = dict.fromkeys(roots.items())
    for media in operation.body:
        for root, one in roots.items():
            shape = media.shape
            for step in root:
                shape = member(shape, step) if shape is not None else None
            for at, name in _within(model, shape, one) if shape is not None else ():
                place = ((*root, *at), name)
                if place not in found:
                    found[place] = None
                    yield place


def _within(model: Model, top: Shape, resource: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Places of further objects below an object of a resource."""
    todo: list[tuple[tuple[str, ...], Shape, tuple[str, ...], str]] = [((), top, (), resource)]
    for at, shape, inner, around in todo:
        item = elements(shape)
        below = [*children(shape).items(), *([("*", item)] if item is not None else [])]
        for step, each in below if len(at) < _DEEP else ():
            here, path = (*at, step), (*inner, step)
            table = model.settable[around]
            lines = [table.rules[leaf] for leaf in ruling_leaves(table, ".".join(path))]
            if each.read_only or (lines and not any(line.grants for line in lines)):
                continue
            held = {resource_of(way, model.bound) for way in ways(each)} - {""}
            yield from ((here, name) for name in held)
            if not held:
                todo.append((here, each, path, around))
            todo += [(here, each, (), name) for name in held]
