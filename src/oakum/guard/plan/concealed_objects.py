"""Concealed objects as plan data.

This module only renders what `guard.compiled.concealed_objects` found; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from oakum.guard.compiled.concealed_objects import ConcealedObject
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint


def plan_hidden(
    endpoint: GrantedEndpoint, endpoints: Mapping[str, int], resources: Mapping[str, int]
) -> dict[str, Any]:
    """Concealed objects of one endpoint as plan data; `endpoints`, `resources`: id → index in the
    plan."""

    def plan(each: ConcealedObject) -> dict[str, Any]:
        return {
            "reader": endpoints.get(each.reader),
            "resources": [resources[name] for name in each.resources],
            "whose": each.whose,
            "renamed": dict(each.names),
            "above": each.above,
            "around": each.around,
            "key": each.key,
            "at": each.at,
            "within": each.within,
            "alone": each.alone,
        }

    asked = endpoint.asked
    return {
        "hidden": plan(endpoint.hidden) if endpoint.hidden else None,
        "others": list(map(plan, endpoint.others)),
        "asked": asked.keys.plan if asked.by else None,
        "named": {name: plan(each) for name, each in asked.by.items()},
        "plain": endpoint.checks.plain.plan if endpoint.checks.plain else None,
    }


@dataclass
class SharedParts:
    """Stores values that many endpoints share once."""

    values: list[Any] = field(default_factory=list)

    def plan(self, made: dict[str, Any]) -> dict[str, Any]:
        """Replaces shared values by their index."""
        for name, each in made.items():
            if name == "named":
                made[name] = self._place(each)
            elif name in ("plain", "asked") and each is not None:
                made[name] = {**each, "words": self._place(each["words"])}
        return made

    def _place(self, each: Any) -> int:
        if each not in self.values:
            self.values.append(each)
        return self.values.index(each)
