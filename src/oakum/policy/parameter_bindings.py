"""`params` at the top of a policy: the field that fills a parameter in every path that has it.

It replaces lines for each operation. It names no operation, so it grants none. An operation's own
`params`, or `none`, take precedence.
"""

from __future__ import annotations

from collections.abc import Mapping

from oakum.openapi.model import Operation
from oakum.policy.model import OperationRule, Policy


def fill_parameters(policy: Policy, operation: Operation, rule: OperationRule) -> Mapping[str, str]:
    """Parameter → `Resource.field` for an operation, by its own line and the policy's `params`."""
    usual = {
        each.name: policy.params[each.name]
        for each in (operation.parameters if policy.params else ())
        if each.where == "path" and each.name in policy.params and each.name not in rule.unfilled
    }
    return {**usual, **rule.params} if usual else rule.params
