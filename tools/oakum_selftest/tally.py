"""What a self-test found: the score, what was missed and why, and what was alarmed for nothing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from oakum.errors import ExitCode
from oakum.openapi.model import Json
from oakum_selftest.mutant import KINDS, Mutant

SCHEMA = "oakum.selftest/2"
Fate = Literal["caught", "missed", "not seeded"]


@dataclass(frozen=True)
class Trial:
    """One leak, and what the gate said of the API that had it."""

    mutant: Mutant
    fate: Fate
    reason: str = ""
    """Why it was missed, or why no leak came of it."""
    altered: int = 0
    """Answers of the run that showed more than the contract grants."""


@dataclass(frozen=True)
class Calm:
    """One harmless change, and what the gate said of it; `alarm` is empty when it stayed green."""

    name: str
    seed: int
    altered: int
    alarm: str = ""


@dataclass(frozen=True)
class Tally:
    """A self-test."""

    trials: tuple[Trial, ...]
    calms: tuple[Calm, ...]
    wanted: int
    """Leaks that were to be seeded."""
    least: float
    """Score that is asked for."""
    seed: int
    closed: int = 0
    """Cells of the healthy API that must be closed."""
    shown: int = 0
    """Of those, cells that its scan has shown to be closed."""
    sent: int = 0
    """Requests that went to the API."""
    runs: int = 0
    """Whole scans."""
    broken: str = ""
    """Why it came to no end; empty: it did."""

    @property
    def seeded(self) -> int:
        """Leaks that came to something: an answer showed what the contract withholds."""
        return sum(each.fate != "not seeded" for each in self.trials)

    @property
    def caught(self) -> int:
        """Leaks for which the gate turned red."""
        return sum(each.fate == "caught" for each in self.trials)

    @property
    def score(self) -> float:
        """Caught of seeded; 0 when nothing was."""
        return self.caught / self.seeded if self.seeded else 0.0

    @property
    def alarms(self) -> tuple[Calm, ...]:
        """Harmless changes for which it turned red."""
        return tuple(each for each in self.calms if each.alarm)

    @property
    def changes(self) -> int:
        """Harmless changes that changed any answer."""
        return sum(each.altered > 0 for each in self.calms)

    @property
    def exit_code(self) -> ExitCode:
        """Clean only for a test that was whole, with few enough misses and no false alarm."""
        nothing = bool(self.calms) and not self.changes
        if self.broken or self.seeded < self.wanted or nothing:
            return ExitCode.NOT_TRUSTWORTHY
        wrong = self.score < self.least or self.alarms
        return ExitCode.FINDINGS if wrong else ExitCode.CLEAN


def interval(hits: int, of: int) -> tuple[float, float]:
    """Where the true share lies, with a confidence of 95 % (Wilson's score interval, 1927)."""
    if not of:
        return 0.0, 1.0
    z, share = 1.959964, hits / of
    middle = share + z * z / (2 * of)
    around = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    whole = 1 + z * z / of
    return max(0.0, (middle - around) / whole), min(1.0, (middle + around) / whole)


def text(tally: Tally) -> Iterator[str]:
    """Lines for a terminal or a build log."""
    low, high = interval(tally.caught, tally.seeded)
    yield f"mutation score {tally.score:.3f}: {tally.caught} of {tally.seeded} leaks caught"
    yield f"  with a confidence of 95 % it is {low:.3f} to {high:.3f}; asked for: {tally.least:g}"
    for kind, words in KINDS.items():
        of = [each for each in tally.trials if each.mutant.kind == kind]
        seeded = [each for each in of if each.fate != "not seeded"]
        hits = sum(each.fate == "caught" for each in seeded)
        if of:
            yield f"  {hits:>4} of {len(seeded):<4} {words}"
    missed = [each for each in tally.trials if each.fate == "missed"]
    if not missed:
        yield "no leak was missed"
    for each in missed:
        yield f"MISSED {each.mutant.sentence}"
        yield f"       {each.reason}"
    unseeded = Counter(each.reason for each in tally.trials if each.fate == "not seeded")
    for reason, number in unseeded.most_common():
        yield f"not seeded, {number} x: {reason}"
    yield f"{tally.shown:,} of {tally.closed:,} cells that must be closed were shown to be closed"
    yield f"{len(tally.alarms)} false alarms over {tally.changes} harmless changes"
    for alarm in tally.alarms:
        yield f"FALSE ALARM {alarm.name} (seed {alarm.seed}): {alarm.alarm}"
    idle = Counter(each.name for each in tally.calms if not each.altered)
    for name, number in idle.items():
        yield f"not made, {number} x: {name}: no answer had anything to change"
    if tally.broken:
        yield f"not trustworthy: {tally.broken}"
    elif tally.seeded < tally.wanted:
        yield f"not trustworthy: {tally.seeded} leaks were seeded of {tally.wanted} asked for"
    elif tally.calms and not tally.changes:
        yield "not trustworthy: no harmless change changed anything"
    yield f"{tally.runs:,} whole scans, {tally.sent:,} requests sent"
    code = tally.exit_code
    yield f"exit {int(code)}: {_EXITS[code]}"


_EXITS = {
    ExitCode.CLEAN: "the gate catches what it must",
    ExitCode.FINDINGS: "the gate misses too much, or cries wolf",
    ExitCode.NOT_TRUSTWORTHY: "not trustworthy",
}


def document(tally: Tally, contract: str) -> Json:
    """The same as plain values, in the structure of `oakum.selftest/2`."""
    low, high = interval(tally.caught, tally.seeded)
    return {
        "schema": SCHEMA,
        "contract": contract,
        "seed": tally.seed,
        "exit": int(tally.exit_code),
        "score": round(tally.score, 4),
        "interval": [round(low, 4), round(high, 4)],
        "least": tally.least,
        "wanted": tally.wanted,
        "seeded": tally.seeded,
        "caught": tally.caught,
        "broken": tally.broken,
        "closed": tally.closed,
        "shown": tally.shown,
        "runs": tally.runs,
        "sent": tally.sent,
        "mutants": [
            {
                "kind": each.mutant.kind,
                "endpoint": {
                    "method": each.mutant.endpoint.method,
                    "path": each.mutant.endpoint.path,
                },
                "viewer": each.mutant.viewer,
                "resource": each.mutant.resource,
                "field": each.mutant.field,
                "state": dict(each.mutant.state),
                "sentence": each.mutant.sentence,
                "fate": each.fate.replace(" ", "_"),
                "reason": each.reason,
                "altered": each.altered,
            }
            for each in tally.trials
        ],
        "harmless": [
            {"name": each.name, "seed": each.seed, "altered": each.altered, "alarm": each.alarm}
            for each in tally.calms
        ],
    }
