"""How often a law is tried, and contracts that are drawn once for many bodies.

`OAKUM_EXAMPLES=100000 pytest tests/properties/test_sparse.py --hypothesis-seed=1` is a longer run.
The contracts of a pool are the same in every run: a failure names its own by number.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

MANY = int(os.environ.get("OAKUM_EXAMPLES", "100"))
"""Examples of each law."""
LAW = settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))
SEEDED = settings(LAW, phases=[Phase.explicit, Phase.reuse, Phase.generate])
"""Of a law that is tried on `SEEDS`, which nothing makes smaller."""
SEEDS = st.binary(min_size=8, max_size=8)
"""For `random.Random`: what takes long to draw value by value (ten times, measured) is drawn by it.
Each example is a seed of its own, and none is made smaller. Whole numbers would not do: Hypothesis
draws a quarter of them below 256, so that the same ones come again and again."""
SEED = 20261127

_T = TypeVar("_T")


@cache
def pool(
    drawn: Callable[[], st.SearchStrategy[_T]], fit: Callable[[_T], bool], size: int
) -> tuple[_T, ...]:
    """What a strategy gives and a rule lets pass."""
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
