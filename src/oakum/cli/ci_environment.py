"""What report formats for CI pipelines need from the machine: the root of the repository, and
GitHub's summary file."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from oakum.errors import InputError, Location, Problem
from oakum.finding import Report
from oakum.report import FORMATS
from oakum.report.pipeline_formats import RenderFacts, RuleFacts

FORMS = ("sarif", "junit", "gitlab", "github", "markdown")
"""The formats whose file paths are relative to the root of the repository."""

_GUARD = {"removes": "It removes", "refuses": "It refuses", "partly": "It helps in part:"}


def render_for_ci(report: Report, form: str) -> bytes:
    """A report in one of `FORMS`; `github` also appends a Markdown summary to the page of the
    workflow step."""
    there = from_repository_root(report)
    known = facts()
    renderers = dict(FORMATS)
    if form == "github":
        summarise(renderers["markdown"](there, known))
    return renderers[form](there, known)


def summarise(page: bytes) -> None:
    """Appends Markdown to the file that GITHUB_STEP_SUMMARY names, if this runs in a GitHub
    workflow."""
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        _append(Path(summary), page)


def facts() -> RenderFacts:
    """The text of `oakum explain` for each rule."""
    from oakum.exposure.checks import RULES, STORIES
    from oakum.exposure.rule_documentation import references

    return RenderFacts(
        {
            name: RuleFacts(
                story.what,
                story.why,
                story.fix,
                f"{_GUARD.get(story.does, 'It cannot help:')} {story.guard}",
                tuple(references(RULES[name])),
            )
            for name, story in STORIES.items()
        }
    )


def from_repository_root(report: Report) -> Report:
    """The report with file paths relative to the root of the repository."""
    path = from_root()

    def place(where: Location) -> Location:
        return where._replace(file=path(where.file))

    return replace(
        report,
        contract=path(report.contract),
        findings=tuple(
            replace(each, contract_location=place(each.contract_location))
            for each in report.findings
        ),
        field_lines={name: place(where) for name, where in report.field_lines.items()},
    )


def from_root() -> Callable[[str], str]:
    """A function from a file name to its path relative to the root of the repository.

    Oakum names files relative to the working directory of the shell, but GitHub and GitLab annotate
    a file by its path in the repository.
    """
    here = Path.cwd()
    root = _root(here)
    moved: dict[str, str] = {}

    def path(name: str) -> str:
        if name and name not in moved:
            moved[name] = _from(root, here, name)
        return moved.get(name, name)

    return path


def _root(here: Path) -> Path:
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        given = os.environ.get(name, "")
        if given and here.is_relative_to(given):
            return Path(given)
    return next((each for each in (here, *here.parents) if (each / ".git").exists()), here)


def _from(root: Path, here: Path, name: str) -> str:
    if "\x00" in name:
        return name
    whole = Path(os.path.normpath(here / name))
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else name


def _append(path: Path, data: bytes) -> None:
    """Steps share the file: what others wrote stays."""
    try:
        with path.open("ab") as file:
            file.write(data)
    except OSError as error:
        why = (error.strerror or "cannot be written").lower()
        place = Location(f"GITHUB_STEP_SUMMARY: {path}")
        raise InputError([Problem(place, f"cannot be written: {why}")]) from None
