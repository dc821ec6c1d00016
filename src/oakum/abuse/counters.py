"""Counters of one caller at one endpoint in one time window, kept in fixed-size sketches.

Memory per caller is bounded and does not grow with the traffic. A count of different ids is exact
while it is small, and an estimate above that (HyperLogLog, Flajolet et al. 2007; standard error
3.3 %). Ids that a caller received are marked in a table of fixed size. Two ids may share a place
there, so an id occasionally counts as received that was not: an error in favour of the caller.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from datasketches import hll_sketch  # type: ignore[import-untyped]

from oakum.abuse.signs import COUNTED, FAILED, OBJECTS, SAMPLE, WORKED

_LOG = 10
_ADDRESSES = 512
_MASK = (1 << 64) - 1
_ODD = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


class DistinctCounts:
    """Counters of one caller in one window: requests, misses, and distinct values of each sign."""

    __slots__ = ("_seen", "_sketches", "_values", "addresses", "misses", "requests")

    def __init__(self) -> None:
        self.requests = self.misses = 0
        self.addresses: set[int] | None = None
        """Addresses that the caller came from, unfiltered: which of them other callers use too is
        decided later."""
        self._sketches: list[hll_sketch | None] = [None] * COUNTED
        self._values: list[int] = [0] * COUNTED
        self._seen: list[int] = [0] * COUNTED
        """How often each sign was counted: an upper bound for the estimate."""

    def see(self, sign: int, mark: int) -> None:
        """Count a thing by its hash."""
        sketch = self._sketches[sign]
        if sketch is None:
            sketch = self._sketches[sign] = hll_sketch(_LOG)
        sketch.update(mark)
        self._seen[sign] += 1

    def value(self, sign: int) -> int:
        """The count of distinct values of a sign, as of the last `settle`."""
        return self._values[sign]

    def come(self, address: int) -> None:
        """Records an address of the caller; keeps the first `_ADDRESSES`."""
        if self.addresses is None:
            self.addresses = set()
        if len(self.addresses) < _ADDRESSES:
            self.addresses.add(address)

    def put(self, sign: int, value: int) -> None:
        """Sets the number of a sign to one that was counted elsewhere."""
        self._values[sign] = value

    def settle(self) -> list[int]:
        """Recomputes the counts from the sketches; returns one for each sign."""
        values = self._values
        for sign, sketch in enumerate(self._sketches):
            if sketch is not None:
                values[sign] = min(round(sketch.get_estimate()), self._seen[sign])
        if self._sketches[OBJECTS] is not None:
            values[OBJECTS] *= SAMPLE
        # One address may serve a whole office, where many log in and some fail.
        values[FAILED] = max(0, values[FAILED] - values[WORKED])
        return values


class ShownIds:
    """The ids that each caller received today or yesterday: a Bloom filter with one byte for each
    place, which holds the day."""

    def __init__(self, places: int) -> None:
        """`places`: bytes, rounded up to a power of two."""
        self._shift = 64 - max(10, (places - 1).bit_length())
        self._cells = np.zeros(1 << 64 - self._shift, np.uint8)
        self._odd = np.array(_ODD, np.uint64)[:, None]
        self._now, self._before = 2, 1

    def day(self, number: int) -> None:
        """Begins another day, and forgets what was shown before yesterday."""
        self._now, self._before = number % 255 + 1, (number - 1) % 255 + 1

    def hand(self, caller: int, ids: Sequence[int]) -> None:
        """Records ids that a response showed to this caller."""
        marks = np.array(ids, np.int64).view(np.uint64) ^ np.uint64(caller & _MASK)
        self._cells[(marks * self._odd) >> np.uint64(self._shift)] = self._now

    def __contains__(self, asked: tuple[int, int]) -> bool:
        """Whether a response has shown this id to this caller."""
        mark = (asked[0] ^ asked[1]) & _MASK
        for odd in _ODD:
            cell = self._cells[(mark * odd & _MASK) >> self._shift]
            if cell != self._now and cell != self._before:
                return False
        return True
