"""Questions that several warnings ask: what an operation shows and writes, and who may see and set
it."""

from __future__ import annotations

from collections.abc import Iterable

from oakum.authz.compiled_model import may_be_hidden, resources_in
from oakum.authz.table import leaf_index
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.openapi.model import Operation
from oakum.policy.model import Resource


def resources_shown(contract: CompiledContract, operation: Operation) -> list[str]:
    """Resources in an operation's success response."""
    media = operation.success()
    shape = media.shape if media is not None else None
    found = resources_in(shape, contract.model.bound) if shape is not None else ()
    inside = (name for name, _ in found)
    pointed = (name for _, name in contract.model.shown.get(operation.id, ()))
    return list(dict.fromkeys((*inside, *pointed)))


def concealed_resources_shown(contract: CompiledContract, operation: Operation) -> list[str]:
    """Resources in an operation's success response that are concealed, and of which somebody who is
    logged in may see nothing."""
    shown = resources_shown(contract, operation)
    return [name for name in shown if may_be_hidden(contract.model, name)]


def resources_written(contract: CompiledContract, operation: Operation) -> list[str]:
    """Resources in an operation's request body."""
    inside = (
        name
        for media in operation.body
        if media.shape is not None
        for name, _ in resources_in(media.shape, contract.model.bound)
    )
    pointed = (name for _, name in contract.model.sets.get(operation.id, ()))
    return list(dict.fromkeys((*inside, *pointed)))


def owners_alone(contract: CompiledContract, resource: Resource) -> list[str]:
    """Fields that the owner may see and an anonymous caller may not."""
    return [
        rule.path
        for rule in resource.fields
        if (seers := {contract.policy.relations[n].kind for g in rule.grants for n in g.see})
        and "owner" in seers
        and "anyone" not in seers
    ]


def certain(contract: CompiledContract, relation: str) -> set[str]:
    """All relations that certainly hold for a caller who has this one to somebody else's object."""
    known = contract.policy.kinds(relation) != {"anyone"}
    base = contract.policy.only(*(("anyone", "authenticated") if known else ("anyone",)))
    plain = (name for name in base if not contract.policy.relations[name].unless)
    return {*contract.policy.required_relations(relation), *plain}


def is_hidden(
    contract: CompiledContract, endpoint: GrantedEndpoint, resources: Iterable[str]
) -> bool:
    """Whether some caller of an endpoint may see nothing of an object of one of these resources."""
    policy, operation = contract.policy, endpoint.operation
    call = contract.model.rule(operation.id).call
    known = () if operation.anonymous else ("authenticated",)
    callers = [certain(contract, each) for each in call or ()] or [{*policy.only("anyone", *known)}]
    tables = [contract.model.tables[name] for name in resources]
    return not all(table.see(held, {}) for table in tables for held in callers)


def may_set_key(contract: CompiledContract, name: str) -> bool:
    """Whether the contract lets anybody set the key of a resource."""
    table, key = contract.model.settable[name], contract.policy.resources[name].key
    at = leaf_index(table, key) if key else -1
    return at >= 0 and bool(table.rules[at].grants)
