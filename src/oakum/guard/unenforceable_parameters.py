"""Warnings of `guard check` about objects and keys in parameters that the gateway does not read.

Warnings change nothing. Each names what stays closed, why, and the line that opens it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from oakum.authz import Model
from oakum.authz.places import resource_of
from oakum.errors import Location, Problem, few
from oakum.openapi.model import Operation, Parameter, Shape
from oakum.openapi.shape import element, scalars
from oakum.policy.model import Resource
from oakum.routing.lookup_plan import Endpoint
from oakum.routing.path_objects import PathObjects, Step
from oakum.routing.selection import plain
from oakum.routing.write_targets import needs_object

_DEEP = 4
"""Levels of a body that are searched for keys."""

_MARKS = {"label": ".", "matrix": ";"}
"""What a value begins with, by style (OpenAPI 3.1, Style Values)."""


def parameters(
    paths: PathObjects, endpoints: Iterable[Endpoint], where: Callable[[Operation], Location]
) -> Iterator[Problem]:
    """Warns about lists of keys that nobody has declared to be some, about keys with a mark, and
    about objects in a write's parameters."""
    for endpoint in endpoints:
        operation = endpoint.operation
        yield from _objects(endpoint, where)
        yield from _keys(paths.model, endpoint, where)
        declared = {each.name: each for each in operation.parameters if each.where == "path"}
        for step in paths.steps(operation):
            each = declared.get(step.param)
            if each is None or step.resource is None or step.kind not in ("object", "account"):
                continue
            if found := _unread(operation, each, step):
                yield Problem(where(operation), *found)


def _objects(endpoint: Endpoint, where: Callable[[Operation], Location]) -> Iterator[Problem]:
    for place, resource in endpoint.unread.items():
        said, name = endpoint.operation, place.partition(" ")[2]
        hint = "let clients send it in the body"
        if place.startswith("query "):
            hint += f"; or remove it, `{said.id}: {{without: [{name}]}}`"
        yield Problem(
            where(said),
            f"`{name}` of `{said.id}` holds a `{resource}`, which a gateway judges in a body alone,"
            " so a call with it is refused with 422",
            hint,
        )


def _unread(operation: Operation, parameter: Parameter, step: Step) -> tuple[str, str] | None:
    name, one = parameter.name, step.resource
    if mark := _MARKS.get(parameter.style):
        said = f"`{name}` in the path of `{operation.id}` begins with `{mark}`"
        hint = "declare it without `style`, and let clients send the key alone"
        return f"{said}, and no object is found by such a key, so calls are refused", hint
    if "array" not in parameter.shape.kinds or one is None:
        return None
    said = f"`{name}` in the path of `{operation.id}` is a list, and is taken for one key"
    hint = f"write `{operation.id}: {{params: {{{name}: {one.name}.{one.key or 'KEY'}}}}}`"
    if one.is_account or one.owner.kind == "none":
        hint = f"let clients name each `{one.name}` in a path of its own, or all in the query"
    return f"{said}, so a call with more is refused", hint


def _keys(
    model: Model, endpoint: Endpoint, where: Callable[[Operation], Location]
) -> Iterator[Problem]:
    """Warns about what is called like the key of a resource that a body holds, and stands beside
    it: an API may take it for the key of what it writes."""
    operation, written = endpoint.operation, model.written.get(endpoint.operation.id)
    rule = model.rule(operation.id)
    checked = rule.call is None or needs_object(model.policy, rule.call)
    if written is None or operation.method not in ("PUT", "PATCH", "DELETE") or not checked:
        return
    for one in (model.policy.resources[name] for name in written.resources):
        found = [] if one.is_account else [*_called_so(model, operation, one)]
        if found := [each for each in dict.fromkeys(found) if each not in rule.params]:
            yield Problem(
                where(operation),
                f"`{operation.id}` may take from {few(found, 3)} which `{one.name}` it writes, and"
                " the gateway does not check those",
                f"declare what it names, `{operation.id}: {{params:"
                f" {{{found[0]}: {one.name}.{one.key}}}}}`",
            )


def _called_so(model: Model, operation: Operation, one: Resource) -> Iterator[str]:
    """Headers, cookies and members of a body outside every resource that are called like its
    key."""
    own, key = plain(one.name), plain(one.key)
    known = {key, own + key, own + "id", own + "key", "id", "uuid"} - {""}
    for each in operation.parameters:
        if each.where in ("header", "cookie") and plain(each.name) in known:
            yield each.name
    todo = [((), each.shape) for each in operation.body if each.shape is not None]
    tops: list[tuple[tuple[str, ...], Shape]] = [*todo]
    for at, shape in tops:
        if resource_of(shape, model.bound):
            continue
        listed = element(shape)
        if at and plain(at[-1]) in known and scalars(listed or shape) and not shape.enum:
            yield ".".join(at)
        if len(at) < _DEEP:
            tops += [((*at, name), child()) for name, child in shape.properties.items()]
            tops += [((*at, "*"), listed)] if listed is not None else []
