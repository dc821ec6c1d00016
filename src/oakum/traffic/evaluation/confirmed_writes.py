"""Finds who set which field: writes that later responses confirm.

A field counts as set if the request contained a value, the response contains the same value, and an
earlier response showed another one for the same object. So values that a client sends back
unchanged, or that a server ignores, do not count. In memory only, as hashes of this process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from oakum.openapi.model import Json
from oakum.policy.model import Policy
from oakum.traffic.evaluation.cached_object_walk import SeenObject
from oakum.traffic.evaluation.decision_cache import CallerStanding
from oakum.traffic.narrowest_grants import rank_of

_MOST = 200_000


@dataclass(frozen=True)
class ObservedWrites:
    """Hashed values by object and field, and the callers who changed them."""

    _last: dict[tuple[str, tuple[str, ...], str], int] = field(default_factory=dict)
    took: dict[tuple[str, str], Counter[CallerStanding]] = field(default_factory=dict)
    """(resource, field) → relations of the callers who set it, with counts."""

    def learn(
        self, seen: Sequence[SeenObject], standings: Sequence[CallerStanding], body: Json
    ) -> None:
        """Learns from a response. `body`: the request body of a write; None for a read."""
        outer = [(e, s) for e, s in zip(seen, standings, strict=True) if not e.inside]
        for each, standing in outer:
            sent = body if len(outer) == 1 and isinstance(body, dict) else {}
            for name, value in each.value.items() if len(each.owners) == 1 else ():
                if isinstance(value, dict | list) or value is None:
                    continue
                at, mark = (each.resource, each.owners, name), hash((type(value), value))
                before = self._last.get(at)
                if name in sent and sent[name] == value and before not in (None, mark):
                    self._count(each.resource, name, standing)
                if before is not None or len(self._last) < _MOST:
                    self._last[at] = mark

    def _count(self, resource: str, name: str, standing: CallerStanding) -> None:
        if standing.certain:
            self.took.setdefault((resource, name), Counter())[standing] += 1

    def setters(self, policy: Policy, resource: str) -> Mapping[str, Mapping[str, int]]:
        """Field → the strongest relation of those who set it, and how often."""
        found: dict[str, Counter[str]] = {}
        for (name, path), standings in self.took.items():
            for standing, many in standings.items() if name == resource else ():
                found.setdefault(path, Counter())[_strongest(policy, standing)] += many
        return {path: dict(sorted(row.items())) for path, row in found.items()}


def _strongest(policy: Policy, standing: CallerStanding) -> str:
    def rank(name: str) -> tuple[int, str]:
        return -rank_of(policy, name), name

    return min(_enabling_relations(policy, standing), key=rank)


def _enabling_relations(policy: Policy, standing: CallerStanding) -> Iterator[str]:
    taking = {name for each in policy.relations.values() for name in each.unless}
    return (name for name in standing.held if name not in taking)
