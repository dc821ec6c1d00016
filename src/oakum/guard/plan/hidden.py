"""The objects that requests name, as plan data.

This module only renders what `routing.concealed_objects` found. It decides nothing.
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
    """The objects that one endpoint conceals, for the plan; `endpoints`, `resources`: the index of
    each there."""

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
    """What many endpoints have alike, each once."""

    values: list[Any] = field(default_factory=list)

    def plan(self, made: dict[str, Any]) -> dict[str, Any]:
        """The same with these by their place among the values."""
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
