"""What a `Lookout` looks at, of an answer that is not as the document describes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from oakum.contract.model import Json, Shape
from oakum.exchange import Response
from oakum.semantics import Leaf


@dataclass(frozen=True)
class Legible:
    """An answer read: in memory only, it holds values."""

    value: Json
    shape: Shape | None
    """Of the value; what it does not declare is searched for values out of place."""
    beside: tuple[Leaf, ...] = ()
    """What is searched besides: it stands in no field of any resource."""
    whole: bool = False
    """Whether what the value lacks is known not to have come."""
    owners: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    """Place of an object → whose it is, where the object itself does not say so."""


Reader = Callable[[Response], Legible]
