"""The state that an object's owner is in, such as a privacy setting.

A state that cannot be read stays unknown, and no condition of the contract matches it.
"""

from __future__ import annotations

from collections.abc import Mapping

from oakum.authz.decision_inputs import Principal, Subject
from oakum.authz.member_paths import at_path, is_blocked, lacks
from oakum.openapi.model import Json
from oakum.policy.model import Policy, Resource, State


def state_of(
    policy: Policy, resource: Resource, principal: Principal, subject: Subject
) -> dict[str, Json]:
    """State → value for this object; unknown states are left out.

    The object's own member counts first, then the owner's account, then the contract's value for a
    missing member: it applies to accounts that were read and lack it, not to accounts that could
    not be read. Of several owners the most closed value counts. A null in the object may refer to
    the account's setting; a missing member does not, since an object may be partial. Nor does one
    say anything that the caller may have left out.
    """
    values: dict[str, Json] = {}
    for name, state in resource.states.items():
        path = f"{resource.name}.{name}"
        value = _own_value(state, subject)
        if subject.chosen and state.member and lacks(subject.value, state.member):
            continue
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
    """The value in the object itself; None: absent. A list, which matches no state, if it cannot be
    read: the path is interrupted, or several different values are there (`rooms.*.private`)."""
    inside = at_path(value, state.member) if state.member else []
    if not inside and state.member and is_blocked(value, state.member):
        return []
    if any(type(each) is not type(inside[0]) or each != inside[0] for each in inside):
        return []
    return inside[0] if inside else None


def _is_unknown(
    policy: Policy, state: State, path: str, principal: Principal, subject: Subject
) -> bool:
    """Whether a setting missing from the object may be one of an account that could not be read."""
    read_there = state.of or (path if subject.owned and path in policy.read_elsewhere else "")
    if subject.partly:
        return bool(read_there) or any((o, path) in principal.states for o in subject.owners)
    told = [(owner, read_there) in principal.states for owner in subject.owners if read_there]
    return bool(read_there) and not (told and all(told))


def _set(state: State, path: str, principal: Principal, subject: Subject) -> Json:
    """The value in the owners' accounts; None: unknown."""
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
    """For each state, the index of its value among those it declares; one past the last:
    unknown."""
    return tuple(digit(state, values.get(name)) for name, state in resource.states.items())
