"""Parameters with objects, or keys of some, that a gateway does not read; for `guard check`.

The law of this module is that of `unenforceable_reads`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from oakum.errors import Location, Problem
from oakum.openapi.model import Operation, Parameter
from oakum.routing.lookup_plan import Endpoint
from oakum.routing.path_objects import PathObjects, Step

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
