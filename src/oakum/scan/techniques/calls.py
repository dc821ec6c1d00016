"""Operations that run for callers outside their `call`.

The response of such an operation (a list of jobs, a report of all sales) holds no field of an
owner. So one caller of each kind requests it, and the API has to refuse those that the contract's
`call` leaves out (CWE-862). It is proven if they get the same response as callers who may call it.
A response that only has the same form may be a refusal in words, and is suspected.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import Model
from oakum.authz.decide import through
from oakum.exposure.endpoints import Probe
from oakum.exposure.matrix import NOBODY
from oakum.exposure.signals import Signal
from oakum.finding import Evidence
from oakum.scan.engine import Engine
from oakum.scan.requests.builder import curl, fill
from oakum.scan.technique import Line, Prospect

HOW = "call"
RULES: frozenset[str] = frozenset({"broken-function-level-authorization"})
OPENS_WAYS = False

_BY_CALLER = ("anyone", "authenticated", "claim")
"""Kinds of relations that hang on the caller alone, whatever is asked for."""


def run(engine: Engine) -> None:
    """Tests reading endpoints without ids only: others are judged by what they show."""
    for probe in engine.state.probes:
        if _is_closed_to_some(engine.model, probe):
            _ask(engine, probe)


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One question for each kind of caller."""
    for probe in prospect.probes:
        if _is_closed_to_some(prospect.model, probe):
            yield {
                "as": "one caller of each kind",
                "request": f"{probe.endpoint.method} {probe.endpoint.path}",
                "why": "the contract says who may call",
            }


def _is_closed_to_some(model: Model, probe: Probe) -> bool:
    call = model.rule(probe.operation.id).call
    if call is None or probe.shows or probe.sources or probe.batch or probe.how:
        return False
    kinds = {model.policy.relations[name].kind for name in call}
    return kinds <= set(_BY_CALLER) and "anyone" not in kinds


def _ask(engine: Engine, probe: Probe) -> None:
    may: dict[str | None, bool] = {}
    for viewer in engine.watchers(None):
        held = engine.identities.relations(viewer, NOBODY)
        may[viewer] = through(engine.model, probe.operation.id, held, viewer is not None)
        engine.put(probe, viewer, None)
    places = {viewer: (probe.id, viewer, None) for viewer in may}
    done = {
        viewer: engine.state.keeping[at].text
        for viewer, at in places.items()
        if at in engine.state.keeping
        and 200 <= engine.state.keeping[at].status < 300
        and engine.state.forms[at][3]
    }
    entitled = [viewer for viewer in done if may[viewer]]
    for viewer in done.keys() - set(entitled):
        same = any(done[each] == done[viewer] for each in entitled)
        alike = any(
            engine.state.forms[places[each]] == engine.state.forms[places[viewer]]
            for each in entitled
        )
        if same or alike or not any(may.values()):
            _tell(engine, probe, viewer, sure=same)


def _tell(engine: Engine, probe: Probe, viewer: str | None, *, sure: bool) -> None:
    filled = fill(probe, engine.target, engine.knowledge, None)
    if filled is None:
        return
    answer = engine.send(probe, viewer, filled)
    if not 200 <= answer.status < 300:
        return  # one failure may be chance
    label = engine.identities.label(engine.identities.relations(viewer, NOBODY), viewer, NOBODY)
    says = "gets the same response as callers who may call it" if sure else "is not refused"
    evidence = Evidence(
        None,
        engine.evaluator.side(viewer, label, answer),
        curl(filled, engine.context.credentials(viewer)),
        note=f"who may not call {says}",
    )
    engine.state.report(
        Signal(HOW, "*", "*", label, probe.endpoint, evidence, (), viewer, sure, says)
    )
