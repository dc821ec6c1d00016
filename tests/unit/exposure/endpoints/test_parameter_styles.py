"""Arrays and objects in a query, as OpenAPI 3.1 writes them (Parameter Object, Style Values)."""

from __future__ import annotations

from typing import Any

import pytest

from oakum.exposure.endpoints.parameter_styles import in_parts, pairs
from oakum.openapi.model import Json, Operation, Parameter, Shape

COLORS = ["blue", "black"]
RGB = {"R": 100, "G": 200}


@pytest.mark.parametrize(
    ("style", "explode", "value", "written"),
    [
        ("form", None, COLORS, [("color", "blue"), ("color", "black")]),
        ("", None, COLORS, [("color", "blue"), ("color", "black")]),
        ("form", False, COLORS, [("color", "blue,black")]),
        ("spaceDelimited", None, COLORS, [("color", "blue black")]),
        ("pipeDelimited", None, COLORS, [("color", "blue|black")]),
        ("pipeDelimited", True, COLORS, [("color", "blue"), ("color", "black")]),
        ("form", None, RGB, [("R", "100"), ("G", "200")]),
        ("form", False, RGB, [("color", "R,100,G,200")]),
        ("pipeDelimited", False, RGB, [("color", "R|100|G|200")]),
        ("spaceDelimited", False, RGB, [("color", "R 100 G 200")]),
        ("deepObject", True, RGB, [("color[R]", "100"), ("color[G]", "200")]),
        ("json", None, RGB, [("color", '{"R":100,"G":200}')]),
        ("json", None, COLORS, [("color", '["blue","black"]')]),
        ("", None, RGB, [("color", '{"R":100,"G":200}')]),
        ("deepObject", True, True, [("color", "true")]),
    ],
)
def test_a_value_is_written_as_its_parameter_declares(
    style: str, explode: bool | None, value: Json, written: list[tuple[str, str]]
) -> None:
    assert pairs(Parameter("color", "query", style=style, explode=explode), value) == written


def names(parameter: Parameter, *said: str) -> list[str]:
    made = in_parts(Operation("list", "GET", "/x", parameters=(parameter,)), said)
    return [each.name for each in made.parameters]


FILTER = Shape(
    kinds=frozenset({"object"}),
    properties={"user_id": lambda: Shape(kinds=frozenset({"string"})), "on": Shape},
    required=frozenset({"on"}),
)


def test_a_deep_object_is_a_parameter_for_each_member() -> None:
    deep = Parameter("filter", "query", True, FILTER, {"on": "now"}, style="deepObject")
    assert names(deep) == ["filter[user_id]", "filter[on]"]
    first, second = in_parts(Operation("o", "GET", "/x", parameters=(deep,))).parameters
    assert (first.required, second.required, second.example) == (False, True, "now")
    assert names(deep, "filter") == ["filter"], "what the contract names is left whole"


def test_an_exploded_object_is_its_members_and_one_that_is_not_stays_whole() -> None:
    assert names(Parameter("f", "query", False, FILTER, style="form")) == ["user_id", "on"]
    assert names(Parameter("f", "query", False, FILTER, style="form", explode=False)) == ["f"]
    assert names(Parameter("f", "query", False, FILTER, style="json")) == ["f"]
    assert names(Parameter("f", "query", False, FILTER)) == ["f", "user_id", "on"], "may be JSON"
    assert names(Parameter("f", "header", False, FILTER, style="form")) == ["f"]


ONE = {"author": lambda: Shape(kinds=frozenset({"string"}))}
TWO = {**ONE, "state": lambda: Shape(kinds=frozenset({"string"}))}


@pytest.mark.parametrize(
    ("style", "members", "value", "written"),
    [
        ("json", ONE, "u-4100", '{"author":"u-4100"}'),
        ("", ONE, "u-4100", '{"author":"u-4100"}'),
        ("json", ONE, '{"author":"u-4100"}', '{"author":"u-4100"}'),
        ("json", TWO, "u-4100", "u-4100"),
        ("form", ONE, "u-4100", "u-4100"),
    ],
)
def test_an_id_is_the_only_member_of_a_json_object(
    style: str, members: dict[str, Any], value: Json, written: str
) -> None:
    shape = Shape(kinds=frozenset({"object"}), properties=members)
    assert pairs(Parameter("filter", "query", shape=shape, style=style), value) == [
        ("filter", written)
    ]
