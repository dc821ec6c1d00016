"""The cache of look-ups.

This implementation is exact and serves one process; gateways keep the same data in memory shared by
their workers. A lock makes each step atomic for servers with threads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

from oakum.guard.cache_invalidation_ids import known_by

_V = TypeVar("_V")


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
