"""The result of judging a body: its objects, their fields, and what may stay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from oakum.authz.data_beside_objects import Keep
from oakum.authz.three_valued_logic import Truth
from oakum.http.json_pointer import Pointer
from oakum.openapi.model import Json

Outline = tuple[Hashable, ...]


class Leaf(NamedTuple):
    """A scalar or empty container of an object, and whether the caller may see it."""

    path: str
    """Field path within the resource, or within the response if outside every resource; `*` for
    list elements and map values."""
    pointer: Pointer
    value: Json
    allowed: bool
    masked: bool = False
    """Whether it is visible only because its value already has a masked form that the caller may
    see."""


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
    """Whether the object may have owners that neither it nor its parent names."""
    passes: bool = True
    """Whether `call:` grants the caller this object."""
    withheld: Pointer = ()
    """The outermost member around it that is withheld by its line; empty: none is."""


@dataclass(frozen=True)
class KnownObject:
    """What is known of an object from elsewhere, which overrides the object itself."""

    owners: tuple[str, ...] = ()
    """Owner ids; empty: use those that the object names."""
    states: Mapping[str, Json] = field(default_factory=dict)
    """State → value, where known; others are read as usual."""
    resource: str = ""
    """Its resource; empty: the one that document and contract say."""
    named: Mapping[str, Truth] = field(default_factory=dict)
    """Relation → whether the object's member for it names the caller (None: unknown), as shown to
    its owner. It takes the place of the member in this response."""


@dataclass
class Judgement:
    """Result of judging a body."""

    keep: Keep
    instances: list[ObjectInstance]
    unbound: list[Leaf]
    """Leaves outside every resource: the envelope."""
    gone: Collection[Pointer] = ()
    """Rows that contained objects, none of which is shown."""
    rows: Collection[Pointer] = ()
    """Rows: list elements and map values outside every resource."""
    untold: Collection[int] = ()
    """`id()` of each object that may belong to several resources."""
    left_out: bool = False
    """Whether the caller's choice of members may have left out hidden objects."""
    fields_left_out: bool = False
    """Whether these are root fields of GraphQL, of which few queries select all."""
    misfit: bool = False
    """Whether the body has another JSON type than declared, such as a list instead of an object."""
    untold_within: bool = False
    """Whether it contains a value that may be an object of an unknown resource."""


def empty_once(walk: Callable[..., Keep]) -> Callable[..., Keep]:
    """Decorator for a walk over the elements of a list in a request body: it judges the first empty
    object for all others. They are indistinguishable, and the cheapest to send in large numbers."""
    judged: list[Keep] = []

    def walk_once(value: Json, *place: Any) -> Keep:
        if value or value.__class__ is not dict:
            return walk(value, *place)
        if not judged:
            judged.append(walk(value, *place))
        return judged[0]

    return walk_once
