"""`decide`: who may call what, and what of which object they may see.

Never a bool: a decision names the rules that determined it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from oakum.authz.model import Model
from oakum.authz.principal import Principal, Subject, held, state_of
from oakum.authz.table import Table, grants
from oakum.errors import Location
from oakum.openapi.model import Json


@dataclass(frozen=True)
class Decision:
    """The answer, and what it rests on."""

    allowed: bool
    why: str
    fields: frozenset[str] = frozenset()
    """Field paths of the object that may be seen."""
    held: frozenset[str] = frozenset()
    state: Mapping[str, Json] = field(default_factory=dict)
    rules: tuple[Location, ...] = ()
    """Contract lines whose grants applied; empty: no line grants it (default deny)."""


def decide(
    model: Model, principal: Principal, operation: str, subject: Subject | None = None
) -> Decision:
    """May this caller call this operation and, given an object, what of it may they see?"""
    if not may_call(model, principal, operation, {}, subject):
        return Decision(False, f"`{operation}` is not granted to this caller")
    if subject is None:
        return Decision(True, f"`{operation}` is granted to this caller")
    table = model.tables[subject.resource]
    relations = held(model.policy, principal, subject)
    state = state_of(model.policy, table.resource, principal, subject)
    fields = table.names(table.see(relations, state))
    lines = tuple(
        dict.fromkeys(
            grant.location
            for rule in table.resource.fields
            for grant in rule.grants
            if grants(grant, relations, state)
        )
    )
    why = "granted" if fields else f"nothing of a `{subject.resource}` is granted"
    return Decision(bool(fields), why, fields, relations, state, lines)


def may_call(
    model: Model,
    principal: Principal,
    operation: str,
    params: Mapping[str, str],
    subject: Subject | None = None,
) -> bool:
    """Whether the contract lets this caller through the endpoint, to this object if there is one.

    An endpoint is granted when the contract names it or when it shows a resource; who may use it is
    `call:`, or else what the document's security says. Before the object is known, a `call:` that
    depends on its owner lets the question pass: each object of the answer is then decided.
    """
    endpoint = model.operations.get(operation)
    if endpoint is None or (operation not in model.rules and operation not in model.showing):
        return False
    rule = model.rule(operation)
    if rule.call is None:
        return endpoint.anonymous or bool(principal.ids)
    if subject is None and rule.owner in params:
        subject = Subject("", (params[rule.owner],))
    kinds = {model.policy.relations[name].kind for name in rule.call}
    if subject is None and not kinds.isdisjoint(("owner", "lookup", "field")):
        return bool(principal.ids) or "anyone" in kinds
    whom = subject or Subject("", owned=False)
    return through(model, operation, held(model.policy, principal, whom), bool(principal.ids))


def through(model: Model, operation: str, relations: frozenset[str], logged_in: bool) -> bool:
    """Whether holders of these relations to an object may be shown it at this endpoint."""
    call = model.rule(operation).call
    if call is not None:
        return not relations.isdisjoint(call)
    return logged_in or model.operations[operation].anonymous


def may_write(
    model: Model,
    principal: Principal,
    operation: str,
    params: Mapping[str, str],
    subject: Subject | None,
    target: Literal["caller", "path", "ask", "none"],
) -> bool:
    """Whether a write may reach the object it touches.

    `target` says how that object is known (`guard.wiring.Target`). Where the contract does not say
    who may call, only the owner of an existing object may, and who may set something of what the
    request body is declared to hold: `accept` then decides what. Whatever a body holds, or does
    not, that comes first. Not to know whose object it is passes nobody.
    """
    endpoint = model.operations.get(operation)
    if endpoint is None or not may_call(model, principal, operation, params, subject):
        return False
    rule = model.rule(operation)
    if rule.call is not None or target == "caller":
        return True
    if subject is None:
        return False
    own = not principal.ids.isdisjoint(subject.owners)
    return own or may_set(model, principal, operation, subject)


def may_set(model: Model, principal: Principal, operation: str, subject: Subject) -> bool:
    """Whether a caller may set anything of what a request body may hold, of the object that it
    touches."""
    return any(
        table.see(
            held(model.policy, principal, same),
            state_of(model.policy, table.resource, principal, same),
        )
        for table, same in written(model, operation, subject)
    )


def written(model: Model, operation: str, subject: Subject) -> Iterator[tuple[Table, Subject]]:
    """Tables of the resources that a request body may hold, each with the object that the request
    touches as it is for them: what another resource says of itself is not known of these."""
    said = model.written.get(operation)
    for name in said.resources if said else ():
        table = model.settable[name]
        value = subject.value if subject.resource == name else None
        owned = table.resource.owner.kind != "none"
        yield table, Subject(name, subject.owners, value, owned, subject.partly)


def holds_resource(model: Model, operation: str) -> bool:
    """Whether the request body of an operation is declared to hold a resource."""
    return operation in model.written
