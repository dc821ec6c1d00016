"""Warnings about writes that replace the whole stored object with their body (RFC 9110, 9.3.4).

A caller who may not set a member has to leave it out, and one who is shown a part of a list sends
only that part. The gateway checks what a body contains; what it leaves out, the API may reset or
delete.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, product

from oakum.authz import Model
from oakum.authz.declared_media import edits
from oakum.authz.table import Table, leaf_index, ruling_leaves
from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.request_places import body_places
from oakum.guard.warnings.contract_queries import certain, is_hidden
from oakum.inference.lexicon import words
from oakum.openapi.model import Operation, Shape
from oakum.openapi.shape_queries import member, read_only
from oakum.policy.model import Resource
from oakum.policy.resource_schemas import resource_of

_MOST = 3
_STATES = 64
"""Most combinations of states that are tried."""
_REPLACES = frozenset(("replace", "replaces", "overwrite", "overwrites"))
_SAYS = re.compile(r"\W*(?:replace|overwrite)s?\b", re.I)


@dataclass
class _LostMembers:
    """What an operation may reset or delete of what its body leaves out."""

    listed: dict[str, None] = field(default_factory=dict)
    """Resources of which a body is a list, or has one outside of every object."""
    within: dict[str, str] = field(default_factory=dict)
    """Lists in an object of a body, each with its resource."""
    members: dict[str, bool] = field(default_factory=dict)
    """Members, and whether somebody who may not set them is not shown them either: the client that
    saves what it was shown cannot even know of them."""
    around: dict[str, None] = field(default_factory=dict)
    """The resources that have these members."""


def replaced_values(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about an operation by which callers may reset members that they may not set, or delete
    list elements of others, by leaving them out."""
    operation = endpoint.operation
    whole = operation.method == "PUT" or _says_that_it_replaces(operation)
    if not whole and operation.method != "PATCH":
        return
    lost = _LostMembers()
    for name in _listed_resources(contract.model, operation) if whole else ():
        if _is_shared(contract, endpoint, name):
            lost.listed[name] = None
    for name, shape in _objects(contract.model, operation):
        lost.within |= _lists(contract, endpoint, name, shape, maps=whole)
        if whole and (found := _unset(contract, endpoint, name, shape)):
            lost.members |= found
            lost.around[name] = None
    if lost.listed or lost.within or lost.members:
        what = "what is there" if whole else "lists as a whole"
        yield Problem(
            contract.location(operation),
            f"`{operation.id}` replaces {what}:"
            f" the API may {', and '.join(_describe_losses(lost))}",
            "; ".join(_hints(operation.id, lost)),
        )


def _describe_losses(lost: _LostMembers) -> Iterator[str]:
    for name in [*lost.listed][:1]:
        yield f"delete each `{name}` that a list leaves out, also a hidden one or another user's"
    if lost.within:
        some = few([*dict.fromkeys(lost.within.values())], _MOST)
        yield (
            f"delete each {some} that {few([*lost.within], _MOST)} leaves out, also a hidden one or"
            " another user's"
        )
    if lost.members:
        named = sorted(lost.members, key=lambda each: not lost.members[each])
        unseen = [each for each in named if lost.members[each]]
        yield (
            f"reset {few(named, _MOST)} of {few([*lost.around], 2)}, which callers who may not set"
            f" it leave out{' without seeing it' if unseen else ''}"
        )


def _hints(id: str, lost: _LostMembers) -> Iterator[str]:
    for name in [*lost.listed, *lost.within.values()][:1]:
        yield (
            f"make the API keep such items, or let clients add and remove each `{name}` separately"
        )
    if lost.members:
        yield (
            f"let the API offer PATCH and close this with `{id}: {{call: []}}`, grant `set` of"
            " it, or declare it `readOnly: true` if the API keeps it"
        )


def _says_that_it_replaces(operation: Operation) -> bool:
    """Whether the document says so of a POST or a PATCH."""
    told = _SAYS.match(operation.summary) or _SAYS.match(operation.description)
    named = not _REPLACES.isdisjoint(words(operation.id)[:1])
    return operation.method in ("POST", "PATCH") and bool(told or named)


def _listed_resources(model: Model, operation: Operation) -> Iterator[str]:
    """Resources of which a body has several, in a list or a map outside of every object."""
    yield from (name for at, name in model.sets.get(operation.id, ()) if "*" in at)
    yield from (e for at, e in body_places(operation, model.bound) if e and "*" in at.inside)


