"""The exit criteria: each computes a figure and compares it with its bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from oakum.authz import Model
from oakum.errors import NOWHERE, ExitCode, Problem, count_of
from oakum.finding import Finding
from oakum.gate.api_design_flaws import Flaw, find_unsecured, flaws
from oakum.gate.combined_reports import CombinedReports
from oakum.gate.guard_comparison import agreement, doubts, summarize_cells
from oakum.gate.linter_findings import LinterResult
from oakum.gate.required_coverage import never_asked, shares, unmet_states, unreachable
from oakum.gate.unclassified_fields import find_unclassified
from oakum.gate.undeclared_graphql_fields import unnamed_root_fields
from oakum.gate.verdict import Criterion, Detail, Status, Verdict, Widening
from oakum.gate.waivers import WaivedFindings, apply_waivers, is_excused
from oakum.memory import FindingStanding, Memory, RememberedFinding, silent, stage
from oakum.policy.graphql_schema import Graph
from oakum.policy.model import SEVERITIES, Approval, ExitCriteria, Waiver
from oakum.policy.resource_schemas import View

_UNSEEN: Status = "not looked at"
_NO_REPORT = "give the JSON report of a scan with `--report`"


@dataclass(frozen=True)
class VerdictInputs:
    """Everything that a verdict is based on."""

    seen: View
    model: Model
    criteria: ExitCriteria
    today: date
    evidence: CombinedReports | None = None
    """The reports; None: none was given, and only the documents are judged."""
    guarded: CombinedReports | None = None
    """Reports of scans through a guard; None: not given."""
    graphs: Sequence[Graph] = ()
    linted: Sequence[LinterResult] = ()
    """Results of the linters that were requested."""
    waivers: Sequence[Waiver] = ()
    baseline: Sequence[Finding] = ()
    widenings: Sequence[Widening] | None = None
    """Widenings since the earlier contract; None: not compared."""
    against: str = ""
    """Name of the earlier contract; empty: none was given."""
    memory: Memory | None = None
    """The findings file with these reports added; None: none was given."""


def judge(case: VerdictInputs) -> Verdict:
    """The verdict, with every criterion in the order in which to fix them."""
    evidence = case.evidence
    stances = case.criteria.static
    others = (
        *unnamed_root_fields(case.graphs),
        *(flaw for each in case.linted for flaw in each.flaws),
    )
    every = (
        *find_unsecured(case.seen), *flaws(case.seen, case.model, stances),
        *(each for each in others if stances[each.rule] != "off"),
    )  # fmt: skip
    findings = evidence.findings if evidence else ()
    kept = apply_waivers(findings, every, case.waivers, case.baseline, case.today)
    made = (
        *(_of_reports(case, evidence, kept) if evidence else _without_reports()),
        _guard_criterion(case),
        *(_memory_criteria(case, evidence) if case.memory is not None else ()),
        *_of_documents(case, kept),
        _linters(case),
        _widening_criterion(case),
        _waiver_criterion(kept),
    )
    return Verdict(
        criteria=made,
        waived=kept.waived,
        known=kept.known,
        gone=kept.gone,
        warnings=(
            *_warn_of_flaws(kept.flaws, case.criteria),
            *_warn_of_unused(kept, looked=evidence is not None),
            *_unused_approvals(case),
            *_one_sided(case),
        ),
        reports=evidence.reports if evidence else 0,
        judged=evidence.judged if evidence else (),
        approved=sum(bool(_approves(case, each)) for each in case.widenings or ()),
    )


def _criterion(
    name: str,
    title: str,
    number: int,
    bound: int,
    noun: str,
    advice: str,
    details: Iterable[Detail] = (),
) -> Criterion:
    status: Status = "met" if number <= bound else "not met"
    figure = count_of(number, noun)
    return Criterion(name, title, status, figure, f"at most {bound}", advice, tuple(details))


# --------------------------------------------------------------------------- what the API sends


def _without_reports() -> Iterator[Criterion]:
    names = ("trust", "fresh", "proven", "suspected", "over_blocks", "asked", "shown", "states")
    for name in names:
        yield Criterion(name, TITLES[name], _UNSEEN, advice=_NO_REPORT)


TITLES = {
    "trust": "each report is from a complete scan",
    "fresh": "each report is recent and for this contract",
    "proven": "no proven leak",
    "suspected": "few suspected leaks",
    "over_blocks": "the API serves what the contract grants",
    "asked": "each operation that shows somebody's data was called",
    "shown": "each field is tested for each kind of viewer",
    "states": "each value of each setting is tested with some owner",
    "guarded": "the guard leaves no leak, and serves the same granted data as the API",
    "regressed": "no fixed finding is back",
    "retested": "each open leak was tested again",
    "security": "each operation says who may call it",
    "classified": "each field of each response is classified or granted",
    "static": "contract and document have no static findings",
    "linters": "each requested linter has read the document",
    "widening": "the contract shows nothing that the earlier contract did not show",
    "waivers": "no waiver has expired",
}
"""Criterion → its requirement in words."""


def _of_reports(
    case: VerdictInputs, evidence: CombinedReports, kept: WaivedFindings
) -> Iterator[Criterion]:
    yield _trust_criterion(
        "trust", evidence.distrust, "fix the run (`oakum doctor`), and scan again"
    )
    yield _trust_criterion("fresh", evidence.stale, "scan again, with this contract")
    yield from _leaks(case.criteria, kept.findings)
    yield _call_criterion(case, evidence)
    yield _cell_criterion(case, evidence)
    yield _states(case, evidence)


def _trust_criterion(name: str, reasons: Sequence[str], advice: str) -> Criterion:
    status: Status = "not met" if reasons else "met"
    figure = count_of(len(reasons), "problem")
    return Criterion(
        name, TITLES[name], status, figure, "none", advice, tuple(map(Detail, reasons)),
        ExitCode.NOT_TRUSTWORTHY,
    )  # fmt: skip


def _leaks(criteria: ExitCriteria, findings: Sequence[Finding]) -> Iterator[Criterion]:
    counted_in = SEVERITIES[: SEVERITIES.index(criteria.proven) + 1]
    proven = [each for each in findings if each.verdict == "proven" and each.severity in counted_in]
    title = f"no proven leak of severity `{criteria.proven}` or above"
    advice = "fix the API; `oakum explain` says how; until then `oakum guard` blocks it"
    yield _criterion("proven", title, len(proven), 0, "leak", advice, _finding_details(proven))
    # Contradictions of drafted lines only are handled by `shown`: nobody has confirmed those lines.
    suspected = [each for each in findings if each.verdict == "suspected" and not each.drafted]
    most = criteria.suspected
    title = f"at most {count_of(most, 'suspected leak')}" if most else "no suspected leak"
    advice = "review each: fix it, change the contract, or waive it"
    yield _criterion(
        "suspected", title, len(suspected), most, "leak", advice, _finding_details(suspected)
    )
    blocked = [each for each in findings if each.verdict == "over_blocked"]
    most = criteria.over_blocks
    title = f"at most {count_of(most, 'over-block')}" if most else "what is granted is served"
    advice = "serve the granted fields, or grant fewer"
    # A list that is refused to a viewer is one fault, however many fields it would have shown.
    refused = {(each.viewer, each.endpoints) for each in blocked}
    yield _criterion(
        "over_blocks", title, len(refused), most, "grant", advice, _finding_details(blocked)
    )


def _finding_details(findings: Iterable[Finding]) -> Iterator[Detail]:
    """The gravest first."""
    ordered = sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.resource, f.field))
    for each in ordered:
        main = f" at {each.endpoints[0].method} {each.endpoints[0].path}" if each.endpoints else ""
        words = f"{each.severity}: {each.title.rstrip('.')}{main} [{each.fingerprint}]"
        yield Detail(words, each.contract_location)


def _call_criterion(case: VerdictInputs, evidence: CombinedReports) -> Criterion:
    """A share of cells may be reached without ever calling the operation that leaks."""
    missed, all_of_them = never_asked(case.seen, case.model, evidence.cells)
    advice = 'call it in a test or a scan, or say in the contract why not: `untested: "the reason"`'
    return Criterion(
        "asked", TITLES["asked"], "not met" if missed else "met",
        f"{all_of_them - len(missed)} of {all_of_them} called", f"all {all_of_them}", advice,
        tuple(map(Detail, missed)), ExitCode.NOT_TRUSTWORTHY,
    )  # fmt: skip


def _cell_criterion(case: VerdictInputs, evidence: CombinedReports) -> Criterion:
    bound = case.criteria.shown
    found = shares(case.seen, case.model, evidence.cells)
    low = [each for each in found if each.percent < bound]
    least = min((each.percent for each in found), default=0.0)
    met = bool(found) and not low
    title = f"each field × viewer has at least {bound:g} % of its cells shown"
    left = "; ".join(unreachable(case.seen, case.model))
    figure = f"{least:.3g} % at least shown" + (f"; left out: {left}" if left else "")
    return Criterion(
        "shown", title, "met" if met else "not met", figure,
        f"at least {bound:g} %", _SHOW_MORE, tuple(Detail(each.sentence) for each in low),
        ExitCode.NOT_TRUSTWORTHY,
    )  # fmt: skip


_SHOW_MORE = "give the accounts more data and relations, or the scan a larger `--budget`"


def _states(case: VerdictInputs, evidence: CombinedReports) -> Criterion:
    name, title = "states", TITLES["states"]
    if not case.criteria.states:
        return Criterion(name, title, "not asked for")
    missed, all_of_them = unmet_states(case.seen, case.model, evidence.cells)
    advice = "add an account in that state"
    if evidence.limited:
        advice += ", or scan with `--allow-own-settings`"
    return Criterion(
        name, title, "not met" if missed else "met",
        f"{all_of_them - len(missed)} of {all_of_them} met", f"all {all_of_them}", advice,
        tuple(map(Detail, missed)), ExitCode.NOT_TRUSTWORTHY,
    )  # fmt: skip


# --------------------------------------------------------------------------- beside a guard


def _guard_criterion(case: VerdictInputs) -> Criterion:
    name, title = "guarded", TITLES["guarded"]
    direct, guarded = case.evidence, case.guarded
    if direct is None or guarded is None:
        return Criterion(name, title, "not asked for")
    found = agreement(direct, guarded)
    kept = apply_waivers(guarded.findings, (), case.waivers, (), case.today).findings
    own = {each.fingerprint for each in direct.findings if each.verdict == "over_blocked"}
    proven, suspected, _ = _leaks(case.criteria, kept)
    leaks = [d for each in (proven, suspected) if each.status == "not met" for d in each.details]
    withheld = [
        *_finding_details(
            f for f in kept if f.verdict == "over_blocked" and f.fingerprint not in own
        )
    ]
    bound = case.criteria.shown
    low = [s for s in shares(case.seen, case.model, guarded.cells) if s.percent < bound]
    doubted = [*doubts(direct, guarded), *(each.sentence for each in low)]
    doubted += summarize_cells(found.lost, "is served by the API, but the guard shows it to nobody")
    if not found.agreed:
        doubted.append("no cell is served both with and without the guard")
    details = (*map(Detail, doubted), *leaks, *withheld)
    figure = (
        f"{count_of(len(leaks), 'leak')}, {len(withheld):,} withheld, {found.agreed:,} agree,"
        f" {len(found.direct_only):,} shown only without the guard,"
        f" {len(found.guarded_only):,} only through it"
    )
    advice = (
        "scan both again, alike" if doubted else "fix the guard or its contract, and scan again"
    )
    return Criterion(
        name, title, "not met" if details else "met", figure, "no leak, none withheld", advice,
        details, ExitCode.NOT_TRUSTWORTHY if doubted else ExitCode.FINDINGS,
    )  # fmt: skip


def _one_sided(case: VerdictInputs) -> Iterator[Problem]:
    """Cells that only one of the two scans saw: they prove nothing about the other."""
    if case.guarded is None or case.evidence is None:
        return
    found = agreement(case.evidence, case.guarded)
    hint = "it does not cover the other; the API itself leaks more than a guard lets through"
    for cells, what in (
        (found.around, "is shown without the guard, although the contract denies it"),
        (found.direct_only, "is shown only without the guard"),
        (found.guarded_only, "is shown only through the guard"),
    ):
        yield from (Problem(NOWHERE, said, hint) for said in summarize_cells(cells, what))


def _memory_criteria(case: VerdictInputs, evidence: CombinedReports | None) -> Iterator[Criterion]:
    """Fixed findings that are back. Baseline and waivers do not excuse them."""
    memory = case.memory
    if memory is None or evidence is None:
        yield from (Criterion(e, TITLES[e], _UNSEEN, advice=_NO_REPORT) for e in _OF_MEMORY)
        return
    back = [e for e in memory.findings if memory.standing_of(e) is FindingStanding.REGRESSED]
    advice = "fix it again, and find out what undid the fix; no waiver covers it"
    told = [Detail(f"{_describe_finding(e)} {stage(memory, e)} [{e.fingerprint}]") for e in back]
    yield _criterion("regressed", TITLES["regressed"], len(back), 0, "finding", advice, told)
    unseen = list(_unseen(case, memory, evidence))
    told = [
        Detail(f"{_describe_finding(one)} at {endpoints} [{one.fingerprint}]")
        for one, endpoints in unseen
    ]
    yield Criterion(
        "retested", TITLES["retested"], "not met" if unseen else "met",
        count_of(len(unseen), "finding") + " untested", "none",
        "scan with the options that found it, or retest it with `oakum scan --only` and record"
        " the result",
        tuple(told), ExitCode.NOT_TRUSTWORTHY,
    )  # fmt: skip


_OF_MEMORY = ("regressed", "retested")


def _describe_finding(one: RememberedFinding) -> str:
    return f"{one.severity}: `{one.resource}.{one.field}` for `{one.viewer}`, {one.rule},"


def _unseen(
    case: VerdictInputs, memory: Memory, evidence: CombinedReports
) -> Iterator[tuple[RememberedFinding, str]]:
    """Proven leaks that were open when last seen, with the endpoints of which no report says
    anything.

    They would count if they were found: that nobody looked does not make them fewer.
    """
    grave_enough = SEVERITIES[: SEVERITIES.index(case.criteria.proven) + 1]
    for one, endpoints in silent(memory, evidence.findings, evidence.cells):
        counts = one.verdict == "proven" and one.severity in grave_enough
        if counts and not is_excused(one, case.waivers, case.baseline, case.today):
            yield one, ", ".join(f"{endpoint.method} {endpoint.path}" for endpoint in endpoints)


def _of_documents(case: VerdictInputs, kept: WaivedFindings) -> Iterator[Criterion]:
    criteria = case.criteria
    rule = "operation-without-security"
    if criteria.security:
        open_endpoints = [each for each in kept.flaws if each.rule == rule]
        advice = "write `security` in the document, or `call` in the contract"
        told = map(_flaw, open_endpoints)
        yield _criterion(
            "security", TITLES["security"], len(open_endpoints), 0, "operation", advice, told
        )
    else:
        yield Criterion("security", TITLES["security"], "not asked for")
    if criteria.classified:
        fields = find_unclassified(case.seen)
        advice = (
            "give each field a line in `fields:` (`[]` for nobody), or say in the operation's"
            " `call:` who may call it"
        )
        yield _criterion(
            "classified", TITLES["classified"], len(fields), 0, "field", advice, map(Detail, fields)
        )
    else:
        yield Criterion("classified", TITLES["classified"], "not asked for")
    wrong = [
        each for each in kept.flaws if each.rule != rule and criteria.static[each.rule] == "fail"
    ]
    advice = "fix the document or the contract, or waive it"
    yield _criterion("static", TITLES["static"], len(wrong), 0, "flaw", advice, map(_flaw, wrong))


def _linters(case: VerdictInputs) -> Criterion:
    """Whether each requested linter ran. Its findings count in `static`, or are warnings."""
    name, title = "linters", TITLES["linters"]
    if not case.linted:
        return Criterion(name, title, "not asked for")
    failed = [Detail(each.failed) for each in case.linted if each.failed]
    figure = ", ".join(
        f"{each.tool}: {'nothing read' if each.failed else count_of(each.places, 'finding')}"
        for each in case.linted
    )
    advice = "install the linter and give it rules, or do not request it"
    return Criterion(
        name, title, "not met" if failed else "met", figure, "all read", advice, tuple(failed),
        ExitCode.NOT_TRUSTWORTHY,
    )  # fmt: skip


def _flaw(flaw: Flaw) -> Detail:
    """What, what to do, and the fingerprint for a waiver."""
    return Detail(f"{flaw.message}; {flaw.hint} [{flaw.rule} {flaw.fingerprint}]", flaw.location)


def _widening_criterion(case: VerdictInputs) -> Criterion:
    name, title = "widening", TITLES["widening"]
    if case.widenings is None:
        advice = "give the earlier contract with `--against`"
        if case.against:  # a requested check that did not run is never green
            return Criterion(name, title, "not met", "not compared", "none", advice)
        return Criterion(name, title, "not compared", advice=advice)
    rest = [each for each in case.widenings if not _approves(case, each)]
    advice = (
        "narrow it, or approve it under `approvals` with its fingerprint, a reason and an owner"
    )
    return _criterion(name, title, len(rest), 0, "widening", advice, map(_wider, rest))


def _wider(each: Widening) -> Detail:
    return Detail(f"{each.sentence} [{each.fingerprint}]", each.location)


def _approves(case: VerdictInputs, widening: Widening) -> list[Approval]:
    said = case.criteria.approvals
    return [one for one in said if one.widening and widening.fingerprint.startswith(one.widening)]


def _waiver_criterion(kept: WaivedFindings) -> Criterion:
    over = [each.waiver for each in kept.waived if each.expired]
    told = (
        Detail(f"`{each.reason}` ended on {each.expires}; ask {each.owner}", each.location)
        for each in over
    )
    advice = "fix it, or renew the waiver with a new date and a reason that still holds"
    return _criterion("waivers", TITLES["waivers"], len(over), 0, "waiver", advice, told)


# --------------------------------------------------------------------------- warnings


def _warn_of_flaws(found: Iterable[Flaw], criteria: ExitCriteria) -> Iterator[Problem]:
    for flaw in found:
        if criteria.static.get(flaw.rule) == "warn":
            message = f"{flaw.message} [{flaw.rule} {flaw.fingerprint}]"
            yield Problem(flaw.location, message, flaw.hint)


def _warn_of_unused(kept: WaivedFindings, *, looked: bool) -> Iterator[Problem]:
    """Waivers that match nothing. Without a report it is unknown which findings there are."""
    for each in kept.waived:
        if looked and not each.suppressed:
            said = "this waiver matches nothing"
            yield Problem(each.waiver.location, said, "remove it: what it excused is gone")


def _unused_approvals(case: VerdictInputs) -> Iterator[Problem]:
    if case.widenings is None:
        return
    used = {one for each in case.widenings for one in _approves(case, each)}
    for each in case.criteria.approvals:
        if each not in used:
            said = "this approval matches no widening"
            yield Problem(each.location, said, "remove it after the release")
