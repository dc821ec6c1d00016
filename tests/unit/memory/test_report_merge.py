"""Findings across releases: what may be called fixed, and what no report may change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.errors import InputError
from oakum.exposure.checks import CHECKS
from oakum.finding import Report, Result
from oakum.memory import (
    AtEndpoint,
    FindingStanding,
    Memory,
    RememberedFinding,
    learn,
    render,
    stage,
)
from oakum.memory.model import OF_CELLS
from oakum.scan.replay_scope import PLAIN
from tests.unit.memory.world import (
    CLOSED,
    FIXED,
    LEAK,
    LIST,
    ONE,
    OPEN,
    STAGE_1,
    STAGE_2,
    UNSEEN,
    UNTESTED,
    Square,
    finding,
    report,
    squares,
)


def of(memory: Memory, viewer: str, field: str = "city") -> RememberedFinding:
    (one,) = [e for e in memory.findings if (e.viewer, e.field) == (viewer, field)]
    return one


def standings(memory: Memory) -> dict[str, str]:
    return {each.viewer: memory.standing_of(each).value for each in memory.findings}


# ------------------------------------------------------------ the story


def test_the_half_fix_of_2021_is_told_as_the_stage_that_it_is() -> None:
    memory = learn(Memory(), [report(1, STAGE_1), report(2, STAGE_2)])
    assert standings(memory) == {"anyone": "partly_fixed", "member": "open"}
    assert memory.open_viewers(of(memory, "anyone")) == ("member",)
    words = stage(memory, of(memory, "anyone"))
    assert words == "closed at GET /members/{id}; closed for `anyone`, still open for `member`"
    assert standings(learn(memory, [report(3, FIXED)])) == {"anyone": "fixed", "member": "fixed"}


def test_a_leak_stays_one_finding_when_the_rule_that_names_it_changes() -> None:
    before = learn(Memory(), [report(1, STAGE_1)])
    after = learn(before, [report(2, STAGE_2)])
    one = of(after, "member")
    assert len(after.findings) == 2
    assert one.rule == "authenticated-not-authorized"
    assert one.fingerprint == of(before, "member").fingerprint
    assert one.also == (finding("authenticated-not-authorized", "city", "member").fingerprint,)
    assert one.matches(one.fingerprint) and one.matches(one.also[0][:6])


def test_what_was_fixed_and_is_back_has_regressed_at_whichever_endpoint() -> None:
    fixed = learn(Memory(), [report(1, STAGE_1), report(2, FIXED)])
    again = learn(fixed, [report(3, STAGE_2)])
    assert standings(again) == {"anyone": "partly_fixed", "member": "regressed"}
    assert stage(again, of(again, "member")) == "back at GET /members/{id}"
    elsewhere = {**FIXED, ("city", "member", LIST): LEAK}
    there = learn(fixed, [report(3, elsewhere)])
    assert standings(there)["member"] == "regressed"
    assert [(e.endpoint, e.now) for e in of(there, "member").endpoints] == [
        (ONE, AtEndpoint.CLOSED), (LIST, AtEndpoint.BACK),
    ]  # fmt: skip
    assert standings(learn(again, [report(4, FIXED)])) == {"anyone": "fixed", "member": "fixed"}


def test_an_endpoint_that_was_shut_and_opens_again_is_a_regression_of_a_half_fix_too() -> None:
    half = learn(Memory(), [report(1, STAGE_1), report(2, STAGE_2)])
    assert standings(learn(half, [report(3, STAGE_1)])) == {"anyone": "regressed", "member": "open"}


def test_one_endpoint_of_two_is_a_part() -> None:
    both = {**squares(UNTESTED, LEAK), **squares(UNTESTED, LEAK, LIST)}
    one = {**squares(UNTESTED, CLOSED), **squares(UNTESTED, LEAK, LIST)}
    memory = learn(Memory(), [report(1, both), report(2, one)])
    assert standings(memory) == {"member": "partly_fixed"}
    assert (
        stage(memory, of(memory, "member")) == "open at GET /members; closed at GET /members/{id}"
    )


def test_what_the_contract_grants_by_now_is_withdrawn_and_not_fixed() -> None:
    memory = learn(Memory(), [report(1, STAGE_2), report(2, squares(CLOSED, OPEN))])
    assert standings(memory) == {"member": "withdrawn"}
    assert standings(learn(memory, [report(3, STAGE_2)])) == {"member": "open"}


def test_an_over_block_is_fixed_when_it_is_served() -> None:
    blocked = report(1, squares(CLOSED, Result.OVER_BLOCK))
    one = replace(finding("over-block", "city", "member"), verdict="over_blocked")
    memory = learn(Memory(), [replace(blocked, findings=(one,))])
    assert standings(memory) == {"member": "open"}
    assert standings(learn(memory, [report(2, squares(CLOSED, OPEN))])) == {"member": "fixed"}
    assert standings(learn(memory, [report(2, FIXED)])) == {"member": "withdrawn"}


def test_history_tells_changes_and_nothing_else() -> None:
    days = [STAGE_1, STAGE_1, STAGE_2, UNSEEN, FIXED, FIXED, STAGE_2]
    memory = learn(Memory(), [report(day, seen) for day, seen in enumerate(days, 1)])
    told = [(each.stamp.run, each.what) for each in of(memory, "member").history]
    assert told == [("run1", "found"), ("run5", "fixed"), ("run7", "regressed")]
    assert of(memory, "member").history[-1].note == "back at GET /members/{id}"
    assert [each.what for each in of(memory, "anyone").history] == [
        "found", "partly_fixed", "fixed", "partly_fixed",
    ]  # fmt: skip


# ------------------------------------------------------------ what closes nothing


@pytest.mark.parametrize(
    "change",
    [
        {"distrust": ("identity `ann`: the login failed",)},
        {"stated": False},
        {"requests": 0},
        {"cells": ()},
        {"cells": tuple(each for each in report(2, FIXED).cells if each.viewer != "owner")},
    ],
    ids=["distrusted", "drafted", "no request", "no cells", "no caller received any data"],
)
def test_a_run_that_proves_nothing_closes_nothing(change: dict[str, object]) -> None:
    before = learn(Memory(), [report(1, STAGE_1)])
    after = learn(before, [replace(report(2, FIXED), **change)])  # type: ignore[arg-type]
    assert standings(after) == {"anyone": "open", "member": "open"}
    assert all(after.is_untested(each) for each in after.findings)


def test_what_a_run_without_trust_shows_open_is_open() -> None:
    fixed = learn(Memory(), [report(1, STAGE_1), report(2, FIXED)])
    after = learn(fixed, [report(3, STAGE_2, sound=False)])
    assert standings(after)["member"] == "regressed"


def test_no_cell_closes_what_stands_in_no_cell() -> None:
    (rule, *_) = sorted({each.RULE.id for each in CHECKS} - OF_CELLS)
    told = replace(report(1, UNSEEN), findings=(finding(rule, "city", "member"),))
    memory = learn(Memory(), [told, report(2, FIXED)])
    assert standings(memory) == {"member": "open"}
    assert memory.is_untested(of(memory, "member"))
    stale = replace(
        report(1, STAGE_2), findings=(finding("revocation-not-enforced", "city", "member"),)
    )
    assert standings(learn(Memory(), [stale, report(2, FIXED)])) == {"member": "open"}


def test_each_rule_that_cells_tell_is_one() -> None:
    assert PLAIN <= OF_CELLS <= {each.RULE.id for each in CHECKS} | PLAIN


def test_a_refusal_does_not_close_what_the_headers_of_an_answer_say() -> None:
    told = replace(
        report(1, UNSEEN), findings=(finding("cacheable-personal-data", "city", "anyone"),)
    )
    assert standings(learn(Memory(), [told, report(2, FIXED)])) == {"anyone": "open"}


def test_a_report_of_the_past_is_refused() -> None:
    memory = learn(Memory(), [report(2, STAGE_1)])
    with pytest.raises(InputError, match="older than the memory"):
        learn(memory, [report(1, FIXED)])
    with pytest.raises(InputError, match="does not say when"):
        learn(memory, [replace(report(3, FIXED), started="yesterday")])


# ------------------------------------------------------------ laws

_SQUARES: tuple[Square, ...] = tuple(
    product(("city", "birthday"), ("anyone", "member", "follower"), (ONE, LIST))
)
_seen = st.dictionaries(
    st.sampled_from(_SQUARES), st.sampled_from([LEAK, LEAK, CLOSED, CLOSED, OPEN, UNTESTED])
)


@st.composite
def histories(draw: st.DrawFn) -> list[Report]:
    seen = draw(st.lists(st.tuples(_seen, st.booleans()), min_size=1, max_size=5))
    return [report(day, cells, sound=sound) for day, (cells, sound) in enumerate(seen, 1)]


def shown(reports: list[Report], one: RememberedFinding) -> Iterator[Result | None]:
    """What each endpoint of a finding was last shown to be, by runs that may say so."""
    for known in one.endpoints:
        last: Result | None = None
        for each in reports:
            for cell in each.cells:
                same = (cell.field, cell.viewer, cell.endpoint) == (
                    one.field,
                    one.viewer,
                    known.endpoint,
                )
                told = cell.result is LEAK or not each.distrust
                if same and told and cell.result is not UNTESTED:
                    last = cell.result
        yield last


@settings(max_examples=150, deadline=None)
@given(histories())
def test_fixed_is_said_only_of_what_was_shown_closed(reports: list[Report]) -> None:
    memory = learn(Memory(), reports)
    for one in memory.findings:
        last = set(shown(reports, one))
        if memory.standing_of(one) is FindingStanding.FIXED:
            assert last == {CLOSED}
        else:
            assert last != {CLOSED} or memory.open_viewers(one)
        if LEAK in last:
            bad = (FindingStanding.OPEN, FindingStanding.PARTLY_FIXED, FindingStanding.REGRESSED)
            assert memory.standing_of(one) in bad


@settings(max_examples=60, deadline=None)
@given(histories())
def test_the_same_report_again_changes_nothing(reports: list[Report]) -> None:
    memory = learn(Memory(), reports)
    assert learn(memory, reports) == memory
    assert render(learn(memory, reports[-1:])) == render(memory)


@settings(max_examples=60, deadline=None)
@given(histories(), st.randoms())
def test_reports_are_taken_by_their_time_in_whatever_order_they_come(
    reports: list[Report], random: object
) -> None:
    turned = list(reports)
    random.shuffle(turned)  # type: ignore[attr-defined]
    one_by_one = Memory()
    for each in reports:
        one_by_one = learn(one_by_one, [each])
    assert learn(Memory(), turned) == one_by_one


@settings(max_examples=60, deadline=None)
@given(histories(), st.booleans())
def test_what_was_untested_changes_no_standing(reports: list[Report], sound: bool) -> None:
    memory = learn(Memory(), reports)
    unseen = dict.fromkeys(_SQUARES, UNTESTED)
    after = learn(memory, [report(9, unseen, sound=sound)])
    assert [after.standing_of(each) for each in after.findings] == [
        memory.standing_of(each) for each in memory.findings
    ]
    assert [each.history for each in after.findings] == [e.history for e in memory.findings]
    assert all(after.is_untested(each) for each in after.findings)


@settings(max_examples=60, deadline=None)
@given(histories())
def test_a_leak_is_never_forgotten(reports: list[Report]) -> None:
    memory = learn(Memory(), reports)
    told = {(e.field, e.viewer) for each in reports for e in each.findings}
    assert {(each.field, each.viewer) for each in memory.findings} == told
