"""What keeps a list from being known to be complete, by what is declared around it."""

from __future__ import annotations

from oakum.authz.complete_lists import place_of
from oakum.guard.warnings.list_completeness import cursors, failure_members, unexplained_members
from oakum.openapi.model import Shape

TEXT = frozenset(("string",))
MORE = {"has_more": frozenset(("boolean",))}


def _names(**kinds: frozenset[str]) -> list[list[str]]:
    members = {name: Shape(kinds=each) for name, each in kinds.items()}
    shapes = {name: (lambda shape=shape: shape) for name, shape in members.items()}
    place = place_of(("data", "*"), Shape(kinds=frozenset(("object",)), properties=shapes))
    return [unexplained_members(place), failure_members(place), cursors(place)]


def test_a_name_that_nobody_explains_is_unclear() -> None:
    assert _names(siguiente=TEXT, name=TEXT, data=TEXT, total=TEXT) == [["siguiente"], [], []]


def test_a_text_may_tell_of_a_failure_and_a_number_does_not() -> None:
    number = frozenset(("number",))
    assert _names(status=TEXT, title=TEXT, code=number) == [[], ["status", "title"], []]
    assert _names(message=frozenset()) == [[], ["message"], []]


def test_a_cursor_is_unclear_where_something_else_may_say_that_the_list_ends() -> None:
    nullable = frozenset(("string", "null"))
    every = {"after_cursor": nullable, "next": frozenset(), "startCursor": TEXT}
    assert _names(**every) == [[], [], []]
    assert _names(**every, **MORE) == [[], [], ["after_cursor", "next"]]
    assert _names(**every, isLast=frozenset(("boolean",)))[2] == ["after_cursor", "next"]
    assert _names(more=frozenset(("boolean",)), **MORE) == [[], [], []]
