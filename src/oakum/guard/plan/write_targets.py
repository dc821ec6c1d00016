"""The part of the plan about objects that writes touch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from oakum.authz import Model
from oakum.authz.compiled_model import declared_answers
from oakum.authz.decide import key_of
from oakum.authz.declared_media import distinct
from oakum.authz.table import Table, ruling_leaves
from oakum.authz.unexpected_types import matches
from oakum.guard.compiled.granted_endpoint import WriteChecks
from oakum.guard.compiled.objects_in_responses import (
    enclosing_resources,
    stands_alone,
    stands_inside,
)
from oakum.guard.compiled.write_targets import Target
from oakum.openapi.model import Media
from oakum.openapi.shape_queries import member, ways
from oakum.policy.resource_schemas import resource_of


@dataclass(frozen=True)
class PlannedTargets:
    """Renders a contract's write targets. Endpoints and resources are referred to by index."""

    model: Model
    endpoints: Mapping[str, int]
    resources: Mapping[str, int]
    node: Callable[[Target, Media], int]
    """Renders the response that a target reads, and returns the index of its node."""

    def checks(self, checks: WriteChecks) -> dict[str, Any]:
        """The checks of a write as plan data."""
        plan = self.plan
        return {
            "target": plan(checks.target),
            "typed": plan(checks.typed) if checks.typed else None,
            "standing": plan(checks.standing) if checks.standing else None,
            "finders": {name: plan(each) for name, each in checks.finders.items()},
            "local": sorted(checks.local),
            "upload": checks.upload,
            "unread": sorted(checks.unread),
        }

    def plan(self, target: Target) -> dict[str, Any]:
        """One target and its follow-up look-ups as plan data."""
        shower = self.model.operations.get(target.operation)
        declared = declared_answers(shower, 200) if shower is not None else ()
        likely = next((each for each in declared if each.is_json), None)
        return {
            "kind": target.kind,
            "param": target.param,
            "endpoint": self.endpoints.get(target.operation),
            "resource": self.resources.get(target.resource),
            "pointer": target.pointer,
            "key": target.key,
            "query": target.query,
            "renamed": dict(target.names),
            "unnamed": target.unnamed,
            "below": target.below,
            "last": target.last,
            "own": target.own,
            "says": target.says,
            "inside": shower is not None and stands_inside(self.model, shower, target.pointer),
            "alone": shower is not None
            and stands_alone(self.model, shower, target.pointer, target.resource),
            "enclosing": self._enclosing_objects(target),
            "made": target.made,
            "form": target.form,
            "above": self.plan(target.above) if target.above else None,
            "around": [self.plan(each) for each in target.around],
            "after": self.plan(target.then) if target.then else None,
            "types": {n: self._shows(target, each) for n, each in distinct(declared).items()},
            "mixed": any(self._is_mixed(target, each) for each in distinct(declared).values()),
            "likely": likely is not None and self._shows(target, likely),
            "kinds": target.kinds,
            "parts": target.parts,
            "nodes": {n: self.node(target, each) for n, each in distinct(declared).items()},
            "likely_node": self.node(target, likely) if likely is not None else 0,
        }

    def plan_body(self, operation: str) -> dict[str, Any]:
        """The resources of a request body as plan data."""
        found = self.model.written.get(operation)
        return {
            "written": self.settable(found.resources if found else ()),
            "whole": bool(found and found.whole),
        }

    def settable(self, names: Iterable[str]) -> list[int]:
        """Indexes of the tables by which resources are written."""
        return [self.resources[name] + len(self.resources) for name in names]

    def _enclosing_objects(self, target: Target) -> list[tuple[int, int]]:
        """Enclosing objects: path length and resource index of each."""
        shower = self.model.operations.get(target.operation)
        around = (
            enclosing_resources(self.model, shower, target.pointer) if shower is not None else ()
        )
        return [(depth, self.resources[name]) for depth, name in around]

    def _is_mixed(self, target: Target, media: Media) -> bool:
        """Whether an object of another resource may stand at the target's place."""
        shape = media.shape
        for step in target.pointer:
            shape = member(shape, step) if shape is not None else None
        return shape is not None and bool(shape.branches)

    def _shows(self, target: Target, media: Media) -> bool:
        """Whether a response of this media type has the resource at the target's place."""
        shown = self.model.shown.get(target.operation, ())
        if any(
            len(at) == len(target.pointer)
            and name == target.resource
            and matches(at, target.pointer)
            for at, name in shown
        ):
            return True
        shape = media.shape
        for step in target.pointer:
            shape = member(shape, step) if shape is not None else None
        found = ways(shape) if shape is not None else ()
        return any(resource_of(each, self.model.bound) == target.resource for each in found)


def parts_of(table: Table, leaves: Iterable[int]) -> list[str]:
    """As `passing` for each leaf; if a write may refer to two objects, both must pass one. `k`: the
    leaf is the key."""
    wanted = set(leaves)
    return sorted({"k"[: key_of(table) >> n & 1] + passing_set(table, [n]) for n in wanted})


def settable_parts(table: Table) -> dict[str, Any]:
    """The parts of all fields of a table of writers, and the sets that have the key."""
    key = ruling_leaves(table, table.resource.key)
    return {
        "parts": parts_of(table, range(len(table.leaves))),
        "sends_key": passing_set(table, key),
    }


def passing_set(table: Table, leaves: Iterable[int]) -> str:
    wanted = sum(1 << leaf for leaf in set(leaves))
    return "".join("1" if bits & wanted else "0" for bits in table.sets)
