"""Response fields that the contract says nothing about."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.gate.api_design_flaws import callers_said, operation_name
from oakum.http.json_pointer import path_of
from oakum.inference.lexicon import FieldClass, label_field
from oakum.openapi.model import Operation, Shape
from oakum.openapi.schema import children, elements
from oakum.policy.contract_warnings import mentioned_operations, strangers, unmentioned_fields
from oakum.policy.model import OperationRule
from oakum.policy.resource_schemas import View, at, success

_ORDINARY = (FieldClass.PLAIN, FieldClass.KEY, FieldClass.SETTING, FieldClass.HANDLE)
_DEEP = 12
_HOLDERS = {"object", "array"}


def find_unclassified(seen: View) -> tuple[str, ...]:
    """Describes each declared response field that no contract line decides, without duplicates.

    A field of a resource needs a line that covers it. Data around objects is covered by an explicit
    `call`; otherwise only usual envelope members, such as counts and links, are accepted.
    """
    found = [*_inside(seen)]
    rules, told, strange = (
        callers_said(seen.policy, seen.document),
        mentioned_operations(seen),
        strangers(seen),
    )
    for operation in seen.document.operations:
        rule = rules.get(operation.id, OperationRule(operation.id))
        if rule.call is not None:
            continue
        if operation.method == "GET" and not rule.shows and _is_silent(operation):
            found.append(
                f"`{operation_name(operation)}` declares no response, and no rule says who may"
                f" call it"
            )
        for path, shape, schema in _around(seen, operation, rule):
            label = label_field(path, shape)
            name = f"`{path}` of `{operation_name(operation)}`"
            if operation.id not in told:
                found.append(f"{name}: no rule mentions the operation")
            elif schema in strange:
                found.append(f"{name}: `{schema}` has its own key but is not a resource")
            elif label.kind not in _ORDINARY:
                found.append(f"{name} belongs to no resource: {label.reason}")
    return tuple(dict.fromkeys(found))


def _is_silent(operation: Operation) -> bool:
    """Whether the document allows anything in a response."""
    if not any(status.startswith("2") for status in operation.responses.keys() - {"204", "205"}):
        return False
    return not any(
        shape.properties or shape.items or shape.extra or shape.branches or shape.kinds - _HOLDERS
        for shape in success(operation)
    )


def _inside(seen: View) -> Iterator[str]:
    for name, resource in seen.policy.resources.items():
        if seen.endpoints[name]:
            for path in unmentioned_fields(seen, resource):
                yield f"`{name}.{path}`: no line names it"


def _around(
    seen: View, operation: Operation, rule: OperationRule
) -> Iterator[tuple[str, Shape, str]]:
    """(path, leaf, schema of the object around it) outside of every resource."""
    shown: list[Shape] = []
    for shape in success(operation):
        shown += [
            found
            for resource, pointer in rule.shows
            if resource in seen.endpoints and (found := at(shape, path_of(pointer))) is not None
        ]
    for shape in success(operation):
        yield from _walk(seen, shape, (), "", shown, ())


def _walk(
    seen: View,
    shape: Shape,
    path: tuple[str, ...],
    schema: str,
    shown: list[Shape],
    above: tuple[Shape, ...],
) -> Iterator[tuple[str, Shape, str]]:
    if shape in shown or seen.resource_of(shape) or shape in above or len(path) > _DEEP:
        return
    own = shape.pointer.rpartition("/")[2]
    schema = own if own in shape.names else schema
    below = dict(children(shape))
    if (star := elements(shape)) is not None:
        below["*"] = star
    for branch in shape.branches:
        if seen.resource_of(branch()):
            return  # a resource in some cases: its own lines apply
    if not below and path:
        yield ".".join(path), shape, schema
    for name, child in below.items():
        yield from _walk(seen, child, (*path, name), schema, shown, (*above, shape))
