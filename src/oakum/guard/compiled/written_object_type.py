"""Which resource a written object belongs to, where the document declares several.

The object is of the type that the API shows for it, whatever type a body names or is declared with.
If no response shows it, it may be of any of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from oakum.authz import Model
from oakum.authz.discriminators import alternatives
from oakum.authz.unions import keeps_kind
from oakum.guard.compiled.objects_in_responses import all_shown, answer, shows_pointers
from oakum.guard.compiled.path_objects import ObjectReader, PathObjects, places
from oakum.guard.compiled.write_targets import Target
from oakum.openapi.model import Operation, Shape
from oakum.policy.resource_schemas import resource_of

_DEEP = 3
"""How deep a response is searched for the object."""


def typed_target(paths: PathObjects, operation: Operation) -> Target | None:
    """The GET of the same path, whose response shows which of several resources (`kinds`) the
    object belongs to; kind `none`: no GET does. None: the document declares only one."""
    model, id = paths.model, operation.id
    written = model.written.get(id)
    if written is None or not keeps_kind(model, operation):
        return None
    said = {} if model.sets.get(id) else dict.fromkeys(_unions(model, operation))
    wanted = {*written.resources, *said}
    for reader in paths.gets(operation.path):
        get = reader.get
        if not (get.id in model.rules or get.id in model.showing):
            continue
        for at, names in _object_places(model, reader):
            if wanted & names:
                kinds = tuple(sorted({*said, *names}))
                made = Target("ask", operation=get.id, pointer=at, names=reader.names, kinds=kinds)
                return made if len(kinds) > 1 else None
    open_ = len(said) > 1 and operation.path.endswith("}") and operation.method != "POST"
    return Target("none", kinds=tuple(sorted(said))) if open_ else None


def written_target(paths: PathObjects, operation: Operation, target: Target) -> Target | None:
    """The GET of a path that ends with a word, whose object a body without a key changes. None: it
    shows no resource of the body, or `target` already is this GET."""
    model, said = paths.model, paths.model.written.get(operation.id)
    named = places(operation) and not operation.path.endswith("}")
    if said is None or operation.method == "POST" or not named:
        return None
    resources = model.policy.resources
    own = {name for name in said.resources if resources[name].owner.kind in ("field", "path")}
    known = {each.resource.name for each in paths.steps(operation) if each.resource is not None}
    for reader in paths.gets(operation.path):
        get = reader.get
        kinds = own & all_shown(model, get)
        if target.operation == get.id:
            return None
        if kinds and (get.id in model.rules or get.id in model.showing):
            return Target(
                "ask", operation=get.id, names=reader.names,
                kinds=tuple(sorted(kinds)), parts=tuple(sorted(kinds & known)),
            )  # fmt: skip
    return None


def looks_up_first(*targets: Target | None) -> bool:
    """Whether the guard looks up the object before it responds to a write, so that an error could
    reveal that it exists."""
    return any(each is not None and each.kind == "ask" for each in targets)


def is_ambiguous(target: Target, typed: Target | None) -> bool:
    """Whether a write is refused because nothing shows to which resource its object belongs."""
    return typed is not None and typed.kind == "none" and target.resource not in typed.kinds


def _unions(model: Model, operation: Operation) -> Iterator[str]:
    """Resources that a body is declared to be one of, outside of every resource."""
    todo = [each.shape for each in operation.body if each.shape is not None]
    met = set[Shape]()
    for shape in todo:
        if shape in met or resource_of(shape, model.bound):
            continue
        met.add(shape)
        found = _kinds(model.bound, shape)
        yield from found if len(found) > 1 else ()
        below = [*shape.properties.values(), *shape.branches]
        todo += [each() for each in below] + [e() for e in (shape.items, shape.extra) if e]


def _object_places(
    model: Model, reader: ObjectReader
) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Places of an answer with objects that stand in no other one, and what they may be of."""
    shown = shows_pointers(model, reader.get)
    for at, name in shown:
        if "*" not in at:
            yield at, {name}
    top = answer(reader.get)
    todo: list[tuple[tuple[str, ...], Shape]] = [((), top)] if top is not None else []
    for at, shape in todo:
        if names := _kinds(model.bound, shape):
            yield at, names
        elif len(at) < _DEEP:
            todo += [((*at, name), child()) for name, child in shape.properties.items()]


def _kinds(bound: Mapping[str, str], shape: Shape) -> set[str]:
    """Resources that a shape may be."""
    own = resource_of(shape, bound)
    found = {own} if own else {resource_of(each, bound) for each in alternatives(shape, bound)}
    return found - {""}
