"""Merges reports of scans into the findings file, oldest first.

Any run can open a finding: a leak is proven even if another identity could not log in. Only a
trustworthy run marks an endpoint of a finding as fixed, with the evidence that closes a cell: the
owner received the field, and the viewer did not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from oakum.errors import InputError, Location, Problem
from oakum.finding import Cell, Endpoint, Finding, Report, Result, State, doubts
from oakum.memory.model import (
    OF_CELLS,
    AtEndpoint,
    FindingEvent,
    FindingStanding,
    KnownEndpoint,
    Memory,
    RememberedFinding,
    Stamp,
    in_file_order,
    stage,
)

_ASKED_OTHERWISE = frozenset({"revocation-not-enforced", "cross-user-cache"})
"""Rules whose leak the documented requests do not show: their closed cells do not prove a fix."""
_Key = tuple[bool, str, str, str, str, State]


def learn(memory: Memory, reports: Iterable[Report]) -> Memory:
    """The memory after these reports, in the order of time. A report that it already has changes
    nothing.

    Raises `InputError` for a report without a start time, and for one older than the latest known
    run: it says nothing about the findings recorded since.
    """
    for report in sorted(reports, key=lambda each: (_time(each), each.run)):
        if Stamp(report.run, report.started) in memory.reports:
            continue
        last = latest(memory)
        if last is not None and _time(report) < last:
            said = f"the report of {report.started} is older than the memory"
            hint = f"the memory is from {last.isoformat()}; add reports in chronological order"
            raise InputError([Problem(Location(f"run {report.run}"), said, hint)])
        memory = _add_report(memory, report)
    return memory


def latest(memory: Memory) -> datetime | None:
    """When the latest recorded run or replay began; None if there is none."""
    seen = (stamp for e in memory.findings for stamp in (e.last_tested, e.last_seen))
    stamps = (*memory.reports[-1:], *seen)
    return max((datetime.fromisoformat(each.on) for each in stamps), default=None)


def silent(
    memory: Memory, findings: Iterable[Finding], cells: Iterable[Cell]
) -> Iterator[tuple[RememberedFinding, tuple[Endpoint, ...]]]:
    """(finding, endpoints): open findings of the memory, with those of their open endpoints about
    which these findings and cells, of one run or of several, say nothing."""
    look = _look(Stamp("", ""), True, findings, cells)
    for one in memory.findings:
        found = look.findings.get(_key_of(one))
        bad = (each for each in one.endpoints if each.endpoint in one.open_endpoints)
        endpoints = tuple(each.endpoint for each in bad if _at(one, each, look, found) is None)
        if endpoints:
            yield one, endpoints


def _time(report: Report) -> datetime:
    try:
        found = datetime.fromisoformat(report.started)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        said = "the report does not say when its run began"
        raise InputError([Problem(Location(f"run {report.run}"), said, "scan again")])
    return found


def _add_report(memory: Memory, report: Report) -> Memory:
    stamp = Stamp(report.run, report.started)
    look = _look(stamp, not any(doubts(report)), report.findings, report.cells)
    known = {_key_of(each): each for each in memory.findings}
    kept = [
        _again(memory.standing_of(each), each, look, look.findings.get(_key_of(each)))
        for each in memory.findings
    ]
    new = [_first(found, look) for key, found in look.findings.items() if key not in known]
    after = replace(
        memory, reports=(*memory.reports, look.stamp), findings=in_file_order([*kept, *new])
    )
    return add_history(memory, after, look.stamp)


@dataclass(frozen=True)
class _Look:
    """The findings and cells of a report, by the key that identifies a finding in the memory."""

    stamp: Stamp
    sound: bool
    """Whether the run is trustworthy, so that its closed cells count."""
    findings: Mapping[_Key, Finding]
    cells: Mapping[tuple[str, str, str, State, Endpoint], Sequence[Result]]


def _look(stamp: Stamp, sound: bool, told: Iterable[Finding], shown: Iterable[Cell]) -> _Look:
    findings: dict[_Key, Finding] = {}
    for each in told:
        key = _key(each)
        other = findings.get(key)
        if other is not None:  # two rules report it: keep the first, with the endpoints of both
            endpoints = tuple(dict.fromkeys((*other.endpoints, *each.endpoints)))
            each = replace(other, endpoints=endpoints)
        findings[key] = each
    cells: dict[tuple[str, str, str, State, Endpoint], list[Result]] = {}
    for cell in shown:
        at = (cell.resource, cell.field, cell.viewer, cell.state, cell.endpoint)
        cells.setdefault(at, []).append(cell.result)
    return _Look(stamp, sound, findings, cells)


def _key(one: Finding) -> _Key:
    kind = "" if one.rule in OF_CELLS else one.rule
    over = one.verdict == "over_blocked"
    return over, kind, one.resource, one.field, one.viewer, one.state


def _key_of(one: RememberedFinding) -> _Key:
    return one.over_blocked, one.kind, one.resource, one.field, one.viewer, one.state


def _first(found: Finding, look: _Look) -> RememberedFinding:
    return RememberedFinding(
        fingerprint=found.fingerprint,
        rule=found.rule,
        verdict=found.verdict,
        severity=found.severity,
        resource=found.resource,
        field=found.field,
        viewer=found.viewer,
        state=found.state,
        endpoints=tuple(map(KnownEndpoint, dict.fromkeys(found.endpoints))),
        first_seen=look.stamp,
        last_seen=look.stamp,
        last_tested=look.stamp,
    )


def _again(
    standing: FindingStanding, one: RememberedFinding, look: _Look, found: Finding | None
) -> RememberedFinding:
    """A known finding after one more report; `found` is what that report says of it, if
    anything."""
    endpoints: list[KnownEndpoint] = []
    seen, tested = found is not None, True
    for each in one.endpoints:
        now = _at(one, each, look, found)
        tested = tested and now is not None
        seen = seen or now in (AtEndpoint.OPEN, AtEndpoint.BACK)
        endpoints.append(each if now is None else replace(each, now=now))
    if found is not None:
        fresh = AtEndpoint.BACK if standing is FindingStanding.FIXED else AtEndpoint.OPEN
        more = [
            each
            for each in found.endpoints
            if all(each != known.endpoint for known in one.endpoints)
        ]
        endpoints += [KnownEndpoint(each, fresh) for each in dict.fromkeys(more)]
        marks = dict.fromkeys((one.fingerprint, *one.also, found.fingerprint))
        one = replace(
            one, rule=found.rule, verdict=found.verdict, severity=found.severity,
            also=tuple(marks)[1:],
        )  # fmt: skip
    return replace(
        one,
        endpoints=tuple(endpoints),
        last_seen=look.stamp if seen else one.last_seen,
        last_tested=look.stamp if tested else one.last_tested,
    )


def _at(
    one: RememberedFinding, known: KnownEndpoint, look: _Look, found: Finding | None
) -> AtEndpoint | None:
    """What a report shows of a finding at one of its endpoints; None: nothing."""
    bad, good = Result.LEAK, Result.CLOSED
    if one.over_blocked:
        bad, good = Result.OVER_BLOCK, Result.OPEN
    at = (one.resource, one.field, one.viewer, one.state, known.endpoint)
    results = () if one.kind else look.cells.get(at, ())
    if (found is not None and known.endpoint in found.endpoints) or bad in results:
        was_closed = known.now in (AtEndpoint.CLOSED, AtEndpoint.BACK)
        return AtEndpoint.BACK if was_closed else AtEndpoint.OPEN
    if not look.sound or not results or Result.UNTESTED in results:
        return None
    if one.rule in _ASKED_OTHERWISE:
        return None
    return AtEndpoint.CLOSED if set(results) == {good} else AtEndpoint.WITHDRAWN


def add_history(before: Memory, after: Memory, stamp: Stamp) -> Memory:
    """`after`, with an event in the history of each finding that changed since `before`."""
    old = {each.fingerprint: each for each in before.findings}
    made = (
        _extend_history(before, old.get(e.fingerprint), after, e, stamp) for e in after.findings
    )
    return replace(after, findings=tuple(made))


def _extend_history(
    before: Memory,
    old: RememberedFinding | None,
    after: Memory,
    one: RememberedFinding,
    stamp: Stamp,
) -> RememberedFinding:
    if old is None:
        return replace(one, history=(FindingEvent(stamp, "found"),))
    standing = after.standing_of(one)
    changed = replace(
        one, endpoints=tuple(each for each in one.endpoints if each not in old.endpoints)
    )
    further = standing is FindingStanding.PARTLY_FIXED and after.open_viewers(
        one
    ) != before.open_viewers(old)
    if standing is before.standing_of(old) and not changed.endpoints and not further:
        return one
    note = stage(after, changed)
    return replace(one, history=(*one.history, FindingEvent(stamp, standing.value, note)))
