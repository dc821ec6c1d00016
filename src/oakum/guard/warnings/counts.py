"""Warnings about what counts or lists objects beside them, and passes although some are hidden."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import Model
from oakum.authz.compiled_model import is_hidden_from_members, outermost
from oakum.errors import Problem, few
from oakum.guard.warnings.rows import beside_objects
from oakum.http.json_pointer import path_of
from oakum.inference.declared_objects import names_count, names_ids
from oakum.openapi.model import Shape
from oakum.openapi.shape_queries import element, scalars
from oakum.routing.compiled_contract import CompiledContract
from oakum.routing.granted_endpoint import GrantedEndpoint

_MOST = 3
_NUMBERS = frozenset(("integer", "number"))
Path = tuple[str, ...]


def undeclared_counts(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about each operation with a number or a list of ids that no `counts` line names, beside
    or above a list with objects that may be hidden."""
    model = contract.model
    for each in contract.endpoints:
        id, rule = each.operation.id, model.rule(each.operation.id)
        lists = dict(_lists(model, each))
        places = beside_objects(model, each) if lists else ()
        told = (
            pointer if element(shape) is None else f"{pointer}/*"
            for pointer, shape, _ in places if _tells(path_of(pointer), shape, lists)
        )  # fmt: skip
        if found := [pointer for pointer in told if pointer not in rule.counts]:
            one = next(iter(lists.values()))
            every = ", ".join((*rule.counts, *found))
            yield Problem(
                contract.location(each.operation),
                f"{few(found, _MOST)} of `{id}` may count or name each `{one}`, also those that are"
                " hidden from its caller, and passes beside the others",
                f"write `{id}: {{counts: [{every}]}}`: it is withheld where a `{one}` is hidden",
            )


def _lists(model: Model, endpoint: GrantedEndpoint) -> Iterator[tuple[Path, str]]:
    """Where lists and maps are that hold objects which may be hidden, and of which resource."""
    for pointer, shape, _ in beside_objects(model, endpoint):
        for inner in (shape.items, shape.extra):
            for name in outermost(inner(), model.bound) if inner is not None else ():
                if is_hidden_from_members(model, name):
                    yield path_of(pointer), name
    for segments, name in model.shown.get(endpoint.operation.id, ()):
        if "*" in segments and is_hidden_from_members(model, name):
            yield tuple(segments[: len(segments) - 1 - segments[::-1].index("*")]), name


def _tells(path: Path, shape: Shape, lists: dict[Path, str]) -> bool:
    """Whether what stands at a path may count or name objects of a list beside or below it."""
    if not path or path[-1] == "*":
        return False
    row = max((at for at, step in enumerate(path, 1) if step == "*"), default=0)
    called = [
        name
        for at, resource in lists.items() if at[:row] == path[:row]
        for name in (resource, *(step for step in at[-1:] if step != "*"))
    ]  # fmt: skip
    inner = element(shape)
    if inner is not None:
        return bool(called and scalars(inner)) and names_ids(path[-1], called)
    return bool(called and scalars(shape) & _NUMBERS) and names_count(path[-1], called)
