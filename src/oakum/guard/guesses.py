"""Limits guesses of credentials by the address that they come from (CWE-307).

What is not known takes a place before it is asked about, so that guesses that are sent at once are
no more than those one after the other, and gives it back when it was somebody's. What was
somebody's lately passes, however many guess beside it. `lua/guesses.lua` has the same rule.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from threading import Lock

from oakum.routing.who import Who

MOST = 100
"""Credentials that were nobody's, or are being asked about, from one address in a window."""
WINDOW = 60.0
OWN = 5
"""New sets of several credentials that are one caller's, from one address in a window, of which it
may be that only one was looked at. Those beyond count as nobody's."""
KEPT = 3600
"""Seconds for which a credential is remembered as somebody's, at least; at most twice that."""
_MOST_KNOWN = 50_000
_MOST_TALLIES = 100_000


@dataclass
class _Tally:
    number: int
    count: int = 0
    pending: int = 0


@dataclass(frozen=True)
class Attempt:
    """A credential that is about to be asked about."""

    address: str
    key: str
    several: bool
    wait: int = 0
    """Seconds after which it may be; 0: now."""
    place: _Tally | None = field(default=None, repr=False)
    """What it has taken a place of; None: it was somebody's lately."""


class Guesses:
    """Counts of one process."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._tallies: dict[str, _Tally] = {}
        self._known: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def begin(self, address: str, key: str, *, several: bool) -> Attempt:
        """Takes a place for credentials; `several`: more than one of them may name a caller."""
        with self._lock:
            if self._known.get(key, 0.0) > self._now():
                return Attempt(address, key, several)
            tally = self._tally(address)
            if tally.count >= MOST:
                left = max(1, ceil(WINDOW - self._now() % WINDOW))
                return Attempt(address, key, several, left)
            if tally.count + tally.pending >= MOST:
                return Attempt(address, key, several, 1)
            tally.pending += 1
            return Attempt(address, key, several, 0, tally)

    def end(self, attempt: Attempt, who: Who | None) -> None:
        """Counts whose it was, and gives the place back; None: nobody knows."""
        with self._lock:
            if attempt.place is not None:
                attempt.place.pending -= 1
            if who is None:
                return
            if not who.ids:
                self._known.pop(attempt.key, None)
                self._tally(attempt.address).count += 1
                return
            if attempt.several and attempt.place is not None:
                own = self._tally(f"{attempt.address}\0{who.name}")
                own.count += 1
                if own.count > OWN:
                    self._tally(attempt.address).count += 1
            self._known[attempt.key] = (self._now() // KEPT + 2) * KEPT
            self._known.move_to_end(attempt.key)
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)

    def _tally(self, key: str) -> _Tally:
        number = int(self._now() // WINDOW)
        tally = self._tallies.get(key)
        if tally is None or tally.number != number:
            if len(self._tallies) > _MOST_TALLIES:  # drop windows that are over
                kept = self._tallies.items()
                self._tallies = {each: one for each, one in kept if one.number == number}
            tally = self._tallies[key] = _Tally(number)
        return tally
