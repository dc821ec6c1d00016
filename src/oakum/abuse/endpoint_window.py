"""One endpoint in one time window, with the numbers of all its callers."""

from __future__ import annotations

from collections.abc import Iterable

from oakum.abuse.baseline import FEWEST, Baseline, Numbers, Window
from oakum.abuse.counters import DistinctCounts
from oakum.abuse.detections import By
from oakum.abuse.signs import COUNTED, SIGNS, CountedEndpoint, Kind


class EndpointWindow:
    """The counters of one endpoint in one window, either of callers or of anonymous addresses."""

    def __init__(self, at: CountedEndpoint, by: By, window: Window, number: int = 0) -> None:
        """`number`: index of the endpoint, by which refusals at different endpoints are counted."""
        self.endpoint, self.by, self.window, self.number = at, by, window, number
        self.answered = False
        """Whether any record here has a response body."""
        self.tallies: dict[int, DistinctCounts] = {}
        self.kinds: set[Kind] = set()
        """Kinds of abuse that the calls here could reveal."""
        self.signs: set[int] = set()
        self._touched: set[int] = set()
        self._top = [0] * COUNTED
        self._gone: dict[int, Numbers] = {}
        self._let_go = 0
        self._before: dict[int, Baseline] = {}

    @property
    def callers(self) -> int:
        """Number of callers in this window, including those dropped from memory."""
        return len(self.tallies) + self._let_go

    @property
    def tells(self) -> bool:
        """Whether its responses reveal which searches found nothing: more than 2 % of requests
        miss."""
        tallies = self.tallies.values()
        return sum(t.misses for t in tallies) * 50 > sum(t.requests for t in tallies)

    def at(self, who: int) -> DistinctCounts:
        """The counters of a caller, created on first use."""
        self._touched.add(who)
        tally = self.tallies.get(who)
        if tally is None:
            tally = self.tallies[who] = DistinctCounts()
        return tally

    def settle(self) -> None:
        """Recomputes the counts of callers that were active since the last call."""
        top = self._top
        for who in self._touched:
            for sign, value in enumerate(self.tallies[who].settle()):
                if value > top[sign]:
                    top[sign] = value
        self._touched.clear()

    def beyond(self, sign: int, least: int) -> dict[int, DistinctCounts]:
        """Callers whose count of a sign is above `least`, with their counters."""
        if self._top[sign] <= least:
            return {}
        return {who: each for who, each in self.tallies.items() if each.value(sign) > least}

    def release(self, whom: Iterable[int]) -> None:
        """Drops callers from memory; their counts stay in the distribution of the others."""
        self.settle()
        found = [tally for who in whom if (tally := self.tallies.pop(who, None))]
        self._let_go += len(found)
        for sign in SIGNS:
            self._gone.setdefault(sign, Numbers(self.window)).add(
                [each.value(sign) for each in found]
            )

    def empty(self, follows: bool) -> None:
        """Starts another window; `follows`: it comes directly after this one, which then serves as
        its baseline."""
        self.settle()
        self._before = {}
        if follows:
            for sign in self.signs & SIGNS.keys():
                rest = self.rest(sign)
                if rest is not None:
                    self._before[sign] = rest
        self.tallies, self._gone, self._let_go, self.signs = {}, {}, 0, set()
        self._top = [0] * COUNTED

    def numbers(self, sign: int) -> Numbers:
        """The distribution of a sign over all callers here, dropped ones included."""
        made = Numbers(self.window)
        made.add([each.value(sign) for each in self.tallies.values()])
        if sign in self._gone:
            made.take(self._gone[sign])
        return made

    def rest(self, sign: int) -> Baseline | None:
        """The baseline of a sign, from this window or the one before, whichever has the higher
        limit. None: both have too few callers."""
        now = None if self.callers < FEWEST else self.numbers(sign).rest(SIGNS[sign])
        rests = [each for each in (now, self._before.get(sign)) if each is not None]
        return max(rests, key=lambda each: each.limit, default=None)
