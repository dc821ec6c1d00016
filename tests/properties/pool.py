"""How often a law is tried, and contracts that are drawn once for many bodies.

`OAKUM_EXAMPLES=100000 pytest tests/properties/test_sparse.py --hypothesis-seed=1` is a longer run.
The contracts of a pool are the same in every run: a failure names its own by number. A longer run
has more of them, and the first are those of a short one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

MANY = int(os.environ.get("OAKUM_EXAMPLES", "200"))
"""Examples of each law."""
LAW = settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))
EACH = 1000
"""Examples for one contract of a pool, about."""
SEED = 20261127

_T = TypeVar("_T")


@cache
def pool(
    drawn: Callable[[], st.SearchStrategy[_T]], fit: Callable[[_T], bool], least: int
) -> tuple[_T, ...]:
    """What a strategy gives and a rule lets pass: `least` of them, or as many as `MANY` wants."""
    size = max(least, MANY // EACH)
    found: list[_T] = []
    turn = 0
    while len(found) < size:
        few = settings(
            max_examples=20, phases=[Phase.generate], database=None, deadline=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip

        @seed(f"{SEED}:{turn}")
        @few
        @given(drawn())
        def draw(each: _T) -> None:
            if fit(each):
                found.append(each)

        draw()
        turn += 1
    return tuple(found[:size])
