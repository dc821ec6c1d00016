"""Combines reports of several runs into one, and lists every reason why they prove nothing.

Nothing is green without evidence (law 7), for whole reports: one that is old, of another contract,
of a run that could not log in, or without cells never counts for a release.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from oakum.authz import Model
from oakum.errors import Location
from oakum.finding import Cell, Finding, Report, Result, doubts

_AHEAD = timedelta(minutes=5)
"""How far the clock of another machine may be ahead."""
_RANK = (Result.UNTESTED, Result.CLOSED, Result.OPEN, Result.OVER_BLOCK, Result.LEAK)


@dataclass(frozen=True)
class ReportSource:
    """A report and the name of its file, for messages about it."""

    report: Report
    file: str


@dataclass(frozen=True)
class CombinedReports:
    """All reports combined into one set of cells and findings."""

    findings: tuple[Finding, ...] = ()
    cells: tuple[Cell, ...] = ()
    distrust: tuple[str, ...] = ()
    """Why the reports are not trustworthy."""
    stale: tuple[str, ...] = ()
    """Why the reports do not count for this release, such as their age."""
    reports: int = 0
    judged: tuple[str, ...] = ()
    """One line of description for each report."""
    limited: bool = False
    """Whether some run was not allowed to change settings."""
    asked: frozenset[tuple[str, str]] = frozenset()
    """(run id, target URL), one pair for each report."""


def combine_reports(
    sources: Sequence[ReportSource],
    model: Model,
    contract_digest: str,
    changed: datetime,
    now: datetime,
    max_age: timedelta,
) -> CombinedReports:
    """Combines the reports. A cell tested in one report counts as tested, and a leak in one as a
    leak.

    `changed`: when the contract's files were last written, for reports that do not identify their
    contract. All times have a time zone.
    """
    distrust: list[str] = []
    stale: list[str] = []
    for each in sources:
        distrust += (f"{each.file}: {why}" for why in doubts(each.report))
        why_old = _stale(each.report, model, contract_digest, changed, now, max_age)
        stale += (f"{each.file}: {why}" for why in why_old)
    reports = [each.report for each in sources]
    return CombinedReports(
        findings=tuple(_worst(finding for report in reports for finding in report.findings)),
        cells=tuple(_cells(cell for report in reports for cell in report.cells)),
        distrust=tuple(distrust),
        stale=tuple(stale),
        reports=len(reports),
        judged=tuple(map(_line, sources)),
        asked=frozenset((report.run, report.target) for report in reports),
        limited=not any("--allow-own-settings" in report.allowed for report in reports),
    )


def _line(source: ReportSource) -> str:
    report = source.report
    return f"{source.file}, of {report.target}, begun {report.started}, {len(report.cells):,} cells"


def foreign(report: Report, model: Model) -> str:
    """Why a report belongs to another contract; empty if it is of this one, or of an earlier
    version of it."""
    told = {name.partition(".")[0] for name in report.field_lines}
    told |= {cell.resource for cell in report.cells}
    strange = sorted(told - model.tables.keys())
    if not strange or not report.cells:
        return ""
    if told & model.tables.keys() and report.contract_digest:
        return ""  # the report itself names another contract
    return f"it mentions `{strange[0]}`, which this contract does not know"


# --------------------------------------------------------------------------- age


def _stale(
    report: Report,
    model: Model,
    contract_digest: str,
    changed: datetime,
    now: datetime,
    max_age: timedelta,
) -> Iterator[str]:
    started = _time(report.started)
    if started is None:
        yield "it does not say when the run began"
        return
    if started > now + _AHEAD:
        yield f"it began at {report.started}, which is in the future"
    if now - started > max_age:
        yield f"it is {_span(now - started)} old, and may be {_span(max_age)}"
    if report.contract_digest:
        if report.contract_digest != contract_digest:
            yield "the contract or its document has changed since, or the run used another"
    elif started < changed.replace(microsecond=0):
        yield "it is older than the contract's files, and does not name its contract"
    elif _lines(report.field_lines) != _lines(dict(model.field_locations())):
        yield "its contract had other lines, so it used another version"


def is_later(one: Report, other: Report) -> bool:
    """Whether a run began after another; False if either start is unknown."""
    first, second = _time(other.started), _time(one.started)
    return first is not None and second is not None and second > first


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for unit, name in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= unit:
            return f"{seconds / unit:.3g}{name}"
    return f"{seconds}s"


def _lines(places: Mapping[str, Location]) -> Mapping[str, tuple[int, int]]:
    """Without the file's name, which the command line gives."""
    return {name: (place.line, place.column) for name, place in places.items()}


# --------------------------------------------------------------------------- several reports as one


def _cells(cells: Iterable[Cell]) -> Iterable[Cell]:
    found: dict[tuple[object, ...], Cell] = {}
    for cell in cells:
        key = (
            cell.resource, cell.field, cell.viewer, cell.state, cell.endpoint.method,
            cell.endpoint.path,
        )  # fmt: skip
        other = found.get(key)
        if other is None or _RANK.index(cell.result) > _RANK.index(other.result):
            found[key] = cell
    return found.values()


def _worst(findings: Iterable[Finding]) -> Iterable[Finding]:
    """The most severe finding of each kind. What one report proves, another may suspect at a
    severity that counts: both are kept, or a further report could turn red to green."""
    found: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        kind = finding.fingerprint, finding.verdict
        if kind not in found or finding.rank < found[kind].rank:
            found[kind] = finding
    return found.values()
