"""Relations by a token claim, where it is unknown whether a viewer has the claim.

If no identity of the scan was found to have a claim, the claim may be in a place that the scan does
not read. So a viewer who may have it does not count as an ordinary user, and a response with fields
that its holders may see proves no leak.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from oakum.authz import Model
from oakum.authz.claim_paths import claim_value
from oakum.authz.decision_inputs import Principal, Subject
from oakum.authz.relations import held_relations
from oakum.authz.table import allows
from oakum.exposure.cells.matrix import Key
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.values.knowledge import canonical
from oakum.openapi.model import Json
from oakum.policy.model import Policy, Relation

_NOBODYS = Subject("", (), owned=False)


def unheard(
    model: Model, identities: KnownIdentities, closed: Collection[tuple[str, Key]], key: Key,
    viewers: Collection[str | None], state: Mapping[str, Json],
) -> str:  # fmt: skip
    """Why the contract may grant one of these viewers the field after all; empty if it cannot.

    A viewer certainly lacks a relation if a claim says otherwise, or if they were refused what its
    holders may see. `closed`: (viewer, cell) pairs in which the cell was closed.
    """
    policy = model.policy
    for relation in (*unheld(policy, identities.claims), *_comparing_relations(policy)):
        shown = (
            allows(model.tables[key.resource], key.field, frozenset({name}), state)
            for name in policy.relations
            if relation.name in policy.required_relations(name)
        )
        if not any(shown):
            continue
        for viewer in viewers:
            known = viewer is None or claim_value(identities.claims.get(viewer, {}), relation.claim)
            if known is not None:
                continue
            # A refusal of one object proves nothing about an object of another tenant.
            if relation.kind == "field" or not _was_refused(model, relation, closed, viewer or ""):
                return (
                    f"whether `{viewer}` is `{relation.name}` is not known: nothing says"
                    f" `{relation.claim}` of any identity; add `claims: {{{relation.claim}: …}}`"
                )
    return ""


def _comparing_relations(policy: Policy) -> Iterator[Relation]:
    """Relations that compare a claim with a member of the object."""
    yield from (each for each in policy.relations.values() if each.kind == "field" and each.claim)


def unheld(policy: Policy, claims: Mapping[str, Mapping[str, Json]]) -> Iterator[Relation]:
    """Claim relations that no identity holds. `claims`: identity → claims."""
    for each in policy.relations.values():
        alone = replace(policy, relations={each.name: replace(each, unless=(), requires=())})
        people = (Principal(frozenset({name}), told) for name, told in claims.items())
        if each.kind == "claim" and not any(held_relations(alone, who, _NOBODYS) for who in people):
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
    """The state of a cell as values, state name → value."""
    states = model.policy.resources[key.resource].states
    return {
        name: next((v for v in states[name].values if canonical(v) == text), None)
        for name, text in key.state
    }
