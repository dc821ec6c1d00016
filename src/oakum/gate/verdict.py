"""The gate's verdict: each criterion with its figure, its bound, and what to do."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from oakum.errors import NOWHERE, ExitCode, Location, Problem
from oakum.finding import Finding
from oakum.policy.model import Waiver

Status = Literal["met", "not met", "not compared", "not looked at", "not asked for"]
"""`not compared`: there was nothing to compare with. `not looked at`: no report was given."""


@dataclass(frozen=True)
class Detail:
    """One thing that speaks against a release, and the line at which it can be fixed."""

    words: str
    location: Location = NOWHERE

    def __str__(self) -> str:
        return f"{self.location}: {self.words}" if self.location.file else self.words


@dataclass(frozen=True)
class Criterion:
    """One thing that a release must pass."""

    name: str
    """As `exit_criteria:` calls it, where it does."""
    title: str
    status: Status
    figure: str = ""
    """What was found, as a number with its noun."""
    bound: str = ""
    """What it may be at most, or must be at least."""
    advice: str = ""
    """What to do when it is not met."""
    details: tuple[Detail, ...] = ()
    fault: ExitCode = ExitCode.FINDINGS
    """What the shell is told when it is not met: whose turn it is."""


@dataclass(frozen=True)
class WaiverUse:
    """A waiver and the findings that it suppressed."""

    waiver: Waiver
    expired: bool
    suppressed: int
    """Findings and flaws; of an expired one those that it would have suppressed."""


@dataclass(frozen=True)
class Widening:
    """One way in which a contract shows more than the earlier one, as a sentence."""

    sentence: str
    endpoints: tuple[str, ...] = ()
    location: Location = NOWHERE

    @property
    def fingerprint(self) -> str:
        """The same for the same sentence about the same endpoints, 16 hex digits."""
        parts = "\x1f".join((self.sentence, *self.endpoints))
        return hashlib.sha256(parts.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Verdict:
    """May it ship, and why not."""

    criteria: tuple[Criterion, ...]
    waived: tuple[WaiverUse, ...] = ()
    known: tuple[Finding, ...] = ()
    """Findings that stood in the baseline already, and are no worse."""
    gone: int = 0
    """Findings of the baseline that the reports do not have."""
    warnings: tuple[Problem, ...] = ()
    reports: int = 0
    """Reports that were judged; none: the documents alone."""
    judged: tuple[str, ...] = ()
    """Each report in a line: its file, the target, when, how many cells."""
    approved: int = 0
    """Widenings that somebody has agreed to."""

    @property
    def suppressed_count(self) -> int:
        """Findings and flaws that waivers in force took out of the count."""
        return sum(each.suppressed for each in self.waived if not each.expired)

    @property
    def failed_criteria(self) -> tuple[Criterion, ...]:
        """Criteria that are not met."""
        return tuple(each for each in self.criteria if each.status == "not met")

    @property
    def exit_code(self) -> ExitCode:
        """Not trustworthy before findings, as of a scan; clean only when nothing has failed."""
        faults = {each.fault for each in self.failed_criteria}
        if ExitCode.NOT_TRUSTWORTHY in faults:
            return ExitCode.NOT_TRUSTWORTHY
        return ExitCode.FINDINGS if faults else ExitCode.CLEAN
