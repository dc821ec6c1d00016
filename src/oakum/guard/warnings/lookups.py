"""Warnings about look-ups that cannot establish a caller, a relation or a state."""

from __future__ import annotations

import json
from collections.abc import Iterator

from oakum.authz import ANONYMOUS
from oakum.authz.claim_paths import claim_path
from oakum.authz.decide import may_call
from oakum.authz.table import leaf_index
from oakum.errors import Location, Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.warnings.contract_queries import certain
from oakum.guard.warnings.list_completeness import cursors, failure_members, unexplained_members
from oakum.http.json_pointer import path_of
from oakum.openapi.model import Json, Operation, Shape
from oakum.openapi.shape_queries import element, member
from oakum.policy.model import Relation, Resource, State, origin

_KINDS = {str: {"string"}, int: {"integer", "number"}, float: {"number"}}


def unknown_caller(contract: CompiledContract) -> Iterator[Problem]:
    """Warns when who-am-I cannot be called, so that every caller is anonymous."""
    caller = contract.policy.caller
    if caller.claim or caller.api_key:
        return
    if contract.lookups.whoami is not None:
        yield from _undeclared_credential(contract)
        return
    where = contract.policy.places.get(("caller",), Location(contract.policy.file))
    if not caller.operation:
        said, hint = "the contract does not say how to identify callers", "write `caller:`"
    else:
        said = f"`{caller.operation}` cannot be used to identify the caller"
        hint = "use a GET without path parameters, or a POST with `reads: true`"
    yield Problem(where, f"{said}, so every caller is anonymous behind a gateway", hint)


