"""Another value of the same kind: never the same one, never of another kind."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from oakum.openapi.model import Json, Shape
from oakum.scan.requests.replacement_values import other_value, shape_of, taken_by
from tests.unit.scan.studio import model

LAW = settings(max_examples=60, deadline=None)
NAMES = st.sampled_from(["bio", "role", "is_admin", "plan", "until", "roles", "count"])
FLOATS = st.floats(-1e9, 1e9, allow_nan=False)
SCALARS = st.text(max_size=12) | st.integers(-(2**40), 2**40) | FLOATS | st.booleans()


@LAW
@given(NAMES, SCALARS, st.booleans())
def test_another_value_is_of_the_same_kind_and_not_the_same(
    name: str, value: Json, far: bool
) -> None:
    other = other_value(name, value, Shape(), far=far)
    assert other is None or (type(other) is type(value) and other != value)
    if not isinstance(value, str):
        assert other is not None


@LAW
@given(NAMES, st.integers(-50, 50) | st.floats(-50, 50), st.integers(-50, 50), st.booleans())
def test_a_number_stays_below_its_maximum(name: str, value: Json, room: int, far: bool) -> None:
    top = int(value) + abs(room) + 1
    other = other_value(name, value, Shape(maximum=top), far=far)
    assert other != value and other <= top


@LAW
@given(st.integers(-50, 50))
def test_a_number_that_is_far_is_not_one_that_comes_next_by_itself(value: int) -> None:
    assert other_value("count", value, Shape(), far=True) >= value + 1000


@LAW
@given(NAMES, st.lists(st.text(max_size=5) | st.integers(), max_size=5), st.data())
def test_where_the_document_lists_the_values_only_another_of_them_is_sent(
    name: str, choices: list[Any], data: st.DataObject
) -> None:
    value = data.draw(st.sampled_from(choices) if choices else st.text())
    other = other_value(name, value, Shape(enum=tuple(choices)))
    if choices:
        assert other != value
        assert other in choices or (other is None and set(choices) == {value})


@LAW
@given(NAMES, st.lists(st.sampled_from("abc"), max_size=3))
def test_to_a_list_one_is_added_and_none_taken_from_it(name: str, value: list[str]) -> None:
    free = other_value(name, value, Shape())
    assert free[:-1] == value and free[-1] not in value
    chosen = other_value(name, value, Shape(items=lambda: Shape(enum=("a", "b", "c"))))
    if set(value) == {"a", "b", "c"}:
        assert chosen is None
    else:
        assert chosen[:-1] == value and chosen[-1] in {"a", "b", "c"} - set(value)


@pytest.mark.parametrize("value", [None, {}, {"a": 1}, [1], ["a", {}]])
def test_what_has_no_safe_other_value_gets_none(value: Json) -> None:
    assert other_value("plan", value, Shape()) is None


@LAW
@example(datetime.date.max, "T00:00:00Z")
@given(st.dates(), st.sampled_from(["", "T10:00:00Z", " 10:00", "T10:00:00+02:00"]))
def test_a_date_becomes_another_date_with_the_same_time(date: datetime.date, time: str) -> None:
    other = other_value("until", date.isoformat() + time, Shape())
    assert abs(datetime.date.fromisoformat(other[:10]) - date) == datetime.timedelta(days=1)
    assert other[10:] == time


@pytest.mark.parametrize("value", ["20260101", "2026-W01-1", "2026-02-30"])
def test_what_only_looks_like_a_date_is_a_text(value: str) -> None:
    assert other_value("code", value, Shape()).startswith("oakum-")


@pytest.mark.parametrize("value", ["admin", ["admin"], ["member", "admin"]])
def test_whoever_may_do_all_already_is_given_no_more(value: Json) -> None:
    assert other_value("role", value, Shape()) is None
    assert other_value("role", "member", Shape()) == "admin"
    assert other_value("roles", ["member"], Shape()) == ["member", "admin"]


def test_a_member_is_described_wherever_the_document_does() -> None:
    assert shape_of(model(), "Person", "vip").kinds == {"boolean"}
    assert shape_of(model(), "Settings", "theme").kinds == {"string"}
    assert shape_of(model(), "Person", "theme").kinds == frozenset()


def test_what_a_body_lists_goes_before_what_a_response_says() -> None:
    inner = Shape(kinds=frozenset({"string"}), enum=(None, "red", "blue"))
    body = Shape(properties={"of": lambda: Shape(properties={"shade": lambda: inner})})
    shown = Shape(kinds=frozenset({"string"}), format="byte")
    taken = taken_by(body, ("of", "shade"), shown)
    assert (taken.enum, taken.format) == (inner.enum, "byte")
    assert other_value("shade", "red", taken) == "blue"
    assert other_value("shade", "blue", taken) == "red"
    assert taken_by(body, ("shade",), shown) is shown
    listed = Shape(enum=("a", "b"))
    assert taken_by(Shape(properties={"x": Shape}), ("x",), listed).enum == ("a", "b")
