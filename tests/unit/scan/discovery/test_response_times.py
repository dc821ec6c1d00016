"""Times that hint at who has an account: rarely by chance, and always where they are far apart."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.scan.discovery.response_times import ENOUGH, ERROR, chance, far_apart, hint

TIMES = st.lists(st.floats(0.001, 5.0), min_size=1, max_size=5)


@given(st.lists(st.floats(0.001, 5.0), min_size=2, max_size=9, unique=True), st.data())
def test_chance_is_the_share_of_all_orders_told_apart_so_well(
    every: list[float], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(every) - 1))
    known, unknown = every[:cut], every[cut:]

    def apart(one: list[float], other: list[float]) -> float:
        above = sum((a > b) + (a == b) / 2 for a in one for b in other)
        return abs(above - len(one) * len(other) / 2)

    drawn = [
        apart(list(map(every.__getitem__, taken)),
              [each for at, each in enumerate(every) if at not in taken])
        for taken in combinations(range(len(every)), len(known))
    ]  # fmt: skip
    share = sum(each >= apart(known, unknown) for each in drawn) / len(drawn)
    assert chance(known, unknown) == pytest.approx(share)


@given(TIMES, TIMES)
def test_it_is_the_same_from_either_side(known: list[float], unknown: list[float]) -> None:
    assert chance(known, unknown) == pytest.approx(chance(unknown, known))
    assert far_apart(known, unknown) is far_apart(unknown, known)


def test_equal_times_are_told_to_differ_as_rarely_as_it_says() -> None:
    drawn = random.Random(7)
    runs = 20_000
    told = sum(
        chance(*([drawn.expovariate(9) for _ in range(ENOUGH)] for _ in "12")) <= ERROR
        for _ in range(runs)
    )
    assert told / runs <= 2 * ERROR


def test_a_secret_that_is_hashed_for_members_only_is_hinted_at() -> None:
    drawn = random.Random(8)
    known = [0.1 + drawn.random() / 50 for _ in range(ENOUGH)]
    unknown = [0.003 + drawn.random() / 50 for _ in range(ENOUGH)]
    assert "Mann-Whitney" in hint(known, unknown)
    assert hint(known[:-1], unknown) == ""  # too few
    mixed = [*unknown[:3], *known[3:]]
    assert far_apart(mixed, unknown) and chance(mixed, unknown) > ERROR
    assert hint(mixed, unknown) == ""  # it may be chance
    assert hint([each / 10 for each in known], [each / 10 for each in unknown]) == ""  # too near
