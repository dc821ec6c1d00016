"""Groups findings into defects, with the wording that all formats for people share.

A run has hundreds of findings and a dozen causes, and a person fixes causes. Grouping loses
nothing: each finding belongs to exactly one defect, and `occasions` says which field in which
state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from oakum.errors import ExitCode, Location, count_of
from oakum.finding import Cell, Endpoint, Finding, Report, Result, State
from oakum.rules import OWASP

T = TypeVar("T")

PRIVACY_RULE = "privacy-setting-not-enforced"
"""The rule whose findings break a promise to users about a privacy setting."""

UNLISTED = "Beyond the OWASP API Security Top 10"
"""The heading for defects whose rule belongs to no item of the list."""


@dataclass(frozen=True)
class Defect:
    """Findings that share verdict, rule, resource and viewer: one thing to fix.

    Viewers to whom exactly the same happens through the same endpoints share one defect.
    """

    findings: tuple[Finding, ...]
    """At least one, the gravest first."""
    occasions: tuple[tuple[tuple[str, ...], str], ...]
    """(fields, when): the fields that leak, and the owner's states in words in which they do."""

    @property
    def first(self) -> Finding:
        """The gravest finding; rule, viewer, severity, title and advice of the defect are taken
        from it."""
        return self.findings[0]

    @property
    def viewers(self) -> tuple[str, ...]:
        """Viewers concerned, the least privileged first; `sentence` names the first."""
        return _once(finding.viewer for finding in self.findings)

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields concerned, each once; none when the rule is about no field."""
        return _once(finding.field for finding in self.findings if finding.field)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Endpoints concerned, main endpoints first."""
        mains = [finding.endpoints[0] for finding in self.findings if finding.endpoints]
        rest = [endpoint for finding in self.findings for endpoint in finding.endpoints[1:]]
        return _once([*mains, *rest])

    @property
    def locations(self) -> tuple[Location, ...]:
        """Contract lines concerned, each once, in file order."""
        places = {finding.contract_location for finding in self.findings}
        return tuple(sorted(place for place in places if place.file))

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do, each sentence once."""
        return _once(finding.advice for finding in self.findings if finding.advice)

    @property
    def ids(self) -> tuple[str, ...]:
        """OWASP and CWE ids, each once."""
        found = (x for finding in self.findings for x in (finding.owasp, *finding.cwe) if x)
        return _once(found)

    @property
    def sentence(self) -> str:
        """The title of the gravest finding, with the number of fields if there are several: `Any
        member can read other users' expenses (9 fields)`."""
        title = self.first.title.rstrip(".")
        viewer = self.viewers[0]  # computed once: there may be tens of thousands of findings
        titles = {finding.title for finding in self.findings if finding.viewer == viewer}
        if len(self.fields) < 2 or len(titles) == 1:
            return title
        named = f" (`{self.first.resource}.{self.first.field}`)"
        if title.endswith(named):
            return f"{title.removesuffix(named)} ({count_of(len(self.fields), 'field')})"
        return f"{title}, and {count_of(len(self.fields) - 1, 'more field')}"

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why the defect is suspected and not proven, each reason once."""
        return _once(doubt for finding in self.findings for doubt in finding.doubts)

    @property
    def promise(self) -> str:
        """The promise to users that the defect breaks; otherwise empty."""
        broken = (PRIVACY_RULE in (f.rule, *f.also) and f.promise for f in self.findings)
        return next((promise for promise in broken if promise), "")

    @property
    def fact(self) -> str:
        """How the API breaks the promise: the viewer, the fields and the states, in words."""
        parts = [f"`{name}`" for name in self.fields[:3]]
        if self.fields[3:]:
            parts.append(count_of(len(self.fields) - 3, "more field"))
        listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)
        when = self.occasions[0][1] if len(self.occasions) == 1 else ""
        return f"{self.first.viewer} sees {listed or 'it'} {when}".rstrip()


def defects(report: Report) -> tuple[Defect, ...]:
    """All findings in defects: proven before suspected before over-blocked, the gravest first.

    Of equally grave ones, those with most findings come first, then those that break a promise.
    """
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings_in_order(report):
        parts = (finding.verdict, finding.rule, finding.resource, finding.viewer)
        groups.setdefault(parts, []).append(finding)
    known = states_by_field(report)
    alike: dict[tuple[object, ...], Defect] = {}
    for key, group in groups.items():
        defect = Defect(tuple(group), _occasions(group, known))
        same = (*key[:3], defect.occasions, defect.endpoints, defect.locations, defect.advice)
        findings = alike[same].findings if same in alike else ()
        alike[same] = Defect((*findings, *group), defect.occasions)

    def gravity(defect: Defect) -> tuple[object, ...]:
        return (*defect.first.rank, -len(defect.findings), not defect.promise)

    return tuple(sorted(alike.values(), key=gravity))


