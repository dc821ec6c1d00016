"""`params` at the top of a policy: what fills a parameter in every path that has it.

It says what a line of each operation would say. It names no operation, so it grants none. What an
operation says of a parameter itself, or `none`, counts in its place.
"""

from __future__ import annotations

from collections.abc import Mapping

from oakum.openapi.model import Operation
from oakum.policy.model import OperationRule, Policy


def fill_parameters(policy: Policy, operation: Operation, rule: OperationRule) -> Mapping[str, str]:
    """What fills the parameters of an operation, by its own line and by `params` of the policy."""
    usual = {
        each.name: policy.params[each.name]
        for each in (operation.parameters if policy.params else ())
        if each.where == "path" and each.name in policy.params and each.name not in rule.unfilled
    }
    return {**usual, **rule.params} if usual else rule.params
