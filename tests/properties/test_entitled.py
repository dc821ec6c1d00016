"""A field that its owner may not see is closed by what all who may see it are shown, and no less.

Answers about ann's page come in any order: to ann, to nobody, to bob of the staff, and to cat, who
is of the staff or not. The staff sees the phone; ann does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from oakum.finding import Result
from oakum.scan.evaluation.absence_evidence import judge_by_entitled
from tests.properties.pool import LAW
from tests.unit.scan import studio
from tests.unit.scan.evaluation.test_evaluator import CARD, Watch, policy
from tests.unit.scan.studio import IDS

STAFFED = studio.POLICY.replace(
    "phone, vip: [{see: [owner]}]", "phone: [{see: [staff]}]\n      vip: [{see: [owner]}]"
)
VALUES = ("+44 20 7946 0018", "+44 20 7946 0733")
BLANKS = (None, "", "***", "n/a")
NO_PHONE, GONE = "no such member", "the page was refused"
"""In place of a phone."""


@dataclass(frozen=True)
class Answer:
    """What somebody is shown of ann's page."""

    viewer: str | None
    phone: Any
    hint: str | None
    """A value in a member that the contract does not know."""
    looks: bool
    """Whether the scan concludes from what it has seen so far."""


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    viewer = draw(st.sampled_from([None, "ann", "bob", "bob", "cat"]))
    # What ann is shown herself would close it by her own view.
    phones = (NO_PHONE, None, "", GONE) if viewer == "ann" else (NO_PHONE, GONE, *BLANKS, *VALUES)
    hint = draw(st.sampled_from([None, None, None, *VALUES])) if viewer != "bob" else None
    return Answer(viewer, draw(st.sampled_from(phones)), hint, draw(st.booleans()))


def staffed(*staff: str) -> Watch:
    """Nothing has been seen yet, and these are of the staff."""
    return Watch(claims={name: {"roles": ["staff"]} for name in staff})


def look(watch: Watch, each: Answer, number: int) -> None:
    if each.phone == GONE:
        watch.look(each.viewer, {"error": "no"}, again=f" {number}", status=404)
    else:
        page = dict(CARD) | ({"hint": each.hint} if each.hint else {})
        page |= {"phone": each.phone} if each.phone != NO_PHONE else {}
        watch.look(each.viewer, page, again=f" {number}")
    if each.looks:
        judge_by_entitled(watch.run.engine)


def closed_to(watch: Watch, label: str) -> bool:
    (found,) = (
        entry.result
        for key, entry in watch.run.matrix.entries.items()
        if (key.endpoint, key.field, key.viewer) == ("getPerson", "phone", label)
    )
    return found is Result.CLOSED


@LAW
@given(st.lists(answers(), min_size=1, max_size=8), st.booleans())
def test_a_field_is_closed_just_when_all_entitled_viewers_are_shown_one_value_and_a_viewer_none(
    drawn: list[Answer], cat_is_staff: bool
) -> None:
    staff = ("bob", "cat") if cat_is_staff else ("bob",)
    with policy(STAFFED):
        watch = staffed(*staff)
        for number, each in enumerate(drawn):
            look(watch, each, number)
        judge_by_entitled(watch.run.engine)
        shown = {e.phone for e in drawn if e.viewer in staff and e.phone not in (NO_PHONE, GONE)}
        labels = {None: "anyone", "ann": "owner", "cat": "member"}
        for viewer, label in labels.items():
            if viewer in staff:
                continue
            own = [each for each in drawn if each.viewer == viewer]
            pages = [each for each in own if each.phone != GONE]
            one = shown if len(shown) == 1 and shown <= {*VALUES} else set()
            clear = not any({e.hint, e.phone} & {*VALUES} for e in pages)
            if closed_to(watch, label):
                assert one and own, "it takes one value, and an answer without it"
                assert not any({each.hint, each.phone} & one for each in pages)
                assert not any(each.phone in VALUES for each in pages)
            elif clear:
                assert not (one and pages), "and that is enough"


def test_the_staff_of_the_law_are_the_staff() -> None:
    with policy(STAFFED):
        watch = staffed("bob")
        assert watch.run.identities.relations("bob", "ann") >= {"staff"}
        look(watch, Answer("bob", VALUES[0], None, looks=False), 0)
        look(watch, Answer(None, NO_PHONE, None, looks=True), 1)
        assert closed_to(watch, "anyone") and IDS["ann"] == CARD["id"]
