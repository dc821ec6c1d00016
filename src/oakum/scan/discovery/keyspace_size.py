"""Estimates how many records an endpoint has from the ids of own objects."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

_SURE = 0.05


@dataclass(frozen=True)
class KeyspaceEstimate:
    """An estimated number of records, with its bounds."""

    likely: int | None
    """The estimate; None if the own ids are too close together for more than the bounds."""
    least: int
    most: int

    def __str__(self) -> str:
        least, most = figure(self.least, up=False), figure(self.most, up=True)
        if self.likely is None:
            return f"between {least} and {most} (95 %)"
        if least.split()[1:] == most.split()[1:]:
            least = least.split()[0]  # "2.9 to 4.1 million"
        return f"about {figure(self.likely)} (95 %: {least} to {most})"


def estimate(numbers: Sequence[int]) -> KeyspaceEstimate | None:
    """Estimated number of objects from some of their sequential ids; None without data.

    The German tank problem: of k numbers from 1 to N with maximum m, m + m/k - 1 is the unbiased
    estimate with the least variance, and N is at most m / 0.05^(1/k) in 95 of 100 cases (Ruggles
    and Brodie 1947; Goodman, Serial Number Analysis, JASA 47, 1952). It assumes ids spread over the
    whole range. If the lowest is too high for that, the estimate is dropped, but the bounds still
    hold.
    """
    known = sorted({number for number in numbers if number > 0})
    if not known:
        return None
    many, least, most = len(known), known[0], known[-1]
    likely = most + most // many - 1
    top = math.ceil(most / _SURE ** (1 / many))
    if (1 - (least - 1) / max(likely, 1)) ** many < _SURE:
        return KeyspaceEstimate(None, most - least + 1, top)
    return KeyspaceEstimate(likely, most - least + 1, top)


BEHIND = "records stand behind this endpoint"
"""The words that follow an estimate in a note or in the evidence."""


def told_behind(note: str) -> str:
    """The estimate with its interval at the end of such a note; empty if there is none."""
    found = re.search(rf"(?:^|; )([^;]*) {BEHIND}$", note)
    return found[1] if found else ""


def figure(number: int, *, up: bool | None = None) -> str:
    """A number rounded to two digits: `41,000`, `3.0 million`, so that no id is revealed. `up`:
    round up; False: down; None: to nearest."""
    if number < 10:
        return str(number)
    unit = 10 ** max(len(str(number)) - 2, 1)
    more = {True: unit - 1, False: 0, None: unit // 2}[up]
    rounded = max((number + more) // unit * unit, 1)
    for size, name in ((10**9, "billion"), (10**6, "million")):
        if rounded >= size:
            return f"{rounded / size:,.{1 if rounded < 10 * size else 0}f} {name}"
    return f"{rounded:,}"
