"""Warnings about operations that are called before a login."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import ANONYMOUS
from oakum.authz.decide import may_call
from oakum.errors import Problem
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.warnings.contract_queries import owners_alone, resources_shown, resources_written

_MANY = 3
"""Number of equal warnings from which they are merged into one."""


def hidden_accounts(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about responses to anonymous callers, usually of a login or sign-up, that lose the
    owner's fields; merged if there are many."""
    found = [problem for endpoint in contract.endpoints for problem in _login(contract, endpoint)]
    if len(found) < _MANY:
        yield from found
        return
    first = found[0]
    more = f" (and at {len(found) - 1} more operations that the document opens to all)"
    yield Problem(first.location, first.message + more, first.hint)


def _login(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about a response to an anonymous caller that shows what only an owner may see:
    usually a login or a sign-up."""
    operation, rule = endpoint.operation, contract.model.rule(endpoint.operation.id)
    who = _before(contract, endpoint)
    shown = [contract.policy.resources[name] for name in resources_shown(contract, operation)]
    for resource in sorted(shown, key=lambda each: not each.is_account):
        if rule.login or not who:
            return
        if resource.owner.kind in ("field", "caller") and (
            kept := owners_alone(contract, resource)
        ):
            few = ", ".join(f"`{resource.name}.{each}`" for each in kept[:3])
            few += ", …" if kept[3:] else ""
            hint = (
                "if it answers with the account that has just logged in, write"
                f" `{operation.id}: {{login: /…}}`, the pointer to that account's id in the"
                f" response"
            )
            yield Problem(
                contract.location(operation),
                f"{who}, so the gateway removes {few} from its response",
                hint,
            )
            return


def anonymous_bodies(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about a request body of which an anonymous caller may set nothing."""
    id, who = endpoint.operation.id, _before(contract, endpoint)
    said = contract.model.written.get(id)
    written = [contract.policy.resources[name] for name in said.resources] if said and who else []
    grants = [g.set for each in written for rule in each.fields for g in rule.grants if g.set]
    anyone = {n for n, each in contract.policy.relations.items() if each.kind == "anyone"}
    if grants and all(anyone.isdisjoint(each) for each in grants):
        yield Problem(
            contract.location(endpoint.operation),
            f"{who}, and no line lets `anyone` set what its body contains, so every body"
            f" from them is refused",
            f'write `{id}: {{sets: {{RESOURCE: ""}}}}` with a write-only resource'
            " (`owner: none`, `set: [anyone]`)",
        )


def _before(contract: CompiledContract, endpoint: GrantedEndpoint) -> str:
    """Says why a write's caller is anonymous; empty when it may be logged in. Where login is
    optional, only a sign-up is assumed to be anonymous."""
    operation, id = endpoint.operation, endpoint.operation.id
    if not endpoint.write or not may_call(contract.model, ANONYMOUS, id, {}):
        return ""
    if operation.security is not None and not any(operation.security):
        return f"callers of `{id}` are anonymous"
    names = {*resources_shown(contract, operation), *resources_written(contract, operation)}
    account = any(contract.policy.resources[name].is_account for name in names)
    makes = operation.method == "POST" and endpoint.checks.target.kind == "caller"
    return f"callers of `{id}` are anonymous until they log in" if makes and account else ""
