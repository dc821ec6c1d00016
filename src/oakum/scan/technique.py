"""The interface of a technique: a test beyond the documented requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from oakum.authz import Model
from oakum.exchange import Request
from oakum.policy.graphql import Graph
from oakum.scan.requests.endpoints import Gate

if TYPE_CHECKING:
    from oakum.scan.engine import Engine


@dataclass(frozen=True)
class May:
    """What the user lets a scan do beyond reading documented endpoints."""

    own_settings: bool = False
    writes: bool = False
    twins: bool = False
    twin: tuple[str, ...] = ()
    front_end: tuple[str, ...] = ()


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


class Pace(Protocol):
    """How fast and how much may be asked; the governor of the transport."""

    @property
    def rate(self) -> float:
        """Requests a second, at most."""
        ...

    @property
    def left(self) -> int:
        """Requests that may still be sent."""
        ...

    @property
    def took(self) -> float:
        """Seconds that the last answer took."""
        ...

    def spares(self, request: Request, /) -> str:
        """Why the operation of a request is not to be asked any more; empty: it may be."""
        ...

    def bare(self) -> AbstractContextManager[None]:
        """In it, a 429 is an answer as any other, and not waited out before it is seen."""
        ...


LEAST = 20
"""Requests that each technique leaves for what comes after it."""


def is_spent(pace: Pace | None) -> bool:
    """Whether no more is left than what comes after needs."""
    return pace is not None and pace.left < LEAST


Line = Mapping[str, str]
"""`as`, `request`, `why`: a line of a dry run."""
