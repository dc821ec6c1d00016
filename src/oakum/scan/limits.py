"""What a run may do, and how many requests it may send."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from oakum.errors import ExitCode, OakumError
from oakum.exchange import Request


class BudgetSpent(OakumError):
    """All allowed requests were sent; what was not requested stays untested."""

    exit_code = ExitCode.NOT_TRUSTWORTHY


@dataclass(frozen=True)
class Permissions:
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
        """Most requests a second."""
        ...

    @property
    def requests_left(self) -> int:
        """Requests that may still be sent."""
        ...

    @property
    def took(self) -> float:
        """Seconds that the last response took."""
        ...

    def spares(self, request: Request, /) -> str:
        """Why the request's operation must not be called any more; empty if it may."""
        ...

    def hold(self, requests: int, /) -> AbstractContextManager[object]:
        """Within this context some requests of the budget are kept for what comes after it."""
        ...

    def bare(self) -> AbstractContextManager[None]:
        """Within this context a 429 is returned like any response instead of being waited out."""
        ...


LEAST = 20
"""Requests that each technique leaves for later ones."""


def is_spent(pace: Pace | None) -> bool:
    """Whether the budget is needed for later steps."""
    return pace is not None and pace.requests_left < LEAST
