"""Warnings about members by which a write may move an object to another parent.

A member named like another resource with its key (`folder_id`) may be the parent of the object, and
is as often a mere reference. It is checked if `params` states it.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import Model
from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.request_places import body_places, plain, words
from oakum.guard.compiled.write_targets import needs_object
from oakum.guard.unexplained_names import in_flow
from oakum.openapi.model import Operation

_PARENTS = frozenset(("parent", "parentid"))
_MOST = 3


def moved_objects(contract: CompiledContract) -> Iterator[Problem]:
    """Warns once about each member that may name an object of a resource with an owner."""
    model = contract.model
    found = dict[tuple[str, str, str], list[tuple[Operation, str]]]()
    for endpoint in contract.endpoints:
        operation, rule = endpoint.operation, model.rule(endpoint.operation.id)
        checked = rule.call is None or needs_object(model.policy, rule.call)
        if endpoint.write and checked and not rule.graphql:
            for at, one, member, other in _reference_members(model, operation):
                called = ".".join((*at, member))
                if called not in rule.params:
                    found.setdefault((one, member, other), []).append((operation, called))
    for (one, member, other), ((first, called), *more) in found.items():
        ids = [each.id for each, _ in more if each.id != first.id]
        likewise = f"; likewise at {few([*dict.fromkeys(ids)], _MOST)}" if ids else ""
        said = f"{first.id}: {{params: {{{in_flow(called)}: {other}"
        yield Problem(
            contract.location(first),
            f"`{first.id}` may set `{one}.{member}`, and the gateway does not check the `{other}`"
            f" that it names: an object may come into another's{likewise}",
            f"write `{said}.{model.policy.resources[other].key}}}}}` to have it checked, or"
            f" `{said}.FIELD}}}}` if it only refers to one",
        )


def _reference_members(
    model: Model, operation: Operation
) -> Iterator[tuple[tuple[str, ...], str, str, str]]:
    """Places of objects in a body, the resource of each, its members that somebody may set and that
    are called like a key of another, and the resource of that."""
    resources = model.policy.resources
    owned = {n: e for n, e in resources.items() if not e.is_account and e.owner.kind != "none"}
    called = words(model, owned)
    roots = {place.inside: one for place, one in body_places(operation, model.bound) if one}
    roots |= {tuple(at): one for at, one in model.sets.get(operation.id, ())}
    for at, one in roots.items():
        table = model.settable[one]
        for member, line in zip(table.leaves, table.rules, strict=True):
            last = plain(member.rpartition(".")[2])
            itself = one if last in _PARENTS and one in owned and resources[one].key else ""
            other = called.get(last, itself)
            if other and line.grants and member != resources[one].key:
                yield at, one, member, other
