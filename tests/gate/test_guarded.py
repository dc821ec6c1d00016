"""A scan through the guard beside one without it: they agree, or it is said in what they do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.errors import ExitCode
from oakum.finding import Cell, Finding, Report, Result
from oakum.gate import Criterion, Verdict
from oakum.policy.model import ExitCriteria
from tests.gate.club import clean, leak, leaking, saved, written
from tests.gate.test_criteria import CELL, TOMORROW, waiver
from tests.gate.test_laws import bounds, club, findings, gate, reports
from tests.unit.cli.shell import Done, oakum


def through(report: Report) -> Report:
    """The same, as a run of its own at the address of a guard."""
    return replace(report, run="2", target="https://guard.test")


def of(verdict: Verdict) -> Criterion:
    (each,) = (each for each in verdict.criteria if each.name == "guarded")
    return each


def is_met(criteria: ExitCriteria, direct: Report, guarded: Report) -> bool:
    return of(gate(criteria, direct, guarded=(guarded,))).status == "met"


def hidden(report: Report, what: Cell) -> Report:
    """The report of a run to which nobody was shown this cell."""
    unseen = replace(what, result=Result.UNTESTED)
    return replace(report, cells=tuple(unseen if c == what else c for c in report.cells))


# --------------------------------------------------------------------------- laws


@given(st.lists(findings, max_size=4))
@settings(max_examples=50, deadline=None)
def test_a_guard_that_removes_every_leak_and_nothing_else_agrees(told: list[Finding]) -> None:
    ideal = clean(club()[0])
    leaks = {f.fingerprint: replace(f, verdict="proven") for f in told}
    verdict = gate(ExitCriteria(), leaking(ideal, *leaks.values()), guarded=(through(ideal),))
    assert of(verdict).status == "met"
    assert (verdict.exit_code is ExitCode.CLEAN) == (not told)  # the API leaks all the same


@given(bounds, reports, reports, findings)
@settings(max_examples=40, deadline=None)
def test_a_further_finding_through_the_guard_never_makes_it_agree(
    criteria: ExitCriteria, direct: Report, guarded: Report, more: Finding
) -> None:
    worse = through(replace(guarded, findings=(*guarded.findings, more)))
    assert is_met(criteria, direct, through(guarded)) or not is_met(criteria, direct, worse)


@given(bounds, reports, reports, st.data())
@settings(max_examples=40, deadline=None)
def test_less_shown_through_the_guard_never_makes_it_agree(
    criteria: ExitCriteria, direct: Report, guarded: Report, data: st.DataObject
) -> None:
    shown = [cell for cell in guarded.cells if cell.result is not Result.UNTESTED]
    if not shown:
        return
    what = data.draw(st.sampled_from(shown))
    gone = replace(guarded, cells=tuple(c for c in guarded.cells if c != what))
    for less in (hidden(guarded, what), gone):
        before = is_met(criteria, direct, through(guarded))
        assert before or not is_met(criteria, direct, through(less))


@given(st.data(), bounds)
@settings(max_examples=50, deadline=None)
def test_what_the_api_serves_and_the_guard_shows_to_nobody_is_not_proven(
    data: st.DataObject, criteria: ExitCriteria
) -> None:
    ideal = clean(club()[0])
    what = data.draw(st.sampled_from([c for c in ideal.cells if c.result is Result.OPEN]))
    verdict = gate(criteria, ideal, guarded=(through(hidden(ideal, what)),))
    assert verdict.exit_code is ExitCode.NOT_TRUSTWORTHY
    assert any("the guard shows it to nobody" in str(each) for each in of(verdict).details)


@given(reports, reports)
@settings(max_examples=50, deadline=None)
def test_a_guard_never_makes_up_for_the_api(direct: Report, guarded: Report) -> None:
    alone = gate(ExitCriteria(), direct).exit_code
    both = gate(ExitCriteria(), direct, guarded=(through(guarded),)).exit_code
    assert both is alone or both is not ExitCode.CLEAN


# --------------------------------------------------------------------------- at the command line


def judged(folder: Path, direct: Report, guarded: Report, *, criteria: str = "") -> Done:
    contract = written(folder, criteria)
    files = saved(direct, folder / "direct.json"), saved(guarded, folder / "guarded.json")
    return oakum("gate", contract, "--report", files[0], "--guarded", files[1], "--format", "json")


def found(done: Done) -> Any:
    (each,) = (each for each in done.json["criteria"] if each["name"] == "guarded")
    return each


@pytest.fixture
def ideal(tmp_path: Path) -> Report:
    return clean(written(tmp_path))


def test_it_is_not_asked_for_without_a_second_report(tmp_path: Path, ideal: Report) -> None:
    contract, file = tmp_path / "exposure.yaml", saved(ideal, tmp_path / "direct.json")
    done = oakum("gate", contract, "--report", file, "--format", "json")
    assert (done.code, found(done)["status"]) == (0, "not_asked_for")
    done = oakum("gate", contract, "--guarded", file)
    assert done.code == 2
    assert "nothing to compare" in done.err


def test_they_agree(tmp_path: Path, ideal: Report) -> None:
    done = judged(tmp_path, ideal, through(ideal))
    assert (done.code, found(done)["status"]) == (0, "met")
    assert found(done)["figure"] == (
        "0 leaks, 0 withheld, 10 agree, 0 shown only without the guard, 0 only through it"
    )


def test_a_leak_that_stays_is_told_with_its_line(tmp_path: Path, ideal: Report) -> None:
    leaky = leaking(ideal, leak())
    done = judged(tmp_path, leaky, through(leaky), criteria=waiver(CELL, TOMORROW))
    assert done.code == 0  # waived for both
    done = judged(tmp_path, ideal, through(leaky))
    assert (done.code, found(done)["figure"][:6]) == (1, "1 leak")
    assert "exposure.yaml:17:7" in found(done)["details"][0]


def test_what_is_withheld_is_told_unless_the_api_withholds_it_too(
    tmp_path: Path, ideal: Report
) -> None:
    blocked = leaking(ideal, leak("nick", verdict="over_blocked"))
    done = judged(tmp_path, ideal, through(blocked))
    assert done.code == 1
    assert "1 withheld" in found(done)["figure"]
    assert "Member.nick" in found(done)["details"][0]
    assert found(judged(tmp_path, blocked, through(blocked)))["status"] == "met"


@pytest.mark.parametrize(
    ("guarded", "said"),
    [
        ({}, "the same run is given"),
        ({"run": "2"}, "was scanned both times"),
        ({"run": "2", "target": "https://g.test", "distrust": ("a login failed",)}, "login failed"),
        ({"run": "2", "target": "https://g.test", "contract_digest": "0" * 64}, "has changed"),
        ({"run": "2", "target": "https://g.test", "cells": ()}, "no cells"),
        ({"run": "2", "target": "https://g.test", "age": timedelta(days=2)}, "old"),
    ],
)
def test_what_proves_nothing_of_a_guard_is_not_trustworthy(
    tmp_path: Path, ideal: Report, guarded: dict[str, Any], said: str
) -> None:
    guarded = dict(guarded)
    age = guarded.pop("age", None)
    report = replace(clean(tmp_path / "exposure.yaml", age) if age else ideal, **guarded)
    done = judged(tmp_path, ideal, report)
    assert done.code == 3
    assert any(said in each for each in found(done)["details"])


def test_cells_shown_on_one_side_only_are_told(tmp_path: Path, ideal: Report) -> None:
    one = next(c for c in ideal.cells if c.field == "email" and c.result is Result.CLOSED)
    less = hidden(ideal, one)
    for direct, guarded, words in (
        (ideal, less, "only without the guard"),
        (less, ideal, "only through the guard"),
    ):
        done = judged(tmp_path, direct, through(guarded), criteria="exit_criteria: {shown: 0}")
        assert done.code == 0
        assert judged(tmp_path, direct, through(guarded)).code == 3  # 0 % of its cells shown
        (warning,) = done.json["warnings"]
        assert words in warning["message"]
        assert f"`{one.field}` for `{one.viewer}`" in warning["message"]


@pytest.mark.parametrize("kept", [None, Result.CLOSED])
def test_two_scans_to_which_nothing_was_served_agree_in_nothing(kept: Result | None) -> None:
    """However little is asked to be shown: a guard that lets nothing through is no proof of one."""
    ideal = clean(club()[0])
    silent = replace(ideal, cells=tuple(cell for cell in ideal.cells if cell.result is kept))
    found = of(gate(ExitCriteria(shown=0), silent, guarded=(through(silent),)))
    assert found.status == "not met" and found.fault is ExitCode.NOT_TRUSTWORTHY
    assert "no cell is served both with and without the guard" in [
        each.words for each in found.details
    ]
    one = next(cell for cell in ideal.cells if cell.result is Result.OPEN)
    some = replace(silent, cells=(*silent.cells, one))
    assert is_met(ExitCriteria(shown=0), some, through(some))
