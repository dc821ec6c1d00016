"""The cache of look-ups, and counters of distinct objects that each caller was shown.

This implementation is exact and serves one process; gateways keep the same data in memory shared by
their workers. A lock makes each step atomic for servers with threads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass, field
from math import ceil
from threading import Lock
from typing import Generic, Protocol, TypeVar

from oakum.guard.mentioned_ids import known_by
from oakum.policy.model import Limit

_V = TypeVar("_V")
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


@dataclass(frozen=True)
class _Entry(Generic[_V]):
    value: _V
    until: float
    born: int
    about: frozenset[str]


class IdCache(Generic[_V]):
    """A cache whose values each concern some ids, as `known_by` spells them. When one of these
    changes, the value is dropped, and so is a value that was requested before the change and
    arrives after it."""

    def __init__(self, now: Callable[[], float], most: int = 50_000) -> None:
        self.now = now
        self._most = most
        self._entries: OrderedDict[Hashable, _Entry[_V]] = OrderedDict()
        self._changed: dict[str, int] = {}
        self._noted: dict[str, int] = {}
        self._floor = 0
        self._lock = Lock()
        self.epoch = 1
        """Grows with each change; read it before a look-up and pass it to `put` with the result."""

    def get(self, key: Hashable, towards: Collection[str] = ()) -> tuple[_V] | None:
        """The value, in a tuple; None if there is none, it has expired, or one of the ids `towards`
        has changed since. An id asked about for the first time counts as just changed, as a
        gateway's worker cannot know better."""
        with self._lock:
            if len(self._noted) > self._most:
                self._noted.clear()
            towards = [*map(known_by, towards)]
            for each in towards:
                self._noted.setdefault(each, self.epoch)
            entry = self._entries.get(key)
            if entry is None or entry.until <= self.now() or self._stale(entry, towards):
                return None
            return (entry.value,)

    def put(
        self, key: Hashable, value: _V, about: Iterable[str], seconds: float, asked: int
    ) -> None:
        """Caches a value for so many seconds; `asked` is the epoch before its look-up."""
        entry = _Entry(value, self.now() + seconds, asked, frozenset(map(known_by, about)))
        with self._lock:
            self._entries[key] = entry
            self._entries.move_to_end(key)
            if len(self._entries) > self._most:
                self._entries.popitem(last=False)

    def forget(self, ids: Collection[str]) -> None:
        """Drops every value that concerns one of these ids."""
        with self._lock:
            self.epoch += 1
            if len(self._changed) + len(ids) > self._most:
                self._changed.clear()
                self._floor = self.epoch
            self._changed.update(dict.fromkeys(map(known_by, ids), self.epoch))

    def _stale(self, entry: _Entry[_V], towards: Collection[str]) -> bool:
        return (
            entry.born < self._floor
            or any(self._changed.get(id, 0) > entry.born for id in (*entry.about, *towards))
            or any(self._noted[id] > entry.born for id in towards)
        )


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
