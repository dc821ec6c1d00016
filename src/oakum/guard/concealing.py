"""Which object a path names that nobody may be told of who is not shown it.

The law of this module: where it cannot be told which of several resources the object is of, it is
concealed only if each of them is; then whoever is not shown any of them must not learn of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from oakum.contract.model import Operation, Shape
from oakum.contract.openapi import Document
from oakum.guard.targets import shown_at, shut
from oakum.semantics import Model
from oakum.semantics.table import resource_of

_DEEP = 5
"""Unions within unions that are looked into."""


@dataclass(frozen=True)
class Concealed:
    """An object that a path names."""

    reader: str
    """The GET that shows it."""
    resources: tuple[str, ...]
    """What it may be of, each concealed."""
    whose: str = ""
    """The path parameter that holds its owner's id; empty: none certainly does."""


def concealed(document: Document, model: Model, operation: Operation) -> Concealed | None:
    """By the GET at the longest beginning of a path that shows a concealed object by its id."""
    segments = operation.path.split("/")
    for end in range(len(segments), 0, -1):
        each = document.operation("GET " + "/".join(segments[:end]))
        if "{" not in segments[end - 1] or each is None or shut(model, each):
            continue
        if each.id not in model.rules and each.id not in model.showing:
            continue
        found = _resources(model, each)
        if found:
            if not all(model.policy.resources[name].conceal for name in found):
                return None
            whose = _whose(model, operation, found, segments[end - 1])
            return Concealed(each.id, found, whose)
    return None


def _resources(model: Model, operation: Operation) -> tuple[str, ...]:
    """The resource that an operation shows one of; several: one of them, nobody knows which."""
    for name in model.policy.resources:
        if shown_at(model, operation, name) is not None:
            return (name,)
    media = operation.success()
    if media is None or media.shape is None:
        return ()
    for shape in (media.shape, *(child() for child in media.shape.properties.values())):
        found = tuple(dict.fromkeys(_branches(shape, model.bound, _DEEP)))
        if found and "" not in found:
            return found
    return ()


def _branches(shape: Shape, bound: Mapping[str, str], deep: int) -> Iterator[str]:
    """Resources of the alternatives of a shape, `""` for one that is none; null is not counted."""
    for each in (branch() for branch in shape.branches):
        if each.kinds == {"null"}:
            continue
        name = resource_of(each, bound)
        if not name and each.branches and deep:
            yield from _branches(each, bound, deep - 1)
        else:
            yield name


def _whose(model: Model, operation: Operation, found: tuple[str, ...], segment: str) -> str:
    owner = model.rule(operation.id).owner
    if owner:
        return owner
    # An account is its own owner, and so the parameter of its key's name holds the owner's id.
    keys = {model.policy.resources[name].key for name in found}
    accounts = all(model.policy.resources[name].is_account for name in found)
    [key] = keys if accounts and len(keys) == 1 else [""]
    return key if key and segment == f"{{{key}}}" else ""
