"""Fields that owners may write, in which two worlds can differ.

Only fields of accounts, and of objects of which each caller has one. A write to any other object
that existed before the run leaves traces in the API: an entry in its history, an e-mail to its
subscribers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from oakum.authz import Model
from oakum.authz.table import allows
from oakum.exposure.endpoints.probes import is_of_account
from oakum.http.json_pointer import pointer_of
from oakum.http.methods import WRITES
from oakum.inference.lexicon import LETS_IN, classify_field
from oakum.inference.side_effects import classify
from oakum.inference.unsafe_writes import life_cycle, more_than_sets
from oakum.openapi.model import Operation, Shape
from oakum.openapi.shape_queries import member
from oakum.policy.model import Resource, Switch
from oakum.scan.coverage.uncalled_operations import barring_reason
from oakum.scan.requests.written_resources import place, written_resources

Sources = Mapping[str, Mapping[str, str]]
"""Operation id → parameter → `Resource.field` that fills it, where the contract does not say."""


def own_fields(model: Model, inferred: Sources) -> dict[str, Switch]:
    """`Resource.field` → how its owner writes it, for scalars of accounts and of objects that exist
    once for each caller."""
    ways = _ways(model, inferred)
    own = {path: [way for way, is_own in found if is_own] for path, found in ways.items()}
    return {path: found[0] for path, found in own.items() if found}


def of_objects(model: Model, inferred: Sources) -> dict[str, Switch]:
    """Other fields that owners may set: they belong to objects, not to account settings."""
    ways = _ways(model, inferred)
    return {path: found[0][0] for path, found in ways.items() if not any(own for _, own in found)}


def _ways(model: Model, inferred: Sources) -> dict[str, list[tuple[Switch, bool]]]:
    """How each field may be written, the gentlest way first, and whether an account is written."""
    found: dict[str, list[tuple[Switch, bool]]] = {}
    states = [s for each in model.policy.resources.values() for s in each.states.values()]
    # A setting that others depend on must be readable, so it does not count as hidden.
    decide = {s.switch for s in states if s.switch is not None}
    writes = [each for each in model.operations.values() if each.method in WRITES]
    for operation in sorted(writes, key=lambda each: WRITES.index(each.method)):
        if classify(operation, model.rule(operation.id)).kind != "write":
            continue
        if barring_reason(model, operation) or more_than_sets(operation):
            continue
        sources = {**inferred.get(operation.id, {}), **model.rule(operation.id).params}
        for resource, base, shape in _written_shapes(model, operation):
            own = _is_own(model, operation, resource, sources)
            for leaf, pointer in _leaves(model, resource, base, shape):
                way = Switch(operation.id, pointer)
                found.setdefault(f"{resource}.{leaf}", []).append((way, own))
    return {p: ways for p, ways in found.items() if decide.isdisjoint(way for way, _ in ways)}


def _is_own(model: Model, operation: Operation, resource: str, sources: Mapping[str, str]) -> bool:
    """Whether a write changes the account of who asks, or what they have one of, and no other
    object that it stands in."""
    resources, places = model.policy.resources, dict(written_resources(model, operation))
    known, at = resources[resource], places[resource]
    around = [name for name, place in places.items() if len(place) < len(at) and _in(at, place)]
    if not all(_one_each(resources[each]) for each in (resource, *around)):
        return False
    if known.is_account and not at:
        return True
    # `/issues/{id}` with an account in its body changes an issue, not an account.
    named = [each for each in operation.parameters if each.where == "path"]
    return all(
        len(each.shape.enum) == 1 or is_of_account(model, sources.get(each.name, ""))
        for each in named
    )


def _in(at: tuple[str, ...], place: tuple[str, ...]) -> bool:
    return at[: len(place)] == place


def _one_each(resource: Resource) -> bool:
    return resource.is_account or (not resource.key and resource.owner.kind == "caller")


def _written_shapes(model: Model, operation: Operation) -> Iterator[tuple[str, str, Shape]]:
    """Resources in the body of a request, each with where it stands and its shape there."""
    for resource, segments in written_resources(model, operation):
        if "*" not in segments:
            shape = place(model, operation, resource)[1]
            yield resource, pointer_of(segments), shape


def _leaves(model: Model, resource: str, base: str, shape: Shape) -> Iterator[tuple[str, str]]:
    table = model.settable[resource]
    known = model.policy.resources[resource]
    owners = model.policy.only("owner", "authenticated", "anyone")
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
            yield leaf, base + pointer_of(leaf.split("."))
