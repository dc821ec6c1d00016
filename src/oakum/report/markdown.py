"""The report as a pull request comment or workflow summary.

GitHub-flavoured Markdown within the size of a comment. Names come from an API that may be
malicious, so none of them can produce a link, an image, HTML, a mention of a user, or a row of a
table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oakum.errors import ExitCode, count_of
from oakum.finding import Report, Result
from oakum.output.markdown import MOST, code_of, escape, escape_title
from oakum.output.terminal_text import short
from oakum.report.grouping import (
    Defect,
    by_item,
    defects,
    exit_code,
    skipped_by_reason,
    tally,
    untested_by_reason,
    verdict_words,
    writes_said,
)
from oakum.report.pipeline_formats import NO_FACTS, RenderFacts, first_words, place, top

MARKER = "<!-- oakum -->"
"""First line of each comment, by which a workflow finds its earlier comment to replace it."""
MOST_CHARACTERS = 60_000
"""A GitHub comment takes at most 65,536 characters; summaries and GitLab take more."""

_SIGNS = {ExitCode.CLEAN: "✅", ExitCode.FINDINGS: "❌", ExitCode.NOT_TRUSTWORTHY: "⚠️"}
_SOME_FIELDS = 8
_SOME_ENDPOINTS = 4
_SOME_REASONS = 10


def render(report: Report, facts: RenderFacts = NO_FACTS) -> bytes:
    """The report as UTF-8 Markdown; if it is too long, the least severe findings are
    counted only."""
    head = "\n".join(_head(report))
    tail = "\n".join(_tail(report))
    room = MOST_CHARACTERS - len(head) - len(tail) - MOST
    every = defects(report)
    shown = tuple(_that_fit(every, report, room))
    body = [
        line
        for item, group in by_item(shown)
        for line in (_item(item), *("\n".join(_defect(defect, report)) for defect in group))
    ]
    if rest := len(every) - len(shown):
        said = count_of(rest, "more defect")
        body.append(
            f"\n**{said}**, the least severe ones, are omitted: the comment is at its size limit."
        )
    return "\n".join([head, *body, tail]).encode()


def _that_fit(every: Iterable[Defect], report: Report, room: int) -> Iterator[Defect]:
    """The gravest defects that fit into `room` characters together with the headings of their
    items."""
    for item, (defect,) in (found for each in every for found in by_item([each])):
        room -= len(_item(item)) + len("\n".join(_defect(defect, report))) + 2
        if room < 0:
            return
        yield defect


def _item(name: str) -> str:
    return f"\n#### {escape(name)}"


def _head(report: Report) -> Iterator[str]:
    code = exit_code(report)
    yield MARKER
    yield f"### {_SIGNS[code]} Exposure: {verdict_words(report)}"
    yield ""
    counts = [f"{n:,} {verdict.replace('_', '-')}" for verdict, n in tally(report).items()]
    decided = len(report.cells) - report.count(Result.UNTESTED)
    yield (
        f"{', '.join(counts)} findings. {decided:,} of {count_of(len(report.cells), 'cell')} shown."
        f" Contract {code_of(top(report).file)}"
        f"{'' if report.stated else ', drafted and not confirmed'}."
    )
    if report.distrust:
        yield "\n**Not trustworthy**, because\n"
        yield from _bullets(report.distrust)


def _defect(defect: Defect, report: Report) -> Iterator[str]:
    first = defect.first
    where = place(first, report)
    yield ""
    verdict = first.verdict.replace("_", "-")
    yield f"##### {first.severity}, {verdict}: {escape_title(defect.sentence)}"
    yield ""
    if defect.promise:
        yield f"> The user is told: “{escape(defect.promise)}”"
        yield f"> In fact {escape_title(defect.fact)}."
        yield ""
    if defect.viewers[1:]:
        yield f"- the same holds for {_codes(defect.viewers[1:], _SOME_FIELDS, 'viewer')}"
    for fields, when in defect.occasions[:_SOME_ENDPOINTS]:
        if fields:
            said = f"; {escape(when)}" if when else ""
            yield f"- fields: {_codes(fields, _SOME_FIELDS, 'field')}{said}"
        elif when:
            yield f"- {escape(when)}"
    if defect.endpoints:
        endpoints = [f"{endpoint.method} {endpoint.path}" for endpoint in defect.endpoints]
        yield f"- endpoints: {_codes(endpoints, _SOME_ENDPOINTS, 'endpoint')}"
    yield f"- contract: {code_of(f'{where.file}:{where.line}')}, rule {code_of(first.rule)}"
    for advice in defect.advice[:1]:
        yield f"- **what to do**: {escape_title(advice)}"


def _tail(report: Report) -> Iterator[str]:
    reasons = [
        f"{len(cells):,}: {reason}" for reason, cells in untested_by_reason(report)[:_SOME_REASONS]
    ]
    if reasons:
        unknown = f"{report.count(Result.UNTESTED):,} of {count_of(len(report.cells), 'cell')}"
        yield from _format_details(f"Untested: nothing is known about {unknown}", reasons)
    calls = [
        f"{len(endpoints):,}: {reason}"
        for reason, endpoints in skipped_by_reason(report)[:_SOME_REASONS]
    ]
    if calls:
        yield from _format_details("Operations not called", calls)
    if said := writes_said(report):
        yield from _format_details(
            "Writes", [f"{label}: {words}" if label else words for label, words in said]
        )
    yield ""
    yield (
        "This comment contains no personal data; the evidence is in the HTML report."
        f" Oakum {escape(report.version) or 'of unknown version'}, exit {int(exit_code(report))}."
    )
    yield ""


def _format_details(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"\n<details><summary>{title}</summary>\n"
    yield from _bullets(lines)
    yield "\n</details>"


def _bullets(lines: Iterable[str]) -> Iterator[str]:
    shown = list(lines)
    yield from (f"- {escape(short(line.strip(), 200))}" for line in shown[:_SOME_REASONS])
    if rest := len(shown) - _SOME_REASONS:
        yield from [f"- and {rest:,} more"] if rest > 0 else []


# --------------------------------------------------------------------------- names of others


def _codes(words: Iterable[str], limit: int, noun: str) -> str:
    every = [code_of(word) for word in words]
    return first_words(every, limit, noun)
