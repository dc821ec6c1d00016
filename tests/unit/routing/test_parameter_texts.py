"""The texts that the schema of a parameter allows."""

from __future__ import annotations

from oakum.openapi.model import Shape
from oakum.routing.parameter_texts import is_integer, of_shape


def test_values_that_are_listed_are_written_as_in_json() -> None:
    made = of_shape(Shape(kinds=frozenset(("boolean",)), enum=(True, False)))
    assert made is not None
    assert [made.matches(each) for each in ("true", "false", "True", "1")] == [
        True,
        True,
        False,
        False,
    ]


def test_an_integer_is_one_by_its_type_alone() -> None:
    integer = frozenset(("integer",))
    made = of_shape(Shape(kinds=integer))
    assert made is not None
    assert [made.matches(each) for each in ("-7", "7", "7a")] == [True, True, False]
    assert is_integer(Shape(kinds=integer))
    assert not is_integer(Shape(kinds=integer, enum=(1,)))
    assert of_shape(Shape(kinds=frozenset(("string",)))) is None
