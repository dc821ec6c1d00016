"""The state that an object's owner is in, such as a privacy setting.

A state that cannot be read stays unknown, and no condition of the contract matches it.
"""

from __future__ import annotations

from collections.abc import Mapping

from oakum.authz.member_paths import at_path, is_blocked, lacks
from oakum.authz.principal import Principal, Subject
from oakum.openapi.model import Json
from oakum.policy.model import Policy, Resource, State


def state_of(
    policy: Policy, resource: Resource, principal: Principal, subject: Subject
) -> dict[str, Json]:
    """State → value for this object; unknown states are left out.

    The object's own member counts first, then the owner's account, then what the contract says
    of a missing value: of one that an account leaves unset, and not of an account that nobody was
    shown. Of several owners the most closed counts. Where null stands for the account's, a missing
    member does not: an object may be shown in part.
    """
    values: dict[str, Json] = {}
    for name, state in resource.states.items():
        path = f"{resource.name}.{name}"
        value = _own_value(state, subject)
        if value is None and state.inherits:
            value = _of_account(state, path, principal, subject)
            if value is None and lacks(subject.value, state.member):
                continue
        if value is None and not _is_unknown(policy, state, path, principal, subject):
            value = _set(state, path, principal, subject)
        if value is not None:
            values[name] = value
    return values


def _of_account(state: State, path: str, principal: Principal, subject: Subject) -> Json:
    """What accounts say of a setting of their own that null leaves to another; None: it cannot be
    told."""
    looked_up = {owner: principal.states.get((owner, path)) for owner in subject.owners}
    values = _with_told(state, state.of, principal, looked_up)
    if not values or any(value is None for value in values):
        return None
    return max(values, key=lambda value: digit(state, value))


def _own_value(state: State, subject: Subject) -> Json:
    """What an object says itself; None: nothing."""
    return said_state(state, subject.value)


def said_state(state: State, value: Json) -> Json:
    """What an object says itself, which is a list where nobody can read it: what stands on the way
    there is no object, or several values that differ stand there (`rooms.*.private`). None:
    nothing."""
    inside = at_path(value, state.member) if state.member else []
    if not inside and state.member and is_blocked(value, state.member):
        return []
    if any(type(each) is not type(inside[0]) or each != inside[0] for each in inside):
        return []
    return inside[0] if inside else None


def _is_unknown(
    policy: Policy, state: State, path: str, principal: Principal, subject: Subject
) -> bool:
    """Whether what an object does not say may be set in an account of which nobody was told: to be
    unset there is something else."""
    read_there = state.of or (path if subject.owned and path in policy.read_elsewhere else "")
    if subject.partly:
        return bool(read_there) or any((o, path) in principal.states for o in subject.owners)
    told = [(owner, read_there) in principal.states for owner in subject.owners if read_there]
    return bool(read_there) and not (told and all(told))


def _set(state: State, path: str, principal: Principal, subject: Subject) -> Json:
    """What the accounts of the owners say; None: it cannot be told."""
    if subject.partly:
        return state.missing
    far = state.of or path
    looked_up = {owner: principal.states.get((owner, far)) for owner in subject.owners}
    # A setting missing from an account means what the contract says; without an account it is
    # unknown.
    known = {o: state.missing if value is None else value for o, value in looked_up.items()}
    values = _with_told(state, far, principal, known)
    if not values or any(value is None for value in values):
        return state.missing
    # A value that the state does not list stays as it is, and therefore matches no condition.
    return max(values, key=lambda value: digit(state, value))


def _with_told(
    state: State, far: str, principal: Principal, found: Mapping[str, Json]
) -> list[Json]:
    """What accounts say of a setting, by owner; where the response says what is more closed,
    that."""
    return [
        max(value, principal.told.get((owner, far), value), key=lambda each: digit(state, each))
        if value is not None
        else None
        for owner, value in found.items()
    ]


def digit(state: State, value: Json) -> int:
    """Index of a value among the state's own, or one past the last for unknown.

    `True` is not `1`, as in JSON.
    """
    for index, known in enumerate(state.values):
        if type(known) is type(value) and known == value:
            return index
    return len(state.values)


def digits(resource: Resource, values: Mapping[str, Json]) -> tuple[int, ...]:
    """Position of each state's value among those that it declares; one past the last: unknown."""
    return tuple(digit(state, values.get(name)) for name, state in resource.states.items())
