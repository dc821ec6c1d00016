"""Saved bodies: what was left open in them, and what they say of a type."""

from __future__ import annotations

import pytest

from oakum.openapi.collections.examples import UNREAD, parse_body, schema_of
from oakum.openapi.model import Json
from oakum.openapi.observed_shape import ObservedValues


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": {{n}}, "b": "x{{y}}"}', {"a": None, "b": ""}),
        ('{"a": 1, // one\n /* two */ "b": [1, 2,],}', {"a": 1, "b": [1, 2]}),
        ('{"a": "https://x.example.com" /* no comment before */}', {"a": "https://x.example.com"}),
        ('{"a": "<integer>", "b": "<boolean>", "c": "<b>"}', {"a": 0, "b": True, "c": ""}),
        ('{"a": {% now %}}', {"a": 0}),
    ],
)
def test_what_a_tool_leaves_open_stands_for_its_type(text: str, value: Json) -> None:
    assert parse_body(text) == value


@pytest.mark.parametrize("text", ["", " ", "<a/>", "{{body}", "{", "[" * 5000])
def test_other_text_is_unread(text: str) -> None:
    assert parse_body(text) is UNREAD


def test_a_schema_says_what_examples_show_and_no_more() -> None:
    learnt = ObservedValues()
    learnt.learn({"a": None, "b": [{"c": 1}]})
    c = {"type": "object", "properties": {"c": {"type": "integer"}}}
    assert schema_of(learnt) == {
        "type": "object",
        "properties": {"a": {}, "b": {"type": "array", "items": c}},
    }
