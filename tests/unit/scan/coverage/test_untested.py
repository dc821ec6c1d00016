"""What was not tested is one list, and each part of it is told where it belongs."""

from __future__ import annotations

from oakum.finding import Endpoint, SkippedOperation
from oakum.scan.coverage.untested import Gaps, Section, UntestedItem

EDIT = Endpoint("PUT", "/people/{id}", "putPerson")


def test_each_section_tells_its_own_in_words() -> None:
    gaps = Gaps()
    gaps.add(
        UntestedItem("getPerson", "no value for `id`", Section.CELLS),
        UntestedItem("weak-jwt-secret", "no identity sends a JWT", Section.RULES),
        UntestedItem("GET /feed", "it is silent"),
        UntestedItem(EDIT, "it was refused", Section.WRITES, "follower"),
    )
    assert gaps.reasons(Section.CELLS) == {"getPerson": "no value for `id`"}
    assert gaps.reasons(Section.RULES) == {"weak-jwt-secret": "no identity sends a JWT"}
    assert gaps.reasons(Section.TRUST) == {"GET /feed": "it is silent"}
    assert gaps.writes == (SkippedOperation(EDIT, "not tested as `follower`: it was refused"),)


def test_the_first_reason_stays_and_a_write_has_several() -> None:
    gaps = Gaps()
    for why in ("first", "second"):
        gaps.add(
            UntestedItem("getPerson", why, Section.CELLS), UntestedItem(EDIT, why, Section.WRITES)
        )
    assert gaps.reasons(Section.CELLS) == {"getPerson": "first"}
    assert [each.reason for each in gaps.writes] == ["first", "second"]


def test_what_is_requested_after_all_has_no_reason_left() -> None:
    gaps = Gaps()
    gaps.add(
        UntestedItem("getPerson", "the budget", Section.CELLS), UntestedItem("getPerson", "a rule")
    )
    gaps.forget("getPerson")
    assert gaps.reasons(Section.CELLS) == {}
    assert gaps.reasons(Section.TRUST) == {"getPerson": "a rule"}
