"""A contract compiled: one table per resource, and one plan per answer of each door."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from oakum.contract.model import Media, Operation, OperationRule, Policy, Shape
from oakum.errors import Location
from oakum.semantics.table import Table, bindings, compile_resource, member, merged


class Describes(Protocol):
    """What the semantics need of an OpenAPI document."""

    @property
    def operations(self) -> tuple[Operation, ...]: ...
    def operation(self, name: str, /) -> Operation | None: ...


@dataclass(frozen=True)
class Model:
    """The compiled contract: everything `decide` and `project` look at."""

    policy: Policy
    operations: Mapping[str, Operation]
    """By the id the document gives them."""
    rules: Mapping[str, OperationRule]
    """By the same id, also where the policy wrote `GET /path`."""
    bound: Mapping[str, str]
    """Schema name → resource name."""
    tables: Mapping[str, Table]
    shown: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]] = field(default_factory=dict)
    """Operation id → (pointer pattern, resource) of its `shows`."""
    showing: frozenset[str] = frozenset()
    """Operations whose declared answers hold a resource of the contract."""

    def rule(self, operation: str) -> OperationRule:
        """What the contract says of a door; an empty rule where it says nothing."""
        return self.rules.get(operation) or OperationRule(operation)

    def field_location(self, resource: str, leaf: str) -> Location:
        """The contract line that rules a field, or the resource's own where none does."""
        table = self.tables[resource]
        for index, known in enumerate(table.leaves):
            if known == leaf or (known.endswith("**") and leaf.startswith(known[:-2])):
                return table.rules[index].location
        return table.resource.location


def compile_contract(document: Describes, policy: Policy) -> Model:
    """Compile policy and document into one `Model`; raises `InputError` as `compile_resource`."""
    bound = bindings(policy)
    operations = {operation.id: operation for operation in document.operations}
    rules: dict[str, OperationRule] = {}
    for name, rule in policy.operations.items():
        operation = document.operation(name)
        if operation is not None:
            rules[operation.id] = rule
    shown = {
        id: tuple((pattern(pointer), resource) for resource, pointer in rule.shows)
        for id, rule in rules.items()
    }
    shapes, showing = _resource_shapes(operations, shown, bound)
    tables = {
        name: compile_resource(
            resource, merged(shapes[name]) if shapes.get(name) else Shape(), bound
        )
        for name, resource in policy.resources.items()
    }
    return Model(policy, operations, rules, bound, tables, shown, showing)


def pattern(pointer: str) -> tuple[str, ...]:
    """Segments of a JSON pointer (RFC 6901); `*` stands for every element or map value."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _resource_shapes(
    operations: Mapping[str, Operation],
    shown: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]],
    bound: Mapping[str, str],
) -> tuple[dict[str, list[Shape]], frozenset[str]]:
    """Every shape under which a resource leaves, and the operations through which one does."""
    found: dict[str, list[Shape]] = {}
    showing: set[str] = set()
    for operation in operations.values():
        if shown.get(operation.id):
            showing.add(operation.id)
        good = [
            each
            for status, answers in operation.responses.items()
            for each in answers
            if status.startswith("2") or status == "default"
        ]
        for media in (each for answers in operation.responses.values() for each in answers):
            if media.shape is None:
                continue
            for name, shape in resources_in(media.shape, bound):
                found.setdefault(name, []).append(shape)
                showing.add(operation.id)
            for segments, resource in shown.get(operation.id, ()) if media in good else ():
                at: Shape | None = media.shape
                for segment in segments:
                    at = member(at, segment) if at else None
                if at is not None:
                    found.setdefault(resource, []).append(at)
    return {name: _distinct(shapes) for name, shapes in found.items()}, frozenset(showing)


def _distinct(shapes: list[Shape]) -> list[Shape]:
    return list({id(shape): shape for shape in shapes}.values())


def resources_in(shape: Shape, bound: Mapping[str, str]) -> Iterator[tuple[str, Shape]]:
    """Bound resources at or below a shape, each schema looked into once."""
    todo, seen = [shape], set[str]()
    while todo:
        at = todo.pop()
        if at.pointer in seen:
            continue
        if at.pointer:
            seen.add(at.pointer)
        for name in sorted(at.names & bound.keys()):
            yield bound[name], at
        todo += [thunk() for thunk in (*at.properties.values(), *at.branches)]
        todo += [thunk() for thunk in (at.items, at.extra) if thunk is not None]


def answer_media(operation: Operation, status: int, media_type: str) -> Media | None:
    """What the document declares for an answer of this status and media type; None: nothing.

    Status as OpenAPI looks it up: the code, then its range (`2XX`), then `default`.
    """
    for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
        if key in operation.responses:
            answers = operation.responses[key]
            return next((each for each in answers if _matches(each.type, media_type)), None)
    return None


def _matches(declared: str, actual: str) -> bool:
    declared = declared.split(";")[0].strip().lower()
    if declared in (actual, "*/*"):
        return True
    both_json = all(t == "application/json" or t.endswith("+json") for t in (declared, actual))
    return both_json or (declared.endswith("/*") and actual.startswith(declared[:-1]))
