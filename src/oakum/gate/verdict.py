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
    """One reason against a release, with the line at which it can be fixed."""

    words: str
    location: Location = NOWHERE

    def __str__(self) -> str:
        return f"{self.location}: {self.words}" if self.location.file else self.words


@dataclass(frozen=True)
class Criterion:
    """One requirement for a release, with its result."""

    name: str
    """Its name in `exit_criteria:`, if it has one there."""
    title: str
    status: Status
    figure: str = ""
    """The measured value with its unit, such as `3 findings`."""
    bound: str = ""
    """The required maximum or minimum, in words."""
    advice: str = ""
    """What to do when it is not met."""
    details: tuple[Detail, ...] = ()
    fault: ExitCode = ExitCode.FINDINGS
    """Exit code if it is not met."""


@dataclass(frozen=True)
class WaiverUse:
    """A waiver and the findings that it suppressed."""

    waiver: Waiver
    expired: bool
    suppressed: int
    """Number of findings and flaws that it suppresses, or would if it had not expired."""


@dataclass(frozen=True)
class Widening:
    """One way in which a contract shows more than the earlier one, as a sentence."""

    sentence: str
    endpoints: tuple[str, ...] = ()
    location: Location = NOWHERE

    @property
    def fingerprint(self) -> str:
        """Identifier of 16 hexadecimal digits, equal for the same sentence about the same
        endpoints."""
        parts = "\x1f".join((self.sentence, *self.endpoints))
        return hashlib.sha256(parts.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Verdict:
    """Whether a release may ship, and the result of every criterion."""

    criteria: tuple[Criterion, ...]
    waived: tuple[WaiverUse, ...] = ()
    known: tuple[Finding, ...] = ()
    """Findings that are in the baseline and no worse."""
    gone: int = 0
    """Number of findings in the baseline that the reports no longer have."""
    warnings: tuple[Problem, ...] = ()
    reports: int = 0
    """Number of reports judged; 0: only the documents."""
    judged: tuple[str, ...] = ()
    """Each report in a line: its file, the target, when, how many cells."""
    approved: int = 0
    """Number of widenings that a waiver approves."""

    @property
    def suppressed_count(self) -> int:
        """Number of findings and flaws suppressed by waivers in force."""
        return sum(each.suppressed for each in self.waived if not each.expired)

    @property
    def failed_criteria(self) -> tuple[Criterion, ...]:
        """Criteria that are not met."""
        return tuple(each for each in self.criteria if each.status == "not met")

    @property
    def exit_code(self) -> ExitCode:
        """Exit code: not trustworthy takes precedence over findings; clean only if every criterion
        is met."""
        faults = {each.fault for each in self.failed_criteria}
        if ExitCode.NOT_TRUSTWORTHY in faults:
            return ExitCode.NOT_TRUSTWORTHY
        return ExitCode.FINDINGS if faults else ExitCode.CLEAN
