"""Owners of objects that name none, learnt from the exchanges of a test or of recorded traffic.

The creator of an object is known only from the response to the request that created it. The owner
of an object that has its parent's owner (`owner: {parent: …}`) is known from the parent around it,
or from a parent that an earlier response showed. An answer that may be about another object shows
nothing, and the owner stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from oakum.authz.member_paths import key_in
from oakum.exposure.values.knowledge import Knowledge, canonical
from oakum.openapi.model import Json
from oakum.policy.model import Policy, Resource

MOST = 200_000
"""How many objects' owners are remembered; later ones are ignored."""
_TOKEN = re.compile(r"[\w-]+")


@dataclass(frozen=True)
class ShownObject:
    """An object in a response, with the ids of its owners and the object around it."""

    resource: str
    owners: tuple[str, ...]
    value: dict[str, Json] = field(repr=False)
    above: int = -1
    """Index of the enclosing object in the list of the response's objects; -1 if there is none."""


@dataclass(frozen=True)
class ToldOwners:
    """Owners by resource and key. In memory only."""

    policy: Policy
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Operation → path parameter → `Resource.field` whose values fill it."""
    _owners: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict, repr=False)
    _met: set[tuple[str, str]] = field(default_factory=set, repr=False)
    """Objects that were shown before, so that no later request can have created them."""

    @property
    def leaves_owner_open(self) -> bool:
        """Whether the contract has a resource whose owner only exchanges can show."""
        return any(self._kind(each) for each in self.policy.resources)

    def of(
        self, shown: Sequence[ShownObject], operation: str, params: Mapping[str, str]
    ) -> list[tuple[str, ...]]:
        """The owners of the objects of a response, outer before inner; empty if not known.
        `params`: path parameters."""
        sources = self.sources.get(operation, {})
        asked = {sources[name]: value for name, value in params.items() if name in sources}
        found: list[tuple[str, ...]] = []
        for each in shown:
            owners = each.owners
            if not owners and self._kind(each.resource) == "creator":
                owners = self._owners.get((each.resource, self._key(each)), ())
            elif not owners and self._kind(each.resource) == "resource":
                owners = self._of_parent(each, shown, found, asked)
            found.append(owners)
        return found

    def learn(
        self, shown: Sequence[ShownObject], owners: Sequence[tuple[str, ...]], ids: frozenset[str],
        made_by: str = "",
    ) -> None:  # fmt: skip
        """Learns from a response with these objects and owners. `ids`: the caller's; `made_by`:
        path and body of a request that may have created an object, otherwise empty."""
        outer = [place for place, each in enumerate(shown) if each.above < 0]
        for place, each in enumerate(shown):
            at = (each.resource, self._key(each))
            if not at[1] or len(self._met) >= MOST:
                continue
            new = at not in self._met and at[1] not in _TOKEN.findall(made_by)
            if owners[place]:
                self._owners[at] = owners[place]
            elif self._kind(each.resource) == "creator" and made_by and new and outer == [place]:
                self._owners[at] = tuple(sorted(ids))
            self._met.add(at)

    def forget(self, named: str) -> None:
        """Forgets who created the objects whose keys appear in `named`, the path and body of a
        write that may have given them away."""
        for key in _TOKEN.findall(named):
            for resource in self.policy.resources:
                self._owners.pop((resource, key), None)

    def _of_parent(
        self, each: ShownObject, shown: Sequence[ShownObject], found: Sequence[tuple[str, ...]],
        asked: Mapping[str, str],
    ) -> tuple[str, ...]:  # fmt: skip
        """The owners of an object's parent: of the enclosing one, unless the object names another;
        else of the one that the object or the path names."""
        parent = self._resource(each.resource).owner.members[0]
        rule, at = self._resource(parent), each.above
        row = {
            name: canonical(value)
            for name, value in each.value.items()
            if not isinstance(value, dict | list | bool | None)
        }
        named = Knowledge.named_in(row, f"{parent}.{rule.key}")
        while at >= 0 and shown[at].resource != parent:
            at = shown[at].above
        if at >= 0 and (not named or self._key(shown[at]) in ("", named)):
            return found[at]
        return self._owners.get((parent, named or asked.get(f"{parent}.{rule.key}", "")), ())

    def _kind(self, resource: str) -> str:
        kind = self._resource(resource).owner.kind
        return kind if kind in ("creator", "resource") else ""

    def _key(self, each: ShownObject) -> str:
        key = self._resource(each.resource).key
        return key_in(each.value, key)

    def _resource(self, name: str) -> Resource:
        return self.policy.resources[name]
