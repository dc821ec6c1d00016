"""Path parameters that take the last segment of an object's resource name (AIP-122).

A gRPC service binds `/v1/{name=users/*}` to one member. `protoc-gen-openapi` writes that as
`/v1/users/{user}`, described as "The user id.", while the objects still call themselves and each
other `users/7`. Whether such a parameter is bound to `name` or to a plain id, only the contract
says: with `params: {user: User.name}`, its value is all of `users/7`, as with the patterns of
`protoc-gen-openapiv2` (`grpc_resource_names`).

In `/v1/users/{user}/notes/{note}` a note's name contains its user's (`users/7/notes/3`): that
`{note}` stays one segment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from oakum.openapi.document import Document
from oakum.openapi.model import Operation, Parameter
from oakum.policy.model import OperationRule, Policy
from oakum.policy.parameter_bindings import fill_parameters

_NAME = "name"
"""The member that AIP-122 prescribes for it."""
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def with_resource_names(document: Document, policy: Policy) -> Document:
    """The document with the collection as part of the values of such parameters."""
    rules: dict[str, OperationRule] = {}
    for name, rule in policy.operations.items():
        if (called := document.operation(name)) is not None:
            rules.setdefault(called.id, rule)
    bound: set[tuple[str, str]] = set()
    other: set[tuple[str, str]] = set()
    for operation in document.operations:
        rule = rules.get(operation.id) or OperationRule(operation.id)
        filled = fill_parameters(policy, operation, rule)
        for each, collection in _generated(operation):
            if field := filled.get(each.name, "").partition(".")[2]:
                (bound if field == _NAME else other).add((each.name, collection))
    if not bound - other:
        return document
    made = {each.id: _named(each, bound - other) for each in document.operations}
    return document.extend(made, {}, document.files_beside)


def _generated(operation: Operation) -> Iterator[tuple[Parameter, str]]:
    """Parameters that `protoc-gen-openapi` made of a resource name, each with its collection; not
    those below another object, whose name contains that one's."""
    segments = operation.path.split("/")
    for at, segment in enumerate(segments[1:], 1):
        last, collection = segment.partition(":")[0], segments[at - 1]
        if "{" in segment and any("{" in each for each in segments[1:at]):
            return
        for each in operation.parameters:
            alone = each.where == "path" and last == each.place == f"{{{each.name}}}"
            described = each.description.strip() == f"The {each.name} id."
            if alone and described and _WORD.fullmatch(collection):
                yield each, collection


def _named(operation: Operation, bound: set[tuple[str, str]]) -> Operation:
    collections = {
        each.name: collection
        for each, collection in _generated(operation)
        if (each.name, collection) in bound
    }
    parameters = tuple(
        replace(each, before=f"{collections[each.name]}/")
        if each.where == "path" and each.name in collections
        else each
        for each in operation.parameters
    )
    return replace(operation, parameters=parameters) if collections else operation
