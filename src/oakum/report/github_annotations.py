"""Annotations of a GitHub workflow, one for each defect.

A step may make ten annotations of each kind; GitHub drops further ones silently. So the tenth says
how many more there are, and the summary of the step, in Markdown, lists them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from oakum.errors import Location, count_of
from oakum.finding import Report, Result
from oakum.output.terminal_text import short
from oakum.report.grouping import Defect, defects, exit_code, tally, verdict_words
from oakum.report.pipeline_formats import (
    NO_FACTS,
    Level,
    RenderFacts,
    endpoints,
    first_words,
    level,
    place,
    repository_location,
    top,
)

Kind = Literal["error", "warning", "notice"]
MOST_OF_A_KIND = 10
_KINDS: Mapping[Level, Kind] = {"error": "error", "warning": "warning", "note": "notice"}
_SOME_FIELDS = 8


@dataclass(frozen=True)
class Annotation:
    """A message that GitHub shows beside a line of a pull request."""

    kind: Kind
    where: Location
    title: str
    words: str


def render(report: Report, facts: RenderFacts = NO_FACTS) -> bytes:
    """The annotations as workflow commands, then two lines for readers of the log."""
    lines = commands(_annotations(report))
    counts = ", ".join(f"{n:,} {name.replace('_', '-')}" for name, n in tally(report).items())
    unknown = f"{report.count(Result.UNTESTED):,} of {count_of(len(report.cells), 'cell')}"
    lines.append(f"oakum: {verdict_words(report)}; findings: {counts}; untested: {unknown}")
    lines.append(f"oakum: exit {int(exit_code(report))}")
    return ("\n".join(lines) + "\n").encode()


def commands(annotations: Iterable[Annotation]) -> list[str]:
    """Workflow commands, a line each, no more than a step may make. Places are paths from the root
    of the repository; no text ends a command or begins another one."""
    return [_command(each) for each in _within_limits(list(annotations))]


def _annotations(report: Report) -> Iterator[Annotation]:
    for reason in report.distrust:
        yield Annotation("error", top(report), "the run is not trustworthy", short(reason))
    for defect in defects(report):
        first = defect.first
        title = f"{first.rule} ({first.severity}, {first.verdict.replace('_', '-')})"
        where = place(first, report)
        yield Annotation(_KINDS[level(first)], where, title, "\n".join(_sentences(defect)))


def _sentences(defect: Defect) -> Iterator[str]:
    yield short(defect.sentence)
    if defect.promise:
        yield short(f'The user is told: "{defect.promise}". In fact {defect.fact}.')
    if defect.viewers[1:]:
        yield short(f"The same holds for {', '.join(defect.viewers[1:])}.")
    for fields, when in defect.occasions[:2]:
        if fields:
            yield short(
                f"Fields: {first_words(fields, _SOME_FIELDS, 'field')}{f'; {when}' * bool(when)}"
            )
    if defect.endpoints:
        yield short(
            f"{'Endpoints' if defect.endpoints[1:] else 'Endpoint'}: {endpoints(defect.endpoints)}"
        )
    if defect.advice:
        yield short(f"What to do: {defect.advice[0]}")


def _within_limits(every: Sequence[Annotation]) -> Iterator[Annotation]:
    for kind in _KINDS.values():
        of_kind = [each for each in every if each.kind == kind]
        if len(of_kind) <= MOST_OF_A_KIND:
            yield from of_kind
            continue
        yield from of_kind[: MOST_OF_A_KIND - 1]
        rest = of_kind[MOST_OF_A_KIND - 1 :]
        words = f"{count_of(len(rest), f'more {kind}')}: the summary of this step has them"
        yield Annotation(kind, rest[0].where, "and more", words)


def _command(each: Annotation) -> str:
    at = repository_location(each.where)
    where = f"file={_property(at.file)},line={at.line},col={at.column}"
    return f"::{each.kind} {where},title={_property(short(each.title, 200))}::{_data(each.words)}"


def _data(text: str) -> str:
    """Text after `::`, escaped so that it cannot end the command or begin another one.

    `##[` begins a command in the older syntax, anywhere in a line.
    """
    plain = text.replace("##[", "## [").replace("%", "%25")
    return plain.replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
