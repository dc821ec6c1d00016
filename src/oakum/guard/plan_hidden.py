"""The concealed objects that requests name, as plan data.

This module only renders what `routing.concealing` found. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oakum.routing.concealing import Concealed
from oakum.routing.lookup_plan import Endpoint


def hidden(
    endpoint: Endpoint, endpoints: Mapping[str, int], resources: Mapping[str, int]
) -> dict[str, Any]:
    """Those of one endpoint; `endpoints`, `resources`: where each stands in the plan."""

    def plan(each: Concealed) -> dict[str, Any]:
        return {
            "reader": endpoints.get(each.reader),
            "resources": [resources[name] for name in each.resources],
            "whose": each.whose,
            "renamed": dict(each.names),
        }

    asked = endpoint.asked
    return {
        "hidden": plan(endpoint.hidden) if endpoint.hidden else None,
        "others": list(map(plan, endpoint.others)),
        "asked": asked.keys.plan if asked.by else None,
        "named": {name: plan(each) for name, each in asked.by.items()},
    }
