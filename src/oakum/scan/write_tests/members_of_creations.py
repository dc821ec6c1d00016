"""Members that the document lets a creation have, and no later change: `floor` of a new home.

A `set` allows a member in every body of the resource, so a contract cannot say that its owner may
state it once. Where no `set` names anybody, either may be meant: that nobody sets it, or that
nobody changes it. Such a member is not tested at its creation, but named.
"""

from __future__ import annotations

from collections.abc import Mapping

from oakum.authz import Model
from oakum.authz.table import granted_to_nobody
from oakum.inference.lexicon import FieldClass, classify_field
from oakum.openapi.model import Operation, Shape
from oakum.openapi.shape_queries import member, member_names
from oakum.scan.requests.written_resources import place
from oakum.scan.write_tests.writing_endpoints import writing_endpoints

WHY = (
    "the document lets only a creation have it, and the contract lets nobody `set` it, which may"
    " mean that nobody changes it later: `set: [owner]` says that owners may state it, and another"
    " relation in `set` that they may not"
)


def why_undecided(
    model: Model,
    creation: Operation,
    resource: str,
    path: tuple[str, ...],
    params: Mapping[str, Mapping[str, str]],
) -> str:
    """Why the contract does not tell whether a creation may have a member that nobody may set;
    empty if it does. Authority, such as a role, is for nobody to state, whatever a body declares.

    `params`: inferred sources of parameters, by operation.
    """
    table = model.settable[resource]
    name = ".".join(path)
    if not all(granted_to_nobody(table, each) for each in (name, f"{name}.*")):
        return ""
    stated = _declared(model, creation, resource, path)
    if stated is None or stated.read_only or classify_field(name, stated) is FieldClass.AUTHORITY:
        return ""
    changes = [
        probe.operation for probe, each in writing_endpoints(model, params) if each == resource
    ]
    later = [_declared(model, each, resource, path) for each in changes]
    if not changes or any(each is not None and not each.read_only for each in later):
        return ""
    return WHY


def _declared(
    model: Model, operation: Operation, resource: str, path: tuple[str, ...]
) -> Shape | None:
    """The member in the declared body of an operation; None if the body does not have it."""
    inner: Shape | None = place(model, operation, resource)[1]
    for step in path:
        if inner is None or step not in member_names(inner):
            return None
        inner = member(inner, step)
    return inner
