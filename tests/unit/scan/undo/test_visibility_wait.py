"""What is shown late is waited for, and all waiting ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oakum.scan.undo.visibility_wait import PAUSES, WHOLE, VisibilityWait


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(st.lists(st.floats(0, 12), max_size=40))
def test_what_is_shown_within_the_pauses_is_seen_and_all_waiting_ends(lags: list[float]) -> None:
    clock = Clock()
    patience = VisibilityWait(clock.sleep)
    for lag in lags:
        since, had = clock.now, patience.left
        seen = patience.until(lambda since=since, lag=lag: clock.now >= since + lag)  # type: ignore[misc]
        assert seen or lag > sum(PAUSES) or had < sum(PAUSES)
    assert clock.now <= WHOLE + 1e-6
    patience.renew()
    patience.until(lambda: False)
    assert clock.now <= WHOLE + sum(PAUSES) + 1e-6


def test_what_is_shown_at_once_is_not_waited_for() -> None:
    clock = Clock()
    patience = VisibilityWait(clock.sleep)
    assert all(patience.until(lambda: True) for _ in range(99))
    assert clock.now == 0 and not patience.is_spent


def test_after_a_lag_as_long_is_waited_before_anything_is_judged() -> None:
    clock = Clock()
    patience = VisibilityWait(clock.sleep)
    assert patience.until(lambda: clock.now > 0.5)
    seen, before = patience.lag, clock.now
    assert seen > 0.5 and before >= 2 * seen
    assert patience.until(lambda: True) and clock.now == before + seen


def test_with_no_patience_there_is_one_look() -> None:
    looks = list[int]()
    assert not VisibilityWait.none().until(lambda: bool(looks.append(1)))
    assert looks == [1]
