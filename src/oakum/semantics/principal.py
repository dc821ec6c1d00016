"""What a caller is to an object, and in which state its owner is.

The law of this module: unknown is closed. A look-up without an answer is no relation where a
relation gives, and is the relation where it takes away (`unless`); a state nobody can read stays
unknown, which no condition matches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oakum.contract.model import Json, Policy, Relation, Resource, State


@dataclass(frozen=True)
class Principal:
    """The caller as a decision point sees them. Ids are text: JSON `7` and claim `"7"` are one."""

    ids: frozenset[str] = frozenset()
    """Every value that names this caller (id, user name); empty: anonymous."""
    claims: Mapping[str, Json] = field(default_factory=dict)
    related: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    """(relation, owner id) → held or not, from look-ups; absent: unknown."""
    states: Mapping[tuple[str, str], Json] = field(default_factory=dict)
    """(owner id, `Resource.state`) → value in the owner's account; absent: unknown."""


ANONYMOUS = Principal()


@dataclass(frozen=True)
class Subject:
    """One object of a resource: its owners' ids and, when at hand, its content."""

    resource: str
    owners: tuple[str, ...] = ()
    value: Json = None
    owned: bool = True
    """False: it belongs to nobody, so no look-up can hold. Owned, but no owners: unknown."""


def held(policy: Policy, principal: Principal, subject: Subject) -> frozenset[str]:
    """Names of the relations in which the caller certainly stands to the object."""
    return frozenset(
        name for name in policy.relations if holds(policy, name, principal, subject) is True
    )


def holds(policy: Policy, name: str, principal: Principal, subject: Subject) -> bool | None:
    """Whether the caller stands in one relation to the object; None: nobody can tell."""
    relation = policy.relations[name]
    own = _source(relation, principal, subject)
    for other in relation.unless:
        if own is False:
            break
        if holds(policy, other, principal, subject) is not False:
            return False
    return own


def may_hold(policy: Policy, name: str, principal: Principal, subject: Subject) -> bool:
    """Whether nothing that is known rules a relation out: what takes it away must be certain."""
    relation = policy.relations[name]
    if any(holds(policy, other, principal, subject) for other in relation.unless):
        return False
    return _source(relation, principal, subject) is not False


def _source(relation: Relation, principal: Principal, subject: Subject) -> bool | None:
    match relation.kind:
        case "anyone":
            return True
        case "authenticated":
            return bool(principal.ids)
        case "owner":
            return not principal.ids.isdisjoint(subject.owners)
        case "claim":
            values = principal.claims.get(relation.claim)
            listed = values if isinstance(values, list) else [values]
            return any(type(each) is type(relation.has) and each == relation.has for each in listed)
        case "field":
            return not principal.ids.isdisjoint(texts(subject.value, relation.member))
        case "lookup":
            if not principal.ids or not subject.owned:
                return False
            answers = [principal.related.get((relation.name, owner)) for owner in subject.owners]
            if not answers or None in answers:
                return None
            return all(answers)


def state_of(
    policy: Policy, resource: Resource, principal: Principal, subject: Subject
) -> dict[str, Json]:
    """Value of each state of the resource as it reads for this object; unknown ones left out.

    The object's own member counts first, then the owner's account, then what the contract says
    of a missing value. Of several owners the most closed counts.
    """
    values: dict[str, Json] = {}
    for name, state in resource.states.items():
        value = _read(state, f"{resource.name}.{name}", principal, subject)
        if value is None:
            value = state.missing
        if value is not None:
            values[name] = value
    return values


def _read(state: State, path: str, principal: Principal, subject: Subject) -> Json:
    if state.member:
        inside = list(at_path(subject.value, state.member))
        if inside and inside[0] is not None:
            return inside[0]
    looked_up = [principal.states.get((owner, state.of or path)) for owner in subject.owners]
    if not looked_up or any(value is None for value in looked_up):
        return None
    if len(looked_up) == 1:
        return looked_up[0]
    # A value that is none of the state's own stays as it is, and so matches no condition.
    return max(looked_up, key=lambda value: digit(state, value))


def digit(state: State, value: Json) -> int:
    """Position of a value among the state's own, or one past the last: unknown.

    `True` is not `1` here: JSON tells them apart, so does a contract.
    """
    for index, known in enumerate(state.values):
        if type(known) is type(value) and known == value:
            return index
    return len(state.values)


def at_path(value: Json, path: str) -> list[Json]:
    """Values at a dotted field path, `*` standing for every element or map value."""
    found = [value]
    for segment in path.split("."):
        found = [child for each in found for child in _below(each, segment)]
    return found


def _below(value: Json, segment: str) -> list[Json]:
    if isinstance(value, list):
        return value if segment == "*" else []
    if not isinstance(value, dict):
        return []
    if segment == "*":
        return list(value.values())
    return [value[segment]] if segment in value else []


def texts(value: Json, path: str, *, spread: bool = True) -> list[str]:
    """Scalars at a field path as text; `spread`: also those of a list that stands there."""
    flat: list[Json] = []
    for each in at_path(value, path):
        flat += each if spread and isinstance(each, list) else [each]
    return [
        text(each) for each in flat if isinstance(each, str | int) and not isinstance(each, bool)
    ]


def text(value: Json) -> str:
    """A scalar id as text."""
    return value if isinstance(value, str) else str(value)
