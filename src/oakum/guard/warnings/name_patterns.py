"""Warnings about `patternProperties` that the gateway cannot evaluate.

The gateway matches member names with an automaton of the patterns
(`openapi.name_pattern_classes`). If a pattern cannot be compiled, such as one with a lookahead, it
is unknown which members are declared.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.errors import Problem
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.openapi.model import Operation, Shape
from oakum.openapi.name_pattern_classes import automaton_of, name_classes
from oakum.openapi.pattern_syntax import UnsupportedPattern
from oakum.openapi.shape_walk import reachable


def unreadable_patterns(contract: CompiledContract) -> Iterator[Problem]:
    """Warns once about objects whose undeclared members are all removed, since a pattern of their
    names cannot be compiled."""
    found: dict[Shape, tuple[Operation, str]] = {}
    done: set[Shape] = set()
    for endpoint in contract.endpoints:
        operation = endpoint.operation
        bodies = [*operation.responses.values(), operation.body if endpoint.write else ()]
        tops = [each.shape for medias in bodies for each in medias if each.shape is not None]
        for shape in reachable(tops, done):
            if shape.by_name and shape.extra and (why := _unreadable(shape)):
                found[shape] = (operation, why)
    if found:
        shape, (operation, why) = next(iter(found.items()))
        more = f" (and in {len(found) - 1} more schemas)" if len(found) > 1 else ""
        yield Problem(
            contract.location(operation),
            f"the gateway cannot read {why} of `{shape.pointer}`, so only members that `properties`"
            f" declares pass there, to `{operation.id}` and from it{more}",
            "name the members in `properties`, in the document or an overlay, or write a plainer"
            " pattern",
        )


def _unreadable(shape: Shape) -> str:
    """Which tests of names cannot be compiled; empty: all of them can."""
    tests = shape.by_name.tests if shape.by_name else ()
    for test in tests:
        try:
            automaton_of(test)
        except UnsupportedPattern as error:
            said = f"the pattern `{test}`" if isinstance(test, str) else "the names"
            return f"{said} ({error})"
    try:
        name_classes(tests)
    except UnsupportedPattern:
        return "the patterns, which are too large together,"
    return ""
