"""The rules, one file each, the most telling first: the first that matches names the finding."""

from __future__ import annotations

from typing import Protocol

from oakum.rules import RULES, Rule
from oakum.scan.checks import (
    broken_object_authorization,
    contact_oracle,
    enumerable_ids,
    feed_beyond_contract,
    field_beyond_contract,
    foreign_write,
    forgotten_twin,
    graph_detour,
    leak_by_inference,
    login_taken_for_permission,
    mass_assignment,
    missing_authentication,
    open_function,
    privacy_setting_not_enforced,
    shared_cache_allowed,
    stale_grant,
    talks_before_login,
    unbraked_login,
    unguarded_wipe,
    weak_token_key,
    wrong_recipient_cache,
)
from oakum.scan.checks.leak import Leak, severity

OVER_BLOCK = RULES["over-block"]
"""Not a leak: the contract grants a field that its owner gets and this viewer does not."""


class Check(Protocol):
    """A module of this package."""

    RULE: Rule

    def matches(self, leak: Leak, /) -> bool: ...
    def title(self, leak: Leak, /) -> str: ...
    def advice(self, leak: Leak, /) -> str: ...


CHECKS: tuple[Check, ...] = (
    foreign_write,
    mass_assignment,
    weak_token_key,
    unbraked_login,
    unguarded_wipe,
    open_function,
    wrong_recipient_cache,
    shared_cache_allowed,
    stale_grant,
    feed_beyond_contract,
    forgotten_twin,
    graph_detour,
    leak_by_inference,
    enumerable_ids,
    contact_oracle,
    talks_before_login,
    missing_authentication,
    privacy_setting_not_enforced,
    login_taken_for_permission,
    broken_object_authorization,
    field_beyond_contract,
)

__all__ = ["CHECKS", "OVER_BLOCK", "Check", "Leak", "severity"]
