"""What is known of a filter by the answers to questions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.scan.filters.filter_trial_results import FilterForm, TrialResults, is_number
from oakum.scan.filters.hidden_values import HiddenValue
from tests.unit.scan.studio import probe

WAY = FilterForm(probe("listPeople"), "filter", '{field} eq "{value}"')
OTHER = replace(WAY, form="{field}:{value}")
PHONE = HiddenValue("Person", "phone", "ann", "bob", "member", "+44 7700 900")
NAME = "GET /people: no filter in `filter` was tested: "


@pytest.mark.parametrize(
    ("statuses", "why"),
    [
        ([400, 422], "every syntax was refused"),
        ([400, 200], ""),
        ([], ""),
    ],
)
def test_a_filter_that_refused_everything_is_named(statuses: list[int], why: str) -> None:
    tried = TrialResults()
    for way, status in zip((WAY, OTHER), statuses, strict=False):
        tried.note_status(way, PHONE, status)
    assert tried.notes() == ([NAME + why] if why else [])


def test_one_that_finds_nothing_by_what_may_be_seen_is_named() -> None:
    tried = TrialResults()
    tried.note_status(WAY, PHONE, 200)
    tried.learnt[WAY.place] = False
    assert tried.notes() == [
        NAME + "no condition on a field that the caller may see found its object"
    ]
    tried.works.add(WAY.place)
    assert tried.notes() == []


def test_of_a_search_it_says_that_hidden_values_were_asked_for() -> None:
    tried = TrialResults()
    tried.note_status(WAY, PHONE, 200)
    tried.learnt[WAY.place] = False
    tried.searched.add(WAY.place)
    (note,) = tried.notes()
    assert note == (
        "GET /people: `filter` was asked for hidden values as a search is, but no filter by a field"
        " was tested: no condition on a field that the caller may see found its object"
    )


def test_a_search_that_refused_everything_was_not_tested() -> None:
    tried = TrialResults()
    tried.note_status(WAY, PHONE, 400)
    tried.searched.add(WAY.place)
    assert tried.notes() == [NAME + "every syntax was refused"]


def test_a_form_that_is_no_syntax_is_vain_for_values_of_its_kind() -> None:
    tried = TrialResults()
    assert not tried.is_vain(WAY, PHONE)
    tried.are_vain([WAY], "Ann Moss")
    assert tried.is_vain(WAY, PHONE) and not tried.is_vain(OTHER, PHONE)
    assert not tried.is_vain(WAY, replace(PHONE, value="10000"))


@pytest.mark.parametrize(("value", "number"), [("10", True), ("-1.5", True), ("4 711", False)])
def test_what_needs_no_quotation_marks(value: str, number: bool) -> None:
    assert is_number(value) is number
