"""Viewers that an object names neither as owner, nor in a relation, nor in any other member."""

from __future__ import annotations

from oakum.exposure.endpoints.probes import Probe
from oakum.scan.engine import Engine
from oakum.scan.evaluation.requested_object import named_keys


def strangers(
    engine: Engine, probe: Probe, who: str, turn: int, viewers: list[str | None]
) -> list[str | None]:
    """Those of these viewers whom the requested object of `who` does not name. `turn`: index of the
    object."""
    known, named = engine.knowledge, set[str | None]()
    for parameter in probe.personal:
        resource = engine.model.policy.resources[probe.sources[parameter].partition(".")[0]]
        keys = named_keys(probe, parameter, who, known, resource)[turn : turn + 1]
        key = keys[0] if keys else ""
        kin = known.kin.get((who, resource.name, key), {})
        named |= {name for name, relations in kin.items() if relations}
        rows = known.objects.get((who, resource.name), ())
        said = {text for row in rows if row.get(resource.key) == key for text in row.values()}
        said |= {*known.parties.get((resource.name, key), ())}
        named |= {name for name, ids in engine.identities.ids.items() if ids & said}
        source = f"{resource.name}.{resource.key}"
        named |= {name for name in engine.identities.names() if key in known.values(source, name)}
    return [each for each in viewers if each not in named]
