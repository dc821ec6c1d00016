"""Requests an id that nobody has, to learn what "not found" looks like.

An endpoint that answers it with the caller's own object ignores ids, and tells of nobody else. What
else stands in the answer is judged like any other: a refusal may hold somebody's data, too
(CWE-209).
"""

from __future__ import annotations

from dataclasses import replace

from oakum.exchange import Response
from oakum.exposure.endpoints import Gate
from oakum.exposure.matrix import Outcome
from oakum.finding import Result
from oakum.scan.engine import Engine
from oakum.scan.requests.builder import Filled, fill
from oakum.scan.state import Control

_TELLING = 4
"""Characters below which an id turns up in a text by chance."""
_KEPT = 1_000_000
"""Bytes of an answer below which it is kept to be looked at again."""


def ask_for_nobodys(engine: Engine, gate: Gate, who: str) -> None:
    """Requests a non-existing object once at an endpoint that shows owners their own."""
    named = set(gate.sources) & {p.name for p in gate.operation.parameters if p.where == "path"}
    if gate.id in engine.state.absent or not named:
        return
    engine.state.absent[gate.id] = None
    real = fill(gate, engine.target, engine.knowledge, who)
    other = fill(gate, engine.target, engine.knowledge, who, absent=True)
    if real is None or other is None or real.params == other.params:
        return
    answer = engine.send(gate, who, other)
    if len(answer.body) < _KEPT:
        engine.state.absent[gate.id] = Control(gate, who, other, answer)
    outcome = _look(engine, gate, who, other, answer, "absent")
    if any(owner == who for owner, _ in outcome.sighted):
        engine.state.ignoring.add(gate.id)
        engine.state.remark(
            f"{gate.endpoint.method} {gate.endpoint.path} gives the same response for an id that"
            f" does not exist: it ignores its parameter, so only the caller's own view was judged"
        )
    if outcome.observations:
        _ask_again(engine, Control(gate, who, other, answer))


def look_again(engine: Engine) -> None:
    """Repeats these controls when all values are known, since earlier responses could not be
    interpreted fully."""
    for control in [*engine.state.absent.values()]:
        if control is not None:
            _learn_named(engine, control)
            each = control.gate, control.who, control.filled
            if _look(engine, *each, control.answer, "absent").observations:
                _ask_again(engine, control)


def _learn_named(engine: Engine, control: Control) -> None:
    """Schedules requests for the objects of everybody whose id is in a response, to learn their
    values."""
    text = control.answer.body.decode("utf-8", "replace")
    for who, ids in engine.cast.ids.items():
        if who != control.who and any(len(id) >= _TELLING and id in text for id in ids):
            for gate in engine.state.gates:
                alike = gate.shows.keys() & control.gate.shows.keys()
                if alike and gate.personal and not gate.batch:
                    engine.put(gate, who, who)


def _ask_again(engine: Engine, control: Control) -> None:
    engine.state.absent[control.gate.id] = None
    answer = engine.send(control.gate, control.who, control.filled)
    _look(engine, control.gate, control.who, control.filled, answer, "absent again")


def _look(
    engine: Engine, gate: Gate, who: str, filled: Filled, answer: Response, how: str
) -> Outcome:
    """Records leaks of others' data; missing fields of a nonexistent object close nothing."""
    question = engine.question(gate, who, frozenset(), filled, f"{gate.id}|{how}")
    outcome = engine.evaluator.look(gate, question, answer)
    leaks = tuple(
        each
        for each in outcome.observations
        if each.result is Result.LEAK and each.owner not in ("", who)
    )
    if leaks:
        engine.record(gate, Outcome(outcome.probe, outcome.status, leaks))
    return replace(outcome, observations=leaks)
