"""The report for a terminal, with and without colour.

Text from an API, a contract or a person never reaches the terminal raw: control characters and
direction marks are written as escapes, and Rich reads no markup.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from oakum.errors import ExitCode, count_of
from oakum.finding import Endpoint, Report, Result
from oakum.output.terminal_text import visible
from oakum.report.grouping import (
    Defect,
    by_item,
    defects,
    exit_code,
    items_said,
    skipped_by_reason,
    tally,
    untested_by_reason,
    verdict_words,
    writes_said,
)

_STYLES = {"proven": "bold red", "suspected": "bold yellow", "over_blocked": "bold magenta"}
_ENDINGS = {
    ExitCode.CLEAN: ("clean", "bold green"),
    ExitCode.FINDINGS: ("findings", "bold red"),
    ExitCode.NOT_TRUSTWORTHY: ("not trustworthy", "bold yellow"),
}
_RESULTS = {
    Result.OPEN: "open",
    Result.CLOSED: "closed",
    Result.LEAK: "leaking",
    Result.OVER_BLOCK: "over-blocked",
    Result.UNTESTED: "untested",
}
_INDENT = 2
_LABEL = 10
_WHOLE = 12
_REASONS = 8
_SOME_FIELDS = 12
_SOME_ENDPOINTS = 3


def text(report: Report) -> bytes:
    """The report as plain UTF-8 text, 80 columns wide."""
    page = io.StringIO()
    render(report, Console(file=page, width=80, no_color=True, force_terminal=False))
    return page.getvalue().encode()


def render(report: Report, console: Console) -> None:
    """Writes the report: what was run, the defects, what was not tested, and the verdict last."""
    said = f"{report.target} against {report.contract}"
    _say(console, said + ("" if report.stated else " (drafted and not confirmed)"), "bold")
    used = f"{report.requests:,} of {count_of(report.budget, 'request')}"
    _say(console, f"run {report.run}, {report.started}, {report.seconds:.1f} s, {used}", "dim")
    found = defects(report)
    for item, group in by_item(found[:_WHOLE]):
        console.print()
        _say(console, item, "bold")
        for defect in group:
            _defect(defect, console)
    _section(console, "Less severe defects", _brief(found[_WHOLE:]))
    _section(console, "Why the run is not trustworthy", _bullets(report.distrust))
    _section(console, _untested_title(report), _untested_rows(report))
    _section(console, "Operations not called", _skipped_rows(report))
    _section(console, "Coverage of the OWASP API Security Top 10", items_said(report))
    _section(console, "Writes", writes_said(report))
    _section(console, "Identities", _identity_rows(report))
    _section(console, "Notes", _bullets(report.notes))
    _ending(report, console)


def _defect(defect: Defect, console: Console) -> None:
    first = defect.first
    verdict = first.verdict.replace("_", "-").upper()
    console.print()
    _say(console, f"{verdict}  {first.severity}  {first.rule}", _STYLES[first.verdict])
    _say(console, defect.sentence, indent=2)
    _rows(console, _defect_rows(defect))


def _defect_rows(defect: Defect) -> Iterable[tuple[str, str]]:
    if defect.promise:
        yield "promised", f'"{defect.promise}"'
        yield "in fact", defect.fact
    if defect.viewers[1:]:
        yield "also", f"the same holds for {', '.join(defect.viewers[1:])}"
    for at, (fields, when) in enumerate(defect.occasions):
        if fields:
            words = f"{_some(fields, _SOME_FIELDS, 'field')}{f'; {when}' if when else ''}"
            yield "" if at else "fields", words
        elif when:
            yield "when", when.removeprefix("when ")
    for at, endpoint in enumerate(defect.endpoints[:_SOME_ENDPOINTS]):
        yield "" if at else "endpoints", _endpoint(endpoint)
    if defect.endpoints[_SOME_ENDPOINTS:]:
        yield "", f"and {count_of(len(defect.endpoints) - _SOME_ENDPOINTS, 'more endpoint')}"
    for at, doubt in enumerate(defect.doubts[:2]):
        yield "" if at else "doubt", doubt
    if defect.doubts[2:]:
        yield "", f"and {count_of(len(defect.doubts) - 2, 'more doubt')}"
    if defect.locations:
        yield "contract", _some([str(place) for place in defect.locations], 2, "line")
    for at, advice in enumerate(defect.advice[:2]):
        yield "" if at else "advice", advice
    yield "ids", " ".join((*defect.ids, _fingerprint(defect)))


def _fingerprint(defect: Defect) -> str:
    """The fingerprint for `--only`, `explain` and waivers; a defect of many fields has several."""
    more = f" and {len(defect.findings) - 1:,} more" if defect.findings[1:] else ""
    return f"finding-{defect.first.fingerprint}{more}"


def _brief(found: Iterable[Defect]) -> Iterable[tuple[str, str]]:
    for defect in found:
        alike = f"; also {', '.join(defect.viewers[1:])}" if defect.viewers[1:] else ""
        place = f" ({defect.locations[0]})" if defect.locations else ""
        yield defect.first.severity, f"{defect.sentence}{alike}{place}"


def _untested_title(report: Report) -> str:
    unknown, every = report.count(Result.UNTESTED), count_of(len(report.cells), "cell")
    return f"Untested: nothing is known about {unknown:,} of {every}"


def _untested_rows(report: Report) -> Iterable[tuple[str, str]]:
    reasons = untested_by_reason(report)
    for reason, cells in reasons[:_REASONS]:
        resources = sorted({cell.resource for cell in cells})
        yield f"{len(cells):,}", f"{reason} ({_some(resources, 4, 'resource')})"
    if rest := [len(cells) for _, cells in reasons[_REASONS:]]:
        yield f"{sum(rest):,}", f"for {count_of(len(rest), 'more reason')}"


def _skipped_rows(report: Report) -> Iterable[tuple[str, str]]:
    for reason, endpoints in skipped_by_reason(report):
        yield (
            f"{len(endpoints):,}",
            f"{reason}: {_some([_endpoint(endpoint) for endpoint in endpoints], 3, 'endpoint')}",
        )


def _identity_rows(report: Report) -> Iterable[tuple[str, str]]:
    for identity in report.identities:
        said = (*identity.relations, *([identity.message] if identity.message else ()))
        yield (
            "ok" if identity.ok else "failed",
            ": ".join(part for part in (identity.name, ", ".join(said)) if part),
        )


def _bullets(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    return (("-", line) for line in lines)


def _ending(report: Report, console: Console) -> None:
    counts = tally(report)
    found = ", ".join(f"{n:,} {verdict.replace('_', '-')}" for verdict, n in counts.items())
    cells = ", ".join(f"{report.count(result):,} {word}" for result, word in _RESULTS.items())
    console.print()
    _say(console, verdict_words(report).capitalize(), "bold")
    _say(console, f"findings: {found}")
    _say(console, f"cells: {cells}")
    decided = len(report.cells) - report.count(Result.UNTESTED)
    if decided:
        _say(console, f"requests: {report.requests / decided:.2f} per decided cell")
    code = exit_code(report)
    word, style = _ENDINGS[code]
    _say(console, f"exit {code.value}: {word}", style)


def _section(console: Console, title: str, rows: Iterable[tuple[str, str]]) -> None:
    rows = list(rows)
    if rows:
        console.print()
        _say(console, title, "bold")
        _rows(console, rows)


def _rows(console: Console, rows: Iterable[tuple[str, str]]) -> None:
    for label, words in rows:
        _say(console, words, label=label, indent=_INDENT + _LABEL)


def _say(
    console: Console, words: str, style: str = "", *, label: str = "", indent: int = 0
) -> None:
    """Writes words wrapped to the width, each line indented, with the label before the
    first line."""
    width = max(console.width - indent, 20)
    lead = f"{' ' * _INDENT}{visible(label)}".ljust(indent)[:indent] if label else " " * indent
    for line in Text(visible(words), style=style).wrap(console, width, overflow="fold"):
        line.rstrip()
        console.print(Text(lead, style="dim"), line, sep="", overflow="ignore", crop=False)
        lead = " " * indent


def _some(words: Sequence[str], limit: int, noun: str) -> str:
    rest = len(words) - limit
    shown = ", ".join(words[:limit])
    return f"{shown}, and {count_of(rest, f'more {noun}')}" if rest > 0 else shown


def _endpoint(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"
