"""Whether responses about an existing person take longer: a hint, never a proof.

An API that hashes a password or looks something up only for accounts that exist takes longer for
them, so the time tells what the text of its response hides (CWE-208). Times over a network are
noisy, so they are compared by rank (Mann and Whitney, 1947: the exact distribution, without an
assumption about the noise), and only if they differ much.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import comb
from statistics import median

ENOUGH = 8
"""How many times of each kind are needed for a hint."""
ERROR = 0.001
"""Highest chance of reporting a difference between equal distributions."""
_FAR = 0.02
_TIMES = 1.5


def far_apart(known: Sequence[float], unknown: Sequence[float]) -> bool:
    """Whether two sets of times in seconds differ enough to measure more: by 20 ms and by half."""
    if not known or not unknown:
        return False
    low, high = sorted((median(known), median(unknown)))
    return high - low >= _FAR and high >= _TIMES * low


def chance(known: Sequence[float], unknown: Sequence[float]) -> float:
    """Two-sided probability of such a difference by chance; ties count against it."""
    m, n = len(known), len(unknown)
    above = sum((a > b) + (a == b) / 2 for a in known for b in unknown)
    least = min(above, m * n - above)
    rarer = sum(_ways(m, n, u) for u in range(int(least + 0.5) + 1))
    return min(1.0, 2 * rarer / comb(m + n, m))


@cache
def _ways(m: int, n: int, u: int) -> int:
    """Number of orders of m and n values with u inverted pairs."""
    if u < 0 or m < 0 or n < 0:
        return 0
    if m == 0 or n == 0:
        return int(u == 0)
    return _ways(m - 1, n, u - n) + _ways(m, n - 1, u)


def hint(known: Sequence[float], unknown: Sequence[float]) -> str:
    """A remark on a timing difference with figures; empty without a clear one or with too few
    samples."""
    if min(len(known), len(unknown)) < ENOUGH or not far_apart(known, unknown):
        return ""
    by_chance = chance(known, unknown)
    if by_chance > ERROR:
        return ""
    one, other = (f"{1000 * median(each):.0f} ms" for each in (known, unknown))
    return (
        f"responses take {one} for accounts, {other} for none (medians of {len(known)} and"
        f" {len(unknown)}; by chance in {by_chance:.1g} of such runs, Mann-Whitney): a hint,"
        " not proof"
    )
