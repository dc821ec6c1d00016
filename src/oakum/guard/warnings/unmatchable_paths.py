"""Warnings about paths that the gateway answers with 404 because it cannot tell their operation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from oakum.errors import Problem
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.openapi.grpc_resource_names import is_several_segments
from oakum.routing.custom_method_paths import names_with_slashes
from oakum.routing.route import escape_template, split_target

_NAME = re.compile(r"\{[^{}]+\}")


def unmatched_names(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about each operation with a path parameter whose pattern allows several segments: the
    gateway accepts one."""
    for each in contract.endpoints:
        verbs = names_with_slashes(each.operation)
        for one in each.operation.parameters:
            if is_several_segments(one) or one in verbs:
                yield Problem(
                    contract.location(each.operation),
                    f"the `pattern` of `{one.name}` lets `{each.operation.id}` have several"
                    " segments there, and the gateway takes one: it is 404 with more",
                    f"write a path for each kind of `{one.name}` in the document, each with one"
                    " `[^/]+` in the `pattern` and words around it",
                )


def unreachable_paths(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about each operation whose path has a part that a request with only one reading cannot
    have."""
    for each in contract.endpoints:
        path = each.operation.path
        if sign := _second_reading(path):
            yield Problem(
                contract.location(each.operation),
                f"no request reaches `{each.operation.id}`: servers read `{sign}` in `{path}` in"
                " more than one way, so the gateway answers 404 there",
                "write a path without it in the document, and in the API; a query belongs in"
                " `parameters`",
            )


def _second_reading(path: str) -> str:
    """What in a path of the document makes every request to it ambiguous; empty: nothing."""
    literal = _NAME.sub("x", path)
    for sign in ("?", "#", ";", "\\"):
        if sign in literal:
            return sign
    written = escape_template(literal)
    if split_target(written) is not None:
        return ""
    segments = written[1:].split("/")
    return next(
        (each for each in segments if each and split_target(f"/{each}") is None),
        "//" if "" in segments[:-1] else path,
    )


def crossed_templates(contract: CompiledContract) -> Iterator[Problem]:
    """Warns once about paths answered with 404 because two operations match and neither is more
    specific."""
    granted = {each.operation.id for each in contract.endpoints}
    crossed = [
        each
        for each in contract.lookups.choices.crossed
        if granted & {each.first.id, each.second.id}
    ]
    if crossed:
        one = crossed[0]
        more = len({each.path for each in crossed}) - 1
        refused = f"it and {more} other path{'s' * (more > 1)}" if more else "it"
        yield Problem(
            contract.location(one.first),
            f"`{one.path}` may be `{one.first.id}` or `{one.second.id}`, and routers differ: the"
            f" gateway answers 404 to {refused}",
            "declare the path as an operation of its own in the document if clients use it",
        )
