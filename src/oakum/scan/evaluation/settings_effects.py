"""Distinguishes a leak from an effect of the run's own change of a setting.

After a setting is restored, its effect may last for a while. Endpoints that showed a stranger more
while the setting was changed are requested again after it was restored: a few of them, as one
stranger each. Data that is still shown, and was not shown before the change, is reported as an
effect of the run, and as a grant that does not end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from oakum.exposure.cells.matrix import Key
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.values.knowledge import canonical
from oakum.finding import Result
from oakum.scan.engine import Engine
from oakum.scan.evaluation.finding_confirmation import confirm
from oakum.scan.requests.builder import fill
from oakum.scan.settings.next_settings import setting_of

_MOST = 6
"""How many endpoints are requested again in all."""
_EACH = 2
"""How many endpoints are requested again for one owner."""
_HOW = "revocation"

_At = tuple[str, str, str | None]
"""(owner, endpoint, viewer)."""
_Fields = set[tuple[str, str]]
"""(resource, field) pairs."""


def still_open(engine: Engine) -> tuple[str, ...]:
    """Requests again after everything was restored; returns in words what is shown now but was not
    before."""
    return tuple(_still_open(engine)) if engine.context.account_settings is not None else ()


def _still_open(engine: Engine) -> Iterator[str]:
    assert engine.context.account_settings is not None
    patience = engine.context.account_settings.patience
    patience.renew()
    world = ""
    for (owner, endpoint, viewer), shut in _select_endpoints(engine).items():
        probe = engine.matrix.probes[endpoint]
        who = owner if probe.personal else None
        if world != owner:
            world = owner
            engine.state.enter("settings put back", owner)
        way = probe.otherwise(_HOW, endpoint=probe.endpoint.path)
        look = _Look(engine, way, viewer, who, owner, shut)
        if patience.until(look.is_closed):
            continue
        patience.left = 0.0  # this cell does not close with time: stop waiting
        engine.matrix.open(way)
        engine.put(way, viewer, who)
        confirm(engine)
        named = ", ".join(f"`{resource}.{path}`" for resource, path in sorted(look.left))
        yield (
            f"{named} of {owner} is shown to {viewer or 'nobody logged in'} at"
            f" {probe.endpoint.method} {probe.endpoint.path} after the setting was restored, but"
            f" was not before the run: the API does not close it again; check it by hand"
        )


def _select_endpoints(engine: Engine) -> dict[_At, _Fields]:
    """Endpoints that, while a setting was changed, showed a stranger fields that are closed now and
    did not leak before → these fields. One viewer for each, few for each owner."""
    known = {(key.endpoint, key.resource, key.field) for key, _ in engine.matrix.leaks()}
    found: dict[_At, _Fields] = {}
    for owner, key in _open_then(engine):
        viewer = next(
            (
                name
                for name in (*engine.identities.names(), None)
                if name != owner
                and engine.identities.label(engine.identities.relations(name, owner), name, owner)
                == key.viewer
            ),
            owner,
        )
        leaks = (key.endpoint, key.resource, key.field) in known
        if viewer == owner or leaks or engine.matrix.sees(key.resource, key.field, viewer, owner):
            continue
        asked = [at for at in found if at[0] == owner]
        here = next((at for at in asked if at[1] == key.endpoint), None)
        if here is None and len(asked) < _EACH and len(found) < _MOST:
            here = owner, key.endpoint, viewer
        if here is not None and here[2] == viewer:
            found.setdefault(here, set()).add((key.resource, key.field))
    return found


def _open_then(engine: Engine) -> Iterator[tuple[str, Key]]:
    """(owner, cell) of all cells that were granted and shown in a state that the run had set for
    this owner."""
    account_settings, policy = engine.context.account_settings, engine.model.policy
    assert account_settings is not None
    for flip in dict.fromkeys(account_settings.flipped):
        for key, entry in engine.matrix.entries.items():
            probe = engine.matrix.probes.get(key.endpoint)
            if probe is None or entry.result is not Result.OPEN or probe.how or probe.batch:
                continue
            states = policy.resources[key.resource].states
            value = canonical(flip.after)
            if any(
                text == value
                and name in states
                and setting_of(account_settings, flip.identity, key.resource, name) == flip.state
                for name, text in key.state
            ):
                yield flip.identity, key


@dataclass
class _Look:
    """One request, repeated until its response shows no closed data."""

    engine: Engine
    way: Probe
    viewer: str | None
    who: str | None
    owner: str
    shut: _Fields
    left: _Fields = field(default_factory=set)

    def is_closed(self) -> bool:
        engine, way = self.engine, self.way
        filled = fill(way, engine.target, engine.knowledge, self.who)
        if filled is None:
            return True
        answer = engine.send(way, self.viewer, filled)
        key = engine.key(way, self.viewer, self.who, "put back")
        about = frozenset({self.who} if self.who else ())
        question = engine.question(way, self.viewer, about, filled, key)
        seen = engine.evaluator.judge(way, question, answer)
        self.left = {
            (each.key.resource, each.key.field)
            for each in engine.evaluator.look(seen).observations
            if each.result is Result.LEAK and each.owner == self.owner
        } & self.shut
        return not self.left
