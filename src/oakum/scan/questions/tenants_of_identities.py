"""Lists below a tenant, asked for in the tenants of each identity.

`GET /tenants/{tenantId}/projects` needs a tenant, and what one tenant holds tells nothing of what
another shows to strangers. Which tenants are whose is what a list shows each identity, where it
does not show all of them to everybody.
"""

from __future__ import annotations

from oakum.authz import Model
from oakum.authz.compiled_model import is_open_to_members
from oakum.errors import count_of
from oakum.exposure.cells.matrix import NOBODY
from oakum.exposure.endpoints.probes import Probe
from oakum.scan.engine import Engine

MOST = 4
"""Tenants of one identity in which a list is asked for."""
_REFUSALS = (401, 403, 404)


def is_below(model: Model, probe: Probe, source: str) -> bool:
    """Whether a source is the key of what nobody owns, and an endpoint that it fills a parameter of
    shows other objects, which not everybody may see."""
    name, _, path = source.partition(".")
    resource = model.policy.resources.get(name)
    return (
        resource is not None
        and resource.owner.kind == "none"
        and path == resource.key
        and name not in probe.shows
        and hides_something(model, probe)
    )


def hides_something(model: Model, probe: Probe) -> bool:
    """Whether an endpoint shows objects of which not every logged-in caller may see all."""
    return not all(
        is_open_to_members(model, name, path)
        for name in probe.shows
        for path in model.tables[name].leaves
    )


def ask_in_own_tenants(engine: Engine, probe: Probe) -> None:
    """Requests a list in the tenants of each identity, and there as others, if it is shown objects:
    as one viewer of each kind to their owners, and as everybody if nobody owns them, since only the
    object tells what a viewer is to it."""
    source = _tenant_source(engine.model, probe)
    for who in engine.identities.subjects() if source else ():
        for turn in _own_turns(engine, source, who)[:MOST]:
            outcome = engine.put(probe, who, None, turn=turn)
            owners = dict.fromkeys(owner for owner, _ in outcome.sighted) if outcome else {}
            viewers = [
                each
                for owner in owners
                if owner in engine.identities.ids
                for each in engine.watchers(owner)
            ]
            everybody = (*engine.identities.subjects(), None) if NOBODY in owners else ()
            for viewer in dict.fromkeys((*viewers, *everybody)):
                engine.put(probe, viewer, None, turn=turn)


def tell_unasked_owners(engine: Engine) -> None:
    """Names lists below tenants in which no object of an identity was asked for, since none of
    their tenants is known or was requested; and remarks on tenants beyond the first few."""
    asked: dict[tuple[str, str | None], set[int]] = {}
    for probe, viewer, _, turn in engine.requests.keys.values():
        asked.setdefault((probe.id, viewer), set()).add(turn)
    more = dict[str, None]()
    for probe in engine.state.probes:
        source = _tenant_source(engine.model, probe)
        if not source or engine.model.rule(probe.operation.id).untested:
            continue
        if not engine.knowledge.values(source, None):
            continue  # it was not called at all
        lacking: list[str] = []
        for who in engine.identities.subjects():
            keys, sent = _own_keys(engine, source, who), asked.get((probe.id, who), set())
            if len(keys) > MOST:
                more[f"{who} ({count_of(len(keys), 'tenant')})"] = None
            is_unsent = keys and sent.isdisjoint(_own_turns(engine, source, who))
            if is_unsent or _is_outside(engine, probe, source, who, sent):
                lacking.append(who)
        if lacking:
            engine.results.note_gap(
                f"{probe.endpoint.method} {probe.endpoint.path}",
                f"no object of {' and '.join(lacking)} was asked for: no request named a `{source}`"
                " that is known as theirs",
            )
    if more:
        engine.results.remark(
            f"lists below a tenant were requested in {MOST} tenants of an identity at most:"
            f" {', '.join(more)}"
        )


def known_tenants(engine: Engine, source: str, who: str) -> list[str]:
    """Tenants that own objects of an identity, or lists of members, name as theirs."""
    every = engine.knowledge.values(source, None)
    members = [
        tenant
        for (_, tenant), told in engine.identities.tenants.items()
        if told.get(who) and tenant in every
    ]
    return list(dict.fromkeys((*engine.knowledge.values(source, who), *members)))


def _is_outside(engine: Engine, probe: Probe, source: str, who: str, sent: set[int]) -> bool:
    """Whether a list refused an identity in every tenant, though there are further ones, or no list
    told which are theirs."""
    if any((at, owner) == (probe.id, who) for at, owner, _ in engine.matrix.own):
        return False
    if not sent or _own_keys(engine, source, who):
        return False
    heads = engine.responses.heads
    head = heads.get((probe.id, who, None))
    if head is None or head.answer.status not in _REFUSALS:
        return False
    name = source.partition(".")[0]
    lists = [each for each in engine.state.probes if name in each.shows and not each.sources]
    told = [heads[each.id, who, None] for each in lists if (each.id, who, None) in heads]
    unasked = {*range(len(engine.knowledge.values(source, None)))} - sent
    return bool(unasked and _is_shown_all(engine, name)) or not any(each.shows for each in told)


def _tenant_source(model: Model, probe: Probe) -> str:
    """What fills the innermost parameter for a tenant of a list; empty if there is none."""
    plain = not (probe.how or probe.query or probe.lacks or probe.batch or probe.personal)
    named = [each for each in probe.sources.values() if is_below(model, probe, each)]
    return named[-1] if plain and named else ""


def _own_keys(engine: Engine, source: str, who: str) -> list[str]:
    """Tenants of an identity: those that its objects name, then those that it was shown and not
    everybody was, with the fewest others first."""
    shown = _shown(engine, source.partition(".")[0])
    with_others = {key: sum(key in each for each in shown.values()) for key in shown.get(who, ())}
    own = [key for key, many in with_others.items() if many < len(shown)]
    own.sort(key=with_others.__getitem__)
    return list(dict.fromkeys((*known_tenants(engine, source, who), *own)))


def _own_turns(engine: Engine, source: str, who: str) -> list[int]:
    """Positions of the tenants of an identity among the values of a parameter."""
    every = engine.knowledge.values(source, None)
    return [every.index(key) for key in _own_keys(engine, source, who) if key in every]


def _shown(engine: Engine, resource: str) -> dict[str, dict[str, None]]:
    """Identity → keys of ownerless objects that it was shown."""
    known = engine.knowledge.shown_keys
    return {name: known.get((name, resource), {}) for name in engine.identities.subjects()}


def _is_shown_all(engine: Engine, resource: str) -> bool:
    """Whether everybody is shown the same tenants, so that nothing tells whose they are."""
    first, *rest = _shown(engine, resource).values()
    return bool(first) and all(each.keys() == first.keys() for each in rest)
