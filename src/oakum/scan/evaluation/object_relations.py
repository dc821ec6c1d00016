"""Relations that a viewer has to one object, by its owner and by its own members."""

from __future__ import annotations

from collections.abc import Mapping

from oakum.authz import Model
from oakum.authz.decision_inputs import Subject
from oakum.authz.member_paths import texts
from oakum.authz.relations import may_hold
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.relation_fields import may_have, members_named, relations_through_members
from oakum.openapi.model import Json


def relations_to(
    model: Model,
    identities: KnownIdentities,
    name: str,
    value: Mapping[str, Json],
    viewer: str | None,
    owner: str,
) -> frozenset[str]:
    """Relations by which a viewer of an owner's object is judged: the general ones, and those that
    the object's members give."""
    held = identities.relations(viewer, owner)
    if viewer in (None, owner):
        return held
    shared = model.policy.resources[name].owner.kind == "field"
    if shared and identities.ids[viewer] & {*_owners(model, name, value)}:
        return held | identities.relations(viewer, viewer)
    return held | relations_given(model, identities, name, value, viewer)


def relations_given(
    model: Model,
    identities: KnownIdentities,
    name: str,
    value: Mapping[str, Json],
    viewer: str | None,
) -> frozenset[str]:
    """Relations that the members of an object give a viewer, as its owner or otherwise, as far as
    no known fact excludes them: a member of its tenant, a role there."""
    if viewer is None:
        return frozenset()
    owners = _owners(model, name, value)
    subject, principal = Subject(name, owners, dict(value)), identities.principal(viewer)
    return frozenset(
        each
        for each in relations_through_members(model)
        if all(
            may_have((*model.tables[name].leaves, *value), member)
            for member in members_named(model, each)
        )
        and may_hold(model.policy, each, principal, subject)
    )


def relations_as_creator(
    model: Model, identities: KnownIdentities, name: str, who: str
) -> frozenset[str]:
    """Relations of an identity to an object that it creates, before its members are known: those
    of an owner, and those that are read from the members that name the owner."""
    owners = {*model.policy.resources[name].owner.members}
    given = relations_given(model, identities, name, {}, who)
    by_owner = {each for each in given if owners.issuperset(members_named(model, each))}
    return identities.relations(who, who) | by_owner


def _owners(model: Model, name: str, value: Mapping[str, Json]) -> tuple[str, ...]:
    """Ids of the owners that an object names."""
    named = model.policy.resources[name].owner.members
    return tuple(id for each in named for id in texts(dict(value), each))
