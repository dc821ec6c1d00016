"""Reasons why a response cannot be judged for its caller, and settings that an object states."""

from __future__ import annotations

from collections.abc import Mapping

from oakum.authz.member_paths import at_path
from oakum.authz.owner_states import digit, said_state
from oakum.openapi.model import Json
from oakum.policy.model import State

WHO = "the caller could not be identified"
OWNER = "the owner of the object could not be identified"
SETTING = "it depends on a setting of the owner that the response does not contain"
RELATION = "it depends on a relation or a claim of the caller that is unknown"
FORMER = "the request may have ended what its caller was to the object"
OWN = "the response may be about the account that is registering or logging in"


def is_told(
    state: State,
    resource: str,
    owners: tuple[str, ...],
    value: Json,
    known: Mapping[tuple[str, str], Json],
) -> bool:
    """Whether the state of an object is known from the object itself, or for all its owners."""
    if state.member:
        inside, said = at_path(value, state.member), said_state(state, value)
        if said is not None or (inside and not state.inherits):
            return digit(state, said) < len(state.values)
        if not inside and state.inherits:
            return False
    path = state.of or f"{resource}.{state.name}"
    values = [known.get((owner, path)) for owner in owners]
    return bool(values) and all(digit(state, each) < len(state.values) for each in values)
