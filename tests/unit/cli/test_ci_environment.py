"""Reports where developers look: acted out with the variables that their services set."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import Location
from oakum.finding import Report
from oakum.gate import Verdict
from oakum.gate.render import markdown
from oakum.report import FORMATS, json_document
from tests import quick_yaml
from tests.unit.cli.shell import Done, oakum
from tests.unit.report.sample import clean, hostile, sample, untrusted

FORMS = ("sarif", "junit", "gitlab", "github", "markdown")
VARIABLES = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", "GITHUB_STEP_SUMMARY")


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "repo" / "api").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "repo")
    return tmp_path / "repo"


def made(report: Report, form: str, file: str = "") -> Done:
    if file:
        findings = (replace(report.findings[0], contract_location=Location(file, 23, 7)),)
        report = replace(report, findings=findings, contract=file, cells=())
    Path("scan.json").write_bytes(json_document.render(report))
    return oakum("report", "scan.json", "--format", form)


def path_in_sarif(done: Done) -> str:
    (result,) = done.json["runs"][0]["results"]
    where = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert isinstance(where, str)
    return where


@pytest.mark.parametrize(("report", "code"), [(sample(), 1), (clean(), 0), (untrusted(), 3)])
@pytest.mark.parametrize("form", FORMS)
def test_it_ends_as_the_scan_did(report: Report, code: int, form: str) -> None:
    done = made(report, form)
    assert (done.code, done.err) == (code, "")


@pytest.mark.parametrize("form", FORMS)
def test_what_is_shown_is_what_is_rendered(form: str) -> None:
    from oakum.cli.ci_environment import facts

    assert made(hostile(), form).out.encode() == dict(FORMATS)[form](hostile(), facts())


def test_the_words_of_explain_stand_in_the_help_of_a_rule() -> None:
    finding = replace(sample().findings[0], rule="privacy-setting-not-enforced")
    done = made(replace(sample(), findings=(finding,), cells=()), "sarif")
    (rule,) = done.json["runs"][0]["tool"]["driver"]["rules"]
    told = oakum("explain", "privacy-setting-not-enforced", "--format", "json").json
    assert rule["shortDescription"]["text"] == told["what"]
    assert told["why"] in rule["help"]["text"] and "What the guard does" in rule["help"]["markdown"]


# ------------------------------------------------------------ paths from the root


@pytest.mark.parametrize("name", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR", ".git"])
def test_a_path_is_that_of_the_repository(
    name: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == ".git":
        (repository / name).mkdir()
    else:
        monkeypatch.setenv(name, str(repository))
    monkeypatch.chdir(repository / "api")
    whole = str(repository / "api" / "exposure.yaml")
    for given in ("exposure.yaml", "./exposure.yaml", "../api/exposure.yaml", whole):
        assert path_in_sarif(made(sample(), "sarif", given)) == "api/exposure.yaml"
    assert json.loads(made(sample(), "gitlab", whole).out)[0]["location"] == {
        "path": "api/exposure.yaml",
        "lines": {"begin": 23},
    }
    assert "file=api/exposure.yaml,line=23," in made(sample(), "github", "exposure.yaml").out


def test_where_the_checkout_stands_is_not_told(repository: Path) -> None:
    for form in FORMS:
        assert str(repository.parent) not in made(sample(), form, str(repository / "e.yaml")).out
        assert "/srv/other" not in made(sample(), form, "/srv/other/exposure.yaml").out


# ------------------------------------------------------------ the summary of a step


def test_a_summary_is_added_to_what_other_steps_wrote(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = repository / "summary"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert made(sample(), "text").code == 1
    assert summary.read_text() == "before\n"
    done = made(sample(), "github")
    shown = oakum("report", "scan.json", "--format", "markdown").out
    assert done.code == 1
    assert summary.read_text() == f"before\n{shown}"


def test_a_summary_that_cannot_be_written_is_told(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(repository / "api"))
    done = made(sample(), "github")
    assert done.code == 2
    assert "GITHUB_STEP_SUMMARY" in done.err


# ------------------------------------------------------------ the workflows of the page

PAGE = Path(__file__).parents[3] / "docs/how-to/run-in-ci.md"
FENCES = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
JOBS = [quick_yaml.load(fence) for fence in FENCES]
GH = """#!/bin/sh
echo "$@" >> asked
case "$*" in *--jq*) [ -f commented ] && echo 41;; "pr comment"*) touch commented;; esac
exit 0
"""


def steps() -> list[dict[str, Any]]:
    (job,) = [job for job in JOBS if "security-events" in str(job)]
    found: list[dict[str, Any]] = job["jobs"]["exposure"]["steps"]
    return found


def acted(script: str, stubs: dict[str, str], **environ: str) -> int:
    """A `run:` as a runner has it: `bash -e`, with programs that stand in for the real ones."""
    Path("bin").mkdir(exist_ok=True)
    for name, text in stubs.items():
        (Path("bin") / name).write_text(text)
        (Path("bin") / name).chmod(0o755)
    path = f"{Path('bin').resolve()}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script], env={"PATH": path, **environ}, check=False
    )
    return done.returncode


def test_a_second_push_replaces_the_comment() -> None:
    (comment,) = [step["run"] for step in steps() if "gh pr comment" in step.get("run", "")]
    for _ in range(2):
        assert acted(comment, {"gh": GH}, PR="7", GITHUB_REPOSITORY="o/r") == 0
    asked = Path("asked").read_text().splitlines()
    assert [line.split()[:2] for line in asked] == [
        ["api", "repos/o/r/issues/7/comments"], ["pr", "comment"],
        ["api", "repos/o/r/issues/7/comments"], ["api", "-X"],
    ]  # fmt: skip
    assert "repos/o/r/issues/comments/41" in asked[-1]
    assert f'startswith("{next(markdown(Verdict(())))}")' in asked[0]
