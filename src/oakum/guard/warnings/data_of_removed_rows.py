"""Warnings about data beside hidden objects, or in their place.

A row is removed with its hidden objects only outside every resource. Inside an object of a
resource, the line that covers the row decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oakum.authz import Model
from oakum.authz.compiled_model import (
    is_hidden_from_members,
    may_be_hidden,
    outermost,
    resources_in,
    shapes_at,
)
from oakum.authz.project import ROOT_FIELD
from oakum.authz.unexpected_types import held_by, matches, references
from oakum.errors import Location, Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.objects_in_graphql_arguments import reachable_places
from oakum.http.json_pointer import path_of
from oakum.openapi.model import Shape
from oakum.openapi.shape_queries import (
    event_of,
    is_null_if_empty,
    member,
    member_by_name,
    member_names,
    names_of,
    requires,
)
from oakum.openapi.shape_walk import reachable
from oakum.policy.model import FieldRule
from oakum.policy.resource_schemas import resource_of


def visible_rows(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about each line of a resource that covers data beside objects in a row."""
    model = contract.model
    lines: dict[int, tuple[str, FieldRule, dict[str, str]]] = {}
    for root, data in _objects(contract):
        table = model.tables[root]
        for path, line in zip(table.leaves, table.rules, strict=True):
            if line.grants and (row := _row(model, data, path)):
                lines.setdefault(id(line), (root, line, {}))[2].setdefault(*row)
    for root, line, found in lines.values():
        first, resource = next(iter(found.items()))
        some = few([f"{root}.{each}" for each in found], 2)
        yield Problem(
            line.location,
            f"the gateway hides a `{resource}` in {some}, but this line still shows the"
            f" fields beside it: inside the resource `{root}`, no row is removed",
            f"make the type of `{first}` a resource, or name only other fields than"
            f" `{first.partition('.')[0]}` in the line",
        )


def _objects(contract: CompiledContract) -> Iterator[tuple[str, Shape]]:
    """Each resource with each schema by which a granted operation may show it, whatever the status
    and the media type: one schema may declare less than another."""
    model, met = contract.model, dict[tuple[str, str | int], Shape]()
    for each in contract.endpoints:
        pointers = model.shown.get(each.operation.id, ())
        for media in (one for some in each.operation.responses.values() for one in some):
            found = [*resources_in(media.shape, model.bound)] if media.shape is not None else []
            for name, shape in (*found, *shapes_at(pointers, event_of(media))):
                known = (name, shape.pointer or id(shape))  # an id is unique while a shape is kept
                if known not in met:
                    met[known] = shape
                    yield name, shape


