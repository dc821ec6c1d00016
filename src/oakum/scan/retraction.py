"""Leaks that were told by a value alone, and taken back when the value turns out to name nobody.

A value that a viewer is handed in a field of several owners, some of whom are shown another
themselves, stands in for all of theirs: that one owner has it for real makes it no leak.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from oakum.contract.model import Json
from oakum.finding import Result, State
from oakum.scan.knowledge import Knowledge, canonical
from oakum.scan.matrix import Key, Matrix, Observation, Outcome

EVERYWHERE = (
    "the same value stands in answers of several operations that nobody asked about its owner:"
    " it is shown to everybody, or it is not theirs"
)


@dataclass
class ByValue:
    """Cells that leak because of a value outside every declared field. Values in memory only."""

    _told: dict[Key, dict[str, tuple[str, Observation | None]]] = field(default_factory=dict)
    """Cell → probe → the value, and what the answer says of the cell without it."""

    def add(self, key: Key, probe: str, value: str, without: Observation | None) -> None:
        """Remember by which value an answer showed a leak."""
        self._told.setdefault(key, {})[probe] = (value, without)

    def take_back(self, matrix: Matrix, knowledge: Knowledge) -> None:
        """Take back what was told by values that are known by now to name nobody."""
        for key, told in list(self._told.items()):
            void = {
                probe: without
                for probe, (value, without) in told.items()
                if knowledge.canary(value, aside=True) is None
            }
            if void:
                self._told[key] = {p: each for p, each in told.items() if p not in void}
                _without(matrix, key, void)
        matrix.suspect = dict.fromkeys(self._anywhere(matrix, knowledge), EVERYWHERE)

    def _anywhere(self, matrix: Matrix, knowledge: Knowledge) -> set[tuple[str, str, str, State]]:
        """Findings that rest on nothing but values which may be the environment's."""
        firm: set[tuple[str, str, str, State]] = set()
        found: set[tuple[str, str, str, State]] = set()
        for key, entry in matrix.entries.items():
            if entry.result is not Result.LEAK:
                continue
            told = self._told.get(key, {})
            loose = entry.probes and all(
                probe in told and knowledge.may_be_ambient(told[probe][0]) for probe in entry.probes
            )
            (found if loose else firm).add(key.finding)
        return found - firm


@dataclass
class Placeholders:
    """Values that viewers were handed in denied fields. In memory only."""

    _told: dict[Key, dict[str, set[str]]] = field(default_factory=dict)
    """Cell → probe → the values by which it leaks."""
    _theirs: dict[tuple[str, str, str, str], set[str]] = field(default_factory=dict)
    """(resource, field, viewer, value) → owners who are shown it themselves."""
    _handed: dict[tuple[str, str, str, str], set[str]] = field(default_factory=dict)
    """(resource, field, viewer, value) → owners who are shown another themselves."""

    def handed(self, key: Key, text: str, owner: str) -> None:
        """A viewer was handed a value for an owner who is shown another."""
        self._handed.setdefault((key.resource, key.field, key.viewer, text), set()).add(owner)

    def told(self, key: Key, probe: str, value: Json, owner: str) -> None:
        """A cell leaks by a value that its owner is shown."""
        text = canonical(value)
        self._told.setdefault(key, {}).setdefault(probe, set()).add(text)
        self._theirs.setdefault((key.resource, key.field, key.viewer, text), set()).add(owner)

    def take_back(self, matrix: Matrix) -> None:
        """Take back what was told by nothing but what stands in for everybody's value."""
        for key, probes in self._told.items():
            void: dict[str, Observation | None] = {
                probe: None
                for probe, texts in probes.items()
                if all(self._stands_in(key, text) for text in texts)
            }
            if void:
                _without(matrix, key, void)

    def _stands_in(self, key: Key, text: str) -> bool:
        at = (key.resource, key.field, key.viewer, text)
        others = self._handed.get(at, set()) - self._theirs.get(at, set())
        return len(others) >= len(self._theirs.get(at, ()))


def _without(matrix: Matrix, key: Key, void: dict[str, Observation | None]) -> None:
    entry = matrix.entries.get(key)
    if entry is None or entry.result is not Result.LEAK:
        return
    entry.probes = [probe for probe in entry.probes if probe not in void]
    if entry.probes:
        return
    entry.result = Result.NOT_SHOWN
    name = key.finding
    same = [each for at, each in matrix.entries.items() if at.finding == name and each.probes]
    if not any(each.result is Result.LEAK for each in same):
        matrix.confirmed.discard(name)
        matrix.evidence.pop(name, None)
        matrix.weak.pop(name, None)
    for probe, observation in void.items():
        if observation is not None:
            matrix.apply(key.door, Outcome(probe, 0, (observation,)))
