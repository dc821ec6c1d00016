"""A guard whose look-ups a busy machine has time for."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from oakum.guard.enforcement import Gatekeeper
from oakum.routing.http_messages import HttpResponse, RequestSteps

_Told = TypeVar("_Told")


def unhurried_gate(gate: Gatekeeper) -> Gatekeeper:
    """The same decisions, whose look-ups a busy machine has time for; what a look-up costs of the
    budget goes by the clock of the gate. How long the middleware really waits is a matter of
    `tests/unit/test_asgi_time.py`."""
    enter, leave = gate.enter, gate.leave
    gate.enter = lambda asked: _unhurried(enter(asked))  # type: ignore[method-assign]
    gate.leave = lambda *said: _unhurried(leave(*said))  # type: ignore[method-assign]
    return gate


def _unhurried(
    talk: RequestSteps[_Told],
) -> RequestSteps[_Told]:
    told: HttpResponse | None = None
    while True:
        try:
            question = talk.send(told)
        except StopIteration as done:
            value: _Told = done.value
            return value
        told = yield replace(question, within=60.0)