def nulls_alone(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about a member that is `null` where a hidden object was, in an object of which its
    viewers see nothing else: an edge, a search hit. That there is such an object tells of the
    hidden one."""
    model = contract.model
    told = set[str]()
    for name, shape in _objects(contract):
        found = next(_nulls_alone(model, name, shape), None) if name not in told else None
        if found is not None:
            told.add(name)
            path, viewer, hidden, location = found
            yield Problem(
                location,
                f"`{viewer}` may see nothing else of every `{name}`, so a `{name}` with"
                f" `{path}: null` tells that there is a `{hidden}` that is hidden",
                f"write `{path}: {{instead: absent, grants: […]}}`, so that it is left out like one"
                " of which nothing may be seen",
            )


def _nulls_alone(model: Model, name: str, shape: Shape) -> Iterator[tuple[str, str, str, Location]]:
    """(member, who sees it and nothing else for certain, the resource that may be hidden there, the
    place of the line)."""
    table = model.tables[name]
    for path in member_names(shape):
        below = {
            index: rule
            for index, (leaf, rule) in enumerate(zip(table.leaves, table.rules, strict=True))
            if leaf.partition(".")[0] == path
        }
        rule, at = next(iter(below.values()), None), member(shape, path)
        if rule is None or rule.omitted or at is None or not is_null_if_empty(shape, path):
            continue
        hidden = next((each for each in held_by(at, model.bound) if may_be_hidden(model, each)), "")
        others = ~sum(1 << index for index in below)
        there = sum(1 << n for n, leaf in enumerate(table.leaves) if requires(shape, leaf))
        for viewer in dict.fromkeys(n for grant in rule.grants for n in grant.see if hidden):
            held = {viewer, *model.policy.only("anyone", "authenticated")}
            seen = table.see(held, {}) & others
            if not seen & there and not table.of_every(seen):
                yield path, viewer, hidden, rule.location


def texts_for_objects(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about strings in place of possibly hidden objects: it is unknown which object one
    refers to."""
    model = contract.model
    for each in contract.endpoints:
        for at, shape, listed in beside_objects(model, each):
            place = tuple(at.split("/")[1:])
            shown = (
                name
                for segments, name in model.shown.get(each.operation.id, ())
                if len(segments) == len(place) and matches(segments, place)
            )
            found = references(shape, model.bound, shown)
            one = next(_unseen(model, found), "")
            if one and listed:
                around = at.removesuffix("/*") or "/"
                yield Problem(
                    contract.location(each.operation),
                    f"an element of the list at `{around}` of the response of `{each.operation.id}`"
                    f" may be a text or a number in place of a `{one}` (also by `prefixItems`). It"
                    f" passes with the values beside it, even if that `{one}` is hidden",
                    f"let the list hold a `{one}` alone, and what is beside it in members of its"
                    " own",
                )
                break
            if one:
                yield Problem(
                    contract.location(each.operation),
                    f"a text or a number at `{at or '/'}` of the response of `{each.operation.id}`"
                    f" is in place of a `{one}`, and it is unknown which one. The gateway"
                    " withholds it, and the data beside it in a row",
                    f"let the API answer with the object, or let every member see some of a"
                    f" `{one}`",
                )
                break


def beside_objects(model: Model, endpoint: GrantedEndpoint) -> Iterator[tuple[str, Shape, bool]]:
    """(pointer, schema, whether it is a list element) for each place of a response outside objects,
    itself first."""
    operation = endpoint.operation
    media = operation.success() if not model.rule(operation.id).graphql else None
    todo = [("", media.shape, False)] if media is not None and media.shape is not None else []
    met = {shape for _, shape, _ in todo}
    for at, shape, listed in todo:
        if resource_of(shape, model.bound):
            continue
        yield at, shape, listed
        below = [(f"{at}/{name}", child(), False) for name, child in shape.properties.items()]
        below += [(f"{at}/*", inner(), True) for inner in (shape.items,) if inner]
        below += [(f"{at}/*", inner(), False) for inner in (shape.extra,) if inner]
        below += [(at, branch(), listed) for branch in shape.branches]
        todo += [step for step in below if step[1] not in met]
        met |= {inner for _, inner, _ in below}


def alternatives(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about alternatives to possibly hidden objects that are forwarded with the data beside
    them: a string instead of a list, or an object of no resource."""
    model = contract.model
    for each in contract.endpoints:
        for at, shape, _ in beside_objects(model, each):
            one, what = _another(model, shape)
            if one:
                yield Problem(
                    contract.location(each.operation),
                    f"{what} may be at `{at or '/'}` of the response of `{each.operation.id}` in"
                    f" place of a `{one}`. It passes with the values beside it, even if that"
                    f" `{one}` is hidden",
                    "declare the object alone there, or bind each alternative to a resource",
                )
                break


def _another(model: Model, shape: Shape) -> tuple[str, str]:
    """A resource that may be hidden and stands in an alternative, and what stands in another."""
    branches = [branch() for branch in shape.branches]
    bound = model.bound
    alone = next(_unseen(model, filter(None, (resource_of(e, bound) for e in branches))), "")
    items = [each.items() for each in branches if each.items is not None]
    listed = next(_unseen(model, filter(None, (resource_of(e, bound) for e in items))), "")
    for each in branches if alone or listed else ():
        if resource_of(each, bound) or each.kinds == {"null"} or each.branches:
            continue
        if each.properties and not any(outermost(each, bound)):
            return alone or listed, "an object of no resource"
        if listed and not alone and each.kinds & {"string", "integer", "number"}:
            return listed, "a text or a number"
    return "", ""


def _unseen(model: Model, resources: Iterable[str]) -> Iterator[str]:
    """Those of which somebody who is logged in may see nothing."""
    yield from (each for each in resources if is_hidden_from_members(model, each))


def counts_of_root(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about counts at the root of a GraphQL response, which pass only with all lists of the
    root."""
    model = contract.model
    for each in contract.endpoints:
        rule = model.rule(each.operation.id)
        for count in rule.counts if rule.graphql else ():
            if len(path_of(count) or ()) == ROOT_FIELD:
                yield Problem(
                    contract.location(each.operation),
                    f"nobody knows what `{count}` of `{each.operation.id}` counts, so it is"
                    " withheld from a query without each field of the root that may hold hidden"
                    " objects",
                    "count in the type that has the list, or remove it from `counts` if everybody"
                    " may know the number",
                )


def unknown_types(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about GraphQL fields that return one of several types, where a query need not ask for
    `__typename`, and about root fields whose arguments withhold the response."""
    model = contract.model
    for each in contract.endpoints:
        media = each.operation.success() if model.rule(each.operation.id).graphql else None
        data = member_by_name(media.shape, "data") if media is not None and media.shape else None
        if data is None:
            continue
        found = [*_ambiguous_fields(model, data)]
        if found:
            yield Problem(
                contract.location(each.operation),
                f"{few(found, 2)} of `{each.operation.id}` may be of several types: the gateway"
                " hides an object for which a query selects neither `__typename` nor a field that"
                " only one of them has",
                "let clients select `__typename`, and grant it",
            )
        root = resource_of(data, model.bound)
        keys = each.asked.keys
        places = {**keys.arguments, **keys.of_errors}
        named_by = [*reachable_places(each.operation, places, mutations=each.acts)]
        if root and each.asked.by and named_by:
            yield Problem(
                contract.location(each.operation),
                f"`{root}` is a resource, so one argument of `{each.operation.id}` that names a"
                f" hidden object, as `{named_by[0]}` may, makes the whole response 404",
                "let clients send such a field in a query of its own, or make the types below the"
                " root resources instead",
            )


def _ambiguous_fields(model: Model, data: Shape) -> Iterator[str]:
    """Fields that may hold an object of one of several types, which are several resources."""
    for at in reachable([data]):
        for name, thunk in at.properties.items():
            shape = thunk()
            while shape.items is not None:
                shape = shape.items()
            ways = [branch() for branch in shape.branches]
            owners = {resource_of(way, model.bound) for way in ways} - {""}
            if at.names and shape.discriminator and len(owners) > 1:
                yield f"{next(iter(names_of(at)))}.{name}"


def _row(model: Model, data: Shape, path: str) -> tuple[str, str] | None:
    """The outermost row with objects that may be hidden around a leaf, and their resource."""
    at: Shape | None = data
    steps = path.split(".")
    for count, step in enumerate(steps):
        if at is None or (count and resource_of(at, model.bound)):
            return None
        if step == "**":
            return _row_below(model, at, steps[:count])
        at = member(at, step)
        hidden = _hidden_resource(model, at) if step == "*" and count + 1 < len(steps) else ""
        if hidden:
            return ".".join(steps[:count]), hidden
    return None


def _row_below(model: Model, top: Shape, steps: list[str]) -> tuple[str, str] | None:
    """The same of a line that covers everything below a shape."""
    todo, known = [(top, steps)], {_alike(top)}
    for at, path in todo:
        for name in (*member_names(at), "*"):
            inner = member(at, name)
            if inner is None or resource_of(inner, model.bound):
                continue
            if name == "*" and (hidden := _hidden_resource(model, inner)):
                return ".".join(path), hidden
            if _alike(inner) not in known:
                known.add(_alike(inner))
                todo.append((inner, [*path, name]))
    return None


def _alike(shape: Shape) -> object:
    """What is equal of shapes that show the same. One of several schemas is made anew each time."""
    return shape.pointer or (shape.names, shape.kinds, frozenset(member_names(shape)))


def _hidden_resource(model: Model, row: Shape | None) -> str:
    """A resource of which a row may hold an object that is hidden from somebody who is logged in;
    empty if there is none, or the row is such an object itself."""
    if row is None or resource_of(row, model.bound):
        return ""
    return next(_unseen(model, outermost(row, model.bound)), "")
