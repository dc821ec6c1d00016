"""What a run has written to its target, and what has become of it: for the report.

The undo log and the journal know what to put back; this only counts, and holds nobody's value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from oakum.contract.classify import classify
from oakum.finding import Door, Skipped, Writes
from oakum.scan.doors import is_graphql
from oakum.semantics import Model


@dataclass
class WriteLog:
    """Hears what the undo logs tell the journal."""

    changes: int = 0
    undone: int = 0
    _open: set[str] = field(default_factory=set)

    def heard(self, kind: str, name: str) -> None:
        """`undo`, `flip`: about to be changed; `undone`, `restored`: seen to be as before."""
        if kind in ("undo", "flip"):
            self.changes += name not in self._open
            self._open.add(name)
        elif name in self._open:
            self._open.remove(name)
            self.undone += 1

    def writes(
        self,
        model: Model,
        sent: Mapping[str, int],
        left: tuple[str, ...],
        untried: tuple[Skipped, ...],
    ) -> Writes:
        """`sent`: calls that are no reads, by `POST /path`; `left`: what could not be put back."""
        known = {f"{each.method} {each.path}": each for each in model.operations.values()}
        found: Counter[Door] = Counter()
        for name, number in sent.items():
            operation = known.get(name)
            method, _, path = name.partition(" ")
            if operation is None:
                if method != "POST":  # of a login that the document does not have, say
                    found[Door(method, path)] += number
                continue
            rule = model.rule(operation.id)
            kind = classify(operation, rule).kind
            if kind in ("write", "destructive") and not is_graphql(operation, rule):
                found[Door(method, path, operation.id)] += number
        doors = tuple(sorted(found.items()))
        return Writes(sum(found.values()), self.changes, self.undone, left, doors, untried)
