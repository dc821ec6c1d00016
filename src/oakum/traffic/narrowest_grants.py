"""The narrowest grants that explain what was sent, by viewer and state.

A grant explains what was sent *and* what was not. A relation is granted a field only if the field
was sent to somebody who can have no stronger relation, and if no object of that relation and state
came without it from an endpoint that can return it. A setting is left out of the condition only if
each of its values was observed. Where responses contradict each other, or the relation of their
callers is unknown, nothing is granted: the draft asks a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from oakum.openapi.model import Json
from oakum.policy.model import Policy, Relation

RANK = {"anyone": 0, "authenticated": 1, "claim": 2, "field": 2, "lookup": 2, "owner": 3}
Setting = tuple[str, Json]


@dataclass(frozen=True)
class Sample:
    """Objects that one kind of viewer received in one state, and how many had the field."""

    held: frozenset[str]
    """Relations that they certainly have."""
    possible: frozenset[str]
    """Relations that they certainly or possibly have."""
    state: tuple[Setting, ...]
    """(setting, value) for each setting of the resource; None: unknown."""
    present: int
    of: int
    refused: int = 0
    """Number of further objects that these viewers were refused, or that a list withheld from
    them."""

    @property
    def whole(self) -> bool:
        """Whether every sent object had the field."""
        return 0 < self.present == self.of

    @property
    def always_sent(self) -> bool:
        """Whether every object had the field, and no request was refused."""
        return self.whole and not self.refused

    @property
    def has_settings(self) -> bool:
        """Whether every setting is known."""
        return all(value is not None for _, value in self.state)


@dataclass(frozen=True)
class ConditionalGrant:
    """A grant to a relation, under the given values of settings; none: always."""

    relation: str
    when: tuple[Setting, ...]

    def covers(self, sample: Sample) -> bool:
        """Whether it explains that these viewers received the field: by a relation that they may
        have, so that no other one needs a grant."""
        return self.relation in sample.possible and self.holds(dict(sample.state))

    def holds(self, values: Mapping[str, Json]) -> bool:
        """Whether its condition is met by these settings."""
        return all(
            type(values[name]) is type(value) and values[name] == value for name, value in self.when
        )


def rank_of(policy: Policy, relation: str) -> int:
    """Rank of a relation by how much it, with all that it requires, narrows the circle of
    viewers."""
    return max(RANK[kind] for kind in policy.kinds(relation))


def narrowest(
    policy: Policy, values: Mapping[str, Sequence[Json]], samples: Iterable[Sample]
) -> tuple[ConditionalGrant, ...]:
    """The narrowest grants that explain the samples of one field; `values`: setting → its possible
    values."""
    rows = [each for each in samples if each.of or each.refused]
    taking = {name for each in policy.relations.values() for name in each.unless}
    ranks = {name: rank_of(policy, name) for name in policy.relations}
    found: list[ConditionalGrant] = []
    for name in sorted(ranks.keys() - taking, key=lambda name: (ranks[name], name)):
        relation = policy.relations[name]
        standing = [each for each in rows if _stands(relation, each)]
        others = [(s, s.possible - {name, *relation.unless}) for s in standing if s.has_settings]
        pure = [s for s, more in others if all(ranks[other] < ranks[name] for other in more)]
        against = {s.state for s, _ in others if _speaks_against(name, s)}
        sure = {s.state for s in pure if s.always_sent and name in s.held}
        doubtful = {s.state for s, _ in others if s.refused} - sure
        sent = {s.state for s in pure if s.whole} - against - doubtful
        fresh = [s for s in pure if s.state in sent]
        if any(not any(grant.covers(s) for grant in found) for s in fresh):
            boxes = [*_boxes(name, sent, against | doubtful, values)]
            unknown = [s for s in standing if not s.has_settings and _speaks_against(name, s)]
            found += boxes if all(_leaves_open(boxes, s, values) for s in unknown) else ()
    return tuple(found)


def _stands(relation: Relation, sample: Sample) -> bool:
    """Whether these viewers may have a relation. Viewers who received the field certainly were not
    excluded by `unless`; those who received only the rest may still be entitled."""
    if relation.name in sample.held:
        return True
    shut = not sample.possible.isdisjoint(relation.unless)
    told = relation.kind in ("authenticated", "owner") and sample.held.isdisjoint(relation.unless)
    return shut and told and relation.name in sample.possible


def _speaks_against(name: str, sample: Sample) -> bool:
    """Whether some of them came without the field, and not for having been shut out."""
    return not (sample.always_sent if name in sample.held else sample.present == sample.of)


def _leaves_open(
    boxes: Iterable[ConditionalGrant], sample: Sample, values: Mapping[str, Sequence[Json]]
) -> bool:
    """Whether some value of the unknown settings explains the missing fields."""
    spread = [(value,) if value is not None else values[name] for name, value in sample.state]
    worlds = [
        [*zip((name for name, _ in sample.state), each, strict=True)] for each in product(*spread)
    ]
    return any(not any(box.holds(dict(world)) for box in boxes) for world in worlds)


def _boxes(
    name: str,
    sent: set[tuple[Setting, ...]],
    against: set[tuple[Setting, ...]],
    values: Mapping[str, Sequence[Json]],
) -> Iterator[ConditionalGrant]:
    """The states in which a relation received a field, described by the fewest settings that
    separate them from the other states."""
    kept = sorted(values)
    for setting in sorted(values):
        fewer = [each for each in kept if each != setting]
        met = {_key(dict(state)[setting]) for state in sent}
        whole = met >= {_key(each) for each in values[setting]}
        if whole and _cut(sent, fewer).keys().isdisjoint(_cut(against, fewer)):
            kept = fewer
    for state in _cut(sent, kept).values():
        yield ConditionalGrant(name, state)


def _cut(
    states: Iterable[tuple[Setting, ...]], kept: Sequence[str]
) -> dict[tuple[tuple[str, str], ...], tuple[Setting, ...]]:
    """States reduced to some settings, each once and in order."""
    found = {}
    for state in states:
        cut = tuple((name, value) for name, value in state if name in kept)
        found[tuple((name, _key(value)) for name, value in cut)] = cut
    return dict(sorted(found.items()))


def _key(value: Json) -> str:
    """A JSON scalar as text that distinguishes `true` from `"true"` and 1."""
    return f"{type(value).__name__} {value}"
