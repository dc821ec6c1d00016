"""Finds the resource in a request body: which one, and at which path."""

from __future__ import annotations

import re

from oakum.authz import Model
from oakum.authz.compiled_model import resources_in
from oakum.exposure.endpoints.request_bodies import body_shape
from oakum.openapi.model import Operation, Shape
from oakum.openapi.shape_queries import member
from oakum.policy.resource_schemas import resource_of

_HALF = 0.5
_LAST = re.compile(r"\{([^{}]+)\}(?:\.\w+)?")


def last_parameter(path: str) -> str:
    """The final path parameter (`/issues/{id}.json`); empty if the path ends otherwise."""
    found = _LAST.fullmatch(path.rstrip("/").rsplit("/", 1)[-1])
    return found[1] if found else ""


def written_resources(model: Model, operation: Operation) -> list[tuple[str, tuple[str, ...]]]:
    """Resources in a request body with their paths: by the contract, otherwise by schema name,
    otherwise by comparison with what the same path returns."""
    said = {name: at for at, name in model.sets.get(operation.id, ())}
    shape = body_shape(operation)
    if said or shape is None:
        return list(said.items())
    name = resource_of(shape, model.bound)
    return [(name, ())] if name else _derive_resource(model, operation, shape)


def place(model: Model, operation: Operation, resource: str) -> tuple[tuple[str, ...], Shape]:
    """Path and shape of a resource in a request body."""
    at = next((at for name, at in written_resources(model, operation) if name == resource), ())
    shape: Shape | None = body_shape(operation)
    for segment in at:
        shape = member(shape, segment) if shape is not None else None
    return at, shape or Shape()


def _derive_resource(
    model: Model, operation: Operation, shape: Shape
) -> list[tuple[str, tuple[str, ...]]]:
    """`{issue: {…}}`, or the members alone, where half of them at least are members of what a GET
    at the same address shows: one such place, or none.

    Never of an account that a POST might make: who makes one is not let in as it.
    """
    places: dict[tuple[str, ...], Shape] = {(): shape}
    for name, thunk in shape.properties.items():
        if (inner := thunk()).properties and not inner.read_only:
            places[(name,)] = inner
    ranked: dict[float, list[tuple[str, tuple[str, ...]]]] = {}
    for resource in read_there(model, operation):
        known = model.policy.resources[resource]
        if known.owner.kind == "none" or (operation.method == "POST" and known.is_account):
            continue
        for at, each in places.items():
            names = {n for n, thunk in each.properties.items() if not thunk().read_only}
            share = len(names & model.known[resource].names) / max(1, len(names))
            if share >= _HALF:
                ranked.setdefault(share, []).append((resource, at))
    best = ranked[max(ranked)] if ranked else []
    return best if len(best) == 1 else []


def read_there(model: Model, operation: Operation) -> list[str]:
    """Resources that a GET of the same path returns, or one directly below it."""
    stem = _stem(operation.path)
    found: dict[str, None] = {}
    for each in model.operations.values():
        under = _stem(each.path).removeprefix(stem)
        if each.method != "GET" or not _stem(each.path).startswith(stem):
            continue
        if under and not (operation.method == "POST" and re.fullmatch(r"/\{[^{}]+\}", under)):
            continue
        media = each.success()
        shown = resources_in(media.shape, model.bound) if media and media.shape else ()
        found |= dict.fromkeys(name for name, _ in shown)
        found |= dict.fromkeys(name for _, name in model.shown.get(each.id, ()))
    return list(found)


def _stem(path: str) -> str:
    return re.sub(r"\.\w+$", "", path.rstrip("/"))
