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
    assert (
        analysis.defined_names(wrong, "resource") == analysis.defined_names(known, "resource") != []
    )


def test_text_that_is_no_yaml_keeps_the_names_of_before(known: Analysis, path: Path) -> None:
    text = known.text + "\noperations:\n  listPatients: {call: ["
    now = analysis.analyse(text, path)
    assert now.words == () and now.errors
    lines = text.split("\n")
    found = analysis.completions(now, known, len(lines) - 1, len(lines[-1]))
    assert set(analysis.defined_names(known, "relation")) <= {*found}


def test_a_relation_is_renamed_wherever_it_stands(known: Analysis) -> None:
    found = analysis.occurrences(known, *place(known, "owner:"))
    assert len(found) > 2 and {each.text for each in found} == {"owner"}
    assert analysis.refusal(known, "two words") and analysis.refusal(known, "owner")
    assert not analysis.refusal(known, "holder")


def test_a_long_text_is_not_read(path: Path) -> None:
    found = analysis.analyse("#" * (analysis.MOST + 1), path)
    ((problem, error),) = analysis.problems(found)
    assert not error and "oakum check" in problem.hint and found.words == ()


def test_each_name_of_a_key_is_told_and_found_on_its_own(known: Analysis, path: Path) -> None:
    ids = [each.id for each in known.document.operations][:2] if known.document else []
    assert len(ids) == 2
    text = known.text.rstrip() + f"\noperations:\n  {', '.join(ids)}: {{call: [member]}}\n"
    if "\noperations:" in known.text:
        text = known.text.rstrip() + f"\n  {', '.join(ids)}: {{}}\n"
    now = analysis.analyse(text, path)
    at = [place(now, f"{', '.join(ids)}:"), place(now, f"{ids[1]}: {{")]
    told = [analysis.hover(now, *each) for each in at]
    assert len({*told}) == 2 and all(told)
    assert len({str(analysis.definition(now, *each)) for each in at}) == 2


def test_each_field_of_a_key_is_told_on_its_own(known: Analysis) -> None:
    line, key = next(
        (n, each) for n, each in enumerate(known.text.split("\n")) if ", " in each.split(":")[0]
    )
    names = [each.strip(" '\"") for each in key.split(":")[0].split(",")]
    told = [analysis.hover(known, line, key.index(each) + 1).split("\n")[0] for each in names]
    assert [each.rpartition(".")[2] for each in told] == names
