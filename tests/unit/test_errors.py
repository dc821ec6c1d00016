"""Whose fault, where, and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from oakum.errors import (
    NOWHERE,
    ExitCode,
    InputError,
    Location,
    OakumError,
    Problem,
    TargetError,
    did_you_mean,
)

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "exit-codes.md"


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Location("a.yaml", 3, 7), "a.yaml:3:7"),
        (Location("a.yaml"), "a.yaml"),
        (Location("--target"), "--target"),
        (NOWHERE, ""),
    ],
)
def test_a_place_reads_as_editors_take_it(place: Location, text: str) -> None:
    assert str(place) == text


def test_a_problem_says_where_what_and_a_way_out() -> None:
    place = Location("a.yaml", 3, 7)
    assert str(Problem(place, "no relation `ownr`")) == "a.yaml:3:7: no relation `ownr`"
    assert str(Problem(place, "wrong", "say `see:`")) == "a.yaml:3:7: wrong; say `see:`"
    assert str(Problem(NOWHERE, "wrong", "say `see:`")) == "wrong; say `see:`"


def test_all_mistakes_are_told_at_once_each_once_in_the_order_of_the_file() -> None:
    late, early = Problem(Location("a", 9, 1), "late"), Problem(Location("a", 2, 1), "early")
    error = InputError(iter([late, early, late]))
    assert error.problems == (early, late)
    assert str(error) == "a:2:1: early\na:9:1: late"


def test_a_line_ten_comes_after_a_line_nine() -> None:
    nine, ten = Problem(Location("a", 9), "x"), Problem(Location("a", 10), "x")
    assert InputError([ten, nine]).problems == (nine, ten)


def test_each_fault_has_its_exit_code() -> None:
    assert InputError([]).exit_code is ExitCode.USAGE
    assert TargetError("x").exit_code is ExitCode.NOT_TRUSTWORTHY
    assert OakumError("x").exit_code is ExitCode.INTERNAL
    assert issubclass(InputError, OakumError) and issubclass(TargetError, OakumError)


def test_the_table_of_exit_codes_is_the_enum() -> None:
    rows = re.findall(r"^\|\s*`?(\d+)`?\s*\|", PAGE.read_text(encoding="utf-8"), re.M)
    interrupted = 130  # what shells say of any command stopped with Ctrl-C, and so do we
    assert [int(row) for row in rows] == [*map(int, ExitCode), interrupted]


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("is_privat", "did you mean `is_private`?"),
        ("ownr", "did you mean `owner`?"),
        ("zebra", ""),
        ("", ""),
    ],
)
def test_a_near_word_is_offered_and_a_far_one_is_not(word: str, hint: str) -> None:
    assert did_you_mean(word, ["owner", "is_private"]) == hint
    assert did_you_mean(word, []) == ""


def test_what_others_wrote_forges_no_line_and_commands_no_screen() -> None:
    told = str(
        Problem(Location("a\n::error::x.yaml", 1, 2), "no `\x1b[2J\u202e` here", "or\r\n::x")
    )
    assert told == ("a\\n::error::x.yaml:1:2: no `\\x1b[2J\\u202e` here; or\\r\\n::x")
