"""Warnings about names in requests whose meaning is not stated.

A gateway checks objects that a request names in its path, by `params`, or by a name made of a
resource and its key. Any other string may be the key of an object too, and often is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oakum.authz import Model
from oakum.authz.compiled_model import may_be_hidden
from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.path_objects import key_lists, names
from oakum.guard.compiled.request_places import RequestPlace, plain
from oakum.guard.compiled.write_targets import names_relation
from oakum.guard.unexplained_request_names import explains, find_unexplained
from oakum.guard.warnings.contract_queries import concealed_resources_shown

_MANY = 3
"""Number of equal warnings from which they are merged into one."""
_KEYS = frozenset(("id", "uuid", "key", "guid"))
"""Key names that fit any resource."""


def unstated_names(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about writes that may name further objects, and about failures that may reveal them."""
    said = {id: found for each in contract.endpoints if (id := each.operation.id)
            for found in [_unchecked_write(contract, each)] if found is not None}  # fmt: skip
    yield from said.values()
    told = [each for each in contract.endpoints if each.operation.id not in said]
    found = {each.operation.id: one for each in told for one in _failures(contract, each)}
    if len(found) < _MANY:
        yield from found.values()
        return
    (_, first), *others = found.items()
    more = f"; likewise at {few([id for id, _ in others], _MANY)}"
    yield Problem(first.location, first.message + more, first.hint)


def _unchecked_write(contract: CompiledContract, endpoint: GrantedEndpoint) -> Problem | None:
    """A write for the owner, say, of an object that nothing names which the gateway checks."""
    model, operation = contract.model, endpoint.operation
    rule = model.rule(operation.id)
    listed = key_lists(model, operation)
    within = any(each not in listed for each in names(operation))
    told = (
        within
        or endpoint.checks.plain.places
        or endpoint.checks.target.kind == "none"
        or rule.graphql
    )
    if not endpoint.write or endpoint.binds or told:
        return None
    makes = operation.method in ("POST", "QUERY")
    if makes and (not rule.call or not names_relation(model.policy, rule.call)):
        return None
    if rule.call and not names_relation(model.policy, rule.call):
        return None
    found = [*find_unexplained(model, operation)]
    if not makes:
        # Other warnings cover names in a query.
        found = [each for each in found if each.where != "query"]
        found = [each for each in found if rule.call or _is_key(model, each)]
    some = _names(model, found)
    id, callers = operation.id, " and ".join(f"`{each}`" for each in rule.call or ())
    if makes and not some:
        return Problem(
            contract.location(operation),
            f"nothing in a request says whose object `{id}` writes, so {callers} at `call:`"
            " lets in everybody who is logged in",
            f"write `{id}: {{call: […]}}` with a relation that needs no object, if it writes"
            " none but the caller's own",
        )
    if not some:
        return None
    said = f"`{id}` may take from {few(some, 3)} which object it writes, and the gateway does"
    said += " not check that"
    if rule.call:
        said += f": {callers} at `call:` lets in everybody who is logged in"
    return Problem(contract.location(operation), said, explains(model, id, _param_name(some[0])))


def _names(model: Model, found: Iterable[RequestPlace]) -> list[str]:
    """As the contract calls them, those first named like a key."""
    by = sorted(found, key=lambda each: not _is_key(model, each))
    return [*dict.fromkeys(each.contract_name or "the body" for each in by)]


def _is_key(model: Model, place: RequestPlace, *, many: bool = False) -> bool:
    """Whether a place is named like a key; `many`: or like several, `ids`."""
    keys = _KEYS | {plain(each.key) for each in model.policy.resources.values() if each.key}
    name = plain(place.last)
    return name in keys or (many and name.removesuffix("s") in keys)


def _failures(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """A write of which the error tells whether a hidden object exists, if one of the names says
    which."""
    model, operation = contract.model, endpoint.operation
    rule = model.rule(operation.id)
    if not endpoint.acts or rule.graphql or rule.login or not _hides(model):
        return
    if operation.security is not None and not any(operation.security):
        return  # nobody has logged in yet
    known = endpoint.asked.keys.places
    if some := _names(model, (e for e in find_unexplained(model, operation) if e not in known)):
        id = operation.id
        yield Problem(
            contract.location(operation),
            f"neither contract nor document says what {few(some, 3)} of `{id}` names; if it is the"
            " key of an object, the reason of a failure tells callers who may not see it whether it"
            " exists",
            explains(model, id, _param_name(some[0])),
        )


def unstated_selections(contract: CompiledContract) -> Iterator[Problem]:
    """Reads that find objects by keys of which nobody says whose they are: a hidden one is removed,
    while an absent one may be answered as `null` or named as missing."""
    model = contract.model
    for each in contract.endpoints:
        operation, known = each.operation, each.asked.keys.places
        if each.acts or each.graph:
            continue
        hidden = concealed_resources_shown(contract, operation)
        places = (e for e in find_unexplained(model, operation) if e not in known)
        some = _names(model, (e for e in places if _is_key(model, e, many=True))) if hidden else []
        if some:
            yield Problem(
                contract.location(operation),
                f"`{operation.id}` may find by {few(some, 3)} which `{hidden[0]}` it shows: if it"
                " names an absent one as missing, callers who may not see one can tell that it"
                " exists",
                explains(model, operation.id, some[0]),
            )


def _hides(model: Model) -> bool:
    """Whether some object is hidden from somebody."""
    return any(may_be_hidden(model, name) for name in model.policy.resources)


def _param_name(name: str) -> str:
    return name if name != "the body" else "NAME"
