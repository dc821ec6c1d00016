"""How many records there are."""

from __future__ import annotations

import math
import random
from itertools import islice

import pytest

from oakum.scan.discovery.keyspace_size import estimate, figure


@pytest.mark.parametrize("records", [20, 100, 1_000, 1_000_000])
@pytest.mark.parametrize("own", [1, 2, 3, 5, 12])
def test_the_bounds_hold_in_95_of_100_draws(records: int, own: int) -> None:
    rng, draws = random.Random(f"{records}/{own}"), 4_000
    held = 0
    for _ in range(draws):
        found = estimate(rng.sample(range(1, records + 1), own))
        assert found is not None
        held += found.least <= records <= found.most
    # 95 of 100 in the mean; by chance 4,000 draws are three deviations below at the most
    assert held / draws >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / draws)


@pytest.mark.parametrize("first", [500, 40_000])
def test_the_bounds_hold_wherever_the_count_began(first: int) -> None:
    rng, records, held = random.Random(first), 1_000, 0
    for _ in range(2_000):
        found = estimate(rng.sample(range(first, first + records), 6))
        assert found is not None
        held += found.least <= records <= found.most
    assert held / 2_000 >= 0.95


def test_the_estimate_of_the_german_tanks() -> None:
    found = estimate([19, 40, 42, 60])
    assert found is not None
    assert (found.likely, found.least, found.most) == (74, 42, 127)
    assert str(found) == "about 70 (95 %: 40 to 130)"
    assert estimate([]) is None
    assert estimate([0]) is None


def test_figures_tell_nobodys_id() -> None:
    assert figure(7) == "7"
    assert figure(40_961) == "41,000"
    assert figure(40_961, up=False) == "40,000"
    assert figure(2_961_000) == "3.0 million"
    assert (
        str(estimate([3_000_000, 1_000_000, 2_500_000]))
        == "about 4.0 million (95 %: 2.0 to 8.2 million)"
    )
    near = estimate(list(islice(range(84_001, 99_999), 12)))
    assert str(near) == "between 10 and 110,000 (95 %)"
