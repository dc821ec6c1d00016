"""Endpoints whose path names the other party: `/conversations/{peerId}/messages`.

The response has what the caller has in common with the account in the path, so nobody gets data
under their own id. If no owner got data, each requests it with the ids of others until a response
contains something of their own. After that the endpoint is tested like all endpoints.
"""

from __future__ import annotations

from dataclasses import replace

from oakum.exposure.endpoints.probes import Probe
from oakum.scan.engine import Engine
from oakum.scan.limits import is_spent

_MOST = 6
"""Others whose ids one caller tries."""


def ask_with_peers(engine: Engine) -> None:
    """Requests, as every owner with others' ids, endpoints that showed nobody anything under their
    own id."""
    asked = {(probe.id, v, who) for probe, v, who, _ in engine.requests.keys.values()}
    for probe in engine.state.probes if not engine.state.world else ():
        if not _names_an_account(engine, probe) or probe.id in engine.matrix.by_peer:
            continue
        if any(engine.responses.has_page(probe, who) for who in engine.identities.names()):
            continue
        if all((probe.id, who, who) in asked for who in engine.identities.subjects()):
            _ask(engine, probe)


def _names_an_account(engine: Engine, probe: Probe) -> bool:
    """Whether one parameter is an account id and the response is owned data other than an
    account."""
    every = engine.model.policy.resources
    named = [every[probe.sources[each].partition(".")[0]] for each in probe.personal]
    shown = [every[name] for name in probe.shows]
    return (
        len(named) == 1
        and named[0].is_account
        and not (probe.batch or probe.how or probe.whose)
        and any(each.owner.kind == "field" and not each.is_account for each in shown)
    )


def _ask(engine: Engine, probe: Probe) -> None:
    (parameter,) = probe.personal
    for who in engine.identities.subjects():
        for peer in [each for each in engine.identities.subjects() if each != who][:_MOST]:
            if is_spent(engine.context.pace):
                return
            way = replace(probe, whose={parameter: (peer, 0)})
            outcome = engine.put(way, who, who, f"with {peer}'s")
            if outcome is not None and any(owner == who for owner, _ in outcome.sighted):
                engine.matrix.by_peer.add(probe.id)
                break
