"""The actor behind calls, with its activity: a caller, or a network address of anonymous
requests."""

from __future__ import annotations

from array import array

from oakum.abuse.detections import SERIES


class Actor:
    """A caller or an anonymous address, with a time series of at most `SERIES` points. When the
    series is full, neighbouring points are merged, so one point may cover several slots."""

    __slots__ = ("first", "ids", "last", "misses", "requests", "series", "width")

    def __init__(self, at: int) -> None:
        self.first = self.last = at
        self.requests = self.misses = self.ids = 0
        self.series = array("q")
        """Slot, requests, ids and misses, one after the other."""
        self.width = 1
        """Slots of one point."""

    def close(self, slot: int) -> None:
        """Adds the counts of the slot that has ended to the series, and resets them."""
        place = slot - slot % self.width
        if self.series and self.series[-4] == place:
            for i, more in enumerate((self.requests, self.ids, self.misses), -3):
                self.series[i] += more
        else:
            self.series.extend((place, self.requests, self.ids, self.misses))
        self.requests = self.misses = self.ids = 0
        while len(self.series) > 4 * SERIES:
            self.width *= 2
            self._halve()

    def _halve(self) -> None:
        old, self.series = self.series, array("q")
        for i in range(0, len(old), 4):
            place = old[i] - old[i] % self.width
            if self.series and self.series[-4] == place:
                for j in (-3, -2, -1):
                    self.series[j] += old[i + 4 + j]
            else:
                self.series.extend((place, *old[i + 1 : i + 4]))

    def points(self, slot: int) -> list[tuple[int, int, int, int]]:
        """(start in milliseconds, requests, new ids, misses) of each point; `slot`: milliseconds of
        a slot."""
        found = self.series
        return [
            (found[i] * slot, found[i + 1], found[i + 2], found[i + 3])
            for i in range(0, len(found), 4)
        ]
