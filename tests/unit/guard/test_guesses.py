"""Guesses, counted by one process."""

from __future__ import annotations

from oakum.guard import guesses
from oakum.guard.guesses import Guesses
from oakum.routing.who import NOBODY, Who

ANN = Who(frozenset(("ann",)))


class Clock:
    now = 1_800_000_000.0  # the start of an hour

    def __call__(self) -> float:
        return self.now


def test_places_are_taken_until_they_are_given_back() -> None:
    counts = Guesses(Clock())
    taken = [counts.begin("a", f"g{n}", several=False) for n in range(100)]
    assert not any(each.wait for each in taken)
    assert counts.begin("a", "more", several=False).wait == 1
    assert counts.begin("b", "more", several=False).wait == 0
    counts.end(taken[0], ANN)
    counts.end(taken[1], None)
    for key, wait in (("more", 0), ("and more", 0), ("still more", 1)):
        assert counts.begin("a", key, several=False).wait == wait


def test_nobodys_count_until_the_window_ends() -> None:
    clock = Clock()
    counts = Guesses(clock)
    for number in range(100):
        counts.end(counts.begin("a", f"g{number}", several=False), NOBODY)
    clock.now += 20
    assert counts.begin("a", "more", several=False).wait == 40
    clock.now += 40
    assert counts.begin("a", "more", several=False).wait == 0


def test_what_was_somebodys_is_remembered_for_an_hour_and_not_for_ever() -> None:
    clock = Clock()
    counts = Guesses(clock)
    counts.end(counts.begin("a", "good", several=False), ANN)
    clock.now += 3601
    again = counts.begin("b", "good", several=False)
    assert again.place is None
    counts.end(again, NOBODY)
    assert counts.begin("a", "good", several=False).place is not None
    counts.end(counts.begin("a", "good", several=False), ANN)
    clock.now += 2 * 3600
    assert counts.begin("a", "good", several=False).place is not None


def test_what_is_remembered_is_bounded() -> None:
    counts = Guesses(Clock())
    for number in range(guesses._MOST_KNOWN + 1):
        counts.end(counts.begin("a", f"s{number}", several=False), ANN)
    assert counts.begin("a", "s0", several=False).place is not None
    assert counts.begin("a", "s1", several=False).place is None


def test_windows_that_are_over_are_dropped() -> None:
    clock = Clock()
    counts = Guesses(clock)
    for number in range(guesses._MOST_TALLIES + 1):
        counts.end(counts.begin(str(number), "g", several=False), NOBODY)
    clock.now += 60
    counts.begin("last", "g", several=False)
    assert [*counts._tallies] == ["last"]


def test_several_of_one_caller_count_beyond_the_first() -> None:
    counts = Guesses(Clock())
    for number in range(105):
        counts.end(counts.begin("a", f"s{number}", several=True), ANN)
    assert counts.begin("a", "more", several=True).wait == 60
    assert counts.begin("a", "s1", several=True).wait == 0
