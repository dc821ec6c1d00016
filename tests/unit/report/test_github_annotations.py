"""Commands are read back as the runner of a workflow reads them: line by line, `%` undone last."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings

from oakum.finding import Report
from oakum.report import github_annotations
from oakum.report.grouping import defects
from tests.unit.report.sample import clean, hostile, many, sample, untrusted
from tests.unit.report.test_json_document import reports

Command = tuple[str, dict[str, str], str]


def undone(text: str, *marks: str) -> str:
    for mark, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        if mark not in marks:
            text = text.replace(mark, char)
    return text


def commands(report: Report) -> list[Command]:
    text = github_annotations.render(report).decode()
    assert "##[" not in text  # a command of the older kind, wherever it stands
    found = []
    for line in text.removesuffix("\n").split("\n"):
        if not line.startswith("::"):
            assert line.startswith("oakum: ")
            continue
        match = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
        assert match, line
        pairs = dict(pair.split("=", 1) for pair in match[2].split(","))
        assert set(pairs) == {"file", "line", "col", "title"}
        properties = {name: undone(value) for name, value in pairs.items()}
        found.append((match[1], properties, undone(match[3], "%3A", "%2C")))
    assert all(
        n <= github_annotations.MOST_OF_A_KIND
        for n in Counter(kind for kind, _, _ in found).values()
    )
    return found


@pytest.mark.parametrize("make", [sample, clean, untrusted, hostile])
def test_a_runner_can_read_it(make: Callable[[], Report]) -> None:
    commands(make())


@settings(max_examples=60, deadline=None)
@given(reports)
def test_a_runner_reads_nothing_into_any_report(report: Report) -> None:
    found = commands(report)
    assert bool(found) is bool(report.findings or report.distrust)


@pytest.mark.parametrize(
    "text", ["x\n::error::forged", "##[error]forged", "a%0A::error::b", "a,line=9::b", "::stop::"]
)
def test_no_name_forges_a_command(text: str) -> None:
    finding = replace(sample().findings[0], title=text, rule=text, resource=text, advice=text)
    report = replace(sample(), findings=(finding,), cells=(), distrust=(text,))
    assert [kind for kind, _, _ in commands(report)] == ["error"] * 2


def test_a_defect_stands_at_its_line_in_words() -> None:
    kind, where, words = commands(sample())[1]
    assert (kind, where["file"], where["line"]) == ("error", "exposure.yaml", "23")
    assert where["title"] == "privacy-setting-not-enforced (high, proven)"
    assert words.splitlines()[1].startswith("The user is told: ")
    assert len(commands(sample())) == len(defects(sample()))


@pytest.mark.parametrize("count", [100, 30_000])
def test_the_last_annotation_of_a_kind_counts_what_is_beyond(count: int) -> None:
    base = many(count)
    apart = tuple(replace(f, resource=f"R{at}") for at, f in enumerate(base.findings))
    found = commands(replace(base, findings=apart, cells=()))
    kinds = Counter(kind for kind, _, _ in found)
    assert kinds == {"error": 10, "warning": 10, "notice": 10}
    (last,) = [words for kind, _, words in found if kind == "error" and " more error" in words]
    assert last.startswith(f"{count // 2 - 9:,} more errors")


def test_a_run_that_saw_nothing_is_an_error() -> None:
    assert [kind for kind, _, _ in commands(untrusted())] == ["error", "error"]
    assert github_annotations.render(untrusted()).decode().splitlines()[-1] == "oakum: exit 3"
