"""What waits for an entitled viewer's view, and what it closes."""

from __future__ import annotations

import pytest

from oakum.exposure.cells.matrix import Key, Observation
from oakum.exposure.cells.values_shown_to_entitled_viewers import (
    DoubtedValue,
    EntitledViews,
    MissingField,
    Object,
)
from oakum.finding import Result

NOTE = Object("ann", "Note", "n-1")
KEY = Key("getNote", "Note", "remark", "member", ())
REMARK = "needs a second look"


def lack(*beside: str, absent: bool = False, of: Object = NOTE) -> MissingField:
    seen = Observation(KEY, False, Result.CLOSED, "cat", of.owner)
    return MissingField(seen, of, frozenset(beside), frozenset({"n-1"}), absent)


@pytest.mark.parametrize("first", ["the lack", "the view"])
def test_answers_come_in_any_order(first: str) -> None:
    entitled = EntitledViews()
    if first == "the lack":
        entitled.lack(lack())
        assert not [*entitled.tell()]
    entitled.show("listNotes", NOTE, "remark", frozenset({REMARK}))
    if first == "the view":
        entitled.lack(lack())
    assert [each.key for each in entitled.tell()] == [KEY]


@pytest.mark.parametrize("values", [frozenset[str](), frozenset({"another"})])
def test_two_views_that_differ_close_nothing(values: frozenset[str]) -> None:
    entitled = EntitledViews()
    entitled.lack(lack())
    entitled.show("getNote", NOTE, "remark", frozenset({REMARK}))
    entitled.show("getNote", NOTE, "remark", values)
    assert not [*entitled.tell()]


def test_another_object_of_the_owner_tells_nothing_of_this_one() -> None:
    entitled = EntitledViews()
    entitled.lack(lack())
    entitled.show("getNote", NOTE._replace(key="n-2"), "remark", frozenset({REMARK}))
    assert not [*entitled.tell()]


def test_a_refusal_counts_where_entitled_viewers_are_shown_the_object() -> None:
    entitled = EntitledViews()
    entitled.lack(lack(absent=True))
    entitled.show("listNotes", NOTE, "remark", frozenset({REMARK}))
    assert not [*entitled.tell()], "that endpoint may show it to nobody"
    entitled.show("getNote", NOTE, "remark", frozenset({REMARK}))
    assert [*entitled.tell()]


@pytest.mark.parametrize(
    ("beside", "value", "closes"),
    [(f"hint: {REMARK}", REMARK, False), (REMARK[:9], REMARK, True), ("7", "7", False),
     ("17", "7", True), ("no note n-1", "n-1", True)],
)  # fmt: skip
def test_a_value_that_stands_elsewhere_in_an_answer_closes_nothing(
    beside: str, value: str, closes: bool
) -> None:
    entitled = EntitledViews()
    entitled.lack(lack(beside))
    entitled.lack(lack())
    entitled.show("getNote", NOTE, "remark", frozenset({value}))
    assert bool([*entitled.tell()]) is closes


@pytest.mark.parametrize("first", ["shown", "doubted"])
def test_a_value_that_its_owner_lacks_leaks_if_entitled_viewers_are_shown_it(first: str) -> None:
    views = EntitledViews()
    leak = Observation(KEY, False, Result.LEAK, "bob", "ann")
    if first == "doubted":
        views.doubt("request 1", NOTE, DoubtedValue(REMARK, leak))
        assert not [*views.leaks()]
    views.show("desk", NOTE, "remark", frozenset({REMARK}))
    views.doubt("request 1", NOTE, DoubtedValue(REMARK, leak))
    views.doubt("request 2", NOTE, DoubtedValue("withheld", leak))
    assert [*views.leaks()] == [("request 1", leak)]
    views.show("desk", NOTE._replace(owner="cat", key="n-2"), "remark", frozenset({REMARK}))
    assert not [*views.leaks()], "a value of several people's objects is no proof"
