"""`decide`: who may call which operation, and which fields of an object they may see.

The result is never a bool: a decision names the rules that determined it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from oakum.authz.body_objects import MeantObject
from oakum.authz.compiled_model import Model
from oakum.authz.decision_inputs import Principal, Subject
from oakum.authz.owner_states import state_of
from oakum.authz.relations import held_relations
from oakum.authz.table import Table, grants, ruling_leaves
from oakum.errors import Location
from oakum.openapi.model import Json


@dataclass(frozen=True)
class Decision:
    """Whether a call or an object is allowed, why, and by which lines of the contract."""

    allowed: bool
    why: str
    fields: frozenset[str] = frozenset()
    """Field paths of the object that the caller may see."""
    held: frozenset[str] = frozenset()
    state: Mapping[str, Json] = field(default_factory=dict)
    rules: tuple[Location, ...] = ()
    """Contract lines that granted it; empty: default deny."""


def decide(
    model: Model, principal: Principal, operation: str, subject: Subject | None = None
) -> Decision:
    """Decides whether a caller may call an operation and which fields of an object they may see."""
    if not may_call(model, principal, operation, {}, subject):
        return Decision(False, f"`{operation}` is not granted to this caller")
    if subject is None:
        return Decision(True, f"`{operation}` is granted to this caller")
    table = model.tables[subject.resource]
    relations = held_relations(model.policy, principal, subject)
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
    why = "granted" if fields else f"the caller may see nothing of a `{subject.resource}`"
    return Decision(bool(fields), why, fields, relations, state, lines)


def may_call(
    model: Model,
    principal: Principal,
    operation: str,
    params: Mapping[str, str],
    subject: Subject | None = None,
) -> bool:
    """Whether the caller may use the operation, for this object if given.

    An operation is granted if the contract names it or it shows a resource; `call:` says to whom,
    otherwise the document's security. While the object is unknown, a caller who may satisfy a
    `call:` about its owner is let through: each object in the response is decided later.
    """
    endpoint = model.operations.get(operation)
    if endpoint is None or (operation not in model.rules and operation not in model.showing):
        return False
    rule = model.rule(operation)
    if rule.call is None:
        return endpoint.anonymous or bool(principal.ids)
    if subject is None and rule.owner in params:
        subject = Subject("", (params[rule.owner],))
    kinds = model.policy.kinds(*rule.call)
    if subject is None and not kinds.isdisjoint(("owner", "lookup", "field")):
        return bool(principal.ids) or "anyone" in kinds
    whom = subject or Subject("", owned=False)
    return through(
        model, operation, held_relations(model.policy, principal, whom), bool(principal.ids)
    )


def through(model: Model, operation: str, relations: frozenset[str], logged_in: bool) -> bool:
    """Whether callers with these relations to an object may get it through this operation."""
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
    """Whether a write may touch its object.

    `target` is the kind of look-up that found the object. Without `call:`, only the owner of an
    existing object may write, and whoever may set a field of the declared body; `accept` then
    checks the body. An unknown owner denies everybody.
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
    """Whether the caller may set any field that the request body may hold."""
    there = settable_tables(model, operation, subject)
    return any(settable(model, principal, table, same) for table, same in there)


def settable(model: Model, principal: Principal, table: Table, subject: Subject) -> int:
    """Bit set over the leaves of `table`: the fields of an object that the caller may set."""
    state = state_of(model.policy, table.resource, principal, subject)
    return table.see(held_relations(model.policy, principal, subject), state)


def all_settable(
    model: Model, principal: Principal, table: Table, meant: Iterable[MeantObject]
) -> int:
    """Bit set of the fields that the caller may set on every object that may be meant. The key is
    included where it only selects an existing object."""
    found = -1
    for each in meant:
        bits = settable(model, principal, table, each.subject)
        found &= bits | key_of(table) if bits and each.stands else bits
    return found


def may_set_key(model: Model, principal: Principal, table: Table, subject: Subject) -> bool:
    """Whether the caller may set the key of an object."""
    bits = settable(model, principal, table, subject)
    return any(bits >> leaf & 1 for leaf in ruling_leaves(table, table.resource.key))


def key_of(table: Table) -> int:
    """Bit of the line that names the resource's key; 0 if none does."""
    leaves, key = table.leaves, table.resource.key
    return 1 << leaves.index(key) if key in leaves else 0


def settable_tables(
    model: Model, operation: str, subject: Subject
) -> Iterator[tuple[Table, Subject]]:
    """(table of who may set, object) for each resource in the request body, with the object seen as
    one of that resource."""
    said = model.written.get(operation)
    for name in said.resources if said else ():
        if name in subject.unlike:
            continue
        table = model.settable[name]
        value = subject.value if subject.resource == name else None
        owned = table.resource.owner.kind != "none"
        yield table, Subject(name, subject.owners, value, owned, subject.partly)


def holds_resource(model: Model, operation: str) -> bool:
    """Whether an operation's request body is declared to hold a resource."""
    return operation in model.written
