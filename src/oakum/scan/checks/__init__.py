"""The rules, one file each, most specific first: the first that matches names a finding."""

from __future__ import annotations

from typing import Protocol

from oakum.rules import RULES, Rule
from oakum.scan.checks import (
    account_enumeration,
    authenticated_not_authorized,
    bola_write,
    broken_function_level_authorization,
    broken_object_level_authorization,
    cacheable_personal_data,
    cross_user_cache,
    enumerable_ids,
    excessive_data_exposure,
    feed_exposure,
    graphql_exposure,
    inference_leak,
    mass_assignment,
    missing_authentication,
    no_login_rate_limit,
    pre_login_disclosure,
    privacy_setting_not_enforced,
    revocation_not_enforced,
    shadow_endpoint,
    unsafe_get,
    weak_jwt_secret,
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
    bola_write,
    mass_assignment,
    weak_jwt_secret,
    no_login_rate_limit,
    unsafe_get,
    broken_function_level_authorization,
    cross_user_cache,
    cacheable_personal_data,
    revocation_not_enforced,
    feed_exposure,
    shadow_endpoint,
    graphql_exposure,
    inference_leak,
    enumerable_ids,
    account_enumeration,
    pre_login_disclosure,
    missing_authentication,
    privacy_setting_not_enforced,
    authenticated_not_authorized,
    broken_object_level_authorization,
    excessive_data_exposure,
)

__all__ = ["CHECKS", "OVER_BLOCK", "Check", "Leak", "severity"]
