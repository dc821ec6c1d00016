"""A shape with alternatives answers for all of them."""

from __future__ import annotations

from oakum.openapi.model import Shape
from oakum.openapi.shape_queries import member, merged
from tests.properties.worlds import array, record
from tests.unit.authz.small import FRIEND, TEXT


def test_members_of_alternatives_and_maps() -> None:
    either = Shape(branches=(lambda: record(a=TEXT), lambda: record(b=TEXT)))
    assert member(either, "a") is TEXT and member(either, "c") is None
    both = member(Shape(branches=(lambda: record(a=TEXT), lambda: record(a=FRIEND))), "a")
    assert both is not None and [branch() for branch in both.branches] == [TEXT, FRIEND]
    listed = array(FRIEND)
    assert member(listed, "*") is FRIEND and member(listed, "0") is None
    mapped = Shape(kinds=frozenset({"object"}), extra=lambda: FRIEND)
    assert member(mapped, "anything") is member(mapped, "*") is FRIEND
    assert merged([TEXT]) is TEXT
    assert member(merged([record(a=TEXT), record(b=FRIEND)]), "b") is FRIEND
