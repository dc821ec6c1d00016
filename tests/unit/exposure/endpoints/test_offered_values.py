"""What a document lets a caller choose from."""

from __future__ import annotations

from typing import Any

import pytest

from oakum.exposure.endpoints.offered_values import (
    choices,
    has_choices,
    members_with_choices,
    object_with,
)
from oakum.openapi.model import Json, Media, Operation, Parameter, Shape


def shape(kind: str, **more: Any) -> Shape:
    return Shape(kinds=frozenset({kind}), **more)


@pytest.mark.parametrize(
    ("name", "of", "found"),
    [
        ("view", shape("string", enum=("basic", "full")), ("basic", "full")),
        ("full", shape("boolean"), (False, True)),
        ("level", shape("integer", minimum=1, maximum=3), (1, 2, 3)),
        ("year", shape("integer", minimum=1900, maximum=2100), (1900, 2100)),
        ("depth", shape("integer", minimum=1), (1,)),
        ("depth", shape("number", maximum=9.0), (9,)),
        ("depth", shape("integer"), ()),
        ("level", shape("integer", minimum=3, maximum=1), ()),
        ("user_id", shape("integer", minimum=1, maximum=3), ()),
        ("name", shape("string"), ()),
        ("any", Shape(), ()),
    ],
)
def test_choices_are_what_the_document_allows(name: str, of: Shape, found: tuple[Json]) -> None:
    assert choices(name, of) == found


def test_what_turns_pages_or_has_one_bound_is_no_choice_to_try() -> None:
    ranged = shape("integer", minimum=1, maximum=4)
    assert has_choices(Parameter("level", "query", shape=ranged))
    assert not has_choices(Parameter("page", "query", shape=ranged))
    assert not has_choices(Parameter("level", "query", shape=shape("integer", minimum=1)))


def test_members_of_a_body_that_change_something_are_not_chosen() -> None:
    body = Shape(
        properties={
            "view": lambda: shape("string", enum=("basic", "full")),
            "markAsRead": lambda: shape("boolean"),
            "text": lambda: shape("string"),
            "with": lambda: Shape(properties={"contact": lambda: shape("boolean")}),
        }
    )
    operation = Operation("people", "POST", "/rpc", body=(Media("application/json", body),))
    found = [at for at, _ in members_with_choices(operation)]
    assert found == [("view",), ("with", "contact")]


def test_a_choice_stands_beside_what_is_there() -> None:
    assert object_with(("a", "b"), 1, {"a": {"c": 2}, "d": 3}) == {"a": {"b": 1, "c": 2}, "d": 3}
