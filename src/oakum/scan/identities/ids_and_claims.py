"""Ids and claims of identities, from who-am-I, tokens and the identities file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from oakum.authz.claim_paths import claim_value, merge_claims, with_claim
from oakum.exposure.unknown_claims import unheld
from oakum.http.json_pointer import path_of, values_at
from oakum.openapi.model import Json
from oakum.policy.model import Policy
from oakum.scan.identities.identity_verification import Examination

if TYPE_CHECKING:
    from oakum.scan.identities.session import Sessions

_ROLES = ("role", "roles", "groups", "scope", "scopes", "permissions")
_NAMES = ("username", "user_name", "handle", "login", "email", "uuid", "sub")


def ids_of(name: str, found: Examination, facts: Mapping[str, Json]) -> Iterator[str]:
    """Values that identify an identity, from who-am-I and the identities file."""
    if name in found.ids:
        yield found.ids[name]
    yield from (str(value) for value in facts.values() if isinstance(value, str | int))
    for owner in _objects(found.facts.get(name)):
        if found.ids.get(name) in {str(value) for value in owner.values()}:
            yield from (str(owner[each]) for each in _NAMES if isinstance(owner.get(each), str))


def drop_shared(
    told: Mapping[str, Collection[str]], firm: Mapping[str, Collection[str]]
) -> dict[str, frozenset[str]]:
    """Identifying values, without those that who-am-I reports for two identities, since a mixed-up
    response would merge them. `firm`: ids, and values from the file."""
    times = Counter(value for values in told.values() for value in set(values))
    return {
        name: frozenset(e for e in values if times[e] == 1 or e in firm.get(name, ()))
        for name, values in told.items()
    }


def _objects(value: Json) -> Iterator[Mapping[str, Json]]:
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from _objects(child)


def body_claims(body: Json, policy: Policy) -> Mapping[str, Json]:
    """Claims from who-am-I if there is no token: the members beside the caller's id, as for the
    guard. Without a pointer to the id, roles at any depth and the contract's claims at the top."""
    *stem, _ = path_of(policy.caller.pointer) or ("",)
    account = next(iter(values_at(body, stem)), None) if policy.caller.pointer else body
    places = [account] if policy.caller.pointer else _objects(body)
    found = {
        key: value
        for each in places
        if isinstance(each, dict)
        for key, value in each.items()
        if key in _ROLES
    }
    for relation in policy.relations.values():
        if relation.claim and isinstance(account, dict):
            value = claim_value(account, relation.claim)
            if value is not None:
                found = with_claim(found, relation.claim, value)
    return found


def claims_of(
    name: str, found: Examination, policy: Policy, sessions: Sessions
) -> Mapping[str, Json]:
    """Claims from who-am-I, token and identities file; later sources take precedence."""
    return merge_claims(body_claims(found.facts.get(name), policy), sessions.claims(name))


def with_claims(found: Examination, policy: Policy, sessions: Sessions) -> Examination:
    """The examination with notes on relations whose claims nobody has."""
    names = [state.name for state in found.states if state.ok]
    told = {name: claims_of(name, found, policy, sessions) for name in names}
    notes = [
        f"no identity is `{each.name}`: nothing that was heard of them names the claim"
        f" `{each.claim}` of {', '.join(f'`{name}`' for name in mute)}; whether they are is not"
        f" known. Is it called so? `claims: {{{each.claim}: …}}` in the identities file says it"
        for each in unheld(policy, told)
        if (mute := [name for name in names if claim_value(told[name], each.claim) is None])
    ]
    return replace(found, unheard=tuple(notes))
