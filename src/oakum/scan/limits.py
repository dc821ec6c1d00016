"""What a run may do, and how much it may ask."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from oakum.exchange import Request


@dataclass(frozen=True)
class May:
    """What the user lets a scan do beyond reading documented endpoints."""

    own_settings: bool = False
    writes: bool = False
    twins: bool = False
    twin: tuple[str, ...] = ()
    front_end: tuple[str, ...] = ()


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
