"""A remembered finding: its state at each endpoint, and its state overall.

The overall state is never stored apart from the states of the endpoints: `Memory.standing` computes
it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

from oakum.finding import Endpoint, State

OF_CELLS = frozenset(
    {
        "authenticated-not-authorized", "broken-function-level-authorization",
        "broken-object-level-authorization", "cross-user-cache", "excessive-data-exposure",
        "feed-exposure", "graphql-exposure", "missing-authentication", "over-block",
        "page-limit-not-enforced", "privacy-setting-not-enforced", "revocation-not-enforced",
        "shadow-endpoint",
    }
)  # fmt: skip
"""Rules whose findings are fixed when their cells are closed. Findings of other rules have no cell:
they are about differences between responses, or about more of a response than one field."""


class AtEndpoint(StrEnum):
    """The state of a finding at one of its endpoints."""

    OPEN = "open"
    CLOSED = "closed"  # shown to be closed by a trustworthy run
    BACK = "back"  # open again, after it had been closed
    WITHDRAWN = "withdrawn"  # the contract changed: no longer a defect there


class FindingStanding(StrEnum):
    """The overall state of a finding, derived from its endpoints."""

    REGRESSED = "regressed"
    OPEN = "open"
    PARTLY_FIXED = "partly_fixed"
    WITHDRAWN = "withdrawn"
    FIXED = "fixed"

    @property
    def over(self) -> bool:
        """Whether nothing is left to fix."""
        return self in (FindingStanding.FIXED, FindingStanding.WITHDRAWN)


@dataclass(frozen=True, order=True)
class Stamp:
    """A run: its id, and when it began (RFC 3339)."""

    run: str
    on: str


@dataclass(frozen=True)
class KnownEndpoint:
    """An endpoint at which a finding was seen, and its latest state there."""

    endpoint: Endpoint
    now: AtEndpoint = AtEndpoint.OPEN


@dataclass(frozen=True)
class FindingEvent:
    """One entry in the history of a finding."""

    stamp: Stamp
    what: str
    """`found`, `spread` to more endpoints, or the overall state that it reached."""
    note: str = ""


@dataclass(frozen=True)
class RememberedFinding:
    """A remembered finding, without personal data.

    A leak with a cell is the same finding as long as resource, field, viewer and state are the
    same. Its rule, and so its fingerprint, may change when another defect is fixed: only an
    endpoint that requires a login can break `authenticated-not-authorized`.
    """

    fingerprint: str
    """The fingerprint under which it was found first."""
    rule: str
    """The rule that reported it last; `verdict` and `severity` are of that report, too."""
    verdict: str
    severity: str
    resource: str
    field: str
    viewer: str
    state: State
    endpoints: tuple[KnownEndpoint, ...]
    first_seen: Stamp
    last_seen: Stamp
    """The last run in which it was open."""
    last_tested: Stamp
    """The last run that tested each of its endpoints."""
    history: tuple[FindingEvent, ...] = ()
    """The oldest first."""
    also: tuple[str, ...] = ()
    """Further fingerprints that it had, under other rules."""

    @property
    def over_blocked(self) -> bool:
        return self.verdict == "over_blocked"

    @property
    def kind(self) -> str:
        """The rule, for a finding without a cell; otherwise empty."""
        return "" if self.rule in OF_CELLS else self.rule

    @property
    def cell(self) -> tuple[bool, str, str, str, State]:
        """The key that it shares with the same finding about other viewers."""
        return self.over_blocked, self.kind, self.resource, self.field, self.state

    @property
    def open_endpoints(self) -> frozenset[Endpoint]:
        """Endpoints that are open according to the last run that tested them."""
        bad = (AtEndpoint.OPEN, AtEndpoint.BACK)
        return frozenset(each.endpoint for each in self.endpoints if each.now in bad)

    def matches(self, digits: str) -> bool:
        """Whether one of its fingerprints begins with these digits."""
        return any(each.startswith(digits) for each in (self.fingerprint, *self.also))


@dataclass(frozen=True)
class Disclosure:
    """What was reported to the owner of another API, and when. One case may cover several
    findings."""

    findings: tuple[str, ...]
    """Fingerprints, at least one; the first names the case."""
    days: int
    """Days from the report to the vendor until publication."""
    events: tuple[tuple[str, date], ...]
    """(`reported`, `acknowledged`, `fixed` or `published`; its day), each at most once."""

    def on(self, event: str) -> date | None:
        """The day of an event; None: it has not happened."""
        return dict(self.events).get(event)


@dataclass(frozen=True)
class Memory:
    """The content of a findings file. Findings are in file order, reports in the order of time."""

    reports: tuple[Stamp, ...] = ()
    findings: tuple[RememberedFinding, ...] = ()
    disclosures: tuple[Disclosure, ...] = ()

    def standing_of(self, one: RememberedFinding) -> FindingStanding:
        """The overall state of a finding. One without an endpoint stays open: no run can
        close it."""
        now = {each.now for each in one.endpoints}
        if AtEndpoint.BACK in now:
            return FindingStanding.REGRESSED
        if AtEndpoint.OPEN in now or not now:
            return (
                FindingStanding.PARTLY_FIXED if AtEndpoint.CLOSED in now else FindingStanding.OPEN
            )
        if self.open_viewers(one):
            return FindingStanding.PARTLY_FIXED
        return FindingStanding.WITHDRAWN if AtEndpoint.WITHDRAWN in now else FindingStanding.FIXED

    def open_viewers(self, one: RememberedFinding) -> tuple[str, ...]:
        """Other viewers to whom the same endpoints still leak, so that the fix is only partial."""
        endpoints = {each.endpoint for each in one.endpoints}
        alike = self._alike.get(one.cell, ())
        return tuple(
            sorted({e.viewer for e in alike if e is not one and e.open_endpoints & endpoints})
        )

    def is_untested(self, one: RememberedFinding) -> bool:
        """Whether the latest run did not test every endpoint of the finding, nor did a later
        replay."""
        if not self.reports:
            return False
        last, tested = (datetime.fromisoformat(s.on) for s in (self.reports[-1], one.last_tested))
        return one.last_tested != self.reports[-1] and tested <= last

    @cached_property
    def _alike(self) -> dict[tuple[bool, str, str, str, State], list[RememberedFinding]]:
        found: dict[tuple[bool, str, str, str, State], list[RememberedFinding]] = {}
        for each in self.findings:
            found.setdefault(each.cell, []).append(each)
        return found


AT_ENDPOINT = {
    AtEndpoint.BACK: "back",
    AtEndpoint.OPEN: "open",
    AtEndpoint.CLOSED: "closed",
    AtEndpoint.WITHDRAWN: "no longer a defect according to the contract",
}
"""The words for each state at an endpoint, the worst first."""


def stage(memory: Memory, one: RememberedFinding) -> str:
    """How far the fix has come at each endpoint, in words; empty if it has no endpoint."""
    by: dict[AtEndpoint, list[str]] = {}
    for each in one.endpoints:
        by.setdefault(each.now, []).append(f"{each.endpoint.method} {each.endpoint.path}")
    left = memory.open_viewers(one)
    told = [f"{word} at {', '.join(by[now])}" for now, word in AT_ENDPOINT.items() if now in by]
    if left and not one.open_endpoints:
        told.append(
            f"closed for `{one.viewer}`, still open for {', '.join(f'`{v}`' for v in left)}"
        )
    return "; ".join(told)


def in_file_order(findings: Iterable[RememberedFinding]) -> tuple[RememberedFinding, ...]:
    """Findings in the file's order, by subject, so that changes give small diffs."""
    return tuple(
        sorted(
            findings, key=lambda e: (e.resource, e.field, e.viewer, e.state, e.kind, e.fingerprint)
        )
    )
