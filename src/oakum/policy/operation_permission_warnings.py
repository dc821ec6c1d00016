"""Warnings about `call:`: who may call an operation, held against what it returns."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.errors import Problem, few
from oakum.openapi.model import Operation
from oakum.openapi.schema import elements
from oakum.policy.model import OperationRule, Resource
from oakum.policy.parameter_bindings import fill_parameters
from oakum.policy.parser import place
from oakum.policy.resource_schemas import View, at, declares

_FEW = 5


def review_calls(seen: View) -> Iterator[Problem]:
    """Every warning about `call:` in a policy without errors."""
    for rule in seen.policy.operations.values():
        operation = seen.document.operation(rule.id)
        if operation is not None and rule.call:
            yield from _without_members(seen, operation, rule)
            yield from _narrower_than_lines(seen, operation, rule)


def _without_members(seen: View, operation: Operation, rule: OperationRule) -> Iterator[Problem]:
    """Relations in `call` by a member that no object of the operation has: none that it returns or
    writes, and none whose key a parameter holds."""
    sources = fill_parameters(seen.policy, operation, rule).values()
    met = [
        each
        for each in seen.policy.resources.values()
        if operation.id in seen.endpoints[each.name]
        or any(name == each.name for name, _ in rule.sets)
        or (each.key and f"{each.name}.{each.key}" in sources)
    ]
    for name in rule.call or () if met else ():
        lacking = [lacking_member(seen, each, name) for each in met]
        if all(lacking):
            named = " or ".join(f"`{each.name}`" for each in met[:_FEW])
            yield Problem(
                place(seen.policy, "operations", rule.id, "call"),
                f"`{name}` may call `{operation.id}`, but no {named} has a member `{lacking[0]}`",
                f"so `{name}` never holds there: the member must be in an object that the"
                " operation returns, or whose key a parameter holds",
            )


def lacking_member(seen: View, resource: Resource, relation: str) -> str:
    """A member from which a relation is read and that objects of a resource do not have; empty if
    there is none."""
    shapes = [*seen.shapes[resource.name], *seen.given[resource.name]]
    members = (
        seen.policy.relations[each].member for each in seen.policy.required_relations(relation)
    )
    lacks = (each for each in members if each and declares(shapes, each.split(".")) is False)
    return next(lacks, "")


def _narrower_than_lines(
    seen: View, operation: Operation, rule: OperationRule
) -> Iterator[Problem]:
    """Relations of `call` that elements of a list inside an object are held to as well, though
    lines of their own show them to others.

    A single embedded object is not asked about: it mostly is the owner of the object around it. Nor
    is a write, since a wider `call` would let more callers change something.
    """
    policy, call = seen.policy, rule.call or ()
    everybody = not policy.kinds(*call).isdisjoint(("anyone", "authenticated"))
    reads = operation.method == "GET" if rule.reads is None else rule.reads
    if everybody or rule.owner or not reads:
        return
    told = set[str]()
    for outer, inner, where in _lists_inside(seen, operation, rule):
        resource = policy.resources[inner]
        grants = (grant for line in resource.fields for grant in line.every_grant)
        others = dict.fromkeys(name for grant in grants for name in grant.see if name not in call)
        if resource.owner.kind != "field" or inner in told or not others:
            continue
        told.add(inner)
        yield Problem(
            place(policy, "operations", rule.id, "call"),
            f"`call` of `{operation.id}` holds for each `{inner}` in `{where}` of `{outer}`, too,"
            f" though `{inner}` shows fields to {few([*others], _FEW)}",
            "so those of other owners are removed; if they may be seen there, let a wider relation"
            f" call it, and let the lines of `{outer}` say who sees it",
        )


def _lists_inside(
    seen: View, operation: Operation, rule: OperationRule
) -> Iterator[tuple[str, str, str]]:
    """(resource, resource of the elements, path of the list) of lists in what an operation
    returns."""
    for outer in seen.policy.resources.values():
        if operation.id not in seen.endpoints[outer.name] or outer.owner.kind == "none":
            continue
        for line in (each for each in outer.fields if any(g.see for g in each.every_grant)):
            path = line.path.split(".")
            steps = path[: path.index("*")] if "*" in path else path
            for shape in seen.shapes[outer.name]:
                there = at(shape, steps)
                element = elements(there) if there is not None else None
                if element is not None and (inner := seen.embedded_resource(element)):
                    yield outer.name, inner, ".".join(steps)
    for name, around in rule.shows:
        owned = seen.policy.resources[name].owner.kind != "none"
        for inner, pointer in rule.shows if owned else ():
            below = pointer.removeprefix(around)
            if pointer.startswith(f"{around}/") and "*" in below:
                yield name, inner, below.strip("/").replace("/", ".").removesuffix(".*")
