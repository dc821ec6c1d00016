"""What must hold of every gate: news that are worse never make it greener."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import example, given, settings
from hypothesis import strategies as st

from oakum.authz import Model, compile_contract
from oakum.errors import ExitCode
from oakum.finding import Cell, Finding, Report, Result
from oakum.gate import CombinedReports, ReportSource, Verdict, VerdictInputs, combine_reports, judge
from oakum.policy.contract import Contract, contract_digest, load
from oakum.policy.model import CellRef, ExitCriteria, Waiver
from oakum.policy.resource_schemas import View, view
from tests.gate.club import ENDPOINT, STATES, clean, leak, written

TODAY = date(2030, 1, 1)


@cache
def club() -> tuple[Path, Contract, Model, View]:
    path = written(Path(mkdtemp()))
    contract = load(path)
    assert contract.policy is not None
    model = compile_contract(contract.document, contract.policy)
    return path, contract, model, view(contract.document, contract.policy)


def gate(
    criteria: ExitCriteria,
    *reports: Report,
    waivers: tuple[Waiver, ...] = (),
    baseline: tuple[Finding, ...] = (),
    guarded: tuple[Report, ...] = (),
) -> Verdict:
    _, contract, model, seen = club()
    now = datetime.now(UTC)

    def evidence(given: tuple[Report, ...]) -> CombinedReports:
        sources = [ReportSource(report, f"{number}.json") for number, report in enumerate(given)]
        return combine_reports(
            sources, model, contract_digest(contract), now, now, timedelta(days=1)
        )

    through = evidence(guarded) if guarded else None
    return judge(
        VerdictInputs(
            seen, model, criteria, TODAY, evidence(reports), through, waivers=waivers,
            baseline=baseline,
        )
    )  # fmt: skip


verdicts = st.sampled_from(("proven", "suspected", "over_blocked"))
findings = st.builds(
    lambda field, viewer, state, verdict, severity: leak(
        field, viewer, state, verdict=verdict, severity=severity
    ),
    st.sampled_from(("nick", "city", "email")),
    st.sampled_from(("anyone", "member", "owner")),
    st.sampled_from(((), *STATES)),
    verdicts,
    st.sampled_from(("critical", "high", "medium", "low")),
)
cells = st.builds(
    lambda field, viewer, state, result: Cell(
        "Member", field, viewer, state, ENDPOINT, True, result
    ),
    st.sampled_from(("id", "nick", "city", "email", "is_private")),
    st.sampled_from(("anyone", "member", "owner")),
    st.sampled_from(((), *STATES)),
    st.sampled_from(list(Result)),
)
reports = st.builds(
    lambda some, told, trust: replace(
        clean(club()[0]),
        cells=tuple({(c.field, c.viewer, c.state): c for c in some}.values()),
        findings=tuple({f.fingerprint: f for f in told}.values()),
        distrust=() if trust else ("half of the answers were errors",),
    ),
    st.lists(cells, max_size=30)
    | st.builds(lambda more: [*clean(club()[0]).cells, *more], st.lists(cells, max_size=6)),
    st.lists(findings, max_size=4),
    st.booleans() | st.just(True),
)
bounds = st.builds(
    ExitCriteria,
    proven=st.sampled_from(("critical", "high", "medium", "low")),
    suspected=st.integers(0, 2),
    over_blocks=st.integers(0, 2),
    shown=st.sampled_from((0.0, 10.0, 50.0, 100.0)),
    states=st.booleans(),
)
waivers = st.lists(
    st.builds(
        lambda field, viewer, day: Waiver("r", "o", day, cell=CellRef("Member", field, viewer)),
        st.sampled_from(("nick", "city", "email")),
        st.sampled_from(("anyone", "member", "owner")),
        st.sampled_from((date(2029, 1, 1), date(2031, 1, 1))),
    ),
    max_size=2,
).map(tuple)
known = st.lists(findings, max_size=2).map(tuple)


def is_green(verdict: Verdict) -> bool:
    return verdict.exit_code is ExitCode.CLEAN


@given(bounds, reports, findings, waivers, known)
@example(
    ExitCriteria(proven="critical", suspected=0, shown=0.0, states=False),
    replace(clean(club()[0]), findings=(leak(verdict="suspected", severity="critical"),)),
    leak(severity="low"), (), (),
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_a_further_finding_never_turns_red_to_green(
    criteria: ExitCriteria,
    report: Report,
    more: Finding,
    excused: tuple[Waiver, ...],
    before: tuple[Finding, ...],
) -> None:
    worse = replace(report, findings=(*report.findings, more))
    red = not is_green(gate(criteria, report, waivers=excused, baseline=before))
    assert not (red and is_green(gate(criteria, worse, waivers=excused, baseline=before)))


@given(bounds, findings, reports)
@settings(max_examples=80, deadline=None)
def test_a_proven_leak_that_counts_is_never_green(
    criteria: ExitCriteria, found: Finding, report: Report
) -> None:
    order = ("critical", "high", "medium", "low")
    proven = replace(found, verdict="proven", severity=criteria.proven)
    assert order.index(proven.severity) <= order.index(criteria.proven)
    assert not is_green(gate(criteria, replace(report, findings=(proven,))))


@given(bounds, reports, st.data())
@settings(max_examples=100, deadline=None)
def test_taking_shown_cells_away_never_turns_red_to_green(
    criteria: ExitCriteria, report: Report, data: st.DataObject
) -> None:
    shown = [cell for cell in report.cells if cell.result is not Result.UNTESTED]
    gone = data.draw(st.lists(st.sampled_from(shown), max_size=8)) if shown else []
    less = replace(report, cells=tuple(cell for cell in report.cells if cell not in gone))
    assert not (not is_green(gate(criteria, report)) and is_green(gate(criteria, less)))


@given(bounds, reports, st.integers(0, 40))
@settings(max_examples=80, deadline=None)
def test_a_cell_that_is_no_longer_shown_never_turns_red_to_green(
    criteria: ExitCriteria, report: Report, which: int
) -> None:
    unseen = tuple(
        replace(cell, result=Result.UNTESTED) if index == which else cell
        for index, cell in enumerate(report.cells)
    )
    less = replace(report, cells=unseen)
    assert not (not is_green(gate(criteria, report)) and is_green(gate(criteria, less)))


@given(bounds, reports, reports)
@settings(max_examples=80, deadline=None)
def test_reports_may_come_in_any_order(criteria: ExitCriteria, one: Report, two: Report) -> None:
    there, back = gate(criteria, one, two), gate(criteria, two, one)
    assert there.exit_code is back.exit_code


@given(bounds, reports)
@settings(max_examples=80, deadline=None)
def test_a_distrusted_report_beside_it_makes_nothing_green(
    criteria: ExitCriteria, report: Report
) -> None:
    bad = replace(clean(club()[0]), distrust=("a login failed",))
    assert gate(criteria, report, bad).exit_code is ExitCode.NOT_TRUSTWORTHY
