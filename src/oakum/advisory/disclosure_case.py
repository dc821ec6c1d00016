"""The facts of a draft: one defect of a report, and its history in the findings file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from oakum.advisory.contact import Contact
from oakum.errors import count_of
from oakum.exposure.checks import RULES, STORIES, guard_effect
from oakum.exposure.rule_documentation import DOES, Story, references
from oakum.finding import Answer, Endpoint, Finding, Report, Result
from oakum.inference.lexicon import classify_field
from oakum.inference.lexicon_phrases import FieldClass
from oakum.memory import Due, Memory, RememberedFinding, case_of, due
from oakum.policy.model import SEVERITIES
from oakum.report.grouping import Defect, states_by_field, when_words
from oakum.report.pipeline_formats import top
from oakum.scan.discovery.keyspace_size import told_behind
from oakum.scan.identities.model import shell_name

CATEGORIES = {
    FieldClass.SECRET: "secrets that let somebody act as the account",
    FieldClass.IDENTITY_DOCUMENT: "identity documents and their numbers",
    FieldClass.CONTACT: "contact data",
    FieldClass.PERSONAL: "personal characteristics",
    FieldClass.LOCATION: "location",
    FieldClass.ACTIVITY: "activity",
    FieldClass.AUTHORITY: "permissions",
    FieldClass.SETTING: "settings",
    FieldClass.HANDLE: "names of accounts",
    FieldClass.KEY: "identifiers",
    FieldClass.PLAIN: "other data",
}
"""The category of personal data, in words, for each class of field names."""


@dataclass(frozen=True)
class Draft:
    """One case: the findings of one rule about one resource, for all viewers."""

    report: Report
    finding: Finding
    """The finding for which the draft was requested."""
    contact: Contact
    now: datetime
    """The time of the draft, with a time zone."""
    memory: Memory | None = None

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All findings of the case, the requested one first."""
        rest = [
            each
            for each in self.report.findings
            if (each.rule, each.resource) == (self.finding.rule, self.finding.resource)
            and each.verdict != "over_blocked"
            and each != self.finding
        ]
        return (self.finding, *rest)

    @property
    def story(self) -> Story:
        return STORIES[self.finding.rule]

    @property
    def title(self) -> str:
        """One sentence about all findings of the case."""
        return Defect(self.findings, ()).sentence

    @property
    def severity(self) -> str:
        """The highest severity among the findings of the draft."""
        return min((each.severity for each in self.findings), key=SEVERITIES.index)

    @property
    def fix(self) -> tuple[str, ...]:
        """How to fix it in the API; the advice of the finding replaces the general first step."""
        advice = self.finding.advice
        return (advice, *self.story.fix[1:]) if advice else self.story.fix

    @property
    def guard(self) -> str:
        """What `oakum guard` does about it until the API is fixed, in words."""
        words = guard_effect(self.finding.rule, "the fields above", "such a viewer")
        return f"`oakum guard`, a gateway in front of the API: {DOES[self.story.does]} {words}"

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.field for each in self.findings if each.field))

    @property
    def viewers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.viewer for each in self.findings))

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        return tuple(
            dict.fromkeys(endpoint for each in self.findings for endpoint in each.endpoints)
        )

    @property
    def proven(self) -> int:
        return sum(each.verdict == "proven" for each in self.findings)

    @property
    def promise(self) -> str:
        return next((each.promise for each in self.findings if each.promise), "")

    @property
    def anonymous(self) -> bool:
        """Whether a caller without a login received the data of at least one finding."""
        return any(
            each.evidence is not None and each.evidence.viewer.identity == "nobody logged in"
            for each in self.findings
        )

    @property
    def contract(self) -> str:
        """The file name of the contract, without the path on the user's machine."""
        return top(self.report).file

    @property
    def weaknesses(self) -> tuple[tuple[str, str, str], ...]:
        """(id, title, URL) of the CWE and OWASP classes of the rule."""
        filed = references(RULES[self.finding.rule])
        return tuple((*name.partition(" ")[::2], at) for name, at in filed)

    @cached_property
    def whens(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """(when, fields): the owner's state in words, and the fields that leak in it; empty: in any
        state."""
        known = states_by_field(self.report)
        found: dict[str, list[str]] = {}
        for name in self.fields:
            states = {each.state for each in self.findings if each.field == name}
            when = when_words(states, known.get((self.finding.resource, name), ()))
            found.setdefault(when, []).append(name)
        return tuple((when, tuple(names)) for when, names in found.items())

    @cached_property
    def categories(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """(category of data, fields), the most harmful first."""
        kinds: dict[FieldClass, list[str]] = {}
        for name in self.fields:
            kinds.setdefault(classify_field(name), []).append(name)
        return tuple((CATEGORIES[k], tuple(kinds[k])) for k in FieldClass if k in kinds)

    @cached_property
    def records(self) -> tuple[tuple[str, str], ...]:
        """(endpoint, estimated number of records with its interval), where sequential ids allowed
        the scan to estimate it."""
        return tuple(dict(self._records()).items())

    def _records(self) -> Iterator[tuple[str, str]]:
        places = [f"{endpoint.method} {endpoint.path}" for endpoint in self.endpoints]
        for each in self.findings:
            if each.evidence is not None and (said := told_behind(each.evidence.note)):
                yield f"{each.endpoints[0].method} {each.endpoints[0].path}", said
        for note in self.report.notes:
            place, sign, rest = note.partition(": ")
            if sign and place in places and (said := told_behind(rest)):
                yield place, said

    @property
    def untested_count(self) -> int:
        """Number of untested cells of the resource."""
        return sum(
            cell.resource == self.finding.resource and cell.result is Result.UNTESTED
            for cell in self.report.cells
        )

    # ------------------------------------------------------------ evidence

    @cached_property
    def received_data(self) -> tuple[tuple[str, str], ...]:
        """(pointer, shape) of the data that the viewer received and should not have."""
        lines: dict[str, str] = {}
        for each in self.findings:
            if each.evidence is not None:
                for line in each.evidence.viewer.lines:
                    if line.mark == "leak":
                        lines.setdefault(line.pointer, line.shape)
        return tuple(lines.items())

    @property
    def answer(self) -> Answer | None:
        """The viewer's response in the evidence; None for a finding without evidence."""
        return self.finding.evidence.viewer if self.finding.evidence is not None else None

    @property
    def ask_again(self) -> str:
        """The curl command of the evidence; its variables name the parties `CALLER` and `OWNER`.
        Empty without evidence."""
        evidence = self.finding.evidence
        if evidence is None:
            return ""
        line = evidence.curl
        for each in sorted(self.report.identities, key=lambda one: -len(one.name)):
            name = shell_name(each.name, "")
            part = "$CALLER_" if each.name == evidence.viewer.identity else "$OWNER_"
            line = line.replace(name, part)
        return line

    @cached_property
    def remembered_findings(self) -> tuple[RememberedFinding, ...]:
        if self.memory is None:
            return ()
        marks = {each.fingerprint for each in self.findings}
        return tuple(
            each for each in self.memory.findings if marks & {each.fingerprint, *each.also}
        )

    @cached_property
    def clock(self) -> Due | None:
        """What the disclosure requires today; None if nothing was reported to the vendor."""
        if self.memory is None:
            return None
        cases = (case_of(self.memory, each) for each in self.remembered_findings)
        case = next((each for each in cases if each is not None), None)
        return due(self.memory, case, self.now.date()) if case is not None else None

    @cached_property
    def timeline(self) -> tuple[tuple[str, str], ...]:
        """(day, what happened), the oldest first, with the number of findings concerned."""
        told: dict[tuple[str, str], int] = {}
        for each in self.remembered_findings:
            for one in each.history:
                told[one.stamp.on, one.what] = told.get((one.stamp.on, one.what), 0) + 1
        whole = count_of(len(self.remembered_findings), "finding")
        lines = [
            (on, f"{what.replace('_', ' ')}: {many} of {whole}")
            for (on, what), many in told.items()
        ]
        found = f"found: {count_of(len(self.findings), 'finding')}"
        lines = lines or [(self.report.started, found)]
        if self.clock is not None:
            lines += [(day.isoformat(), name) for name, day in self.clock.case.events]
            if self.clock.publication is not None and self.clock.level != "done":
                days = f"to be published, {self.clock.case.days} days after the report"
                lines.append((self.clock.publication.isoformat(), days))
        return tuple((on[:10], what) for on, what in sorted(lines, key=lambda line: line[0]))
