"""Where requests of an operation may name a tenant that no look-up can name.

A look-up cannot repeat what a body, a value inside a query parameter, or a path says, unless it has
the same path. So no look-up decides a request that names the tenant there. There are two
exceptions: a member of a write that the API shows with the object is a fact about the object, and a
path parameter that the contract knows identifies an object or an account.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from oakum.authz import Model
from oakum.authz.compiled_model import resources_in
from oakum.errors import Problem, few
from oakum.guard.compiled.form_members import form_of
from oakum.guard.compiled.lookup_selection import LookupSelection, path_tenants, tenants_of
from oakum.guard.compiled.path_objects import PathObjects
from oakum.openapi.document import Document
from oakum.openapi.model import Media, Operation, Shape
from oakum.openapi.shape_queries import member_by_name, member_names, ways
from oakum.policy.resource_schemas import resource_of
from oakum.routing.content_type import FORM, PARTS

_DEEP = 6
"""Most levels to follow, since a schema may be recursive."""


def with_tenants(
    paths: PathObjects,
    operation: Operation,
    own: LookupSelection,
    target: str,
    members: Mapping[str, Collection[str]],
    *,
    write: bool,
) -> LookupSelection:
    """The selecting parameters of an operation, with the places where a request may name the
    tenant. `target`: the resource that it changes; `members`: as `shown_members` says."""
    model = paths.model
    tops = [each.shape for each in operation.body if each.shape is not None]
    free = any(_takes_any(each) for each in operation.body)
    said = _inside(tops, model.bound)
    kinds = {name for _, name in model.sets.get(operation.id, ())} | ({target} - {""})
    kinds = kinds | said.resources if write else set()
    shown = {name for kind in kinds for name in members[kind]}
    within = dict[str, tuple[str, ...]]()
    for each in operation.parameters:
        if each.where == "query":
            inside = _inside([each.shape], model.bound)
            free = free or inside.free
            if inside.free or tenants_of(inside.names):
                within[each.name] = tenants_of(inside.names)
    tenants = path_tenants(operation.path)
    known = {e.param for e in paths.steps(operation) if e.resource or e.kind == "account"}
    return replace(
        own,
        body=tenants_of(said.names, shown),
        within=within,
        free=free or said.free,
        path=tuple(sorted(at for name, at in tenants.items() if name not in known)),
        paths=tuple(sorted(tenants.values())),
    )


def _takes_any(media: Media) -> bool:
    """Whether a body may have any members: all names of a form pass that declares none."""
    undeclared = media.type in (FORM, PARTS) and form_of(media.shape) is None
    return media.shape is None or undeclared


@dataclass
class _Inside:
    """What stands below some shapes."""

    names: set[str] = field(default_factory=set)
    """Of all members."""
    resources: set[str] = field(default_factory=set)
    free: bool = False
    """Whether there may be other members, outside of every resource."""


def _inside(tops: Iterable[Shape], bound: Mapping[str, str]) -> _Inside:
    found, done = _Inside(), set[Shape]()
    todo = [(shape, _DEEP, False) for shape in tops]
    while todo:
        top, deep, owned = todo.pop()
        if top in done:
            continue
        for shape in ways(top):
            done.add(shape)
            name = resource_of(shape, bound)
            found.resources |= {name} - {""}
            found.names |= shape.properties.keys()
            within = owned or bool(name)
            found.free = found.free or (not within and _is_map(shape))
            inside = (*shape.properties.values(), shape.items, shape.extra, shape.content)
            todo += [(each(), deep - 1, within) for each in inside if each is not None and deep]
    return found


def _is_map(shape: Shape) -> bool:
    bare = not (shape.properties or shape.branches or shape.items) and "object" in shape.kinds
    return shape.extra is not None or bare


def shown_members(model: Model) -> dict[str, set[str]]:
    """Resource → members of its objects that a line of the contract or a response has."""
    found = {
        name: {
            each.path.split(".")[0]
            for each in resource.fields
            if any(grant.see for grant in each.grants)
        }
        for name, resource in model.policy.resources.items()
    }
    for operation in model.operations.values():
        media = operation.success() if operation.method == "GET" else None
        shape = media.shape if media is not None else None
        for name, each in resources_in(shape, model.bound) if shape is not None else ():
            for member in member_names(each):
                at = member_by_name(each, member)
                if at is not None and not at.write_only:
                    found[name].add(member)
    return found


def unsaid(
    document: Document,
    made: Mapping[str, LookupSelection],
    asked: Collection[str],
    granted: Collection[str],
) -> Iterator[Problem]:
    """Warns about operations that name the tenant where no look-up can repeat it. `asked`:
    operations called by look-ups."""
    if not asked:
        return
    for operation in document.operations:
        said = made[operation.id]
        inside = [*chain(*said.within.values())]
        wheres = [("body", said.body)] if said.body else []
        wheres += [("query", tuple(dict.fromkeys(inside)))] if inside else []
        for where, found in wheres if operation.id in granted else ():
            names = ", ".join(f"`{each}`" for each in found)
            yield Problem(
                document.locate(operation.pointer),
                f"the {where} of `{operation.id}` names the tenant ({names}), which look-ups cannot"
                " pass on: nothing is looked up for a request with it, and what depends on a"
                " look-up is refused",
                "let the API take the tenant from a header, the host or a separate query"
                " parameter; or return it as a field of the object",
            )
    for id in asked:
        look = document.operation(id)
        others = [e for e in granted if not {*made[e].path}.issubset(made[id].paths)]
        if look is not None and others and not made[id].caller:
            lacking = {at for e in others for at in {*made[e].path}.difference(made[id].paths)}
            names = ", ".join(f"`{at}`" for at in sorted(lacking))
            yield Problem(
                document.locate(look.pointer),
                f"the paths of {few(others, 3)} name the tenant ({names}), which the path of `{id}`"
                " does not, so it is not asked for their requests",
                "let a look-up have the same path; or say which object the parameter names, if ids"
                " are the same for all tenants: `params: {PARAMETER: RESOURCE.KEY}`",
            )
