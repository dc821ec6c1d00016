"""Warnings about objects and keys in parameters that the gateway does not read."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz.compiled_model import may_be_hidden
from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.form_members import form_of
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.objects_in_responses import answer
from oakum.guard.compiled.objects_outside_path import unchecked_keys, unchecked_references
from oakum.guard.compiled.path_objects import PathObjects, PathStep
from oakum.guard.compiled.write_targets import asks_object
from oakum.guard.unexplained_request_names import explains
from oakum.openapi.model import Operation, Parameter
from oakum.openapi.shape_walk import elements
from oakum.policy.resource_schemas import resource_of
from oakum.routing.content_type import FORM, PARTS

_MARKS = {"label": ".", "matrix": ";"}
"""Style → the prefix of its values (OpenAPI 3.1, Style Values)."""


def unread_parameters(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about lists of keys not declared as such, about keys with a style prefix, and about
    objects in a write's parameters."""
    paths = PathObjects(contract.document, contract.model)
    for endpoint in contract.endpoints:
        operation = endpoint.operation
        yield from _objects(contract, endpoint)
        yield from _keys(contract, endpoint)
        yield from _warn_of_unexplained(contract, paths, endpoint)
        declared = {each.name: each for each in operation.parameters if each.where == "path"}
        for step in paths.steps(operation):
            each = declared.get(step.param)
            if each is None or step.resource is None or step.kind not in ("object", "account"):
                continue
            if found := _unread(operation, each, step):
                yield Problem(contract.location(operation), *found)


def _warn_of_unexplained(
    contract: CompiledContract, paths: PathObjects, endpoint: GrantedEndpoint
) -> Iterator[Problem]:
    """Warns about a read that tells more than whole objects, and whose path names something of
    which nobody says what it is: perhaps an object that is hidden."""
    model, operation, top = contract.model, endpoint.operation, answer(endpoint.operation)
    if endpoint.acts or top is None or operation.id not in model.rules:
        return
    hidden = [
        name
        for name, each in model.policy.resources.items()
        if each.key and may_be_hidden(model, name)
    ]
    inner = elements(top)
    whole = any(resource_of(each, model.bound) for each in (top, inner) if each is not None)
    found = [e.param for e in paths.steps(operation) if e.kind == "object" and e.resource is None]
    if found and hidden and not whole:
        yield Problem(
            contract.location(operation),
            f"neither contract nor document says what {few(found, 3)} in the path of"
            f" `{operation.id}` names; if it is the key of an object, the response reveals that"
            " object to callers who may not see it",
            explains(model, operation.id, found[0]),
        )


def _objects(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    for place, resource in endpoint.checks.unread.items():
        said, name = endpoint.operation, place.partition(" ")[2]
        hint = "let clients send it in the body"
        if place.startswith("query "):
            hint += f"; or remove it, `{said.id}: {{without: [{name}]}}`"
        yield Problem(
            contract.location(said),
            f"`{name}` of `{said.id}` holds a `{resource}`, which a gateway judges in a body alone,"
            " so a call with it is refused with 422",
            hint,
        )


def _unread(operation: Operation, parameter: Parameter, step: PathStep) -> tuple[str, str] | None:
    name, one = parameter.name, step.resource
    if mark := _MARKS.get(parameter.style):
        said = f"`{name}` in the path of `{operation.id}` begins with `{mark}`"
        hint = "declare it without `style`, and let clients send the key alone"
        return f"{said}, and no object is found by such a key, so calls are refused", hint
    if "array" not in parameter.shape.kinds or one is None:
        return None
    said = f"`{name}` in the path of `{operation.id}` is a list, and is taken for one key"
    hint = f"write `{operation.id}: {{params: {{{name}: {one.name}.{one.key or 'KEY'}}}}}`"
    if one.is_account or one.owner.kind == "none":
        hint = f"let clients name each `{one.name}` in a path of its own, or all in the query"
    return f"{said}, so a call with more is refused", hint


def _keys(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about what is named like the key of a resource and is not checked: an API may take it
    for the key of what it writes."""
    model = contract.model
    model, operation = contract.model, endpoint.operation
    written = model.written.get(operation.id)
    rule = model.rule(operation.id)
    checked = rule.call is None or asks_object(model.policy, rule.call)
    if not endpoint.write or not checked or rule.graphql:
        return
    if operation.method not in ("PUT", "PATCH", "DELETE"):
        yield from _arguments(contract, endpoint)
        return
    held = {*written.resources} if written is not None else set[str]()
    for one in model.policy.resources.values():
        places = [] if one.is_account else [*unchecked_keys(model, operation, one, held)]
        places += [] if one.is_account else unchecked_references(model, operation, one, held)
        names = dict.fromkeys(
            e.contract_name for e in places if e not in endpoint.checks.plain.places
        )
        found = [each for each in names if each not in rule.params]
        if not (held or one.is_account or endpoint.checks.plain.free):
            found += _unread_forms(operation)
        if found:
            yield Problem(
                contract.location(operation),
                f"`{operation.id}` may take from {few(found, 3)} which `{one.name}` it writes, and"
                " the gateway does not check those",
                f"declare what it names, `{operation.id}: {{params:"
                f" {{{found[0]}: {one.name}.{one.key}}}}}`",
            )


def _arguments(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about what is named like a key in a POST, and of what nobody says what it is."""
    model = contract.model
    model, operation = contract.model, endpoint.operation
    params = model.rule(operation.id).params
    for one in model.policy.resources.values():
        places = [] if one.is_account else [*unchecked_keys(model, operation, one, ())]
        names = dict.fromkeys(
            e.contract_name for e in places if e not in endpoint.checks.plain.places
        )
        if found := [each for each in names if each not in params]:
            said = f"{operation.id}: {{params: {{{found[0]}: {one.name}"
            yield Problem(
                contract.location(operation),
                f"`{operation.id}` may act on the `{one.name}` that {few(found, 3)} names, and the"
                f" gateway does not check that: for a {operation.method} only `params` counts",
                f"write `{said}.{one.key}}}}}` to have it checked, or `{said}.FIELD}}}}` if it only"
                " refers to one",
            )


def _unread_forms(operation: Operation) -> Iterator[str]:
    """Media types of forms that declare no name, so that any passes."""
    for each in operation.body:
        if each.type in (FORM, PARTS) and form_of(each.shape) is None:
            yield each.type
