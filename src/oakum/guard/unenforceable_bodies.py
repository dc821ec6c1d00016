"""Warnings of `guard check` about bodies of which the document leaves a part free.

Warnings change nothing. A body is judged by what the document declares: where it declares nothing,
nobody may send anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from oakum.authz import Model
from oakum.authz.places import resource_of
from oakum.authz.tags import objects_of
from oakum.authz.unions import keeps_kind, mixes
from oakum.errors import Location, Problem, few
from oakum.http.json_pointer import escape
from oakum.http.media_type import is_json
from oakum.openapi.model import Operation, Shape
from oakum.routing.lookup_plan import Endpoint

_FEW = 3


def bodies(
    model: Model, endpoints: Iterable[Endpoint], where: Callable[[Operation], Location]
) -> Iterator[Problem]:
    """Warns about places of a JSON body, outside of resources, whose members or elements the
    document does not declare."""
    for endpoint in endpoints:
        operation = endpoint.operation
        free: dict[str, None] = {}
        for media in operation.body:
            if media.shape is not None and is_json(media.type):
                free |= dict.fromkeys(_free(model, media.shape))
        if free and not model.rule(operation.id).graphql:
            yield Problem(
                where(operation),
                f"what an object or a list at {few([*free], _FEW)} of the body of"
                f" `{operation.id}` holds is not declared, so a call with it is refused with 422",
                "declare its members with `properties` or `additionalProperties`, and its elements"
                " with `items`",
            )


def other_kinds(
    model: Model, endpoints: Iterable[Endpoint], where: Callable[[Operation], Location]
) -> Iterator[Problem]:
    """Warns about bodies that may be an object of no resource where they may be one of some."""
    for endpoint in endpoints:
        operation = endpoint.operation
        shapes = [each.shape for each in operation.body if each.shape is not None]
        if not keeps_kind(model, operation) or model.rule(operation.id).graphql:
            continue
        met = dict.fromkeys(shapes)
        for shape in (todo := [*met]):
            if shape.read_only:
                continue
            if not resource_of(shape, model.bound) and mixes(shape, model.bound):
                found = {resource_of(each, model.bound) for each in objects_of(shape, model.bound)}
                one = next(name for name in sorted(found) if name)
                yield Problem(
                    where(operation),
                    f"the body of `{operation.id}` may have an object of no resource in place of a"
                    f" `{one}`; a call with it is refused with 422, since no write changes what an"
                    " object is",
                    "name its schema in `resources`, or leave it out of the body with an overlay",
                )
                break
            below = [each for each in shape.below() if each not in met]
            todo += below
            met |= dict.fromkeys(below)


def _free(model: Model, shape: Shape) -> Iterator[str]:
    """Pointers, `*` for elements and values of a map, of objects and lists of which the document
    says nothing; the outermost of each way that leads there."""
    todo, seen = [("", shape)], {shape}
    for at, each in todo:
        if each.read_only or resource_of(each, model.bound):
            continue
        if _says_nothing(each):
            yield at or "/"
            continue
        below = [(f"{at}/{escape(name)}", inner()) for name, inner in each.properties.items()]
        below += [(f"{at}/*", inner()) for inner in (each.items, each.extra) if inner is not None]
        below += [(at, inner()) for inner in each.branches]
        todo += [(pointer, inner) for pointer, inner in below if inner not in seen]
        seen |= {inner for _, inner in below}


def _says_nothing(shape: Shape) -> bool:
    """Whether a value may be an object or a list, and nothing in it is declared."""
    if shape.branches or shape.properties or shape.extra is not None or shape.items is not None:
        return False
    return not shape.kinds or bool(shape.kinds & {"object", "array"})