def by_item(found: Iterable[Defect]) -> tuple[tuple[str, tuple[Defect, ...]], ...]:
    """Defects by item of the OWASP API Security Top 10 2023, each with its full name.

    The order is kept: items are in the order of their first defects, and defects within an item are
    as given.
    """
    groups: dict[str, list[Defect]] = {}
    for defect in found:
        item = OWASP.get(defect.first.owasp)
        groups.setdefault(item.name if item is not None else UNLISTED, []).append(defect)
    return tuple((name, tuple(group)) for name, group in groups.items())


def findings_in_order(report: Report) -> list[Finding]:
    """Findings by verdict, severity, number of similar findings and rule, then in the order in
    which the contract lists the fields."""
    breadth = Counter((f.verdict, f.rule, f.resource, f.viewer) for f in report.findings)
    ranks = {name: rank for rank, name in enumerate(weakest_first(report))}

    def key(finding: Finding) -> tuple[object, ...]:
        line = report.field_lines.get(f"{finding.resource}.{finding.field}")
        return (
            *finding.rank,
            -breadth[finding.verdict, finding.rule, finding.resource, finding.viewer],
            finding.rule,
            finding.resource,
            ranks[finding.viewer],
            line or finding.contract_location,
            finding.field,
            finding.state,
            finding.title,
        )

    return sorted(report.findings, key=key)


def weakest_first(report: Report) -> tuple[str, ...]:
    """Viewers by how much the contract grants them, since a report holds no order of relations.

    Of equals, the one with fewer untested cells comes first.
    """
    names = {cell.viewer for cell in report.cells} | {found.viewer for found in report.findings}
    grants = Counter(cell.viewer for cell in report.cells if cell.granted)
    unknown = Counter(cell.viewer for cell in report.cells if cell.result is Result.UNTESTED)
    return tuple(sorted(names, key=lambda name: (grants[name], unknown[name], name)))


def states_by_field(report: Report) -> Mapping[tuple[str, str], tuple[State, ...]]:
    """(resource, field) → the states that its cells have, sorted, without the empty one.

    Per field, since a cell names only the settings that decide its field.
    """
    cells = ((cell.resource, cell.field, cell.state) for cell in report.cells)
    found = ((finding.resource, finding.field, finding.state) for finding in report.findings)
    known: dict[tuple[str, str], set[State]] = {}
    for resource, name, state in (*cells, *found):
        known.setdefault((resource, name), set()).update({state} if state else ())
    return {key: tuple(sorted(states)) for key, states in known.items()}


def state_words(state: State) -> str:
    """`private and not hide_age and audience crew`; empty for any state."""
    spoken = {"true": "{0}", "false": "not {0}"}
    return " and ".join(spoken.get(value, "{0} {1}").format(name, value) for name, value in state)


def when_words(states: Iterable[State], known: Sequence[State]) -> str:
    """These states in the shortest words that still exclude every other known state.

    `when private` instead of `when hide_age and private or not hide_age and private`; empty for any
    state, and when there is but one to speak of.
    """
    chosen = set(states)
    if () in chosen:
        return ""
    if chosen >= set(known):
        return "in every state" if len(known) > 1 else ""
    held, others = _fewest(chosen, set(known)), _fewest(set(known) - chosen, set(known))
    if len(others) < len(held):
        return f"except when {' or '.join(map(state_words, others))}"
    return f"when {' or '.join(map(state_words, held))}"


DRAFTED_ONLY = (
    "all findings contradict drafted contract lines that nobody has confirmed: review the lines,"
    " correct them, and scan again"
)


def exit_code(report: Report) -> ExitCode:
    """The exit code of the run. A run that is not trustworthy never counts as finished.

    Findings that contradict only drafted lines are not defects yet: somebody has to confirm these
    lines first.
    """
    if reasons(report):
        return ExitCode.NOT_TRUSTWORTHY
    return ExitCode.FINDINGS if report.findings else ExitCode.CLEAN


def reasons(report: Report) -> tuple[str, ...]:
    """Why a run is not trustworthy: its recorded reasons, or else that all its findings contradict
    only drafted lines. Empty if it is trustworthy."""
    drafted = report.findings and all(finding.drafted for finding in report.findings)
    return report.distrust or ((DRAFTED_ONLY,) if drafted else ())