def _undeclared_credential(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about what who-am-I requires of every caller, although nobody has to log in for it
    according to the document: it may be the credential, which a gateway then does not know."""
    operation = contract.model.operations[contract.policy.caller.operation]
    known = {(each.where, each.name) for each in contract.lookups.credentials}
    for each in operation.parameters if operation.anonymous else ():
        name = each.name.lower() if each.where == "header" else each.name
        if (
            not each.required
            or each.where not in ("header", "cookie")
            or (each.where, name) in known
        ):
            continue
        yield Problem(
            contract.policy.places.get(("caller",), Location(contract.policy.file)),
            f"`{operation.id}` requires the {each.where} `{each.name}`, which no security scheme of"
            " the document names: if it is the credential, who sends it is anonymous behind a"
            " gateway",
            f"declare it in the document or an overlay, `securitySchemes: {{{each.name}: {{type:"
            f" apiKey, in: {each.where}, name: {each.name}}}}}`, and name it under `security`",
        )


def unknown_relations(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about relations that can never be established."""
    for relation in contract.policy.relations.values():
        if relation.kind == "lookup" and relation.name in contract.lookups.relations:
            yield from _lookup(contract, relation)
        elif relation.claim and contract.lookups.whoami is not None:
            yield from _claim(contract, relation)


def _lookup(contract: CompiledContract, relation: Relation) -> Iterator[Problem]:
    ask = contract.lookups.asks[contract.lookups.relations[relation.name]]
    operation = contract.model.operations[ask.operation]
    placed = "{" in operation.path
    every = contract.policy.relations.values()
    takers = [e.name for e in every if relation.name in (*e.unless, *e.requires)]
    closed = f"nobody has `{relation.name}`" + (
        f", and therefore nobody has `{takers[0]}` either" if takers else ""
    )
    yield from _goes_on(contract, relation)
    if not placed and relation.of == "owner":
        said = f"`{operation.id}` lists the caller's own relations, not those of an object's owner"
        hint = "name a GET with the owner's id in its path"
        yield Problem(relation.location, f"{said}: {closed}", f"{hint}, or write `of: caller`")
    elif placed and relation.of == "owner" and _owners_only(contract, operation):
        said = (
            f"only its owner may call `{operation.id}`, but the gateway calls it with the"
            f" caller's credentials"
        )
        hint = "write `guard: {service: {header: …, env: …}}` with a credential that may"
        yield Problem(relation.location, f"{said}: {closed}", hint)


def _goes_on(contract: CompiledContract, relation: Relation) -> Iterator[Problem]:
    """Warns about members beside a list that keep it from being known as complete, if somebody
    has a relation only if they are not on it."""
    every = contract.policy.relations.values()
    takers = [each.name for each in every if relation.name in each.unless]
    if not takers:
        return
    place, id = contract.lookups.places[relation.name], relation.operation
    where, nobody = f"beside the list of who is `{relation.name}`", f"nobody has `{takers[0]}`"
    if found := unexplained_members(place):
        said = (
            f"`{id}` declares {few(found, 5)} {where}, which may say that it goes on: if one"
            f" is neither null nor empty, and nothing says that the list ends, {nobody}"
        )
        hint = (
            f"name the member with the number of entries in `counts` of `{id}`,"
            " or send one that says that the list ends, such as `has_more: false`"
        )
        yield Problem(relation.location, said, hint)
    if found := failure_members(place):
        said = (
            f"`{id}` declares {few(found, 5)} {where}: a text there counts as a failure unless"
            f" it says success, as `ok` does, and then {nobody}"
        )
        hint = "leave it out of that response, or name an operation in `in` that does not send"
        yield Problem(relation.location, said, f"{hint} it")
    if found := cursors(place):
        said = (
            f"`{id}` declares {few(found, 5)} {where}: while one is set, the list counts as"
            f" incomplete, even if another member says that it ends, and {nobody}"
        )
        hint = "let the API send null there, or leave it out, where the list ends"
        yield Problem(relation.location, said, hint)


def _claim(contract: CompiledContract, relation: Relation) -> Iterator[Problem]:
    whoami = contract.lookups.whoami
    assert whoami is not None
    operation = contract.model.operations[contract.lookups.asks[whoami].operation]
    media = operation.success()
    shape = media.shape if media is not None else None
    around = path_of(contract.policy.caller.pointer)[:-1]
    for step in around:
        shape = member(shape, step) if shape is not None else None
    at = _told_at(shape, relation.claim) if shape is not None else None
    compared = relation.kind == "field"
    if at is not None and not compared and (kind := _other_kind(at, relation.has)):
        yield Problem(
            relation.location,
            f"`{operation.id}` declares `{relation.claim}` as {kind}, never"
            f" {json.dumps(relation.has)}, so nobody is `{relation.name}`",
            "name the member that contains that value, or write its value in `has`",
        )
    if shape is None or at is not None:
        return
    yield Problem(
        relation.location,
        f"`{operation.id}` declares no `{relation.claim}` beside the caller's id, so nobody is"
        f" `{relation.name}` unless its response contains it anyway",
        "declare it there if it does; a gateway does not read the claims of an identities file",
    )


def _told_at(shape: Shape, claim: str) -> Shape | None:
    """The schema at a claim's path, or that of undeclared members; None if there is none."""
    at: Shape | None = shape
    for step in claim_path(claim):
        at = member(at, step) if at is not None else None
    return at


def _other_kind(shape: Shape, value: Json) -> str:
    """The declared type of a claim that can never equal the value; empty when it can."""
    shape = element(shape) or shape
    kinds = {"boolean"} if isinstance(value, bool) else _KINDS.get(type(value), set())
    if not shape.kinds or shape.branches or not kinds or kinds & {*shape.kinds}:
        return ""
    return " or ".join(sorted(shape.kinds))


def unknown_states(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about account states that only the owner can read."""
    for path, (index, _) in contract.lookups.states.items():
        name, _, called = path.partition(".")
        resource = contract.policy.resources[name]
        state = resource.states[called]
        operation = contract.model.operations[contract.lookups.asks[index].operation]
        if contract.policy.guard.service is not None:
            continue
        if "{" not in operation.path:
            said = f"`{operation.id}` shows `{path}` to its owner only"
        elif _owners_only(contract, operation) or not _is_shown(contract, resource, state):
            said = f"`{operation.id}` shows `{path}` only to its owner"
        else:
            yield from _warn_of_hidden_states(contract, path, operation)
            continue
        hint = "write `guard: {service: {header: …, env: …}}` with a credential that may see it"
        said = (
            f"{said}, so it is unknown for other callers, and the fields that it opens stay closed"
        )
        yield Problem(state.location, said, hint)


def _owners_only(contract: CompiledContract, operation: Operation) -> bool:
    """Whether a look-up with the caller's own credentials is refused for other owners."""
    call = contract.model.rule(operation.id).call
    if contract.policy.guard.service is not None or not call:
        return False
    return {contract.policy.relations[name].kind for name in call} <= {"owner", "claim"}


def _warn_of_hidden_states(
    contract: CompiledContract, path: str, operation: Operation
) -> Iterator[Problem]:
    """Warns about callers to whom a state opens something that they are not told the state
    for: they ask with their own credentials."""
    for resource in contract.policy.resources.values():
        for grant in (each for rule in resource.fields for each in rule.grants):
            for name, values in grant.when.items():
                state = resource.states[name]
                far = origin(contract.policy, state) if state.of else f"{resource.name}.{name}"
                late = [
                    each
                    for each in grant.see
                    if far == path and not _is_told(contract, each, path, values, operation)
                ]
                if late and (state.of or not state.member):
                    yield Problem(
                        grant.location,
                        f"callers who are `{late[0]}` may not read `{path}` at"
                        f" `{operation.id}`, and the guard looks it up with their credentials;"
                        f" so the fields of `{resource.name}` that depend on it stay closed for"
                        " them",
                        "write `guard: {service: {header: …, env: …}}` with a credential that"
                        " may read it",
                    )
                    return


def _is_told(
    contract: CompiledContract,
    relation: str,
    path: str,
    values: tuple[Json, ...],
    operation: Operation,
) -> bool:
    """Whether holders of a relation are shown a state while it has one of some values."""
    name, _, called = path.partition(".")
    table, state = contract.model.tables[name], contract.policy.resources[name].states[called]
    kind = contract.policy.relations[relation].kind
    if kind == "owner" or not (at := leaf_index(table, state.member)) >= 0:
        return True
    if kind == "anyone" and not may_call(contract.model, ANONYMOUS, operation.id, {}):
        return False
    held = certain(contract, relation)
    return any(table.see(held, {called: value}) >> at & 1 for value in values)


def _is_shown(contract: CompiledContract, resource: Resource, state: State) -> bool:
    """Whether anybody but the owner and staff may see a state's value."""
    sees = {
        name
        for rule in resource.fields
        if rule.path == state.member or rule.path.endswith("**")
        for grant in rule.grants
        for name in grant.see
    }
    return any(contract.policy.relations[name].kind not in ("owner", "claim") for name in sees)
