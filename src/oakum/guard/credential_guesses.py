"""Limits guesses of credentials for each client address (CWE-307).

Unknown credentials take a slot while who-am-I is asked about them, so that parallel guesses are
limited like sequential ones; the slot is released if they belong to a caller. Credentials that
recently belonged to a caller are never blocked by other guesses from the address. Together with
another `cookie` header than before, they have a counter of their own. `lua/guesses.lua` has the
same rule.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from threading import Lock

from oakum.guard.caller_limits import open_window
from oakum.routing.caller_credentials import Guess, Who

MOST = 100
"""Most failed or pending credentials from one address in a window."""
WINDOW = 60.0
OWN = 5
"""Most new combinations of several credentials of one caller, from one address in a window: the API
may have verified only one of them. Further ones count as failed."""
KEPT = 3600
"""Least seconds for which valid credentials are remembered; at most twice as long."""
KEPT_WHOLE = 60
"""As `KEPT`, for credentials in a whole `cookie` header."""
_MOST_KNOWN = 50_000
_MOST_TALLIES = 100_000


@dataclass
class _Tally:
    number: int
    count: int = 0
    pending: int = 0


@dataclass(frozen=True)
class Attempt:
    """Credentials that are about to be checked by who-am-I."""

    address: str
    guess: Guess
    wait: int = 0
    """Seconds to wait before the check; 0: none."""
    of: str = ""
    """Key of its counter: the address, or the credentials."""
    place: _Tally | None = field(default=None, repr=False)
    """The counter that it takes a slot of; None: the credentials are known to be valid."""


class _RecentCredentials:
    """Credentials that were somebody's lately, each for a time."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._until: OrderedDict[str, float] = OrderedDict()

    def has(self, key: str, now: float) -> bool:
        return self._until.get(key, 0.0) > now

    def add(self, key: str, now: float) -> None:
        self._until[key] = (now // self._kept + 2) * self._kept
        self._until.move_to_end(key)
        if len(self._until) > _MOST_KNOWN:
            self._until.popitem(last=False)

    def drop(self, key: str) -> None:
        self._until.pop(key, None)


class Guesses:
    """Counters of guesses in this process."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._tallies: OrderedDict[str, _Tally] = OrderedDict()
        self._known, self._whole = _RecentCredentials(KEPT), _RecentCredentials(KEPT_WHOLE)
        self._lock = Lock()

    def begin(self, address: str, guess: Guess) -> Attempt:
        """Takes a slot for unknown credentials; `Attempt.wait` says whether they may be checked
        now."""
        with self._lock:
            now, of = self._now(), address
            if self._known.has(guess.key, now):
                if not guess.whole or self._whole.has(guess.whole, now):
                    return Attempt(address, guess)
                of = f"\0{guess.key}"
            tally = self._tally(of)
            if tally.count >= MOST:
                return Attempt(address, guess, max(1, ceil(WINDOW - now % WINDOW)))
            if tally.count + tally.pending >= MOST:
                return Attempt(address, guess, 1)
            tally.pending += 1
            return Attempt(address, guess, 0, of, tally)

    def end(self, attempt: Attempt, who: Who | None) -> None:
        """Releases the slot of an attempt and counts its outcome; `who`: the caller, or None if
        nobody could say."""
        with self._lock:
            guess, now = attempt.guess, self._now()
            if attempt.place is not None:
                attempt.place.pending -= 1
            if who is None:
                return
            if not who.ids:
                self._known.drop(guess.key)
                self._tally(attempt.address).count += 1
                return
            if guess.several and attempt.place is not None:
                own = self._tally(f"{attempt.of}\0{who.name}")
                own.count += 1
                if own.count > OWN:
                    self._tally(attempt.of).count += 1
            self._known.add(guess.key, now)
            if guess.whole:
                self._whole.add(guess.whole, now)

    def _tally(self, key: str) -> _Tally:
        """A tally of this window. Who wants to be forgotten has to come from as many addresses as
        are kept, and each of them is allowed as many guesses anyway."""
        number = int(self._now() // WINDOW)
        return open_window(self._tallies, key, number, _Tally, _MOST_TALLIES)
