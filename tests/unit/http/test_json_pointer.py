from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.http.json_pointer import (
    escape,
    member_at,
    path_of,
    pointer_of,
    unescape,
    value_at,
    values_at,
)

NAMES = st.text(alphabet="a1/~* é", max_size=4)


@given(st.lists(NAMES))
def test_a_pointer_is_read_as_the_path_that_it_was_written_from(path: list[str]) -> None:
    assert path_of(pointer_of(path)) == tuple(path)


@given(NAMES)
def test_a_segment_is_read_as_the_name_that_it_was_written_from(name: str) -> None:
    assert unescape(escape(name)) == name
    assert "/" not in escape(name)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [  # the examples of RFC 6901, section 5
        ("", {"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8}),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/m~0n", 8),
        ("/foo/2", None),
        ("/foo/-", None),
        ("/foo/²", None),
        ("/foo/0/1", None),
    ],
)
def test_a_pointer_finds_the_value_that_the_rfc_says(pointer: str, value: object) -> None:
    document = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8}
    assert value_at(document, path_of(pointer)) == value


def test_a_star_stands_for_every_element_and_map_value() -> None:
    assert values_at([{"id": 1}, {"id": 2}, {}], ("*", "id")) == [1, 2]
    assert values_at({"a": {"id": 1}, "b": {"id": 2}}, ("*", "id")) == [1, 2]
    assert values_at([{"id": 1}], ("0", "id")) == [1]


def test_a_star_stands_for_an_object_only_where_a_map_is_declared() -> None:
    assert values_at({"error": {"id": 1}}, ("*", "id"), maps=()) == []
    assert values_at({"a": {"id": 1}}, ("*", "id"), maps=(0,)) == [1]


def test_a_path_leads_to_what_stands_there_or_to_nothing() -> None:
    value: object = {"a": {"b": 1}, "c": [1]}
    assert member_at(value, ("a", "b")) == 1 and member_at(value, ()) == value
    assert member_at(value, ("a", "x")) is None and member_at(value, ("c", "0")) is None