def verdict_words(report: Report) -> str:
    """The result in one line: `12 defects`, `no leak found in the tested cells`."""
    found = defects(report)
    if found:
        guessed = all(finding.drafted for finding in report.findings)
        return count_of(len(found), "defect") + (", against drafted lines only" if guessed else "")
    if report.distrust:
        return "not trustworthy"
    if report.cells and not report.count(Result.UNTESTED):
        return "no leak found"
    return "no leak found in the tested cells"


def tally(report: Report) -> Mapping[Literal["proven", "suspected", "over_blocked"], int]:
    """Number of findings of each verdict."""
    verdicts = [finding.verdict for finding in report.findings]
    return {
        "proven": verdicts.count("proven"),
        "suspected": verdicts.count("suspected"),
        "over_blocked": verdicts.count("over_blocked"),
    }


def untested_by_reason(report: Report) -> tuple[tuple[str, tuple[Cell, ...]], ...]:
    """Untested cells by reason, most common first."""
    reasons: dict[str, list[Cell]] = {}
    for cell in sorted(report.cells, key=lambda c: (c.resource, c.field, c.viewer, c.state)):
        if cell.result is Result.UNTESTED:
            reasons.setdefault(cell.reason or "no reason was given", []).append(cell)
    ordered = sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple((reason, tuple(cells)) for reason, cells in ordered)


def skipped_by_reason(report: Report) -> tuple[tuple[str, tuple[Endpoint, ...]], ...]:
    """Operations not called, by reason, the commonest first."""
    reasons: dict[str, list[Endpoint]] = {}
    for item in sorted(report.skipped, key=lambda item: (item.endpoint, item.reason)):
        reasons.setdefault(item.reason, []).append(item.endpoint)
    ordered = sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple((reason, tuple(endpoints)) for reason, endpoints in ordered)


def _fewest(chosen: set[State], known: set[State]) -> list[State]:
    """The chosen states without the settings that make no difference, given the known states."""
    for name in sorted({name for state in known for name, _ in state}):
        without = {_drop(state, name) for state in chosen}
        if {state for state in known if _drop(state, name) in without} == chosen:
            chosen, known = without, {_drop(state, name) for state in known}
    return sorted(chosen)


def _drop(state: State, name: str) -> State:
    return tuple(pair for pair in state if pair[0] != name)


def _occasions(
    findings: Iterable[Finding], known: Mapping[tuple[str, str], Sequence[State]]
) -> tuple[tuple[tuple[str, ...], str], ...]:
    states: dict[tuple[str, str], set[State]] = {}
    for finding in findings:
        states.setdefault((finding.resource, finding.field), set()).add(finding.state)
    fields: dict[str, list[str]] = {}
    for (resource, name), held in states.items():
        when = when_words(held, known.get((resource, name), ()))
        fields.setdefault(when, []).append(name)
    return tuple((tuple(name for name in names if name), when) for when, names in fields.items())


def _once(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))


def items_said(report: Report) -> list[tuple[str, str]]:
    """(item, words): what was tested of each item of the OWASP API Security Top 10."""
    lines: list[tuple[str, str]] = []
    for each in report.items:
        parts = [f"tested: {', '.join(each.tested)}"] if each.tested else []
        reasons: dict[str, list[str]] = {}
        for rule, why in each.untested:
            reasons.setdefault(why, []).append(rule)
        if reasons:
            said = "; ".join(f"{', '.join(rules)} ({why})" for why, rules in reasons.items())
            parts.append(f"untested: {said}")
        words = "; ".join(parts) or "untested: Oakum has no check for it"
        lines.append((each.item.partition(":")[0], words))
    return lines


def writes_said(report: Report) -> list[tuple[str, str]]:
    """(label, words): what the run wrote and whether it was undone. Empty if it wrote nothing and
    was not allowed to."""
    writes = report.writes
    if not (writes.sent or writes.left or writes.untried):
        return []
    lines = [
        ("sent", f"{count_of(writes.sent, 'request')} that write" + "s" * (writes.sent == 1)),
        ("undone", f"{writes.undone:,} of {count_of(writes.changes, 'change')}, read back"),
        ("left", f"{len(writes.left):,}" if writes.left else "nothing"),
    ]
    lines += [("", each) for each in writes.left]
    reasons: dict[str, list[str]] = {}
    for each in writes.untried:
        reasons.setdefault(each.reason, []).append(f"{each.endpoint.method} {each.endpoint.path}")
    lines += [("untried", f"{', '.join(endpoints)}: {why}") for why, endpoints in reasons.items()]
    return lines
