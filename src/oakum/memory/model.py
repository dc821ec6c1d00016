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
"""Rules whose findings a closed cell closes. Those of any other rule stand beside the cells: they
are about what differs, or about more of an answer than what a field of it shows."""


class AtEndpoint(StrEnum):
    """What is known of a finding at one of its endpoints."""

    OPEN = "open"
    CLOSED = "closed"  # shown to be closed by a trustworthy run
    BACK = "back"  # open again, after it had been closed
    WITHDRAWN = "withdrawn"  # the contract changed: no longer a defect there


class FindingStanding(StrEnum):
    """What became of a finding since it was first recorded."""

    REGRESSED = "regressed"
    OPEN = "open"
    PARTLY_FIXED = "partly_fixed"
    WITHDRAWN = "withdrawn"
    FIXED = "fixed"

    @property
    def over(self) -> bool:
        """Nothing is left to fix."""
        return self in (FindingStanding.FIXED, FindingStanding.WITHDRAWN)


@dataclass(frozen=True, order=True)
class Stamp:
    """A run: its id, and when it began (RFC 3339)."""

    run: str
    on: str


@dataclass(frozen=True)
class KnownEndpoint:
    """An endpoint at which a finding was seen, and whether it still is."""

    endpoint: Endpoint
    now: AtEndpoint = AtEndpoint.OPEN


@dataclass(frozen=True)
class FindingEvent:
    """One change in the life of a finding."""

    stamp: Stamp
    what: str
    """`found`, `spread` to more endpoints, or the standing that it came to."""
    note: str = ""


@dataclass(frozen=True)
class RememberedFinding:
    """A remembered finding, without personal data.

    A leak that cells tell is one as long as resource, field, viewer and state are the same: the
    rule that names it changes when a sister is fixed (who takes a login for permission is found
    out only once the endpoint asks for a login), and its fingerprint with it.
    """

    fingerprint: str
    """As it was found first."""
    rule: str
    """As it was found last; so verdict and severity."""
    verdict: str
    severity: str
    resource: str
    field: str
    viewer: str
    state: State
    endpoints: tuple[KnownEndpoint, ...]
    first_seen: Stamp
    last_seen: Stamp
    """The last run that showed it."""
    last_tested: Stamp
    """The last run that showed of every endpoint of it whether it is open."""
    history: tuple[FindingEvent, ...] = ()
    """The oldest first."""
    also: tuple[str, ...] = ()
    """Further fingerprints, under other rules."""

    @property
    def over_blocked(self) -> bool:
        return self.verdict == "over_blocked"

    @property
    def kind(self) -> str:
        """The rule of a finding without a cell; otherwise empty."""
        return "" if self.rule in OF_CELLS else self.rule

    @property
    def cell(self) -> tuple[bool, str, str, str, State]:
        """What it has in common with the same of other viewers."""
        return self.over_blocked, self.kind, self.resource, self.field, self.state

    @property
    def open_endpoints(self) -> frozenset[Endpoint]:
        """Endpoints at which it was open when last seen."""
        bad = (AtEndpoint.OPEN, AtEndpoint.BACK)
        return frozenset(each.endpoint for each in self.endpoints if each.now in bad)

    def matches(self, digits: str) -> bool:
        """Whether one of its fingerprints begins with this text."""
        return any(each.startswith(digits) for each in (self.fingerprint, *self.also))


@dataclass(frozen=True)
class Disclosure:
    """What was reported to the owner of another API, and when. One case may cover several
    findings."""

    findings: tuple[str, ...]
    """Fingerprints, at least one; the first names the case."""
    days: int
    """From the report to the day of publication."""
    events: tuple[tuple[str, date], ...]
    """(`reported`, `acknowledged`, `fixed`, `published`; the day), each at most once."""

    def on(self, event: str) -> date | None:
        """The day of an event; None: it has not happened."""
        return dict(self.events).get(event)


@dataclass(frozen=True)
class Memory:
    """All that is remembered. Findings in a fixed order, reports by time."""

    reports: tuple[Stamp, ...] = ()
    findings: tuple[RememberedFinding, ...] = ()
    disclosures: tuple[Disclosure, ...] = ()

    def standing_of(self, one: RememberedFinding) -> FindingStanding:
        """What a finding comes to. A finding without an endpoint stays open: nothing can close
        it."""
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
        """Other viewers for whom its endpoints are still open: the state of a partial fix."""
        endpoints = {each.endpoint for each in one.endpoints}
        alike = self._alike.get(one.cell, ())
        return tuple(
            sorted({e.viewer for e in alike if e is not one and e.open_endpoints & endpoints})
        )

    def is_untested(self, one: RememberedFinding) -> bool:
        """Whether neither the last scan nor a later replay showed of every endpoint of it whether
        it is open."""
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
"""Each in words, the worst first."""


def stage(memory: Memory, one: RememberedFinding) -> str:
    """How far a fix has come, in words; empty if there is nothing to report."""
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
