"""Repeats undocumented requests that an API has answered, in every state of the owners' settings.

If all leaks of such a request are also leaks of the documented endpoint, to the same viewer and in
the same state, it shows nothing new: `?expand=id` of an endpoint that returns the whole object
anyway. It is sent again only where the documented endpoint withholds any of these fields.
"""

from __future__ import annotations

from collections.abc import Mapping

from oakum.exposure.endpoints.probes import Probe
from oakum.finding import Result
from oakum.scan.engine import Engine


def ask_other_ways(engine: Engine) -> None:
    """Requests all variants in the current state."""
    changed = engine.state.changed
    concerned = (changed,) if changed else engine.identities.subjects()
    plain = {probe.id: probe for probe in engine.state.probes}
    leaking: dict[str, dict[str, set[str]]] = {}
    for key, entry in engine.matrix.leaks():
        fields = leaking.setdefault(key.endpoint, {})
        if entry.result is Result.LEAK:
            fields.setdefault(key.resource, set()).add(key.field)
    for way in engine.state.ways:
        beside = plain.get(way.operation.id) if changed else None
        if beside is not None and way.id not in leaking:
            continue  # it has shown nothing beyond the documented endpoint
        for who in concerned if way.personal else (None,):
            owner = who or changed or None
            viewers = engine.watchers(owner)
            if beside is not None and owner is not None:
                shown = leaking[way.id]
                viewers = [v for v in viewers if not _leaks_all(engine, beside, v, owner, shown)]
            for viewer in (owner, *viewers) if viewers else ():
                engine.put(way, viewer, who)


def _leaks_all(
    engine: Engine, plain: Probe, viewer: str | None, owner: str, shown: Mapping[str, set[str]]
) -> bool:
    """Whether an endpoint leaks all of these fields to a viewer already, as far as they are not
    granted, in the states that the owner's objects are in."""
    held = engine.identities.relations(viewer, owner)
    label = engine.identities.label(held, viewer, owner)
    for resource, fields in shown.items():
        if resource not in plain.shows:
            return False
        known = set[str]()
        for key, entry in engine.matrix.candidates(plain, resource, label, owner):
            if key.field in fields and not (entry.granted or entry.result is Result.LEAK):
                return False
            known.add(key.field)
        if not fields <= known:
            return False
    return bool(shown)
