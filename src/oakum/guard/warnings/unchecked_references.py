"""Warnings about objects that a request names outside of its path."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz.compiled_model import is_hidden_from_members
from oakum.authz.data_outside_objects import OF_OBJECTS
from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.path_objects import names
from oakum.guard.compiled.write_targets import asks_object
from oakum.guard.warnings.data_of_removed_rows import beside_objects
from oakum.openapi.model import Operation, Shape
from oakum.openapi.shape_queries import element, scalars
from oakum.policy.resource_schemas import resource_of
from oakum.routing.paging_parameters import PAGING

_DEEP = 3
"""Nesting depth of a request body that is searched for lists of keys."""


def unchecked_references(
    contract: CompiledContract, endpoint: GrantedEndpoint
) -> Iterator[Problem]:
    """Warns about objects that a write names by plain keys and that are not looked up."""
    operation, id = endpoint.operation, endpoint.operation.id
    rule = contract.model.rule(id)
    checked = rule.call is None or asks_object(contract.policy, rule.call)
    for place, resource in endpoint.checks.plain.places.items() if checked else ():
        finder, name = endpoint.checks.finders.get(resource), place.contract_name
        other = _otherwise(id, name, resource)
        if finder is None or finder.kind != "ask":
            yield Problem(
                contract.location(operation),
                f"the owner of the `{resource}` that `{name}` names at `{id}` is unknown, so"
                f" requests that name one are refused",
                f"let a GET show a `{resource}` by its key, or {other}",
            )
        elif names(operation) and place.where != "path":
            yield Problem(
                contract.location(operation),
                f"`{id}` also requires that the caller may write each `{resource}` that"
                f" `{name}` names",
                f"{other} if it only refers to one, or says what to do with the object of the path",
            )


def unshown_objects(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about an object that a read names and of which nobody knows who may see it, for no GET
    shows one by its key."""
    model, id = contract.model, endpoint.operation.id
    if endpoint.acts or endpoint.graph:
        return
    for name, one in endpoint.asked.by.items():
        places = endpoint.asked.keys.places.items()
        names = [*dict.fromkeys(each.contract_name for each, of in places if of == name)]
        unseen = any(is_hidden_from_members(model, each) for each in one.resources)
        if not names or one.reader or not unseen:
            continue
        beside = [f"`{each}`" for each in _values_beside(contract, endpoint)]
        lost = f" ({', '.join(beside[:3])}{', …' if beside[3:] else ''})" if beside else ""
        yield Problem(
            contract.location(endpoint.operation),
            f"no other GET shows the `{name}` that {few(names, 3)} names at `{id}` by its key in"
            f" the path, so the gateway passes only objects with an owner there, without the"
            f" data beside them{lost}, and answers 404 if none is left, also for an empty list",
            f"let a GET show a `{name}` by its key in the path, write `conceal: false` at `{name}`"
            f" if everybody may know that one exists, or"
            f" `{id}: {{params: {{{names[0]}: {name}.FIELD}}}}` with what else it holds",
        )


def _values_beside(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[str]:
    """Where the document declares a value outside of every object in the response."""
    for at, shape, _ in beside_objects(contract.model, endpoint):
        if scalars(shape) and not shape.branches:
            yield at or "/"


def named_accounts(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about accounts that a write names by a plain key without an object in its path: the
    account is treated as the object written, so it has to be the caller's own."""
    operation, rule = endpoint.operation, contract.model.rule(endpoint.operation.id)
    kinds = {contract.policy.relations[each].kind for each in rule.call or ()} or {"owner"}
    if names(operation) or not kinds & OF_OBJECTS <= {"owner"} or not kinds & OF_OBJECTS:
        return
    for place, resource in endpoint.checks.plain.places.items():
        if contract.policy.resources[resource].is_account:
            name, id = place.contract_name, operation.id
            yield Problem(
                contract.location(operation),
                f"`{id}` is 404 if `{name}` names another user's `{resource}`: the gateway takes"
                " that object for the one that is written, and only its owner may write it",
                f"write `{id}: {{params: {{{name}: {resource}.FIELD}}}}` with another field than"
                " the key if it says with whom something is done",
            )


def _otherwise(id: str, name: str, resource: str) -> str:
    """Hint for what is named like a key and is none."""
    return f"write `{id}: {{params: {{{name}: {resource}.FIELD}}}}` with what it holds"


def unexplained_parameters(
    contract: CompiledContract, endpoint: GrantedEndpoint
) -> Iterator[Problem]:
    """Warns about parameters that may name the object of a write without a declared meaning."""
    operation, rule = endpoint.operation, contract.model.rule(endpoint.operation.id)
    checked = rule.call is None or asks_object(contract.policy, rule.call)
    if operation.method in ("POST", "QUERY") or names(operation) or not checked:
        return
    told = {each.name for each in endpoint.checks.plain.places}
    query = [
        f"`{each.name}`"
        for each in operation.parameters
        if each.where == "query" and each.name in endpoint.query
        and each.name not in {*rule.params, *told} and each.name.lower() not in PAGING
        and not each.shape.enum and each.shape.kinds != {"boolean"}
    ]  # fmt: skip
    known = endpoint.checks.plain.places or endpoint.checks.target.kind == "none"
    found, id = [*query, *([] if known else sorted(_lists(contract, operation)))], operation.id
    if found:
        few = ", ".join(found[:3]) + (", …" if found[3:] else "")
        said = (
            f"`{id}` may take from {few} which objects it writes, and the gateway does"
            f" not check those"
        )
        name = found[0].strip("`") if found[0].startswith("`") else "NAME"
        hint = f"declare what it names, `{id}: {{params: {{{name}: RESOURCE.KEY}}}}`"
        hint += f", or remove it, `{id}: {{without: [{name}]}}`" if query else ""
        yield Problem(contract.location(operation), said, hint)


def _lists(contract: CompiledContract, operation: Operation) -> Iterator[str]:
    """Lists of scalars in a request body outside every resource, down to a few levels."""
    params = contract.model.rule(operation.id).params
    todo = [((), each.shape) for each in operation.body if each.shape is not None]
    tops: list[tuple[tuple[str, ...], Shape]] = [*todo]
    for at, shape in tops:
        each, name = element(shape), ".".join(at)
        if each is not None and scalars(each) and not each.properties and name not in params:
            yield f"`{name}`" if at else "a list"
        if len(at) < _DEEP and not resource_of(shape, contract.model.bound):
            tops += [((*at, name), child()) for name, child in shape.properties.items()]
