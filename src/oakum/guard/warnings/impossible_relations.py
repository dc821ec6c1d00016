"""Warnings about relations in `call` that no caller can have to the object.

A relation is one to the object that a request is about: nobody can be a guest of a room's message
if only the room lists its guests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oakum.authz import Model
from oakum.authz.compiled_model import outermost, shapes_within
from oakum.authz.data_outside_objects import asks
from oakum.errors import Problem
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.write_targets import Target
from oakum.openapi.model import Shape
from oakum.policy.model import Relation
from oakum.policy.parser import place
from oakum.policy.resource_schemas import at, declares, resource_of

_OWNERLESS = "has no owner"
_Object = tuple[str, str, Sequence[Shape] | None]
"""(resource, where it comes from, shapes of its members; None: it is not looked up)."""


def impossible_relations(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about each relation in `call` that no caller can have to the operation's object."""
    model = contract.model
    policy = model.policy
    for endpoint in contract.endpoints:
        id = endpoint.operation.id
        objects = [
            *(
                _written_objects(model, endpoint)
                if endpoint.write
                else _shown_objects(model, endpoint)
            )
        ]
        for name in model.rule(id).call or () if objects else ():
            found = [_lacks(model, policy.relations[name], each) for each in objects]
            if not all(found):
                continue
            resource, where, _ = objects[0]
            said = f"a `{resource}`, which {where}," if resource else f"what {where}"
            hint = f"let the GET of a `{resource}` show it, or " if resource else ""
            if found[0] == _OWNERLESS:
                hint = f"say in `owner` of `{resource}` whose it is, or "
            yield Problem(
                place(policy, "operations", id, "call"),
                f"nobody is `{name}` of what `{id}` is about: {said} {found[0]}",
                f"{hint}name in `call` others who may",
            )


def _written_objects(model: Model, endpoint: GrantedEndpoint) -> Iterator[_Object]:
    """The object that a write touches. Where it names several, the caller needs a relation to each,
    so the first one that has none decides."""
    target = endpoint.checks.target.above or endpoint.checks.target
    named = [
        (
            name,
            f"`{each.contract_name}` names",
            _looked_up(model, endpoint.checks.finders.get(name)),
        )
        for each, name in endpoint.checks.plain.places.items()
        if each.contract_name
    ]
    if target.kind == "ask" and not target.kinds and target.then is None:
        yield target.resource, "its path names", _looked_up(model, target)
    elif target.kind == "path" or (target.kind == "caller" and not endpoint.checks.plain):
        made = endpoint.operation.method == "POST"
        yield "", "it makes" if made else "it writes", None
    elif named:
        yield named[0]
    elif (
        target.kind == "none"
        and endpoint.checks.plain
        and _is_told_here(model, endpoint.checks.unseen)
    ):
        yield endpoint.checks.unseen, "its path names", None


def _is_told_here(model: Model, unlooked: str) -> bool:
    """Whether no other warning says that the owner of this one is unknown."""
    return bool(unlooked) and model.policy.resources[unlooked].owner.kind != "parent"


def _shown_objects(model: Model, endpoint: GrantedEndpoint) -> Iterator[_Object]:
    """The objects that a read shows."""
    operation = endpoint.operation
    media = operation.success()
    if not asks(model, operation.id) or media is None or media.shape is None:
        return
    if model.shown.get(operation.id):
        return
    for name in dict.fromkeys(outermost(media.shape, model.bound)):
        yield name, "it shows", _shapes(model, media.shape, name)


def _lacks(model: Model, relation: Relation, of: _Object) -> str:
    """Why nobody has a relation to an object; empty: somebody may."""
    resource, _, shapes = of
    needed = [_lacks(model, model.policy.relations[each], of) for each in relation.requires]
    if any(needed):
        return next(filter(None, needed))
    ownerless = bool(resource) and model.policy.resources[resource].owner.kind == "none"
    if relation.kind in ("owner", "lookup") and ownerless:
        return _OWNERLESS
    if relation.kind in ("owner", "lookup") and resource and shapes is None:
        return "is looked up nowhere, so nobody knows whose it is"
    if relation.kind != "field":
        return ""
    if shapes is None:
        return f"is looked up nowhere, so nobody knows its `{relation.member}`"
    missing = declares(shapes, relation.member.split(".")) is False
    return f"has no `{relation.member}`" if missing else ""


def _looked_up(model: Model, target: Target | None) -> Sequence[Shape]:
    """What the GET of an object shows of it."""
    operation = model.operations.get(target.operation) if target is not None else None
    if target is None or operation is None:
        return ()
    media = operation.success()
    shape = at(media.shape, target.pointer) if media is not None and media.shape else None
    return (shape,) if shape is not None else ()


def _shapes(model: Model, shape: Shape, resource: str) -> Sequence[Shape]:
    return [each for each in shapes_within(shape) if resource_of(each, model.bound) == resource]
