"""Report formats, one module each, all from the same `Report`.

To add a format, add a module beside these, one line to `FORMATS`, its name to `FORMATS` of
`cli/shared.py` and, if commands write it beside their output, to `_WRITTEN` there; one for a
pipeline also to `FORMS` of `cli/ci_environment.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from oakum.errors import InputError, Location, Problem, did_you_mean
from oakum.finding import Report
from oakum.output import atomic_file
from oakum.report import (
    github_annotations,
    gitlab,
    html,
    json_document,
    junit,
    markdown,
    sarif,
    terminal,
)
from oakum.report.pipeline_formats import NO_FACTS, RenderFacts


class Renderer(Protocol):
    """Renders a report in one format, as UTF-8; some formats add descriptions of the rules."""

    def __call__(self, report: Report, facts: RenderFacts = NO_FACTS, /) -> bytes: ...


def _page(report: Report, facts: RenderFacts = NO_FACTS) -> bytes:
    return html.render(report).encode()


def _json(report: Report, facts: RenderFacts = NO_FACTS) -> bytes:
    return json_document.render(report)


def _text(report: Report, facts: RenderFacts = NO_FACTS) -> bytes:
    return terminal.text(report)


FORMATS: tuple[tuple[str, Renderer], ...] = (
    ("text", _text),
    ("json", _json),
    ("html", _page),
    ("sarif", sarif.render),
    ("junit", junit.render),
    ("gitlab", gitlab.render),
    ("github", github_annotations.render),
    ("markdown", markdown.render),
)
"""Name of each format and the function that renders it, as UTF-8."""


def write(report: Report, path: Path, format: str, facts: RenderFacts = NO_FACTS) -> None:
    """Writes the report atomically, to a file that only its owner can read.

    Raises `InputError` for an unknown format and for a place that cannot be written.
    """
    renderers = dict(FORMATS)
    if format not in renderers:
        hint = did_you_mean(format, renderers) or f"there are {', '.join(renderers)}"
        raise InputError([Problem(Location(str(path)), f"no report format `{format}`", hint)])
    atomic_file.write(path, renderers[format](report, facts))
