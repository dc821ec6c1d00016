"""Three-valued logic: what is known decides alone, or it stays unknown."""

from __future__ import annotations

from itertools import product

from oakum.authz.three_valued_logic import Truth, every, without

ALL: tuple[Truth, ...] = (True, False, None)


def test_what_takes_away_leaves_unknown_what_it_may_take() -> None:
    assert [without(own, taker) for own, taker in product(ALL, ALL)] == [
        False, True, None, False, False, False, False, None, None,
    ]  # fmt: skip


def test_all_hold_if_each_does_and_none_does_not() -> None:
    assert every([]) is True
    assert every([True, None]) is None
    assert every([None, False]) is False


def test_to_know_more_never_turns_an_answer() -> None:
    for one, other in product(ALL, ALL):
        for known in product(
            *[(True, False) if each is None else (each,) for each in (one, other)]
        ):
            for before, after in ((without(one, other), without(*known)),
                                  (every((one, other)), every(known))):  # fmt: skip
                assert before in (None, after)
