"""JUnit XML (Jenkins' `junit-10.xsd`): each resource a suite, each cell a test case.

A leak is a failure, an over-block a failure of another type, and an untested cell is skipped: a
case passes only if its cell was tested. Findings without a cell have cases of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from oakum.finding import Cell, Endpoint, Finding, Report, Result, State
from oakum.output.terminal_text import short
from oakum.report.grouping import findings_in_order, state_words
from oakum.report.pipeline_formats import NO_FACTS, FindingStates, RenderFacts, message, place

_Key = tuple[str, str, str, State, Endpoint]

_RUN = "the run"
_BESIDE = "beside the matrix"
_MOST_NOTES = 50


@dataclass(frozen=True)
class _Case:
    group: str
    name: str
    element: str = ""
    """`failure`, `error` or `skipped`; empty: passed."""
    type: str = ""
    words: str = ""
    more: str = ""


def render(report: Report, facts: RenderFacts = NO_FACTS) -> bytes:
    """The report as UTF-8 XML."""
    suites = [(_RUN, _of_the_run(report)), *_of_cells(report)]
    known = FindingStates(report)
    if beside := [_of_finding(finding, report, known) for finding in _beside(report)]:
        suites.append((_BESIDE, beside))
    every = [case for _, cases in suites for case in cases]
    seconds = f"{max(report.seconds, 0):.3f}"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="oakum" {_counts(every)} time="{seconds}">',
    ]
    for name, cases in suites:
        lines.append(f"<testsuite name={_attribute(name)} {_counts(cases)}{_skips(cases)}>")
        lines += map(_line, cases)
        lines.append("</testsuite>")
    lines.append("</testsuites>\n")
    return "\n".join(lines).encode()


def _of_the_run(report: Report) -> list[_Case]:
    """Cases about the run itself. At least one is not a pass if the run tested nothing."""
    cases = [
        _Case(_RUN, f"it can be trusted: {reason}", "error", "not-trustworthy", reason)
        for reason in report.distrust[:_MOST_NOTES]
    ]
    if not report.distrust:
        cases.append(_Case(_RUN, "it can be trusted"))
    decided = len(report.cells) - report.count(Result.UNTESTED)
    name = "it received data"
    if decided:
        cases.append(_Case(_RUN, name))
    else:
        cases.append(_Case(_RUN, name, "skipped", words="no cell was tested"))
    return cases


def _of_cells(report: Report) -> list[tuple[str, list[_Case]]]:
    found: dict[_Key, Finding] = {}
    # reversed: the most severe finding overwrites the others of its cell
    for finding in reversed(findings_in_order(report)):
        found |= dict.fromkeys(_keys(finding), finding)
    known = FindingStates(report)
    ordered = sorted(
        report.cells,
        key=lambda c: (c.resource, c.field, c.viewer, c.state, c.endpoint, c.result, c.reason),
    )
    suites: dict[str, list[_Case]] = {}
    for cell in ordered:
        case = _of_cell(cell, found.get(_key(cell)), report, known)
        suites.setdefault(cell.resource, []).append(case)
    return list(suites.items())


def _of_cell(cell: Cell, finding: Finding | None, report: Report, known: FindingStates) -> _Case:
    group = f"{cell.resource}.{cell.field}"
    when = f" when {state_words(cell.state)}" if cell.state else ""
    name = f"{cell.viewer} at {cell.endpoint.method} {cell.endpoint.path}{when}"
    if cell.result in (Result.OPEN, Result.CLOSED):
        return _Case(group, name)
    if cell.result is Result.UNTESTED:
        return _Case(group, name, "skipped", words=cell.reason or "untested")
    leak = cell.result is Result.LEAK
    kind = "leak" if leak else "over-block"
    if finding is None:
        gets = "sees it, but the contract denies it" if leak else "does not get what is granted"
        return _Case(group, name, "failure", kind, f"{cell.viewer} {gets}")
    if finding.verdict == "suspected":
        kind = f"suspected-{kind}"
    words = message(finding, known)
    return _Case(group, name, "failure", kind, words, _details(finding, report))


def _of_finding(finding: Finding, report: Report, known: FindingStates) -> _Case:
    group = ".".join(part for part in (finding.resource, finding.field) if part) or finding.rule
    endpoints = "".join(
        f" at {endpoint.method} {endpoint.path}" for endpoint in finding.endpoints[:1]
    )
    name = f"{finding.rule}: {finding.viewer}{endpoints} [{finding.fingerprint}]"
    kind = {"proven": "leak", "suspected": "suspected-leak", "over_blocked": "over-block"}
    words = message(finding, known)
    return _Case(group, name, "failure", kind[finding.verdict], words, _details(finding, report))


def _beside(report: Report) -> Iterable[Finding]:
    """Findings without a cell, such as a login without a rate limit."""
    bad = {_key(cell) for cell in report.cells if cell.result in (Result.LEAK, Result.OVER_BLOCK)}
    return (f for f in findings_in_order(report) if bad.isdisjoint(_keys(f)))


def _key(cell: Cell) -> _Key:
    return cell.resource, cell.field, cell.viewer, cell.state, cell.endpoint


def _keys(finding: Finding) -> list[_Key]:
    return [
        (finding.resource, finding.field, finding.viewer, finding.state, endpoint)
        for endpoint in finding.endpoints
    ]


def _details(finding: Finding, report: Report) -> str:
    where = place(finding, report)
    ids = " ".join(part for part in (finding.owasp, *finding.cwe) if part)
    rows = {
        "rule": finding.rule,
        "severity": finding.severity,
        "contract": str(where),
        "ids": ids,
        "fingerprint": finding.fingerprint,
    }
    return "\n".join(f"{name}: {short(value)}" for name, value in rows.items() if value)


# --------------------------------------------------------------------------- writing


def _counts(cases: Sequence[_Case]) -> str:
    kinds: Mapping[str, str] = {"failures": "failure", "errors": "error"}
    numbers = [f'{name}="{sum(c.element == kind for c in cases)}"' for name, kind in kinds.items()]
    return " ".join([f'tests="{len(cases)}"', *numbers])


def _skips(cases: Sequence[_Case]) -> str:
    return f' skipped="{sum(case.element == "skipped" for case in cases)}"'


def _line(case: _Case) -> str:
    head = f"<testcase classname={_attribute(case.group)} name={_attribute(case.name)}"
    if not case.element:
        return f"{head}/>"
    kind = f" type={_attribute(case.type)}" if case.type else ""
    text = escape(case.more)  # already escaped line by line
    return (
        f"{head}><{case.element}{kind} message={_attribute(case.words)}>{text}"
        f"</{case.element}></testcase>"
    )


def _attribute(text: str) -> str:
    """A quoted attribute value; characters that XML 1.0 does not allow become escapes."""
    return quoteattr(short(text))
