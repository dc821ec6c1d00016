"""The limit for one caller's activity, computed from what all the other callers do.

No fixed number counts as too high. The median and a high quantile of all callers (a KLL sketch:
Karnin, Lang and Liberty 2016) give a log-normal distribution, which fits the use of APIs. The limit
is the value that any of so many callers exceeds by chance once in 200 windows. The quantile ignores
the highest few callers, since they may be the abusers. With too few callers there is no limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np
from datasketches import kll_floats_sketch  # type: ignore[import-untyped]

from oakum.abuse.signs import Sign

Window = Literal["hour", "day"]
FEWEST = 40
"""Fewest callers with which callers are compared at all."""
FEW = 12
"""Callers at an endpoint that count as evidence beside callers at other endpoints."""
_APART = 4
"""Number of highest callers that the quantile ignores where there are few."""
_CHANCE = 1 / 200
"""Probability that any of the callers at an endpoint is above the limit by chance."""
_NOISE = 3
"""Standard deviations of a count that are added to the limit."""
_ZEAL = 0.85
"""More standard deviations for volume, since some harmless callers are very active."""
_K = 2000
"""The `k` of the KLL sketch: exact up to so many callers; beyond it, ranks are off by 0.15 % at
most."""


@dataclass(frozen=True)
class Baseline:
    """What is usual for one sign among the other callers, in the same window."""

    callers: int
    middle: int
    """The median of their counts."""
    high: int
    """The quantile of rank `share` of their counts."""
    share: float
    window: Window
    """The window of the counts: a day where an hour has too few callers."""
    limit: int
    """A caller above it is reported."""


class Numbers:
    """The distribution of one sign over many callers, kept as a KLL sketch."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._sketch = kll_floats_sketch(_K)

    def add(self, values: Sequence[int]) -> None:
        """Adds one number for each caller; 0 for a caller who never did it."""
        if values:
            self._sketch.update(np.array(values, np.float32))

    def take(self, other: Numbers) -> None:
        """Merges the numbers of other callers into these."""
        self._sketch.merge(other._sketch)

    @property
    def callers(self) -> int:
        """Number of callers measured; each contributed one number."""
        return int(self._sketch.n)

    def rest(self, sign: Sign, times: int = 1, fewest: int = FEWEST) -> Baseline | None:
        """The baseline of a sign; None if there are fewer than `fewest` callers. `times`: factor on
        the minimum below which a sign is not reported."""
        many = self.callers
        if many < fewest:
            return None
        share = 1 - max(0.01, _APART / many)
        middle, high = (self._sketch.get_quantile(rank) for rank in (0.5, share))
        far = NormalDist().inv_cdf(1 - _CHANCE / many) + (_ZEAL if sign.alone else 0)
        tail = far / NormalDist().inv_cdf(share)
        limit = (middle + 1) * ((high + 1) / (middle + 1)) ** tail - 1
        limit += _NOISE * sqrt(limit)
        return Baseline(
            many,
            round(middle),
            round(high),
            share,
            self._window,
            max(sign.least * times, round(limit)),
        )
