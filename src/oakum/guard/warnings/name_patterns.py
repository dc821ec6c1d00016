"""Warnings about members that a document declares by a pattern of their names.

The gateway compares no name with a pattern. What `patternProperties` declares is declared for every
name that stands in no `properties`, as by `additionalProperties`.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.errors import Problem
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.http.json_pointer import escape, path_of
from oakum.openapi.model import Operation, Shape
from oakum.policy.resource_schemas import resource_of


def unmatched_names(contract: CompiledContract) -> Iterator[Problem]:
    """Warns once about objects outside every resource in which members pass whose names a pattern
    of the document excludes. Within a resource a line of the contract says which members pass."""
    found: dict[Shape, tuple[Operation, str]] = {}
    for endpoint in contract.endpoints:
        operation = endpoint.operation
        if contract.model.rule(operation.id).graphql:
            continue
        for at, shape in _outside(contract, operation, write=endpoint.write):
            if shape.patterns:
                found.setdefault(shape, (operation, at))
    if found:
        shape, (operation, at) = next(iter(found.items()))
        more = f" (and at {len(found) - 1} more places)" if len(found) > 1 else ""
        yield Problem(
            contract.location(operation),
            f"the gateway does not compare names with `patternProperties`, so members that"
            f" `{shape.patterns[0]}` excludes pass at `{at or '/'}` of `{operation.id}`{more}",
            "name the members in `properties`, in the document or an overlay, if the API may have"
            " others there",
        )


def _outside(
    contract: CompiledContract, operation: Operation, *, write: bool
) -> Iterator[tuple[str, Shape]]:
    """Each place outside every resource of what an operation answers and may be sent."""
    bound = contract.model.bound
    shown = [segments for segments, _ in contract.model.shown.get(operation.id, ())]
    bodies = [*operation.responses.values(), operation.body if write else ()]
    tops = [each.shape for medias in bodies for each in medias if each.shape is not None]
    todo = [("", shape) for shape in tops]
    met = {*tops}
    for at, shape in todo:
        if resource_of(shape, bound) or path_of(at) in shown:
            continue
        yield at, shape
        below = [(f"{at}/{escape(name)}", child()) for name, child in shape.properties.items()]
        below += [(f"{at}/*", inner()) for inner in (shape.items, shape.extra) if inner]
        below += [(at, branch()) for branch in shape.branches]
        todo += [step for step in below if step[1] not in met]
        met.update(inner for _, inner in below)
