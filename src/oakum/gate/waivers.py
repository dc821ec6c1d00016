"""Waivers and the baseline: findings that do not fail a release but are still counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from oakum.finding import Finding
from oakum.gate.api_design_flaws import Flaw
from oakum.gate.verdict import WaiverUse
from oakum.memory import RememberedFinding
from oakum.policy.model import CellRef, Waiver


@dataclass(frozen=True)
class WaivedFindings:
    """The findings that count, and the waived ones."""

    findings: tuple[Finding, ...]
    flaws: tuple[Flaw, ...]
    waived: tuple[WaiverUse, ...]
    known: tuple[Finding, ...]
    gone: int


def apply_waivers(
    findings: Sequence[Finding],
    flaws: Sequence[Flaw],
    waivers: Iterable[Waiver],
    baseline: Sequence[Finding],
    today: date,
) -> WaivedFindings:
    """Separates the findings and flaws that count from those that a waiver in force covers or,
    failing that, the baseline."""
    used: list[WaiverUse] = []
    out: set[str] = set()
    for waiver in waivers:
        hit = {each.fingerprint for each in findings if _of_finding(waiver, each)}
        hit |= {each.fingerprint for each in flaws if _begins(waiver, each.fingerprint)}
        expired = today > waiver.expires
        used.append(WaiverUse(waiver, expired, len(hit - out)))
        if not expired:
            out |= hit
    before = {each.fingerprint: each for each in baseline}
    counted = [each for each in findings if each.fingerprint not in out]
    known = tuple(each for each in counted if _no_worse(each, before.get(each.fingerprint)))
    seen = {each.fingerprint for each in findings}
    return WaivedFindings(
        tuple(each for each in counted if each not in known),
        tuple(each for each in flaws if each.fingerprint not in out),
        tuple(used),
        known,
        len(before.keys() - seen),
    )


def is_excused(
    one: RememberedFinding, waivers: Iterable[Waiver], baseline: Sequence[Finding], today: date
) -> bool:
    """Whether a remembered finding would be covered by a waiver or the baseline if it were found
    again."""
    if any(today <= each.expires and _of_finding(each, one) for each in waivers):
        return True
    return any(one.matches(each.fingerprint) for each in baseline)


def _of_finding(waiver: Waiver, finding: Finding | RememberedFinding) -> bool:
    if waiver.cell is not None:
        return _in_cell(waiver.cell, finding)
    return _begins(waiver, finding.fingerprint)


def _begins(waiver: Waiver, fingerprint: str) -> bool:
    return bool(waiver.finding) and fingerprint.startswith(waiver.finding)


def _in_cell(cell: CellRef, finding: Finding | RememberedFinding) -> bool:
    return (
        (cell.resource, cell.field, cell.viewer)
        == (finding.resource, finding.field, finding.viewer)
    ) and set(cell.state) <= set(finding.state)


def _no_worse(finding: Finding, before: Finding | None) -> bool:
    """A known finding at a new endpoint, or a suspicion that was proven since, is news."""
    if before is None:
        return False
    return finding.rank >= before.rank and set(finding.endpoints) <= set(before.endpoints)
