"""Warnings about objects whose owner the gateway cannot determine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.objects_in_responses import enclosing_resources, listed_at, shown_at
from oakum.guard.compiled.path_objects import PathObjects, key_lists
from oakum.guard.compiled.write_targets import needs_object
from oakum.guard.compiled.written_object_type import is_ambiguous
from oakum.guard.warnings.contract_queries import owners_alone, resources_shown, resources_written
from oakum.openapi.model import Operation
from oakum.policy.model import Resource
from oakum.policy.resource_schemas import resource_of


def unknown_owners(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about a write that nobody, or only the owner of its object, may make."""
    operation, rule = endpoint.operation, contract.model.rule(endpoint.operation.id)
    kind, id = endpoint.checks.target.kind, endpoint.operation.id
    written = [contract.policy.resources[name] for name in resources_written(contract, operation)]
    closed, opened = _by_need_of_an_object(contract, written)
    unknown = f"the owner of the object that `{id}` writes is unknown"
    if rule.call is None and kind == "none" and not opened:
        what = (
            "so not even its owner may set anything"
            if endpoint.binds
            else "and no `call:` says who may call it, so nobody may"
        )
        hint = f"{endpoint.checks.owner_hint}; or `{id}: {{call: […]}}` if the API checks the owner"
        if lists := key_lists(contract.model, operation):
            hint = (
                f"write `{id}: {{call: […]}}` with those who may, for example `owner`: each"
                f" object that `{next(iter(lists))}` names is then looked up"
            )
        yield Problem(contract.location(operation), f"{unknown}, {what}", hint)
    elif rule.call is None and not endpoint.binds and kind in ("ask", "path"):
        below = not operation.path.rstrip("/").endswith("}")
        if (operation.method == "POST" and below) or _links(contract, operation):
            said = f"no `call:` says who may call `{id}`, so only the owner of the object may"
            hint = f"write `{id}: {{call: […]}}` with those who may, for example `owner`"
            yield Problem(contract.location(operation), said, hint)
    if kind == "none" and closed and (rule.call or opened):
        said = f"{unknown}, so fields that only its owner may set are refused: {few(closed, 3)}"
        yield Problem(contract.location(operation), said, endpoint.checks.owner_hint)


def owners_of_another_name(
    contract: CompiledContract, endpoint: GrantedEndpoint
) -> Iterator[Problem]:
    """Warns about a parameter with the owner that holds another field of an account than its id, as
    the name in its address: the gateway compares it with the caller's id."""
    rule = contract.model.rule(endpoint.operation.id)
    name, _, path = rule.params.get(rule.owner, "").partition(".")
    account = contract.policy.resources.get(name)
    if account is None or not account.is_account or path in ("", account.key):
        return
    id = endpoint.operation.id
    yield Problem(
        contract.location(endpoint.operation),
        f"`owner: {rule.owner}` of `{id}` is compared with the caller's id, and `params` says that"
        f" it holds `{name}.{path}`: a caller is the owner only if that is their id",
        f"omit `owner`, and let each object of the response say whose it is; or use a path"
        f" with `{name}.{account.key}`",
    )


def _links(contract: CompiledContract, operation: Operation) -> bool:
    """Whether a write says what the caller does with the object: `PUT /following/{id}`, which
    sends nothing to set, and the DELETE that takes it back."""
    each = (other.operation for other in contract.endpoints)
    puts = {found.path for found in each if found.method == "PUT" and not found.body}
    return operation.path in puts and operation.method in ("PUT", "DELETE")


def _by_need_of_an_object(
    contract: CompiledContract, written: Iterable[Resource]
) -> tuple[list[str], list[str]]:
    """(fields of which every setting right depends on the caller's relation to the object, other
    fields that somebody may set)."""
    closed, opened = list[str](), list[str]()
    for resource in written:
        for rule in resource.fields:
            grants = [each.set for each in rule.grants if each.set]
            bound = all(needs_object(contract.policy, setters) for setters in grants)
            if grants:
                (closed if bound else opened).append(f"{resource.name}.{rule.path}")
    return closed, opened


