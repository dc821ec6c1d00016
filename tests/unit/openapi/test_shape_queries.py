"""A shape with alternatives answers for all of them."""

from __future__ import annotations

from dataclasses import replace

from oakum.openapi.model import Shape
from oakum.openapi.shape_queries import is_null_if_empty, member, merge, requires, write_only
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
    assert merge([TEXT]) is TEXT
    assert member(merge([record(a=TEXT), record(b=FRIEND)]), "b") is FRIEND


def test_a_member_is_required_if_each_alternative_requires_it() -> None:
    one = replace(record(a=TEXT, b=TEXT), required=frozenset({"a", "c"}))
    assert requires(one, "a") and not requires(one, "b") and not requires(one, "c")
    assert requires(merge([one, replace(record(a=TEXT), required=frozenset({"a"}))]), "a")
    assert not requires(merge([one, record(a=TEXT)]), "a")
    secret = replace(record(a=replace(TEXT, write_only=True)), required=frozenset({"a"}))
    assert not requires(secret, "a") and not requires(Shape(), "a")
    asked = replace(record(a=TEXT), empty_as_null=frozenset())  # GraphQL
    assert requires(asked, "a") and not requires(asked, "b")


def test_a_member_is_null_if_each_alternative_that_has_it_says_so() -> None:
    one = replace(record(a=FRIEND), empty_as_null=frozenset({"a"}))
    assert is_null_if_empty(one, "a") and not is_null_if_empty(one, "b")
    assert is_null_if_empty(merge([one, record(b=TEXT)]), "a")
    assert not is_null_if_empty(merge([one, record(a=FRIEND)]), "a")


def test_what_is_write_only_in_all_alternatives_is_so() -> None:
    secret = Shape(kinds=frozenset({"string"}), write_only=True)
    assert write_only(secret) and write_only(merge([secret, replace(secret, format="password")]))
    assert not write_only(merge([secret, TEXT])) and not write_only(TEXT)
