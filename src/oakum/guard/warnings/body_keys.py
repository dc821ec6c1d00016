"""Warnings about keys in a request body that may be those of other objects."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.errors import Problem
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.warnings.contract_queries import may_set_key, resources_written
from oakum.guard.warnings.nested_objects_in_bodies import many_of
from oakum.guard.warnings.unknown_owners import owner_hint
from oakum.openapi.model import Operation, Shape
from oakum.openapi.shape_queries import member
from oakum.policy.resource_schemas import resource_of

_INSIDE = ("field", "path", "caller")
"""Kinds of owner with which an object nested in another one is looked up by its key."""


def unlooked_keys(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about keys in bodies for which the gateway makes no look-up, so that fields
    which only the owner may set are refused there."""
    id = endpoint.operation.id
    said = contract.model.written.get(id)
    for name in resources_written(contract, endpoint.operation):
        resource, finder = contract.policy.resources[name], endpoint.checks.finders.get(name)
        own = may_set_key(contract, name)
        # In a map the names are the keys, and in a list a key selects an object: neither needs a
        # grant to set the key.
        many = many_of(contract.model, endpoint.operation, name) if resource.key else set[str]()
        if (finder and finder.kind == "ask") or not (own or many):
            continue
        first = said is not None and name in said.resources
        names_another = (
            _may_name_another(contract, endpoint, name) if first else resource.owner.kind in _INSIDE
        )
        if names_another and not (first and resource.is_account):
            ways = [f"by `{resource.key}`"] if own or "list" in many else []
            by = " or ".join([*ways, *(["in a map"] if "map" in many else [])])
            whose = f"the owner of the `{name}` that a body of `{id}` names {by}"
            hint = f"name the GET that shows a `{name}` by its key in `main:`"
            if finder is not None:
                hint = (
                    f"let a GET show a `{name}` by its key with no path parameters besides"
                    f" those of `{id}`, or let clients write such objects under the path"
                    f" that shows them"
                )
            yield Problem(
                contract.location(endpoint.operation),
                f"{whose} is unknown, so fields that only its owner may set are refused there",
                owner_hint(resource) if resource.owner.kind == "parent" else hint,
            )


def _may_name_another(contract: CompiledContract, endpoint: GrantedEndpoint, name: str) -> bool:
    """Whether a key in a body may name another object than the one that was looked up."""
    target = endpoint.checks.target
    makes = endpoint.operation.method == "POST"
    if target.kind == "none" or (makes and name not in endpoint.checks.finders):
        return False
    if makes and target.kind == "caller" and True in _stands(contract, endpoint.operation, name):
        return True
    return target.unnamed or target.below or target.resource not in ("", name)


def _stands(contract: CompiledContract, operation: Operation, name: str) -> set[bool]:
    """How top-level objects of a resource occur in a request body: True in a list or map, False
    alone."""
    found = {"*" in at for at, each in contract.model.sets.get(operation.id, ()) if each == name}
    bound, known = contract.model.bound, set[tuple[Shape, bool]]()
    todo = [(each.shape, False) for each in operation.body if each.shape is not None]
    for shape, many in todo:
        if resource_of(shape, bound):
            found |= {many} if resource_of(shape, bound) == name else set()
        elif (shape, many) not in known:
            known.add((shape, many))
            todo += [(child(), many) for child in (*shape.properties.values(), *shape.branches)]
            todo += [(each(), True) for each in (shape.items, shape.extra) if each is not None]
    return found


def chosen_keys(contract: CompiledContract) -> Iterator[Problem]:
    """Warns once about keys whose availability is not checked."""
    found = [
        (endpoint.operation, contract.policy.resources[name])
        for endpoint in contract.endpoints
        for name in _free(contract, endpoint)
    ]
    if found:
        operation, resource = found[0]
        more = f" (and at {len(found) - 1} more places)" if found[1:] else ""
        said = (
            f"callers of `{operation.id}` may choose any `{resource.key}`, even one that"
            f" exists: an API that saves by key would overwrite another user's"
            f" `{resource.name}`{more}"
        )
        hint = (
            f"remove `set` from `{resource.name}.{resource.key}` if clients do not choose"
            f" it; otherwise make sure that the API refuses an existing one"
        )
        yield Problem(contract.location(operation), said, hint)


