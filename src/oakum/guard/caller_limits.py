"""Counts the calls and distinct owners of each caller against the `limits` of the contract.

This implementation is exact and serves one process; gateways keep the same counts in memory shared
by their workers. A lock makes each step atomic for servers with threads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from math import ceil
from threading import Lock
from typing import Protocol, TypeVar

from oakum.policy.model import Limit

_MOST_WINDOWS = 100_000
"""Most windows kept for one limit."""


class WindowCount(Protocol):
    """A counter for one time window."""

    number: int
    """Number of the window: time divided by its length."""


_N = TypeVar("_N", bound=WindowCount)


def open_window(
    windows: OrderedDict[str, _N], key: str, number: int, new: Callable[[int], _N], most: int
) -> _N:
    """The counter of a key in the window of this number, made by `new` if there is none. Expired
    ones are dropped, and beyond `most` the least recently used."""
    window = windows.pop(key, None)
    if window is None or window.number != number:
        window = new(number)
        while windows:
            first = next(iter(windows))
            if windows[first].number == number and len(windows) < most:
                break
            del windows[first]
    windows[key] = window
    return window


@dataclass
class _Window:
    number: int
    calls: int = 0
    owners: set[str] = field(default_factory=set)


class Budgets:
    """Counts each caller's calls and distinct owners against the limits, in fixed windows."""

    def __init__(self, limits: Iterable[Limit], now: Callable[[], float]) -> None:
        self._limits = tuple(limits)
        self.now = now
        self._windows: dict[tuple[str, bool], OrderedDict[str, _Window]] = {}
        self._lock = Lock()

    @property
    def limited_resources(self) -> frozenset[str]:
        """Resources with a limit on distinct owners."""
        return frozenset(each.name for each in self._limits if each.kind == "distinct")

    def call(self, kind: str, who: str) -> int:
        """Counts a call by `callers` or `anonymous`; returns 0, or the seconds to wait when over
        the limit."""
        waits = [0]
        for limit in self._limits:
            if limit.kind == "rate" and limit.name == kind:
                with self._lock:
                    window = self._window(limit, who)
                    window.calls += 1
                    if window.calls > limit.most:
                        waits.append(self._seconds_left(limit))
        return max(waits)

    def look(self, limit: Limit, who: str, owners: Collection[str]) -> int:
        """Counts distinct owners; returns 0, or the seconds to wait, in which case none is
        counted."""
        if limit.kind != "distinct" or not owners:
            return 0
        with self._lock:
            seen = self._window(limit, who).owners
            if len(seen.union(owners)) > limit.most:
                return self._seconds_left(limit)
            seen.update(owners)
        return 0

    def _window(self, limit: Limit, who: str) -> _Window:
        """The open window of a caller or, after an `@`, of an address. Callers are kept apart from
        addresses, which cost nothing: who wants to be forgotten needs as many accounts as are kept.
        """
        windows = self._windows.setdefault((limit.name, who.startswith("@")), OrderedDict())
        return open_window(windows, who, int(self.now() // limit.per), _Window, _MOST_WINDOWS)

    def _seconds_left(self, limit: Limit) -> int:
        return max(1, ceil(limit.per - self.now() % limit.per))
