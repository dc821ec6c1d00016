"""A hook between a run and its target, used to inject faults.

For `oakum gate --self-test`. Engine, judge, sessions and budget use it as the target and do not
know of it.
"""

from __future__ import annotations

from typing import Protocol

from oakum.scan.engine import Engine
from oakum.scan.identities.session import Sessions
from oakum.scan.transport.rate_and_budget import Transport


class FaultInjection(Protocol):
    """Injects faults between a run and its target."""

    def wire(self, transport: Transport, /) -> Transport:
        """Wraps the run's transport."""
        ...

    def seat(self, sessions: Sessions, /) -> None:
        """Receives the sessions that add credentials to requests."""
        ...

    def take(self, engine: Engine, /) -> Engine:
        """Wraps an engine before its first request."""
        ...
