"""The same question for an id that is nobody's.

A door that answers it with the caller's own object ignores ids, and tells of nobody else. What else
stands in the answer is judged like any other: a refusal may hold somebody's data, too (CWE-209).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from oakum.finding import Result
from oakum.scan.asking import Filled, fill
from oakum.scan.matrix import Outcome

if TYPE_CHECKING:
    from oakum.scan.doors import Gate
    from oakum.scan.engine import Engine


def ask_for_nobodys(engine: Engine, gate: Gate, who: str) -> None:
    """Ask once at a door, as somebody who is shown their own there."""
    named = set(gate.sources) & {p.name for p in gate.operation.parameters if p.where == "path"}
    if gate.id in engine.absent or not named:
        return
    engine.absent.add(gate.id)
    real = fill(gate, engine.target, engine.knowledge, who)
    other = fill(gate, engine.target, engine.knowledge, who, absent=True)
    if real is None or other is None or real.params == other.params:
        return
    outcome = _ask(engine, gate, who, other, "absent")
    if any(owner == who for owner, _ in outcome.sighted):
        engine.ignoring.add(gate.id)
        engine.notes.append(
            f"{gate.door.method} {gate.door.path} answers the same for an id that does not"
            " exist: it ignores its parameter, so only the caller's own view was judged"
        )
    if outcome.observations:
        _ask(engine, gate, who, other, "absent again")


def _ask(engine: Engine, gate: Gate, who: str, filled: Filled, how: str) -> Outcome:
    """Take in what leaks of others; that nobody's object lacks something closes nothing."""
    answer = engine.send(gate, who, filled)
    question = engine.question(gate, who, frozenset(), filled, f"{gate.id}|{how}")
    outcome = engine.lookout.look(gate, question, answer)
    leaks = tuple(
        each
        for each in outcome.observations
        if each.result is Result.LEAK and each.owner not in ("", who)
    )
    if leaks:
        engine.note(gate, Outcome(outcome.probe, outcome.status, leaks))
    return replace(outcome, observations=leaks)
