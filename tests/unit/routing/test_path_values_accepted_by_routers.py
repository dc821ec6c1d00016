"""Texts that every router reads as a value of a type, and those that only some do."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oakum.openapi.model import Shape
from oakum.routing.path_values_accepted_by_routers import sure_texts, unclear_integers

INTEGER = frozenset(("integer",))
STRING = frozenset(("string",))
BOUNDS = st.none() | st.integers(-20, 20) | st.integers(-(10**6), 10**19)


@given(BOUNDS, BOUNDS, st.integers(0, 20) | st.integers(0, 10**19))
@example(500, 5000, 5000)
@example(None, 2**31 - 1, 2**31)
@example(1, None, 0)
def test_an_integer_is_sure_just_when_it_is_within_its_bounds(
    low: int | None, high: int | None, number: int
) -> None:
    sure = sure_texts(Shape(kinds=INTEGER, minimum=low, maximum=high))
    assert sure is not None
    for each in {number, *((low - 1, low, low + 1) if low else ()), *((high,) if high else ())}:
        if each >= 0:
            most = 10**19 - 1 if high is None else high
            assert sure.matches(str(each)) == ((low or 0) <= each <= most), each


@pytest.mark.parametrize("text", ["-7", "+7", "1_000", "٣", "٣7", " 7", "7 ", "1" * 20, "１２"])
def test_what_only_some_routers_read_as_an_integer_is_unclear_and_never_sure(text: str) -> None:
    sure = sure_texts(Shape(kinds=INTEGER))
    assert sure is not None
    assert not sure.matches(text)
    assert unclear_integers().matches(text)


@pytest.mark.parametrize(
    "text", ["7", "007", "seven", "a7", "2026-12-01", "José", "日本", "", "9" * 19]
)
def test_what_all_read_alike_is_not_unclear(text: str) -> None:
    assert not unclear_integers().matches(text)


@pytest.mark.parametrize(
    ("shape", "sure", "others"),
    [
        (Shape(kinds=STRING, format="uuid"), "0" * 8 + "-0000-0000-0000-" + "0" * 12, "0" * 32),
        (Shape(kinds=STRING, format="date"), "2026-12-01", "today"),
        (Shape(kinds=frozenset(("number",))), "2.5", "5"),
        (Shape(kinds=frozenset(("boolean",))), "true", "1"),
        (Shape(kinds=STRING, min_length=2, max_length=2), "no", "nor"),
        (Shape(kinds=STRING, min_length=4), "four", "no"),
        (Shape(kinds=STRING, enum=("a", "b")), "a", "c"),
        (Shape(kinds=STRING, pattern="^[a-z]+$"), "a", "A"),
        (Shape(kinds=frozenset(("integer", "null"))), "5", "a"),
        (Shape(kinds=STRING, format="int64"), "5", "a"),
    ],
)
def test_a_type_or_format_that_routers_convert_takes_its_own_texts(
    shape: Shape, sure: str, others: str
) -> None:
    found = sure_texts(shape)
    assert found is not None
    assert found.matches(sure)
    assert not found.matches(others)


@pytest.mark.parametrize(
    "shape",
    [
        Shape(),
        Shape(kinds=STRING),
        Shape(kinds=STRING, format="email"),
        Shape(kinds=frozenset(("string", "integer"))),
        Shape(kinds=STRING, max_length=4000),
    ],
)
def test_any_other_takes_every_text(shape: Shape) -> None:
    assert sure_texts(shape) is None
