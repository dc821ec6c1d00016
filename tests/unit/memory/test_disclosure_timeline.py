"""The clock of a disclosure: ninety days, whatever a vendor says of a half fix."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.errors import InputError
from oakum.finding import Report
from oakum.memory import Due, Memory, due, dues, learn, read, record_event, render
from tests.unit.memory.world import FIXED, STAGE_1, STAGE_2, report

DAY = date(2021, 1, 20)
"""Peloton was told of its API."""


def story(*reports: Report) -> Memory:
    return learn(Memory(), reports or [report(1, STAGE_1)])


def at(memory: Memory, today: date, *events: tuple[str, date], days: int | None = None) -> Due:
    for name, day in events:
        memory = record_event(memory, memory.findings[0], name, day, today, days)
    (one,) = dues(memory, today)
    return one


def after(days: int) -> date:
    return DAY + timedelta(days=days)


def test_ninety_days_after_the_report_it_may_be_published() -> None:
    told = ("reported", DAY), ("acknowledged", DAY)
    assert at(story(), after(10), *told).publication == date(2021, 4, 20)
    assert at(story(), after(10), *told).words == "80 days until 2021-04-20"
    levels = (
        {at(story(), after(n), *told).level for n in (0, 75)},
        {at(story(), after(n), *told).level for n in (76, 89)},
    )
    assert levels == ({"running"}, {"soon"})
    assert at(story(), after(90), *told).words == "today is the publication date"
    over = at(story(), after(91), *told)
    assert (over.level, over.now, over.words) == (
        "over", True, "the publication date was 1 day ago",
    )  # fmt: skip
    assert at(story(), after(45), *told, days=45).level == "due"


def test_silence_is_due_after_a_week() -> None:
    assert not at(story(), after(6), ("reported", DAY)).now
    one = at(story(), after(7), ("reported", DAY))
    assert one.now and "nobody has acknowledged it for 7 days" in one.words


def test_a_half_fix_stops_no_clock() -> None:
    half = story(report(1, STAGE_1), report(2, STAGE_2))
    told = ("reported", DAY), ("acknowledged", DAY), ("fixed", after(13))
    one = at(half, after(90), *told)
    assert one.level == "due"
    said = "it was reported fixed on 2021-02-02, but 1 of 1 findings are not (1 partly)"
    assert one.doubts == (said,)
    fixed = learn(half, [report(3, FIXED)])
    assert at(fixed, after(20), *told).doubts == ()
    assert at(fixed, after(20), *told[:2]).doubts[0].startswith("the latest reports show it closed")


def test_only_publication_ends_it() -> None:
    told = ("reported", DAY), ("published", after(80))
    one = at(story(), after(200), *told)
    assert (one.level, one.now) == ("done", False)
    assert one.words == "published on 2021-04-10, 10 days before the day"


def test_one_case_is_about_what_one_report_to_a_vendor_is_about() -> None:
    both = {
        **STAGE_2,
        **{("birthday", who, endpoint): r for (_, who, endpoint), r in STAGE_2.items()},
    }
    memory = story(report(1, both))
    memory = record_event(memory, memory.findings[1], "reported", DAY, after(1))
    (case,) = memory.disclosures
    assert case.findings == (memory.findings[1].fingerprint, memory.findings[0].fingerprint)
    later = record_event(memory, memory.findings[0], "acknowledged", after(1), after(1))
    assert len(later.disclosures) == 1


def test_the_same_event_again_changes_nothing_and_another_day_is_refused() -> None:
    memory = story()
    once = record_event(memory, memory.findings[0], "reported", DAY, after(1))
    assert record_event(once, once.findings[0], "reported", DAY, after(1)) == once
    with pytest.raises(InputError, match="is already recorded for 2021-01-20"):
        record_event(once, once.findings[0], "reported", after(1), after(1))


@pytest.mark.parametrize(
    ("event", "on", "said"),
    [
        ("acknowledged", after(-1), "before the report itself"),
        ("published", after(9), "is in the future"),
    ],
)
def test_days_that_cannot_be_are_refused(event: str, on: date, said: str) -> None:
    memory = story()
    memory = record_event(memory, memory.findings[0], "reported", DAY, after(1))
    with pytest.raises(InputError, match=said):
        record_event(memory, memory.findings[0], event, on, after(1))


def test_nothing_follows_a_report_that_was_not_made() -> None:
    memory = story()
    with pytest.raises(InputError, match="nothing has been reported"):
        record_event(memory, memory.findings[0], "fixed", DAY, DAY)


@given(st.integers(0, 400), st.integers(1, 365), st.booleans())
def test_the_day_never_moves_and_the_clock_only_runs_on(now: int, days: int, answer: bool) -> None:
    told = [("reported", DAY), *([("acknowledged", DAY)] if answer else [])]
    one = at(story(), after(now), *told, days=days)
    assert one.publication == after(days)
    assert one.left == days - now
    assert one.now or now < days
    order = ("running", "soon", "due", "over")
    later = at(story(), after(now + 1), *told, days=days)
    assert order.index(later.level) >= order.index(one.level)


def test_the_clock_stands_in_the_file() -> None:
    memory = story()
    memory = record_event(memory, memory.findings[0], "reported", DAY, after(1), 45)
    back = read(render(memory).encode(), "findings.json")
    assert back.disclosures == memory.disclosures
    assert due(back, back.disclosures[0], after(1)).left == 44
