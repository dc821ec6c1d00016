"""Writes of many objects by key: `PATCH /notes` with `{"notes": [{"id": 7}]}`.

An API that checks the caller, and not the owner of each element, lets anybody write to everybody's
objects (CWE-639). Such a write is tried with one element, like a write to one object. It is not
tried if the list may replace all existing objects, since the others would be lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from oakum.authz import Model
from oakum.exposure.endpoints.request_bodies import body_shape, media_of
from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Operation, Shape
from oakum.openapi.shape_queries import element, member
from oakum.policy.resource_schemas import resource_of
from oakum.scan.requests.written_resources import last_parameter, read_there

_CHANGES = word_set("change edit modify patch save set update upsert")
_MANY = word_set("all batch bulk many mass multi multiple several")
_HALF = 0.5


@dataclass(frozen=True)
class Bulk:
    """The place of a body that lists objects of a resource by their keys."""

    resource: str
    at: tuple[str, ...]
    """Path of the elements in the body; ends with `*`."""
    shape: Shape
    """Schema of one element."""


def bulk(model: Model, operation: Operation) -> Bulk | None:
    """The only list of keyed objects in a body; None if there is none or several."""
    shape = body_shape(operation)
    if shape is None or operation.method not in ("PATCH", "POST", "PUT"):
        return None
    found = [each for each in _lists(model, operation, shape) if _has_key(model, each)]
    return found[0] if len(found) == 1 else None


def why_not(model: Model, operation: Operation, many: Bulk) -> str:
    """Why a list must not be sent; empty if it may."""
    media = media_of(operation)
    said = frozenset((*words(operation.path.replace("/", " ")), *words(operation.id)))
    if operation.method == "PUT":
        return "a PUT replaces the existing list with the one it receives"
    if media is not None and "merge-patch" in media.type:
        return "a merge patch replaces the whole list (RFC 7396)"
    if operation.method == "POST" and not said & _CHANGES:
        return "it is unclear whether it changes or creates the objects it receives"
    if last_parameter(operation.path) or not (said & _MANY or _is_list(model, operation, many)):
        return "the list may replace an existing list of an object"
    return ""


def _lists(model: Model, operation: Operation, shape: Shape) -> Iterator[Bulk]:
    said = [(at, name) for at, name in model.sets.get(operation.id, ()) if at[-1:] == ("*",)]
    for at, name in said:
        inner: Shape | None = shape
        for segment in at:
            inner = member(inner, segment) if inner is not None else None
        if inner is not None:
            yield Bulk(name, at, inner)
    if said or operation.id in model.sets:
        return
    places: dict[tuple[str, ...], Shape] = {(): shape}
    places |= {(name,): thunk() for name, thunk in shape.properties.items()}
    for place, each in places.items():
        inner = element(each) if "array" in each.kinds or each.items is not None else None
        if inner is not None and (name := _element_resource(model, operation, inner)):
            yield Bulk(name, (*place, "*"), inner)


def _element_resource(model: Model, operation: Operation, shape: Shape) -> str:
    """The resource that an element is: by its schema, else by what is read at the same address."""
    if name := resource_of(shape, model.bound):
        return name
    names = {name for name, thunk in shape.properties.items() if not thunk().read_only}
    found = [
        name
        for name in read_there(model, operation)
        if len(names & model.known[name].names) >= max(1, len(names) * _HALF)
        and model.policy.resources[name].key in names
    ]
    return found[0] if len(found) == 1 else ""


def _has_key(model: Model, many: Bulk) -> bool:
    known = model.policy.resources[many.resource]
    owned = bool(known.key) and known.owner.kind != "none"
    return owned and known.key in many.shape.properties


def _is_list(model: Model, operation: Operation, many: Bulk) -> bool:
    """Whether a GET of the same path answers with such a list."""
    for each in model.operations.values():
        if each.method != "GET" or each.path.rstrip("/") != operation.path.rstrip("/"):
            continue
        shown = model.shown.get(each.id, ())
        if any(name == many.resource and "*" in at for at, name in shown):
            return True
        media = each.success()
        shape = media.shape if media is not None else None
        whole = [shape, *(t() for t in shape.properties.values())] if shape is not None else []
        inner = map(element, whole)
        if any(at is not None and resource_of(at, model.bound) == many.resource for at in inner):
            return True
    return False