def _objects(model: Model, operation: Operation) -> Iterator[tuple[str, Shape]]:
    """Objects of resources in a body that stand in no other one, with their shape there."""
    shapes = [each.shape for each in operation.body if each.shape and not edits(each)]
    for segments, name in model.sets.get(operation.id, ()):
        for top in shapes:
            at: Shape | None = top
            for step in segments:
                at = member(at, step) if at is not None else None
            if at is not None:
                yield name, at
    met = set(shapes)
    for shape in shapes:
        if name := resource_of(shape, model.bound):
            yield name, shape
        elif not shape.read_only:
            below = [each for each in shape.below() if each not in met]
            met.update(below)
            shapes += below


def _is_shared(contract: CompiledContract, endpoint: GrantedEndpoint, name: str) -> bool:
    """Whether a list of objects may hold some of several users, or hide some from its caller."""
    one = contract.policy.resources[name]
    if one.owner.kind == "none":
        some = any(contract.model.tables[name].sets)  # some caller sees it in some state
        return some and is_hidden(contract, endpoint, (name,))
    return one.owner.kind == "field" and not one.is_account


def _lists(
    contract: CompiledContract, endpoint: GrantedEndpoint, around: str, shape: Shape, *, maps: bool
) -> dict[str, str]:
    """Lists, and maps, in an object of a body that somebody may set, each with its resource."""
    model, found = contract.model, dict[str, str]()
    table = model.settable[around]
    for path in model.declared_fields.boundaries(shape):
        at: Shape | None = shape
        steps, end = path.split("."), 0
        for count, step in enumerate(steps):
            many = at is not None and step == "*" and (maps or at.items is not None)
            end = end or (count if many else 0)
            at = member(at, step) if at is not None else None
            if at is None or read_only(at):
                break
        else:
            listed = ".".join(steps[:end])
            rules = (*ruling_leaves(table, listed), *ruling_leaves(table, path)) if end else ()
            held = resource_of(at, model.bound) if at is not None else ""
            able = held and any(table.rules[each].grants for each in rules)
            if able and _is_shared(contract, endpoint, held):
                found.setdefault(listed, held)
    return found


def _unset(
    contract: CompiledContract, endpoint: GrantedEndpoint, name: str, shape: Shape
) -> dict[str, bool]:
    """Members that a body may have, and that somebody who may set others may not set; whether they
    may not see them either. The key and the owner are told by the path and the caller."""
    model, resource = contract.model, contract.policy.resources[name]
    paths = [
        each for each in model.declared_fields.fields(shape) if _is_sent(resource, shape, each)
    ]
    sets, sees = model.settable[name], model.tables[name]
    found: dict[str, bool] = {}
    for held in _callers(contract, endpoint, sets) if paths else ():
        for values in islice(product(*(each.values for each in sets.states)), _STATES):
            state = {each.name: value for each, value in zip(sets.states, values, strict=True)}
            able, seen = sets.see(held, state), sees.see(held, state)
            for path in paths if able else ():
                if not _has(sets, able, path):
                    called = path.removesuffix(".*")
                    found[called] = found.get(called, False) or not _has(sees, seen, path)
    return found


def _is_sent(resource: Resource, shape: Shape, path: str) -> bool:
    """Whether clients may send a member and may leave it out, as far as the document says."""
    known = {resource.key, *(resource.owner.members if resource.owner.kind == "field" else ())}
    if path in known or (shape.discriminator and path == shape.discriminator[0]):
        return False
    at: Shape | None = shape
    for step in path.split("."):
        if at is None or step in at.required:
            return False
        at = member(at, step)
        if at is not None and read_only(at):
            return False
    return True


def _has(table: Table, bits: int, path: str) -> bool:
    return any(
        index >= 0 and bits >> index & 1
        for index in (leaf_index(table, path), leaf_index(table, path.removesuffix(".*")))
    )


def _callers(
    contract: CompiledContract, endpoint: GrantedEndpoint, table: Table
) -> Iterator[set[str]]:
    """Relations to an object that those who may call an operation may have."""
    policy = contract.policy
    call = contract.model.rule(endpoint.operation.id).call
    base = {*policy.only("anyone", "authenticated")}
    for caller in [{each, *certain(contract, each)} for each in call or ()] or [base]:
        yield caller
        for each in table.relations:
            yield {*caller, each, *policy.required_relations(each)}
