"""Stored elements are found by their keys as by looking at each of them."""

from __future__ import annotations

from typing import Any

import pytest

from oakum.authz.stored_element_index import Index, MapName, StoredElements
from oakum.http.json_pointer import Pointer
from tests.unit.authz.small import note

NOTE = note({})
A, B, NAMELESS = {"id": "a"}, {"id": "b", "text": "x"}, {"text": "y"}


@pytest.mark.parametrize(
    ("value", "steps", "said", "found"),
    [
        ({"l": [A, B, B]}, ("l", Index("0")), ["b"], [B, B]),
        ({"l": [A, B]}, ("l", Index("7")), ["c"], []),
        ({"l": [[A], [B]]}, ("l", Index("0"), Index("0")), ["b"], [B]),
        ({"l": [{"one": A}, {"one": B}, {"two": A}]}, ("l", Index("0"), "one"), ["a"], [A]),
        ({"m": {"a": A, "b": A}}, ("m", MapName("a")), ["a"], [A]),
        ({"m": {"a": A, "b": A}}, ("m", MapName("b")), ["a", "b"], [A]),
        ({"m": {"a": NAMELESS, "b": A}}, ("m", MapName("a")), ["a"], [NAMELESS]),
        ({"m": {"a": NAMELESS}}, ("m", MapName("b")), ["b"], []),
        ({"m": {"a": A}}, ("m", MapName("a")), ["a", "a"], []),
        ({"m": [A, NAMELESS]}, ("m", MapName("a")), ["a"], [A, NAMELESS]),
        ({"l": [{"m": {"k": [A]}}]}, ("l", Index("0"), "m", MapName("k"), Index("0")), ["a"], [A]),
        ({"l": [{"m": {"k": [A]}}]}, ("l", Index("0"), "m", MapName("z"), Index("0")), ["a"], []),
        ({"l": {"0": A}}, ("l", Index("0")), ["a"], []),
        ({"l": [{"id": 5}]}, ("l", Index("0")), ["5"], [{"id": 5}]),
        ({"l": ["a", None]}, ("l", Index("0")), ["a"], []),
    ],
)
def test_elements_are_found_by_keys_and_names(
    value: Any, steps: Pointer, said: list[Any], found: list[Any]
) -> None:
    elements = StoredElements()
    for _ in range(2):
        assert elements.values_having(NOTE, value, steps, said) == found


def test_places_of_one_value_are_told_apart() -> None:
    elements, value = StoredElements(), {"": [A], "*": [B], "a": {"a": A}}
    assert elements.values_having(NOTE, value, ("", Index("0")), ["a"]) == [A]
    assert elements.values_having(NOTE, value, ("*", Index("0")), ["a"]) == []
    assert elements.values_having(NOTE, value, ("a", MapName("a")), ["a"]) == [A]
    assert elements.values_having(NOTE, value, ("a", "a"), ["a"]) == [A]
