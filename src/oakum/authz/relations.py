"""How a caller relates to an object.

Unknown is closed. A relation that is not known stays unknown, even if another known relation would
exclude it (`three_valued_logic`), and only a relation that certainly holds grants anything. An id
that may be the same in another spelling, or as one of several in a text, neither proves a relation
nor excludes it (`id_spelling`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from oakum.authz.claim_paths import claim_value, unsaid
from oakum.authz.decision_inputs import Principal, Subject
from oakum.authz.id_spelling import (
    LISTED,
    alike,
    identifier,
    identifiers,
    named_among,
    spread,
)
from oakum.authz.three_valued_logic import Truth, both, every, without
from oakum.openapi.model import Json
from oakum.policy.model import Policy, Relation


def held_relations(policy: Policy, principal: Principal, subject: Subject) -> frozenset[str]:
    """Relations that the caller certainly has to the object."""
    return frozenset(
        name for name in policy.relations if holds(policy, name, principal, subject) is True
    )


def holds(policy: Policy, name: str, principal: Principal, subject: Subject) -> Truth:
    """Whether the caller has one relation to the object; None: unknown.

    If an object has several owners, a looked-up relation has to hold towards each of them. A
    relation in `unless` excludes the caller if it holds towards any of them.
    """
    owners: Sequence[str | None] = subject.owners
    if subject.partly or not owners:
        owners = (*owners, None)
    return every(_towards(policy, name, principal, subject, owners, whole=True))


def may_hold(policy: Policy, name: str, principal: Principal, subject: Subject) -> bool:
    """True unless what is known proves that the relation does not hold."""
    return holds(policy, name, principal, subject) is not False


def _towards(
    policy: Policy,
    name: str,
    principal: Principal,
    subject: Subject,
    owners: Sequence[str | None],
    *,
    whole: bool = False,
) -> list[Truth]:
    """Whether a relation holds towards each of some owners; None: one whom the object does not
    name. `whole`: as soon as it does not hold towards one, the others do not matter."""
    relation = policy.relations[name]
    if relation.kind == "lookup":
        values = [_looked_up(relation, principal, subject, owner) for owner in owners]
    else:
        values = [_source(relation, principal, subject)] * len(owners)
    changes = [(other, without) for other in relation.unless]
    for other, change in (*changes, *((other, both) for other in relation.requires)):
        left = [place for place, value in enumerate(values) if value is not False]
        if not left or (whole and len(left) < len(values)):
            break
        theirs = [owners[place] for place in left]
        found = _towards(policy, other, principal, subject, theirs)
        for place, value in zip(left, found, strict=True):
            values[place] = change(values[place], value)
    return values


def _looked_up(
    relation: Relation, principal: Principal, subject: Subject, owner: str | None
) -> Truth:
    if not principal.ids or not subject.owned:
        return False
    return None if owner is None else principal.related.get((relation.name, owner))


def _source(relation: Relation, principal: Principal, subject: Subject) -> Truth:
    """What a relation says itself, of those that are the same towards each owner."""
    match relation.kind:
        case "anyone":
            return True
        case "authenticated":
            return bool(principal.ids)
        case "owner":
            if not principal.ids.isdisjoint(subject.owners):
                return True
            return None if principal.ids and _may_own(principal.ids, subject) else False
        case "claim":
            return _has_claim(principal.claims, relation)
        case "field":
            if relation.name in subject.named:
                return subject.named[relation.name]
            return names_caller(relation, principal, subject.value)
        case "lookup":
            raise ValueError("a look-up needs an owner")


def names_caller(relation: Relation, principal: Principal, value: Json) -> Truth:
    """Whether an object's member contains the caller's id, the claim to compare, or a tenant of the
    caller; None: unknown."""
    if relation.is_membership:
        return _belongs(relation, principal, value)
    if not relation.claim:
        return named_in(value, relation.member, principal.ids)
    said = claim_value(principal.claims, relation.claim)
    if said is None:
        return False if unsaid(principal.claims, relation.claim) else None
    listed = said if isinstance(said, list) else [said]
    ids = identifiers(listed)
    found = named_in(value, relation.member, frozenset(ids))
    if found is False and (len(ids) < len(listed) or _may_list(ids, value, relation.member)):
        return None
    return found


def _belongs(relation: Relation, principal: Principal, value: Json) -> Truth:
    """Whether the caller was found among the members of a tenant that an object names."""
    if not principal.ids:
        return False
    found: Truth = False
    for tenant in _ids_at(value, relation.member.split(".")):
        said = None if tenant is None else principal.related.get((relation.name, tenant))
        if said:
            return True
        found = None if said is None else found
    return found


def compared_values(policy: Policy, principal: Principal) -> Iterator[str]:
    """Values of the caller's claims that object members are compared with, including values within
    strings."""
    for relation in policy.relations.values():
        if relation.kind == "field" and relation.claim:
            said = claim_value(principal.claims, relation.claim)
            for each in identifiers(said if isinstance(said, list) else [said]):
                yield from spread(each)


_SCOPES = re.compile(r"[!#-+\--\[\]-~]+(?: [!#-+\--\[\]-~]+)*")
"""Scopes separated by single spaces (RFC 6749, 3.3), as in the claim `scope` (RFC 8693, 4.2). Text
with commas may be another list, and is not read as scopes."""


def _has_claim(claims: Mapping[str, Json], relation: Relation) -> Truth:
    """Whether a claim is, or contains, what it has to; None: it cannot be read as one such value or
    a list of them, or says it in another spelling."""
    said, has = claim_value(claims, relation.claim), relation.has
    if said is None:
        return False if unsaid(claims, relation.claim) else None
    listed = said if isinstance(said, list) else [said]
    if any(type(each) is type(has) and each == has for each in listed):
        return True
    if relation.claim == "scope" and isinstance(said, str) and _SCOPES.fullmatch(said):
        return has in said.split(" ")
    if any(each is not None and type(each) is not type(has) for each in listed):
        return None
    texts = [each for each in listed if isinstance(each, str)]
    return None if isinstance(has, str) and named_among((has,), texts) else False


def has_role(relation: Relation, said: Json) -> Truth:
    """Whether a role in a member list is or contains that of the relation; read like a claim,
    except that a missing role is unknown: the list does not show roles."""
    return None if said is None else _has_claim({"role": said}, replace(relation, claim="role"))


def _may_own(ids: frozenset[str], subject: Subject) -> bool:
    unsaid = subject.partly or (subject.owned and not subject.owners)
    return unsaid or named_among(ids, subject.owners)


def named_in(value: Json, path: str, ids: frozenset[str]) -> Truth:
    """Whether one of these ids is the value at a member path. None: it may be, in another spelling
    or within a list in a string, or because the value cannot be read as an id."""
    if not ids:
        return False
    there = list(_ids_at(value, path.split(".")))
    readable = [each for each in there if each is not None]
    if not ids.isdisjoint(readable):
        return True
    return None if len(readable) < len(there) or named_among(ids, readable) else False


def _may_list(ids: Iterable[str], value: Json, path: str) -> bool:
    """Whether a text that may be a list of ids holds one that stands at a member path."""
    there = [each for each in _ids_at(value, path.split(".")) if each is not None]
    return any(
        alike(parts, _apart(text, there)) for text in ids if len(parts := spread(text)[1:]) > 0
    )


def _apart(text: str, others: Iterable[str]) -> Iterator[str]:
    """Texts to find the parts of another one in: whole, and in parts only where both are certainly
    lists. Two names or addresses share a word (`Acme Ltd`, `Zonk Ltd`) and are no lists."""
    for each in others:
        yield from spread(each) if LISTED.search(text) and LISTED.search(each) else [each]


def _ids_at(value: Json, segments: list[str]) -> Iterator[str | None]:
    """Ids at a member path, including list elements; None for a missing or invalid one."""
    if not segments:
        for each in value if isinstance(value, list) else [value]:
            yield identifier(each)
    elif segments[0] == "*" and isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _ids_at(each, segments[1:])
    elif isinstance(value, dict) and segments[0] in value:
        yield from _ids_at(value[segments[0]], segments[1:])
    else:
        yield None
