"""The gate with a memory: what is back fails, what nobody looked at is not green."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from oakum.finding import Finding, Report, Result
from oakum.memory import Memory, learn, read, render
from tests.gate.club import clean, leak, leaking, saved, written
from tests.gate.test_criteria import TOMORROW, found
from tests.unit.cli.shell import Done, oakum


def before(contract: Path, days: int, *findings: Finding) -> Report:
    """A run of some days ago."""
    report = leaking(clean(contract, age=timedelta(days=days)), *findings)
    return replace(report, run=f"run{days}")


def gated(folder: Path, memory: Memory, report: Report, *more: object) -> Done:
    file = folder / "findings.json"
    file.write_text(render(memory), encoding="utf-8")
    done = oakum(
        "gate", folder / "exposure.yaml", "--report", saved(report, folder / "scan.json"),
        "--memory", file, "--format", "json", *more,
    )  # fmt: skip
    assert file.read_text(encoding="utf-8") == render(memory)
    return done


def test_what_was_fixed_and_is_back_fails_in_its_own_name(tmp_path: Path) -> None:
    contract = written(tmp_path)
    memory = learn(Memory(), [before(contract, 3, leak()), before(contract, 2)])
    done = gated(tmp_path, memory, leaking(clean(contract), leak()))
    each = found(done, "regressed")
    assert (done.code, each["status"], each["figure"]) == (1, "not_met", "1 finding")
    assert "back at GET /members/{id}" in each["details"][0]
    assert leak().fingerprint in each["details"][0]
    assert found(gated(tmp_path, memory, clean(contract)), "regressed")["status"] == "met"


def test_neither_baseline_nor_waiver_excuses_a_regression(tmp_path: Path) -> None:
    waiver = f"{{finding: {leak().fingerprint}, reason: known, owner: ann, expires: {TOMORROW}}}"
    contract = written(tmp_path, f"exit_criteria: {{waivers: [{waiver}]}}")
    old = before(contract, 3, leak())
    memory = learn(Memory(), [old, before(contract, 2)])
    again = leaking(clean(contract), leak())
    baseline = saved(old, tmp_path / "old.json")
    done = gated(tmp_path, memory, again, "--baseline", baseline)
    assert (done.code, found(done, "proven")["status"]) == (1, "met")
    assert found(done, "regressed")["status"] == "not_met"
    never_fixed = gated(tmp_path, learn(Memory(), [old]), again, "--baseline", baseline)
    assert never_fixed.code == 0


def test_an_open_leak_that_no_report_shows_is_not_green(tmp_path: Path) -> None:
    contract = written(tmp_path, "exit_criteria: {shown: 0}")
    memory = learn(Memory(), [before(contract, 3, leak())])
    whole = clean(contract)
    unseen = tuple(
        replace(each, result=Result.UNTESTED)
        if (each.field, each.viewer) == ("email", "member")
        else each
        for each in whole.cells
    )
    done = gated(tmp_path, memory, replace(whole, cells=unseen))
    each = found(done, "retested")
    assert (done.code, each["status"], each["figure"]) == (3, "not_met", "1 finding untested")
    assert "GET /members/{id}" in each["details"][0]
    assert gated(tmp_path, memory, whole).code == 0


@pytest.mark.parametrize("change", [{"verdict": "suspected"}, {"severity": "low"}])
def test_what_would_not_count_need_not_be_asked_for_again(
    tmp_path: Path, change: dict[str, object]
) -> None:
    contract = written(tmp_path, "exit_criteria: {proven: medium}")
    known = leak(field="gone", **change)
    memory = learn(Memory(), [replace(before(contract, 3), findings=(known,))])
    assert found(gated(tmp_path, memory, clean(contract)), "retested")["status"] == "met"


def test_without_a_report_a_memory_is_not_looked_at(tmp_path: Path) -> None:
    contract = written(tmp_path)
    file = tmp_path / "findings.json"
    file.write_text(render(Memory()), encoding="utf-8")
    done = oakum("gate", contract, "--memory", file, "--format", "json")
    assert found(done, "regressed")["status"] == "not_looked_at"


def test_a_memory_that_is_not_there_or_newer_than_the_report_is_refused(tmp_path: Path) -> None:
    contract = written(tmp_path)
    missing = oakum("gate", contract, "--memory", tmp_path / "none.json")
    assert (missing.code, "none.json" in missing.err) == (2, True)
    memory = learn(Memory(), [clean(contract)])
    old = replace(before(contract, 1), run="older")
    done = gated(tmp_path, memory, old)
    assert (done.code, "older than the memory" in done.err) == (2, True)
    assert read(render(memory).encode(), "x") == memory
