"""The interface of a technique: a test beyond the documented requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from oakum.authz import Model
from oakum.policy.graphql import Graph
from oakum.scan.engine import Engine
from oakum.scan.limits import May
from oakum.scan.requests.endpoints import Gate


class Technique(Protocol):
    """A module of `techniques`: one way to find what the documented questions cannot."""

    HOW: str
    """What endpoints and findings call it."""

    def run(self, engine: Engine, /) -> None:
        """Ask, and take in what is learnt: cells through `put`, the rest as signals."""
        ...

    def foresee(self, prospect: Prospect, /) -> Iterator[Line]:
        """Every kind of request that `run` may send, values named and not filled in."""
        ...


@dataclass(frozen=True)
class Prospect:
    """All that is known before the first request."""

    model: Model
    gates: tuple[Gate, ...]
    may: May
    feeds: tuple[Gate, ...] = ()
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    """GraphQL schemas by the name that the contract has for them."""
    inferred: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Operation id → parameter → `Resource.field` that fills it, where the contract names none."""


Line = Mapping[str, str]
"""`as`, `request`, `why`: a line of a dry run."""
