"""The rules, one file each, most specific first: the first that matches names a finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from oakum.exposure.checks import (
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
    page_limit_not_enforced,
    pre_login_disclosure,
    privacy_setting_not_enforced,
    revocation_not_enforced,
    shadow_endpoint,
    unsafe_get,
    untrusted_origin_allowed,
    weak_jwt_secret,
)
from oakum.exposure.leak_severity import Leak, severity
from oakum.exposure.rule_documentation import Story
from oakum.rules import Item, Rule


class Check(Protocol):
    """The interface of the modules in this package."""

    RULE: Rule
    """The id of the rule, its OWASP item and its CWE classes."""
    STORY: Story
    """The explanation of the rule in `oakum explain` and in reports."""
    REFERENCE: str
    """Its section of docs/reference/checks.md, in Markdown: `./do fix` writes the page."""

    def matches(self, leak: Leak, /) -> bool: ...
    def title(self, leak: Leak, /) -> str: ...
    def advice(self, leak: Leak, /) -> str: ...


CHECKS: tuple[Check, ...] = (
    bola_write,
    mass_assignment,
    weak_jwt_secret,
    no_login_rate_limit,
    unsafe_get,
    untrusted_origin_allowed,
    broken_function_level_authorization,
    cross_user_cache,
    cacheable_personal_data,
    revocation_not_enforced,
    feed_exposure,
    shadow_endpoint,
    graphql_exposure,
    inference_leak,
    enumerable_ids,
    page_limit_not_enforced,
    account_enumeration,
    pre_login_disclosure,
    missing_authentication,
    privacy_setting_not_enforced,
    authenticated_not_authorized,
    broken_object_level_authorization,
    excessive_data_exposure,
)

OVER_BLOCK = Rule("over-block", "", ())
"""No leak: the contract grants a field that the API sends to the owner, but not to this viewer."""

_OVER_BLOCK = Story(
    "The contract grants this viewer a field that its owner gets at this endpoint, but the viewer does not get it.",
    "A fix that blocks everybody will soon be reverted.",
    None,
    (
        "serve the field to this viewer",
        "or remove the grant, if the contract is wrong",
    ),
    "cannot",
    "it only takes away.",
)  # fmt: skip

RULES: Mapping[str, Rule] = {
    each.id: each for each in (*(check.RULE for check in CHECKS), OVER_BLOCK)
}
"""All rules by id, the most specific first: the first that matches names a finding."""

STORIES: Mapping[str, Story] = {
    **{check.RULE.id: check.STORY for check in CHECKS},
    OVER_BLOCK.id: _OVER_BLOCK,
}
"""Rule id → the explanation of the rule."""


def rules_of_item(under: Item) -> tuple[Rule, ...]:
    """The rules that belong to an OWASP item, in the order of `RULES`."""
    return tuple(each for each in RULES.values() if each.owasp == under.id)


def guard_effect(rule: str, field: str = "the field", viewer: str = "this viewer") -> str:
    """What the guard does about findings of a rule, in words about this field and viewer."""
    return STORIES[rule].guard.replace("{field}", field).replace("{viewer}", viewer)


__all__ = [
    "CHECKS",
    "OVER_BLOCK",
    "RULES",
    "STORIES",
    "Check",
    "Leak",
    "guard_effect",
    "rules_of_item",
    "severity",
]  # fmt: skip
