"""Warnings about contract lines for HEAD and TRACE, which have no effect.

A gateway sends a HEAD to the API as the GET of its path, and answers 404 to every TRACE.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.errors import Problem
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.enforcement_plan import NEVER_SENT
from oakum.guard.compiled.path_objects import leaves_out
from oakum.openapi.path_segments import nameless


def ineffective_methods(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about lines that grant HEAD, which the line for GET decides, or TRACE, which is always
    refused."""
    model = contract.model
    gets = {
        nameless(each.operation.path): each.operation
        for each in contract.endpoints
        if each.operation.method == "GET"
    }
    for operation in contract.document.operations:
        rule, hint = model.rules.get(operation.id), "leave its line out"
        if operation.method not in NEVER_SENT or rule is None or rule.call == ():
            continue
        get = gets.get(nameless(operation.path))
        if operation.method == "TRACE":
            said = f"the guard answers every TRACE with 404, also that of `{operation.id}`"
        elif get is None:
            said = (
                f"the guard forwards HEAD as GET, and no GET of this path is granted: every HEAD of"
                f" `{operation.id}` gets 404"
            )
            hint = "declare the GET and grant it, or leave the line out"
        elif leaves_out(model, operation, get):
            said = (
                f"the guard forwards HEAD as GET, and `{get.id}` lets in callers that"
                f" `{operation.id}` leaves out: every HEAD of `{operation.id}` gets 404"
            )
            hint = f"write the same `call` as at `{get.id}`, or leave the line out"
        elif rule.call != model.rule(get.id).call:
            said = f"`{get.id}` decides who may call `{operation.id}`, not its own line"
            hint = f"write the same `call` as at `{get.id}`; `call: []` hides the HEAD alone"
        else:
            continue
        yield Problem(contract.location(operation), said, hint)
