"""The badge is green for what was proven, and for nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from oakum.errors import ExitCode
from oakum.finding import Report
from oakum.gate import badge
from oakum.policy.model import ExitCriteria
from tests.gate.club import clean, leak, leaking, saved, written
from tests.gate.test_laws import bounds, gate, reports
from tests.unit.cli.shell import oakum


@given(bounds, reports)
@settings(max_examples=100, deadline=None)
def test_it_passes_exactly_what_a_report_has_proven(criteria: ExitCriteria, report: Report) -> None:
    verdict = gate(criteria, report)
    wanted = {ExitCode.CLEAN: "passed", ExitCode.FINDINGS: "failed"}
    assert badge.state(verdict) == wanted.get(verdict.exit_code, "not proven")


def colours(path: Path) -> set[str]:
    root = ElementTree.parse(path).getroot()
    return {each.get("fill", "") for each in root.iter() if each.get("fill")}


@pytest.mark.parametrize(
    ("what", "said", "code"),
    [("clean", "passed", 0), ("leak", "failed", 1), ("nothing", "not proven", 0)],
)
def test_it_is_an_image_that_says_so(tmp_path: Path, what: str, said: str, code: int) -> None:
    contract, image, data = written(tmp_path), tmp_path / "b.svg", tmp_path / "b.json"
    made = leaking(clean(contract), *([leak()] if what == "leak" else []))
    more = [] if what == "nothing" else ["--report", saved(made, tmp_path / "scan.json")]
    for file in (image, data):
        assert oakum("gate", contract, *more, "--badge", file).code == code
    assert f"exposure: {said}" in image.read_text(encoding="utf-8")
    assert f'"message":"{said}"' in data.read_text(encoding="utf-8")
    green = badge._COLOURS["passed"][1]
    assert (green in colours(image)) == (what == "clean")
    assert ("brightgreen" in data.read_text(encoding="utf-8")) == (what == "clean")


def test_a_green_one_does_not_outlive_a_gate_that_breaks_off(tmp_path: Path) -> None:
    contract, file = written(tmp_path), tmp_path / "b.json"
    report = saved(clean(contract), tmp_path / "scan.json")
    assert oakum("gate", contract, "--report", report, "--badge", file).code == 0
    assert "passed" in file.read_text(encoding="utf-8")
    report.write_bytes(b"{")
    assert oakum("gate", contract, "--report", report, "--badge", file).code == 2
    assert "not proven" in file.read_text(encoding="utf-8")


def test_no_other_file_is_overwritten(tmp_path: Path) -> None:
    contract, page = written(tmp_path), tmp_path / "README.md"
    page.write_text("mine", encoding="utf-8")
    done = oakum("gate", contract, "--badge", page)
    assert (done.code, page.read_text(encoding="utf-8")) == (2, "mine")
    assert "must end in .svg or .json" in done.err


@pytest.mark.parametrize("state", get_args(badge.State))
def test_its_letters_can_be_read(state: badge.State) -> None:
    def light(colour: str) -> float:
        parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert 1.05 / (light(badge._COLOURS[state][1]) + 0.05) >= 4.5
    assert len(state) * 6.5 < badge._WIDTH[state]
