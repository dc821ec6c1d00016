"""Removes response data that belongs to no object (totals, messages) if the caller may see nothing
of such a response.

While it is unknown who the caller is, all of it is removed. A response that omits an object, or
contains none, shows no more because of that (CWE-862).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from oakum.authz.compiled_model import Model
from oakum.authz.data_beside_objects import Keep, beside_nothing, is_left, without
from oakum.authz.decide import through
from oakum.authz.decision_inputs import Principal, Subject
from oakum.authz.judgement import Judgement, ObjectInstance
from oakum.authz.relations import held_relations
from oakum.http.json_pointer import Pointer
from oakum.http.methods import SAFE
from oakum.openapi.model import Json, Operation
from oakum.openapi.path_segments import parameter_names
from oakum.policy.model import Resource

OF_OBJECTS = frozenset(("owner", "lookup", "field"))
"""Kinds of relations to an object or its owner."""


def changes(model: Model, operation: Operation) -> bool:
    """Whether an operation writes: by `reads` of the contract, by `login` or another line about
    changes, or by its method (RFC 9110, 9.2.1)."""
    rule = model.rule(operation.id)
    if rule.reads is not None:
        return not rule.reads
    called = (operation.id, f"{operation.method} {operation.path}")
    named = not model.policy.changing_operations.isdisjoint(called)
    return operation.method not in SAFE or bool(rule.login) or named


def asks(model: Model, operation: str) -> bool:
    """Whether read access depends on the objects in the response: `call:` names a relation to an
    object, and no `owner:` names the path's owner."""
    rule, endpoint = model.rule(operation), model.operations.get(operation)
    if endpoint is None or rule.owner or changes(model, endpoint):
        return False
    kinds = model.policy.kinds(*rule.call or ())
    return not kinds.isdisjoint(OF_OBJECTS)


def account(model: Model, operation: str) -> str:
    """The final path parameter of such an operation if `params` says that it is the key of an
    account, which is its own owner; empty otherwise."""
    names = parameter_names(model.operations[operation].path)
    said, _, key = model.rule(operation).params.get(names[-1] if names else "", "").partition(".")
    resource = model.policy.resources.get(said)
    if resource is None or not resource.is_account or key != resource.key:
        return ""
    return str(names[-1])


def close(
    model: Model,
    principal: Principal,
    operation: str,
    params: Mapping[str, str],
    value: Json,
    judged: Judgement,
    *,
    alone: bool = False,
) -> bool:
    """Removes data outside every object, unless `call:` grants the caller an outermost object, the
    account in the path, or the whole operation. Empty lists and maps stay. `alone`: do not let one
    object grant the rest of the response. Returns whether data was removed."""
    if not asks(model, operation):
        return False
    known, own = bool(principal.ids), account(model, operation)
    whom = [Subject("", owned=False), *([Subject("", (params[own],))] if own in params else ())]
    if any(
        through(model, operation, held_relations(model.policy, principal, s), known) for s in whom
    ):
        return False
    tops = outermost(judged.instances)
    if not alone and any(through(model, operation, each.held, known) for each in tops):
        return False
    judged.keep = beside_nothing(value, judged.keep, {each.pointer for each in tops}, ())
    return True


def leave_owned(model: Model, value: Json, judged: Judgement) -> None:
    """Removes everything except outermost objects that have an owner of their own: the rest is
    judged by the object in the request, which is concealed. An account below another object only
    says who is related to it, such as a member of a club, so it is not its own owner there. Rows
    without such an object are removed."""
    tops, keep = outermost(judged.instances), judged.keep
    shown = (e for e in tops if _is_owned(model, e))
    owned = {e.pointer for e in shown if is_left(e.value, _keep_at(keep, e.pointer))}
    around = {each[:length] for each in owned for length in range(len(each) + 1)}
    judged.gone = {*judged.gone, *(each for each in judged.rows if each not in around)}
    others = {each.pointer for each in tops} - owned
    judged.keep = without(beside_nothing(value, keep, owned, ()), others)


def _keep_at(keep: Keep, at: Pointer) -> Keep:
    for step in at:
        keep = keep[step] if isinstance(keep, dict) else keep
    return keep


def _is_owned(model: Model, instance: ObjectInstance) -> bool:
    return is_of_its_own(model.policy.resources[instance.resource]) and bool(instance.owners)


def is_of_its_own(resource: Resource) -> bool:
    """Whether objects of a resource name their own owner. Accounts do not count, since an account
    may stand for its relation to another object."""
    return resource.owner.kind in ("field", "path", "query", "caller") and not resource.is_account


def outermost(instances: Iterable[ObjectInstance]) -> list[ObjectInstance]:
    """Objects that are not inside another one."""
    found = {each.pointer: each for each in instances}
    return [
        each
        for at, each in found.items()
        if not any(at[:length] in found for length in range(len(at)))
    ]
