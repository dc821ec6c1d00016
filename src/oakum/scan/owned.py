"""Fields of their own that owners may write: what a paired world can differ in."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.contract.classify import classify
from oakum.contract.lexicon import FieldClass, classify_field
from oakum.contract.model import Operation, Shape, Switch
from oakum.contract.sensitive import life_cycle, more_than_sets
from oakum.scan.restraint import barred
from oakum.scan.variants import place, written
from oakum.semantics import Model
from oakum.semantics.table import allows, member

_METHODS = ("PATCH", "PUT", "POST")
LETS_IN = (FieldClass.SECRET, FieldClass.HANDLE, FieldClass.KEY, FieldClass.CONTACT)
"""Classes that name an account or let somebody in: changed, they lock it, or send mail."""


def own_fields(model: Model) -> dict[str, Switch]:
    """`Resource.field` → how its owner writes it, for scalars that the contract lets them set."""
    found: dict[str, list[Switch]] = {}
    states = [s for each in model.policy.resources.values() for s in each.states.values()]
    # What a setting decides has to be seen: it is no secret that a world could differ in.
    decide = {s.switch for s in states if s.switch is not None}
    writes = [each for each in model.operations.values() if each.method in _METHODS]
    for operation in sorted(writes, key=lambda each: _METHODS.index(each.method)):
        if classify(operation, model.rule(operation.id)).kind != "write":
            continue
        if barred(model, operation) or more_than_sets(operation):
            continue
        for resource, base, shape in _written(model, operation):
            for leaf, pointer in _leaves(model, resource, base, shape):
                found.setdefault(f"{resource}.{leaf}", []).append(Switch(operation.id, pointer))
    return {path: ways[0] for path, ways in found.items() if decide.isdisjoint(ways)}


def _written(model: Model, operation: Operation) -> Iterator[tuple[str, str, Shape]]:
    """Resources in the body of a request, each with where it stands and its shape there."""
    for resource, segments in written(model, operation):
        if "*" not in segments:
            shape = place(model, operation, resource)[1]
            yield resource, "".join(f"/{each}" for each in segments), shape


def _leaves(model: Model, resource: str, base: str, shape: Shape) -> Iterator[tuple[str, str]]:
    table = model.settable[resource]
    known = model.policy.resources[resource]
    owners = frozenset(
        name
        for name, each in model.policy.relations.items()
        if each.kind in ("owner", "authenticated", "anyone")
    )
    taken = {known.key, *known.owner.members, *(each.member for each in known.states.values())}
    for leaf in table.leaves:
        if "*" in leaf or leaf in taken or not allows(table, leaf, owners, {}):
            continue
        at: Shape | None = shape
        for segment in leaf.split("."):
            at = member(at, segment) if at is not None else None
        if at is None or at.read_only or at.kinds & {"object", "array"}:
            continue
        if classify_field(leaf, at) not in LETS_IN and not life_cycle(leaf, at):
            yield leaf, base + "".join(f"/{each}" for each in leaf.split("."))
