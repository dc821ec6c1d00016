"""Relations by claim where it is unknown whether a viewer has the claim.

The law of this module: a claim that no identity was ever found to hold may stand where nobody
looks for it. Who is not known not to hold it is no mere member for that, and what they are shown
of what its holders may see is no proof.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from oakum.authz import Model
from oakum.authz.principal import Principal, Subject, claimed, held, joined
from oakum.authz.table import allows
from oakum.openapi.model import Json
from oakum.policy.model import Policy, Relation
from oakum.scan.discovery.facts import body_claims
from oakum.scan.evaluation.knowledge import canonical
from oakum.scan.evaluation.matrix import Key
from oakum.scan.identities.cast import Cast
from oakum.scan.identities.doctor import Examination

if TYPE_CHECKING:
    from oakum.scan.identities.session import Sessions

_NOBODYS = Subject("", (), owned=False)


def claims_of(
    name: str, found: Examination, policy: Policy, sessions: Sessions
) -> Mapping[str, Json]:
    """What who-am-I, a token and the identities file say of somebody; the later goes before."""
    return joined(body_claims(found.facts.get(name), policy), sessions.claims(name))


def with_claims(found: Examination, policy: Policy, sessions: Sessions) -> Examination:
    """An examination that also says of which relations nothing was heard."""
    names = [state.name for state in found.states if state.ok]
    told = {name: claims_of(name, found, policy, sessions) for name in names}
    notes = [
        f"no identity is `{each.name}`: nothing that was heard of them names the claim"
        f" `{each.claim}` of {', '.join(f'`{name}`' for name in mute)}; whether they are is not"
        f" known. Is it called so? `claims: {{{each.claim}: …}}` in the identities file says it"
        for each in _unheld(policy, told)
        if (mute := [name for name in names if claimed(told[name], each.claim) is None])
    ]
    return replace(found, unheard=tuple(notes))


def unheard(
    model: Model, cast: Cast, closed: Collection[tuple[str, Key]], key: Key,
    viewers: Collection[str | None], state: Mapping[str, Json],
) -> str:  # fmt: skip
    """Why what was shown to one of these viewers may be shown to them rightly; empty: it may not.

    Known not to hold a relation is of whom a claim says something else, and who was refused what
    its holders may see. `closed`: cells that were closed to somebody.
    """
    for relation in _unheld(model.policy, cast.claims):
        if not allows(model.tables[key.resource], key.field, frozenset({relation.name}), state):
            continue
        for viewer in viewers:
            known = viewer is None or claimed(cast.claims.get(viewer, {}), relation.claim)
            if known is None and not _was_refused(model, relation, closed, viewer or ""):
                return (
                    f"whether `{viewer}` is `{relation.name}` is not known: nothing says"
                    f" `{relation.claim}` of any identity; add `claims: {{{relation.claim}: …}}`"
                )
    return ""


def _unheld(policy: Policy, claims: Mapping[str, Mapping[str, Json]]) -> Iterator[Relation]:
    for each in policy.relations.values():
        alone = replace(policy, relations={each.name: replace(each, unless=())})
        people = (Principal(frozenset({name}), told) for name, told in claims.items())
        if each.kind == "claim" and not any(held(alone, who, _NOBODYS) for who in people):
            yield each


def _was_refused(
    model: Model, relation: Relation, closed: Collection[tuple[str, Key]], viewer: str
) -> bool:
    return any(
        name == viewer
        and allows(
            model.tables[key.resource], key.field, frozenset({relation.name}),
            values_of(model, key),
        )
        for name, key in closed
    )  # fmt: skip


def values_of(model: Model, key: Key) -> Mapping[str, Json]:
    """The states that a cell is about, as values."""
    states = model.policy.resources[key.resource].states
    return {
        name: next((v for v in states[name].values if canonical(v) == text), None)
        for name, text in key.state
    }
