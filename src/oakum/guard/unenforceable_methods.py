"""Warnings of `guard check` about contract lines of HEAD and TRACE, which decide nothing.

A gateway sends a HEAD to the API as the GET of its path, and answers 404 to every TRACE.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from oakum.authz import Model
from oakum.errors import Location, Problem
from oakum.openapi.document import Document
from oakum.openapi.model import Operation
from oakum.routing.lookup_plan import NEVER_SENT, LookupPlan
from oakum.routing.path_objects import leaves_out
from oakum.routing.route import nameless


def unsent_methods(
    document: Document, model: Model, wiring: LookupPlan, where: Callable[[Operation], Location]
) -> Iterator[Problem]:
    """Warns about HEAD and TRACE that a line grants: GET decides the one, nothing the other."""
    gets = {
        nameless(each.operation.path): each.operation
        for each in wiring.endpoints.values()
        if each.operation.method == "GET"
    }
    for operation in document.operations:
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
        yield Problem(where(operation), said, hint)
