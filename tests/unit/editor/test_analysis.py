"""What an editor is told of one contract."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.scan import clinic

from oakum.editor import analysis
from oakum.editor.analysis import Analysis


@pytest.fixture
def path(tmp_path: Path) -> Path:
    clinic.write(tmp_path)
    return tmp_path / "exposure.yaml"


@pytest.fixture
def known(path: Path) -> Analysis:
    return analysis.analyse(path.read_text(), path)


def place(known: Analysis, text: str) -> tuple[int, int]:
    lines = known.text.split("\n")
    line = next(n for n, each in enumerate(lines) if text in each)
    return line, lines[line].index(text) + 1


def test_a_contract_without_mistakes_has_none(known: Analysis) -> None:
    assert not [each for each, error in analysis.problems(known) if error]


def test_a_mistake_is_told_and_the_names_stay_known(known: Analysis, path: Path) -> None:
    wrong = analysis.analyse(known.text.replace("is: owner", "is: ower"), path)
    assert [error for _, error in analysis.problems(wrong)].count(True) == 1
    assert analysis.defined(wrong, "resource") == analysis.defined(known, "resource") != []


def test_text_that_is_no_yaml_keeps_the_names_of_before(known: Analysis, path: Path) -> None:
    text = known.text + "\noperations:\n  listPatients: {call: ["
    now = analysis.analyse(text, path)
    assert now.words == () and now.errors
    lines = text.split("\n")
    found = analysis.completions(now, known, len(lines) - 1, len(lines[-1]))
    assert set(analysis.defined(known, "relation")) <= {*found}


def test_a_relation_is_renamed_wherever_it_stands(known: Analysis) -> None:
    found = analysis.occurrences(known, *place(known, "owner:"))
    assert len(found) > 2 and {each.text for each in found} == {"owner"}
    assert analysis.refusal(known, "two words") and analysis.refusal(known, "owner")
    assert not analysis.refusal(known, "holder")


def test_a_long_text_is_not_read(path: Path) -> None:
    found = analysis.analyse("#" * (analysis.MOST + 1), path)
    ((problem, error),) = analysis.problems(found)
    assert not error and "oakum check" in problem.hint and found.words == ()
