"""Owners' settings that a response itself shows, compared with those that were looked up.

A look-up may be older than the response, or be answered by another replica. Where they differ, the
more closed of both counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from oakum.authz.decision_inputs import Principal
from oakum.authz.judgement import ObjectInstance
from oakum.authz.owner_states import digit, said_state
from oakum.openapi.model import Json
from oakum.policy.model import Policy, State


def told_settings(
    policy: Policy, principal: Principal, instances: Iterable[ObjectInstance]
) -> Mapping[tuple[str, str], Json]:
    """(owner id, `Resource.state`) → value in the objects of a response, for settings that were
    looked up and are more closed here."""
    looked = dict(_looked_up(policy, principal))
    told: dict[tuple[str, str], Json] = {}
    if not looked:
        return told
    for each in instances:
        if len(each.owners) != 1 or each.partly:
            continue
        for state in policy.resources[each.resource].states.values():
            at = each.owners[0], f"{each.resource}.{state.name}"
            if at not in looked or state.of:
                continue
            said = said_state(state, each.value)
            if said is not None and digit(state, said) > digit(state, told.get(at, looked[at])):
                told[at] = said
    return told


def _looked_up(policy: Policy, principal: Principal) -> Iterator[tuple[tuple[str, str], Json]]:
    """What was found of settings, at the resource where they stand."""
    for (owner, path), value in principal.states.items():
        state = _state_at(policy, path)
        found = state.missing if state and value is None else value
        if state and found is not None:
            yield (owner, state.of or path), found


def _state_at(policy: Policy, path: str) -> State | None:
    """The state that `Resource.state` names; None if the policy has none of that name."""
    resource, _, name = path.partition(".")
    return policy.resources[resource].states.get(name) if resource in policy.resources else None
