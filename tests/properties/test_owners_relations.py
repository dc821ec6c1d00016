"""A relation by `field` that only the owner is shown: what the scan says of it is true.

A world draws whom an object names, what its owner is told of that, how the rest is hidden from
others, and whether the API leaks. Each law looks at what the evaluator says of one viewer.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.exposure.cells.matrix import UNTOLD
from oakum.finding import Result
from tests.unit.scan import studio
from tests.unit.scan.evaluation.test_evaluator import CUT, TUTORS, Watch, policy, results
from tests.unit.scan.studio import IDS

NAMED = st.sampled_from([IDS["bob"], IDS["cat"], "c-1"])
TOLD = st.sampled_from(["whole", "cut", "null", "cut, then whole"])
HIDDEN = st.sampled_from([{}, {"course_id": None}, {"course_id": ""}])
BARRED = TUTORS.replace("tutor: {field: course_id}", (
    "barred: {field: course_id}\n  tutor: {authenticated: true, unless: [barred]}"
))  # fmt: skip


def said(named: str, told: str, hidden: dict[str, Any], shown: bool) -> tuple[Watch, Any]:
    """What the evaluator says of a post that cat is shown with its text, or without."""
    watch = Watch()
    for turn, each in enumerate(told.split(", then ")):
        more = {"whole": {"course_id": named}, "cut": {}, "null": {"course_id": None}}[each]
        watch.look("ann", {**CUT, **more}, endpoint="getPost", again=f"{turn}")
    rest = {name: value for name, value in CUT.items() if shown or name != "text"}
    return watch, watch.look("cat", {**rest, **hidden}, endpoint="getPost")


@pytest.mark.parametrize("by", [TUTORS, BARRED], ids=["given", "taken away"])
@settings(deadline=None)
@given(NAMED, TOLD, HIDDEN, st.booleans())
def test_a_correct_api_is_not_accused_and_a_leak_is_not_closed(
    by: str, named: str, told: str, hidden: dict[str, Any], leaks: bool
) -> None:
    may = (named == IDS["cat"]) is (by is TUTORS)
    with policy(by):
        _, outcome = said(named, told, hidden, shown=may or leaks)
        result = results(outcome).get(("Post", "text"))
        known = "whole" in told
    if may or leaks:
        expected = (Result.OPEN if may else Result.LEAK) if known else None
        assert result is expected
        untold = {each.leak.key.field for each in outcome.doubts if each.why == UNTOLD}
        assert ("text" in untold) is not known
    else:
        assert result is (Result.CLOSED if known else None)
    assert not any(each.weak for each in outcome.observations)


@settings(deadline=None)
@given(NAMED, HIDDEN, st.booleans())
def test_what_an_owner_is_told_later_is_as_if_they_had_been_told_before(
    named: str, hidden: dict[str, Any], leaks: bool
) -> None:
    may = named == IDS["cat"]
    with policy(TUTORS):
        before, _ = said(named, "whole", hidden, shown=may or leaks)
        after, _ = said(named, "cut", hidden, shown=may or leaks)
        after.look("ann", {**CUT, "course_id": named}, endpoint="getPost", again="late")

        def cells(watch: Watch) -> dict[str, Result]:
            return {
                key.viewer: entry.result for key, entry in watch.run.matrix.entries.items()
                if (key.endpoint, key.field) == ("getPost", "text")
            }  # fmt: skip

        assert cells(after) == cells(before)
        assert not any(map(after.run.matrix.is_doubtful, after.run.matrix.entries))


def test_the_studio_names_a_tutor_by_a_member_of_the_post() -> None:
    assert "course_id" in studio.POLICY and "course_id" not in CUT
