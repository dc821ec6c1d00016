"""Endpoints whose path names the other side: `/conversations/{peerId}/messages`.

What comes there is the caller's own, with whom the path names, so that nobody is shown anything
under their own id. Where every owner came away with nothing, each asks with the ids of others until
something of their own comes. From then on it is asked about as all endpoints are.
"""

from __future__ import annotations

from dataclasses import replace

from oakum.exposure.endpoints import Gate
from oakum.scan.engine import Engine
from oakum.scan.limits import is_spent

_MOST = 6
"""Others whose ids one caller tries."""


def ask_with_peers(engine: Engine) -> None:
    """Requests as every owner at endpoints that showed nobody anything under their own id."""
    asked = {(gate.id, v, who) for gate, v, who, _ in engine.state.probes.values()}
    for gate in engine.state.gates if not engine.state.world else ():
        if not _names_an_account(engine, gate) or gate.id in engine.matrix.by_peer:
            continue
        if any(engine.state.has_page(gate, who) for who in engine.cast.names()):
            continue
        if all((gate.id, who, who) in asked for who in engine.cast.subjects()):
            _ask(engine, gate)


def _names_an_account(engine: Engine, gate: Gate) -> bool:
    """Whether one parameter is an account's, and what comes is somebody's, and no account."""
    every = engine.model.policy.resources
    named = [every[gate.sources[each].partition(".")[0]] for each in gate.personal]
    shown = [every[name] for name in gate.shows]
    return (
        len(named) == 1
        and named[0].is_account
        and not (gate.batch or gate.how or gate.whose)
        and any(each.owner.kind == "field" and not each.is_account for each in shown)
    )


def _ask(engine: Engine, gate: Gate) -> None:
    (parameter,) = gate.personal
    for who in engine.cast.subjects():
        for peer in [each for each in engine.cast.subjects() if each != who][:_MOST]:
            if is_spent(engine.context.pace):
                return
            way = replace(gate, whose={parameter: (peer, 0)})
            outcome = engine.put(way, who, who, f"with {peer}'s")
            if outcome is not None and any(owner == who for owner, _ in outcome.sighted):
                engine.matrix.by_peer.add(gate.id)
                break
