"""Checks that a more privileged viewer never sees less (law 2).

A holder of a stronger relation also holds what it implies: every caller is `anyone`, and a caller
who is identified by an account (owner, follower, staff) is authenticated. With that, each line of
`fields:` is tried for every combination of the states it mentions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from math import prod

from oakum.errors import Location, Problem
from oakum.openapi.model import Json
from oakum.policy.model import Grant, Policy, Resource
from oakum.policy.node_reader import is_one_of, text

_MAX_CASES = 4096

Case = dict[str, Json]


@dataclass(frozen=True)
class _Line:
    """Fields under one list of grants, and each combination of the states it mentions."""

    fields: str
    location: Location
    grants: tuple[Grant, ...]
    cases: tuple[Case, ...]


def weaker_sees_more(policy: Policy, resource: Resource) -> Iterator[Problem]:
    """A problem for each relation in `order` that sees a field which the next stronger one does
    not."""
    for line in _lines(resource):
        for weak, strong in (pair for chain in policy.order for pair in pairwise(chain)):
            less, more = _implied_relations(policy, weak), _implied_relations(policy, strong)
            for case in line.cases:
                if _shows(line.grants, less, case) and not _shows(line.grants, more, case):
                    said = f"`{weak}` sees {line.fields}, but the stronger `{strong}` does not"
                    yield Problem(line.location, said, _when(case))
                    break


def closed_shows_more(policy: Policy, resource: Resource) -> Iterator[Problem]:
    """A problem for each state that shows a field which a more open state does not."""
    for line in _lines(resource):
        names = dict.fromkeys(name for grant in line.grants for name in grant.see)
        for name in names:
            held = _implied_relations(policy, name)
            for problem in _less_when_open(line, resource, name, held):
                yield problem
                break


def _less_when_open(
    line: _Line, resource: Resource, name: str, held: frozenset[str]
) -> Iterator[Problem]:
    for case in line.cases:
        for state, value in case.items():
            values = resource.states[state].values
            for opened, closed in pairwise(values):
                more_open = {**case, state: opened}
                if (
                    type(closed) is type(value)
                    and closed == value
                    and _shows(line.grants, held, case)
                    and not _shows(line.grants, held, more_open)
                ):
                    message = f"`{name}` sees {line.fields} when `{state}` is `{text(closed)}`"
                    instead = f", but not when it is the more open `{text(opened)}`"
                    yield Problem(line.location, message + instead)


def _lines(resource: Resource) -> Iterator[_Line]:
    grouped: dict[tuple[Location, int], list[str]] = {}
    rules = {(rule.location, id(rule.grants)): rule for rule in resource.fields}
    for rule in resource.fields:
        grouped.setdefault((rule.location, id(rule.grants)), []).append(rule.path)
    for key, rule in rules.items():
        states = dict.fromkeys(name for grant in rule.grants for name in grant.when)
        values = {name: resource.states[name].values for name in states}
        if prod(len(each) for each in values.values()) <= _MAX_CASES:
            cases = (dict(zip(values, case, strict=True)) for case in product(*values.values()))
            fields = ", ".join(f"`{path}`" for path in grouped[key])
            yield _Line(fields, rule.location, rule.grants, tuple(cases))


def _implied_relations(policy: Policy, name: str) -> frozenset[str]:
    """A relation, with the relations that it implies."""
    alone = policy.kinds(name) == {"anyone"}
    basic = policy.only("anyone") if alone else policy.only("anyone", "authenticated")
    return frozenset((*policy.required_relations(name), *basic))


def _shows(grants: tuple[Grant, ...], held: frozenset[str], case: Mapping[str, Json]) -> bool:
    return any(
        not held.isdisjoint(grant.see)
        and all(is_one_of(case[state], values) for state, values in grant.when.items())
        for grant in grants
    )


def _when(case: Case) -> str:
    told = " and ".join(f"`{state}` is `{text(value)}`" for state, value in case.items())
    return f"when {told}" if told else ""