def _free(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[str]:
    operation, target = endpoint.operation, endpoint.checks.target
    written = contract.model.written.get(operation.id)
    makes = operation.method == "POST" and endpoint.write and target.kind == "caller"
    for name in written.resources if written is not None and makes else ():
        alone = not target.below and False in _stands(contract, operation, name)
        owned = contract.policy.resources[name].owner.kind != "none"
        if owned and may_set_key(contract, name) and (alone or name not in endpoint.checks.finders):
            yield name


def key_spellings(contract: CompiledContract) -> Iterator[Problem]:
    """Warns once about string keys that clients choose: an API that ignores case could overwrite
    another object. Integers and UUIDs have one spelling only."""
    found = [
        (endpoint.operation, contract.policy.resources[name])
        for endpoint in contract.endpoints
        for name, finder in endpoint.checks.finders.items()
        if finder.kind == "ask" and not finder.form and _takes_free(contract, endpoint, name)
    ]
    if found:
        operation, resource = found[0]
        more = f" (and at {len(found) - 1} more places)" if found[1:] else ""
        key = f"`{resource.name}.{resource.key}`"
        yield Problem(
            contract.location(operation),
            f"callers of `{operation.id}` may set {key} to a text that the GET of it answers"
            f" with 404: an API that ignores case in a body would overwrite another user's"
            f" object{more}",
            f"remove `set` from {key} if clients do not choose it, declare it as an integer"
            " or with `format: uuid` if it is one, or make sure that the API does not ignore case",
        )


def _takes_free(contract: CompiledContract, endpoint: GrantedEndpoint, name: str) -> bool:
    """Whether a body may give an object a key that the API does not know."""
    if not name or not endpoint.write:
        return False
    names = endpoint.checks.target.resource == name or endpoint.operation.method == "POST"
    written = contract.model.written.get(endpoint.operation.id)
    held = written is not None and name in written.resources
    return held and names and may_set_key(contract, name)


def keys_in_puts(contract: CompiledContract) -> Iterator[Problem]:
    """Warns once about a PUT whose body has to hold the key of the object in its path, which nobody
    may set."""
    found = [
        (endpoint.operation, contract.policy.resources[name])
        for endpoint in contract.endpoints
        if endpoint.write and endpoint.operation.method == "PUT" and endpoint.checks.target.last
        for name in resources_written(contract, endpoint.operation)
        if endpoint.checks.target.resource == name and _says_key(contract, endpoint.operation, name)
    ]
    if found and contract.policy.guard.unknown == "refuse":
        operation, resource = found[0]
        more = f" (and at {len(found) - 1} more places)" if found[1:] else ""
        yield Problem(
            contract.location(operation),
            f"a body of `{operation.id}` that holds `{resource.key}` is refused with 422, even"
            f" if it is the key of the path, since nobody may set it{more}",
            "let clients leave it out, and say so in the document with `readOnly: true`, or"
            " have it removed with `guard: {unknown: remove}`",
        )


def _says_key(contract: CompiledContract, operation: Operation, name: str) -> bool:
    """Whether a body is such an object alone, of which clients may send the key and not set."""
    key = contract.policy.resources[name].key
    shapes = [e.shape for e in operation.body if e.shape is not None]
    tops = [e for e in shapes if resource_of(e, contract.model.bound) == name]
    keys = [member(e, key) for e in tops] if key else []
    sent = any(each is not None and not each.read_only for each in keys)
    return sent and not may_set_key(contract, name)
