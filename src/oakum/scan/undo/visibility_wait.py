"""Waits until a change is visible: caches and replicas lag behind a write.

A read right after a write may return the old value, so a change that is not visible yet is read
again, a few times and with growing pauses. The longest delay of an API is remembered: other
responses may be as old, so after each change the run waits that long before it judges any. The
total time that a run waits is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Seconds between one read and the next."""
WHOLE = 60.0
"""Seconds to wait in all while a run explores, and again while it restores."""


@dataclass
class VisibilityWait:
    """Waits by `sleep`, which takes seconds; with no pauses, not at all."""

    sleep: Callable[[float], None]
    pauses: Sequence[float] = PAUSES
    left: float = WHOLE
    lag: float = 0.0
    """Seconds after which the slowest change so far was shown; 0: all were shown at once."""

    @classmethod
    def none(cls) -> VisibilityWait:
        """Looks once and never waits."""
        return cls(lambda seconds: None, ())

    @property
    def is_spent(self) -> bool:
        """Whether too little time is left to wait for a change and its restoration."""
        return bool(self.lag) and self.left < 4 * self.lag

    def until(self, shown: Callable[[], bool]) -> bool:
        """Whether a condition holds now or within the waiting time. Raises what `shown` raises."""
        if shown():
            self.pause(self.lag)
            return True
        waited = 0.0
        for seconds in self.pauses:
            if seconds > self.left:
                return False
            self.pause(seconds)
            waited += seconds
            if shown():
                self.lag = max(self.lag, waited)
                self.pause(self.lag)
                return True
        return False

    def pause(self, seconds: float) -> None:
        """Waits so many seconds, at most the remaining time."""
        seconds = min(seconds, self.left) if self.pauses else 0.0
        if seconds > 0:
            self.left -= seconds
            self.sleep(seconds)

    def renew(self) -> None:
        """Resets the waiting time, for restoring."""
        self.left = WHOLE
