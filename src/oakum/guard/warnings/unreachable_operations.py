"""Warnings about operations that some or all callers cannot reach."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import ANONYMOUS
from oakum.authz.decide import may_call
from oakum.errors import Location, Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.enforcement_plan import NEVER_SENT
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.warnings.contract_queries import resources_shown
from oakum.policy.model import Grant
from oakum.policy.resource_schemas import success


def warn_of_unmentioned(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about operations that the contract does not mention, or only as a look-up; others
    whose response has a schema are reported by every contract check."""
    relations = contract.policy.relations.values()
    asked = [contract.policy.caller.operation, *(each.operation for each in relations)]
    known = {each.id for name in asked if name and (each := contract.document.operation(name))}
    names = [
        each.id
        for each in contract.document.operations
        if each.id not in contract.lookups.endpoints
        and each.id not in contract.model.rules
        and each.method not in NEVER_SENT
        and (not success(each) or each.id in known)
    ]
    if names:
        some = ", ".join(f"`{each}`" for each in names[:5]) + (", …" if names[5:] else "")
        said = f"no line mentions {some}, so a gateway answers 404 there"
        where = contract.policy.places.get(("operations",), Location(contract.policy.file))
        yield Problem(where, said, f"write `{names[0]}: {{}}` if callers should reach it")


def closed_to_anyone(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about fields granted to `anyone` that are only shown by operations for which the
    document requires credentials. Also about the `main` of a resource whose lists are open:
    documents often declare optional logins as required."""
    found: dict[str, Location] = {}
    shut: dict[str, None] = {}
    for name, resource in contract.policy.resources.items():
        grants = (grant for rule in resource.fields for grant in rule.grants)
        opened = next((each for each in grants if _to_anyone(contract, each)), None)
        shows = [
            each.operation
            for each in contract.endpoints
            if not each.write and name in resources_shown(contract, each.operation)
        ]
        kept = [each.id for each in shows if contract.model.rule(each.id).call is None]
        kept.sort(key=resource.main.__ne__)
        reached = any(_is_reached(contract, each.id) for each in shows)
        if reached:  # a list is open to all, so only `main` is missing
            kept = [id for id in kept if id == resource.main and not _is_reached(contract, id)]
        if opened is not None and kept:
            found[name] = opened.location
            shut |= dict.fromkeys(kept)
    if found:
        said = (
            f"`anyone` may see fields of {few([*found], 3)}, but the document asks for"
            f" credentials at {few([*shut], 3)}, so callers without any get 401 there"
        )
        hint = (
            f"write `{next(iter(shut))}: {{call: [anyone]}}` where no login is needed, or"
            " `security: []` in the document or an overlay"
        )
        yield Problem(next(iter(found.values())), said, hint)


def _is_reached(contract: CompiledContract, operation: str) -> bool:
    return may_call(contract.model, ANONYMOUS, operation, {})


def _to_anyone(contract: CompiledContract, grant: Grant) -> bool:
    return any(contract.policy.relations[name].kind == "anyone" for name in grant.see)


def unknown_preflights(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about an operation that browsers cannot call from another origin, since its preflight
    is denied."""
    if not endpoint.preflight:
        yield Problem(
            contract.location(endpoint.operation),
            f"no valid value is known for the parameters of `{endpoint.operation.id}`, so"
            f" browsers cannot send a CORS preflight from a page of another origin",
            "let `pattern` or `enum` allow values that fit in a path segment",
        )
