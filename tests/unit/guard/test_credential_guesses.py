"""Guesses, counted by one process."""

from __future__ import annotations

from oakum.guard import credential_guesses
from oakum.guard.credential_guesses import Guesses
from oakum.routing.caller_credentials import NOBODY, Guess, Who

ANN = Who(frozenset(("ann",)))


class Clock:
    now = 1_800_000_000.0  # the start of an hour

    def __call__(self) -> float:
        return self.now


def test_places_are_taken_until_they_are_given_back() -> None:
    counts = Guesses(Clock())
    taken = [counts.begin("a", Guess(f"g{n}")) for n in range(100)]
    assert not any(each.wait for each in taken)
    assert counts.begin("a", Guess("more")).wait == 1
    assert counts.begin("b", Guess("more")).wait == 0
    counts.end(taken[0], ANN)
    counts.end(taken[1], None)
    for key, wait in (("more", 0), ("and more", 0), ("still more", 1)):
        assert counts.begin("a", Guess(key)).wait == wait


def test_nobodys_count_until_the_window_ends() -> None:
    clock = Clock()
    counts = Guesses(clock)
    for number in range(100):
        counts.end(counts.begin("a", Guess(f"g{number}")), NOBODY)
    clock.now += 20
    assert counts.begin("a", Guess("more")).wait == 40
    clock.now += 40
    assert counts.begin("a", Guess("more")).wait == 0


def test_what_was_somebodys_is_remembered_for_an_hour_and_not_for_ever() -> None:
    clock = Clock()
    counts = Guesses(clock)
    counts.end(counts.begin("a", Guess("good")), ANN)
    clock.now += 3601
    again = counts.begin("b", Guess("good"))
    assert again.place is None
    counts.end(again, NOBODY)
    assert counts.begin("a", Guess("good")).place is not None
    counts.end(counts.begin("a", Guess("good")), ANN)
    clock.now += 2 * 3600
    assert counts.begin("a", Guess("good")).place is not None


def test_what_is_remembered_is_bounded() -> None:
    counts = Guesses(Clock())
    for number in range(credential_guesses._MOST_KNOWN + 1):
        counts.end(counts.begin("a", Guess(f"s{number}")), ANN)
    assert counts.begin("a", Guess("s0")).place is not None
    assert counts.begin("a", Guess("s1")).place is None


def test_windows_that_are_over_are_dropped() -> None:
    clock = Clock()
    counts = Guesses(clock)
    for number in range(credential_guesses._MOST_TALLIES + 1):
        counts.end(counts.begin(str(number), Guess("g")), NOBODY)
    clock.now += 60
    counts.begin("last", Guess("g"))
    assert [*counts._tallies] == ["last"]


def test_several_of_one_caller_count_beyond_the_first() -> None:
    counts = Guesses(Clock())
    for number in range(105):
        counts.end(counts.begin("a", Guess(f"s{number}", several=True)), ANN)
    assert counts.begin("a", Guess("more", several=True)).wait == 60
    assert counts.begin("a", Guess("s1", several=True)).wait == 0


def test_another_cookie_beside_what_is_known_brakes_that_alone() -> None:
    clock = Clock()
    counts = Guesses(clock)

    def wait(number: int, address: str = "a") -> int:
        attempt = counts.begin(address, Guess("own", several=True, whole=f"w{number}"))
        if not attempt.wait:
            counts.end(attempt, ANN)
        return attempt.wait

    assert [wait(number) for number in range(106)] == [0] * 106
    assert (wait(106), wait(106, "b"), wait(105)) == (60, 60, 0)
    assert counts.begin("a", Guess("own")).wait == 0
    assert counts.begin("a", Guess("other", several=True, whole="w")).wait == 0
    clock.now += 60
    assert wait(106) == 0


def test_counts_of_one_window_are_bounded() -> None:
    counts = Guesses(Clock())
    for number in range(credential_guesses._MOST_TALLIES + 10):
        counts.end(counts.begin(str(number), Guess("g")), NOBODY)
        if number == 20:
            first = counts._tallies
        counts._tally("1")
    assert counts._tallies is first  # no copy
    assert len(counts._tallies) == credential_guesses._MOST_TALLIES
    assert "1" in counts._tallies and "0" not in counts._tallies