def unknown_elsewhere(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about a PUT that would create an object that may already exist under another parent."""
    operation, target = endpoint.operation, endpoint.checks.target
    resource = contract.policy.resources.get(target.resource)
    puts = operation.method == "PUT" and operation.path.endswith("}") and target.says
    if puts and resource is not None and not resource.main and resource.owner.kind == "field":
        yield Problem(
            contract.location(operation),
            f"if `{operation.id}` does not find a `{resource.name}`, the gateway cannot tell"
            f" whether it exists elsewhere, so it lets none be created",
            f"name the GET that shows a `{resource.name}` by its key in `main:`",
        )


def unknown_type(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about a body that may be of several resources if no look-up shows which one the object
    belongs to."""
    operation, typed = endpoint.operation, endpoint.checks.typed
    if typed is not None and is_ambiguous(endpoint.checks.target, typed):
        kinds = " or ".join(f"a `{each}`" for each in typed.kinds)
        yield Problem(
            contract.location(operation),
            f"nothing shows whether the object that `{operation.id}` writes is {kinds}, so"
            f" every body is refused",
            f"declare `GET {operation.path}` with that union as its response",
        )


def absent_parents(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about objects owned through a parent that is absent from the response or body."""
    operation = endpoint.operation
    for name in resources_shown(contract, operation):
        resource = contract.policy.resources[name]
        at = shown_at(contract.model, operation, name)
        at = listed_at(contract.model, operation, name) if at is None else at
        around = (
            _ownerless_container(contract, operation, name)
            if resource.owner.kind == "parent"
            else ""
        )
        alone = around or (
            at is not None and not enclosing_resources(contract.model, operation, at)
        )
        if resource.owner.kind == "parent" and alone and (kept := owners_alone(contract, resource)):
            few = ", ".join(f"`{name}.{each}`" for each in kept[:3])
            few += ", …" if kept[3:] else ""
            parent = f"an owner of the `{around}` around it" if around else ""
            said = (
                f"`{operation.id}` shows a `{name}` without {parent or 'its parent object'}, so"
                f" its owner is unknown there, and {few} stays hidden even from its owner"
            )
            yield Problem(contract.location(operation), said, owner_hint(resource, reads=True))
    if endpoint.write and endpoint.checks.unseen:
        resource = contract.policy.resources[endpoint.checks.unseen]
        if resource.owner.kind == "parent":
            said = f"the owner of the `{resource.name}` that `{operation.id}` writes is unknown"
            twice = PathObjects(contract.document, contract.model).is_parted_twice(operation)
            hint = endpoint.checks.owner_hint if twice else owner_hint(resource)
            where = contract.location(operation)
            yield Problem(where, f"{said}, so not even its owner may write it", hint)


def _ownerless_container(contract: CompiledContract, operation: Operation, name: str) -> str:
    """The object around such a resource in a response, if it is its parent's in turn, or
    nobody's, so that no owner is known; empty if there is none."""
    media = operation.success()
    todo = [(media.shape, "")] if media is not None and media.shape is not None else []
    met = {*todo}
    for shape, around in todo:
        here = resource_of(shape, contract.model.bound)
        if here == name and around:
            return around
        kind = contract.policy.resources[here].owner.kind if here else "none"
        if kind in ("parent", "none"):
            below = [(each, here or around) for each in shape.below()]
            todo += [each for each in dict.fromkeys(below) if each not in met]
            met.update(below)
    return ""


def owner_hint(resource: Resource, *, reads: bool = False) -> str:
    """Hint for an object whose parent is not around it."""
    name = resource.name
    own = f"write `owner: FIELD` at `{name}` if it names its owner itself"
    if reads:
        return f"{own}; otherwise let clients read it inside its parent object"
    return (
        f"{own}, or let a GET on a prefix of the path, by key alone, show a list of `{name}`"
        f" inside their parent object"
    )
