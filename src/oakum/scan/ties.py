"""What identities are to each other: ended and begun again through the API, when allowed.

A relation of kind look-up says in the contract with which calls it begins and ends. The journal
hears of an end before it is sent, and of the new beginning after it was looked up, like settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import orjson

from oakum.contract.model import Policy, Relation, Step
from oakum.errors import OakumError
from oakum.scan.asking import fill
from oakum.scan.cast import Cast
from oakum.scan.doors import Gate
from oakum.scan.knowledge import Knowledge, canonical
from oakum.scan.switches import Ask, Flip
from oakum.semantics.model import pattern

SIGN = " of "
"""Stands in the name of a tie, `follower of pia`, and in no name of a setting."""


@dataclass
class Ties:
    """Ends relations between identities and remembers what to begin again."""

    policy: Policy
    gates: Mapping[str, Gate]
    """Operation id → gate of every operation that a step or a look-up names."""
    cast: Cast
    knowledge: Knowledge
    target: str
    ask: Ask
    log: Callable[[str, Flip], None]
    pending: list[Flip] = field(default_factory=list)

    def ending(self) -> list[tuple[str, str, str]]:
        """(viewer, relation, owner) of the cast that can be ended and begun again."""
        return [
            (viewer, word, owner)
            for (viewer, owner), ties in self.cast.ties.items()
            for word in sorted(ties)
            if (known := self.policy.relations.get(word)) and known.begin and known.end
            if all(step.operation in self.gates for step in (*known.begin, *known.end))
        ]

    def end(self, viewer: str, relation: str, owner: str) -> bool:
        """End a relation; False when the API did not do it. Remembered until begun again."""
        change = Flip(viewer, f"{relation}{SIGN}{owner}", True, False)
        self.log("flip", change)
        self.pending.append(change)
        known = self.policy.relations[relation]
        done = self._walk(known.end, viewer, owner) and self._stands(known, viewer, owner) != "yes"
        if done:
            self._tie(viewer, relation, owner, held=False)
        return done

    def undo(self, change: Flip) -> bool:
        """Begin a relation again that was ended; False when it could not be."""
        relation, _, owner = change.state.partition(SIGN)
        known = self.policy.relations.get(relation)
        if known is None or not {change.identity, owner} <= self.cast.ids.keys():
            return False
        try:
            stands = self._stands(known, change.identity, owner)
            if stands != "yes":
                walked = self._walk(known.begin, change.identity, owner)
                stands = self._stands(known, change.identity, owner)
                if not walked or stands == "no":
                    return False
            self._tie(change.identity, relation, owner, held=True)
        except OakumError:
            return False
        self.pending = [each for each in self.pending if each != change]
        with suppress(OakumError):  # what a journal still holds is begun once more
            self.log("restored", change)
        return True

    def restore(self) -> tuple[str, ...]:
        """Begin everything again, last first; says in words what could not be. Never raises."""
        failed = [each for each in reversed(self.pending) if not self.undo(each)]
        self.pending.clear()
        return tuple(
            f"{each.identity} could not be made {each.state} again: do it by hand"
            for each in failed
        )

    def _walk(self, steps: tuple[Step, ...], viewer: str, owner: str) -> bool:
        for step in steps:
            asking, asked = (viewer, owner) if step.by == "caller" else (owner, viewer)
            filled = fill(self.gates[step.operation], self.target, self.knowledge, asked)
            if filled is None or not 200 <= self.ask(asking, filled.request).status < 300:
                return False
        return True

    def _stands(self, relation: Relation, viewer: str, owner: str) -> str:
        """`yes` or `no` as the look-up says, asked by the one whose list it is; `unknown`."""
        gate = self.gates.get(relation.operation)
        whose, other = (owner, viewer) if relation.of == "owner" else (viewer, owner)
        filled = fill(gate, self.target, self.knowledge, whose) if gate else None
        if filled is None:
            return "unknown"
        answer = self.ask(whose, filled.request)
        if not 200 <= answer.status < 300 or answer.truncated:
            return "unknown"
        try:
            found = _at(orjson.loads(answer.body), pattern(relation.pointer))
        except orjson.JSONDecodeError:
            return "unknown"
        return "yes" if {canonical(each) for each in found} & self.cast.ids[other] else "no"

    def _tie(self, viewer: str, relation: str, owner: str, *, held: bool) -> None:
        known = self.cast.ties.get((viewer, owner), frozenset())
        self.cast.retie(viewer, owner, known | {relation} if held else known - {relation})


def _at(value: object, path: tuple[str, ...]) -> list[object]:
    if not path:
        return value if isinstance(value, list) else [value]
    head, rest = path[0], path[1:]
    if isinstance(value, list):
        inside = (
            value if head == "*" else value[int(head) : int(head) + 1] if head.isdigit() else ()
        )
        return [each for child in inside for each in _at(child, rest)]
    if isinstance(value, dict):
        inside = list(value.values()) if head == "*" else [value[head]] if head in value else ()
        return [each for child in inside for each in _at(child, rest)]
    return []
