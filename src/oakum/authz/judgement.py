"""What a walk over a body finds: its objects, their fields, and what of it stays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from oakum.authz.beside_objects import Keep
from oakum.authz.truth import Truth
from oakum.http.json_pointer import Pointer
from oakum.openapi.model import Json

Outline = tuple[Hashable, ...]


class Leaf(NamedTuple):
    """A scalar or empty container of an object, and whether the caller may see it."""

    path: str
    """Field path in the resource (outside, in the response); `*` for list elements and map
    values."""
    pointer: Pointer
    value: Json
    allowed: bool
    masked: bool = False
    """Whether it stays because its form is one in which the caller may see the field."""


@dataclass(frozen=True)
class ObjectInstance:
    """An object of a resource in a response."""

    resource: str
    pointer: Pointer
    owners: tuple[str, ...]
    held: frozenset[str]
    state: Mapping[str, Json]
    leaves: tuple[Leaf, ...]
    value: dict[str, Json] = field(repr=False)
    outline: Outline | None = field(default=None, repr=False, compare=False)
    """Cache key: objects with equal outlines have equal owners, relations, state and look-ups.
    None: unique. A pair of what the object says, with unknown ids as `STRANGER`, and its owners."""
    partly: bool = False
    """Whether there may be further owners that neither it nor its parent names."""
    passes: bool = True
    """Whether `call:` grants the caller this object."""


@dataclass(frozen=True)
class KnownObject:
    """What is known of an object from elsewhere, which overrides the object itself."""

    owners: tuple[str, ...] = ()
    """Empty: use those that the object names."""
    states: Mapping[str, Json] = field(default_factory=dict)
    """Known states; all others are read as usual."""
    resource: str = ""
    """Its resource; empty: as document and contract say."""
    named: Mapping[str, Truth] = field(default_factory=dict)
    """Relation → whether its member names the caller, as the object's owner was shown; None: that
    is unknown. The object's own member does not count then."""


@dataclass
class Judgement:
    """Result of judging a body."""

    keep: Keep
    instances: list[ObjectInstance]
    unbound: list[Leaf]
    """Leaves outside every resource: the envelope."""
    gone: Collection[Pointer] = ()
    """Rows around objects of which none is shown."""
    rows: Collection[Pointer] = ()
    """Elements of lists and values of maps, outside of every resource."""
    untold: Collection[int] = ()
    """The `id` of each object that may be of several resources."""
    left_out: bool = False
    """Whether the caller left out what may be hidden objects."""
    fields_left_out: bool = False
    """Whether they are fields of the root of GraphQL, of which few queries select all."""
    misfit: bool = False
    """Whether the body is of another kind than declared, as a list in place of an object."""
    untold_within: bool = False
    """Whether something in it may be an object, and nobody can tell which."""


def empty_once(walk: Callable[..., Keep]) -> Callable[..., Keep]:
    """A walk over the elements of one list in a request body that judges the first empty object
    for all: they say nothing that could tell them apart, and are the cheapest to send."""
    judged: list[Keep] = []

    def walked(value: Json, *place: Any) -> Keep:
        if value or value.__class__ is not dict:
            return walk(value, *place)
        if not judged:
            judged.append(walk(value, *place))
        return judged[0]

    return walked
