"""The result of requesting one finding again: fixed, partly fixed, still open, untested.

*Fixed* is said only of endpoints that were shown to be closed, each by the same evidence as in a
scan: the owner received the field, and the viewer did not. All other results are reported one by
one, since most fixes close one endpoint, one kind of viewer or one field, and leave others open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from oakum.errors import ExitCode
from oakum.finding import Cell, Endpoint, Finding, Report, Result
from oakum.scan.context import Event
from oakum.scan.options import Options
from oakum.scan.replay_scope import EXAMPLES, Focus, Scope
from oakum.scan.run import Scan
from oakum.scan.run_report import NOTHING_SHOWN


class ReplayVerdict(StrEnum):
    """Whether a finding is fixed, with what remains."""

    FIXED = "fixed"
    PARTLY_FIXED = "partly_fixed"
    STILL_OPEN = "still_open"
    UNTESTED = "untested"


EXIT_CODES = {
    ReplayVerdict.FIXED: ExitCode.CLEAN,
    ReplayVerdict.PARTLY_FIXED: ExitCode.FINDINGS,
    ReplayVerdict.STILL_OPEN: ExitCode.FINDINGS,
    ReplayVerdict.UNTESTED: ExitCode.NOT_TRUSTWORTHY,
}


@dataclass(frozen=True)
class ReplayedEndpoint:
    """The present result at one endpoint of the finding."""

    endpoint: Endpoint
    result: ReplayVerdict
    """Fixed, still open, or untested."""
    reason: str = ""


@dataclass(frozen=True)
class StillShown:
    """The same defect with another viewer or another field."""

    viewer: str
    field: str
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True)
class Replay:
    """What became of a finding, and how that is known."""

    finding: Finding
    verdict: ReplayVerdict
    endpoints: tuple[ReplayedEndpoint, ...]
    left: tuple[StillShown, ...]
    reasons: tuple[str, ...]
    """Why it was untested, or is not trustworthy."""
    requests: int
    seconds: float
    run: str = ""
    started: str = ""
    """RFC 3339."""


def replay(
    report: Report, finding: Finding, options: Options, emit: Callable[[Event], None]
) -> Replay:
    """Repeats the requests for one finding of a report, first narrowly, then more widely.
    `options`: as for a scan; `only` is set here."""
    lacking = [each for each in report.allowed if each not in options.allowances]
    siblings = [
        each.field
        for each in report.findings
        if (each.rule, each.resource, each.viewer, each.state, each.verdict == "over_blocked")
        == (
            finding.rule, finding.resource, finding.viewer, finding.state,
            finding.verdict == "over_blocked",
        )
    ]  # fmt: skip
    wide = finding.rule == "enumerable-ids"  # enumeration is judged by all known keys
    fields = tuple(dict.fromkeys((finding.field, *siblings)))
    focus = Focus(finding, fields, frozenset(_viewers(report, finding)), wide)
    first, hopeless = _look(focus, options, emit, lacking)
    left = options.budget - first.requests
    if first.verdict is not ReplayVerdict.UNTESTED or hopeless or wide or left < 1:
        return first
    rest = replace(options, budget=left)
    second, _ = _look(replace(focus, wide=True), rest, emit, lacking)
    return replace(
        second,
        requests=first.requests + second.requests,
        seconds=round(first.seconds + second.seconds, 2),
    )


def _viewers(report: Report, one: Finding) -> Iterator[str | None]:
    """Identities to whom the report says it was shown."""
    results = (Result.LEAK, Result.OVER_BLOCK)
    for cell in report.cells:
        if is_of(one, cell) and cell.result in results and cell.identity:
            name = cell.identity.partition(" → ")[0]
            yield None if name == "nobody logged in" else name


def is_of(one: Finding, cell: Cell) -> bool:
    """Whether a cell belongs to a finding."""
    return (cell.resource, cell.field, cell.viewer, cell.state) == (
        one.resource, one.field, one.viewer, one.state,
    )  # fmt: skip


def _look(
    focus: Focus, options: Options, emit: Callable[[Event], None], lacking: list[str]
) -> tuple[Replay, bool]:
    """(the result of one narrow run, whether a wider run could not show more)."""
    scan = Scan(replace(options, only=focus, min_shown=0.0), emit)
    report = scan.report()
    now = _Now(scan, report, focus.finding, lacking)
    endpoints = tuple(map(now.at, focus.finding.endpoints))
    left = tuple(now.other_leaks(focus))
    verdict = _verdict(endpoints, left)
    spent = report.requests >= report.budget
    reasons = (*report.distrust, *(["the budget was spent"] if spent else []))
    if reasons and verdict is ReplayVerdict.FIXED:
        verdict = ReplayVerdict.UNTESTED
    made = Replay(
        focus.finding, verdict, endpoints, left, reasons, report.requests, report.seconds,
        report.run,
        report.started,
    )  # fmt: skip
    lost = spent or any(each != NOTHING_SHOWN for each in report.distrust)
    return made, lost or bool(lacking and scan.prepared.scope and not scan.prepared.scope.plain)


def _verdict(
    endpoints: tuple[ReplayedEndpoint, ...], left: tuple[StillShown, ...]
) -> ReplayVerdict:
    results = {each.result for each in endpoints}
    if ReplayVerdict.STILL_OPEN in results:
        return (
            ReplayVerdict.PARTLY_FIXED
            if ReplayVerdict.FIXED in results
            else ReplayVerdict.STILL_OPEN
        )
    if results != {ReplayVerdict.FIXED}:
        return ReplayVerdict.UNTESTED
    return ReplayVerdict.PARTLY_FIXED if left else ReplayVerdict.FIXED


@dataclass(frozen=True)
class _Now:
    """A narrow run that is over, compared with the finding that it was about."""

    scan: Scan
    report: Report
    finding: Finding
    lacking: list[str]

    def at(self, endpoint: Endpoint) -> ReplayedEndpoint:
        """The finding's current result at one endpoint."""
        scope = self.scan.prepared.scope
        assert scope is not None
        if any(endpoint in each.endpoints for each in self._same()):
            return ReplayedEndpoint(endpoint, ReplayVerdict.STILL_OPEN)
        found = self._verdict_if_unseen(endpoint, scope)
        status = scope.failure(endpoint) if found.result is ReplayVerdict.UNTESTED else 0
        words = (
            f"not reproduced: the endpoint fails with {status} now, so what it would show is"
            " unknown; repair that, and replay again"
        )
        return replace(found, reason=words) if status else found

    def _verdict_if_unseen(self, endpoint: Endpoint, scope: Scope) -> ReplayedEndpoint:
        """What a run says of an endpoint at which it has not seen the leak."""
        if endpoint in scope.documented:
            return self._by_cell(endpoint)
        if self.lacking:
            words = f"it was found with {' '.join(self.lacking)}, which this run does not have"
            return ReplayedEndpoint(endpoint, ReplayVerdict.UNTESTED, words)
        if not scope.was_asked(endpoint):
            return ReplayedEndpoint(
                endpoint, ReplayVerdict.UNTESTED, "the request that showed it could not be sent"
            )
        return ReplayedEndpoint(endpoint, ReplayVerdict.FIXED)

    def other_leaks(self, focus: Focus) -> Iterator[StillShown]:
        """Other viewers and fields with the same leak at the finding's endpoints."""
        for each in self.report.findings:
            same = (each.resource, each.state) == (self.finding.resource, self.finding.state)
            over = (each.verdict == "over_blocked") is (self.finding.verdict == "over_blocked")
            endpoints = tuple(
                endpoint for endpoint in each.endpoints if endpoint in self.finding.endpoints
            )
            mine = (each.field, each.viewer) == (self.finding.field, self.finding.viewer)
            near = each.field == self.finding.field or (
                each.viewer == self.finding.viewer and each.field in focus.fields
            )
            if same and over and endpoints and near and not mine:
                yield StillShown(each.viewer, each.field, endpoints)

    def _same(self) -> Iterator[Finding]:
        one = self.finding
        for each in self.report.findings:
            cell = (each.resource, each.field, each.viewer, each.state) == (
                one.resource, one.field, one.viewer, one.state,
            )  # fmt: skip
            if cell or (each.rule == one.rule and one.rule in EXAMPLES):
                yield each

    def _by_cell(self, endpoint: Endpoint) -> ReplayedEndpoint:
        cells = [
            each
            for each in self.report.cells
            if is_of(self.finding, each) and each.endpoint == endpoint
        ]
        over = self.finding.verdict == "over_blocked"
        for each in cells:
            if each.result is Result.OPEN:
                words = "" if over else "the contract grants it now"
                return ReplayedEndpoint(endpoint, ReplayVerdict.FIXED, words)
            if not over and each.result is Result.CLOSED:
                return ReplayedEndpoint(endpoint, ReplayVerdict.FIXED)
            if over and each.result is Result.CLOSED:
                return ReplayedEndpoint(
                    endpoint, ReplayVerdict.FIXED, "the contract no longer grants it"
                )
        reasons = [each.reason for each in cells if each.reason]
        if all(each.endpoint != endpoint for each in self.scan.prepared.probes):
            return ReplayedEndpoint(
                endpoint, ReplayVerdict.UNTESTED, "the document no longer has this endpoint"
            )
        return ReplayedEndpoint(
            endpoint, ReplayVerdict.UNTESTED, reasons[0] if reasons else "no answer could tell"
        )
