"""Warnings about objects that callers may create, but not through the gateway."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oakum.authz import Model
from oakum.authz.compiled_model import declared_answers, resources_in
from oakum.authz.table import leaf_index
from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.openapi.model import Media, Shape
from oakum.openapi.shape_queries import ways
from oakum.policy.model import Resource
from oakum.policy.resource_schemas import resource_of


def refused_creations(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about objects or fields for which a creation is refused."""
    model = contract.model
    operation, target = endpoint.operation, endpoint.checks.target
    if operation.method == "PUT" and operation.path.endswith("}") and _is_listed(endpoint):
        yield Problem(
            contract.location(operation),
            f"`{operation.id}` creates nothing: the gateway looks for the object in the list of"
            f" `{target.operation}`, and answers 404 to what is not in it",
            f"if it creates a `{target.resource}`, declare what the path names,"
            f" `{operation.id}: {{params: {{{target.last}: RESOURCE.KEY}}}}`",
        )
    if target.kind != "caller" or operation.method != "POST":
        return
    written = model.written.get(operation.id)
    for name in written.resources if written is not None else ():
        resource = model.policy.resources[name]
        fields = [*_unsettable_fields(model, resource)]
        if fields:
            yield Problem(
                contract.location(operation),
                f"{few(fields, 3)} of a new `{name}` cannot be set by `{operation.id}`: a new"
                " object is not yet in a state that its `when` requires",
                "add a line with `set` and without `when`, or let clients set it afterwards",
            )
        named = dict(_named_setters(model, resource))
        if named:
            field, setter = next(iter(named.items()))
            yield Problem(
                contract.location(operation),
                f"{few([*named], 3)} of a new `{name}` cannot be set by `{operation.id}`: a new"
                f" object has no `{setter}` yet, and the body's own word for it is not trusted",
                f"add `set: [owner]` to `{name}.{field}` if its owner gives it, or let clients set"
                " it afterwards",
            )


def placed_objects(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about bodies that create objects under a given key where no GET shows whether it is
    taken."""
    model = contract.model
    shower = model.operations.get(endpoint.checks.target.operation)
    shown = declared_answers(shower, 200) if shower is not None else ()
    around = endpoint.checks.target.resource
    for media in endpoint.operation.body if around else ():
        for name, at in resources_in(media.shape, model.bound) if media.shape else ():
            found = [*_keyed_members(model, at)] if name == around else []
            loose = [(n, one) for n, one in found if not _is_always_shown(model, shown, name, n)]
            for member, one in loose[:1]:
                more = f" (and {len(loose) - 1} more)" if loose[1:] else ""
                yield Problem(
                    contract.location(endpoint.operation),
                    f"a body of `{endpoint.operation.id}` with a `{one.name}` named by its"
                    f" `{one.key}` in `{member}`{more} is refused where `{shower and shower.id}`"
                    f" shows no `{member}` at all",
                    f"let the API show `null` there, and declare `{member}` as `required`",
                )
                return


def _keyed_members(model: Model, shape: Shape) -> Iterator[tuple[str, Resource]]:
    """Members that hold one object of a resource whose key somebody may set."""
    for member, child in shape.properties.items():
        for way in ways(child()):
            one = model.policy.resources.get(resource_of(way, model.bound))
            if one is None or not one.key or one.owner.kind in ("none", "parent"):
                continue
            table = model.settable[one.name]
            at = leaf_index(table, one.key)
            if at >= 0 and any(each.set for each in table.rules[at].grants):
                yield member, one


def _is_always_shown(model: Model, shown: Iterable[Media], name: str, member: str) -> bool:
    shapes = [
        at
        for each in shown
        if each.shape
        for n, at in resources_in(each.shape, model.bound)
        if n == name
    ]
    return bool(shapes) and all(member in at.required for at in shapes)


def _is_listed(endpoint: GrantedEndpoint) -> bool:
    """Whether a write is refused where a list does not have its object."""
    target = endpoint.checks.target
    listed = target.kind == "ask" and target.pointer[-1:] == ("*",)
    return listed and not target.made and target.then is None and bool(target.last)


def _named_setters(model: Model, resource: Resource) -> Iterator[tuple[str, str]]:
    """Fields that only those may set whom the object itself names, each with such a relation."""
    table, policy = model.settable[resource.name], model.policy
    able = {name for name in policy.relations if "field" not in policy.kinds(name)}
    for leaf, rule in zip(table.leaves, table.rules, strict=True):
        setters = [name for grant in rule.grants for name in grant.set]
        if setters and able.isdisjoint(setters):
            yield leaf, setters[0]


def _unsettable_fields(model: Model, resource: Resource) -> Iterator[str]:
    """Fields that nobody may set of an object without states of its own."""
    table = model.settable[resource.name]
    missing = {each.name: each.missing for each in resource.states.values()}
    far = {each.name for each in resource.states.values() if each.of}
    values = {name: value for name, value in missing.items() if value is not None}
    bits = table.see(set(model.policy.relations), values)
    for index, leaf in enumerate(table.leaves):
        grants = [each for each in table.rules[index].grants if each.set]
        asks = grants and all(each.when and far.isdisjoint(each.when) for each in grants)
        if asks and not bits >> index & 1:
            yield leaf
