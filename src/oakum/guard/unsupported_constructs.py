"""Constructs of the policy language that no gateway enforces: a contract with one is refused.

The guard refuses such a contract when it starts, with the line of the construct. It never enforces
a similar construct instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.errors import InputError, Location, Problem
from oakum.policy.model import Policy
from oakum.policy.parser import place

_HINT = "scan, tests and recorded traffic use it"


def refuse(policy: Policy) -> None:
    """Raises `InputError` with each line that a guard cannot enforce."""
    if problems := [*_relations(policy), *_owners(policy), *_states(policy), *_masks(policy)]:
        raise InputError(problems)


def _relations(policy: Policy) -> Iterator[Problem]:
    for relation in policy.relations.values():
        if relation.kind == "lookup" and not relation.operation:
            where = place(policy, "relations", relation.name, "between")
            said = f"a guard cannot ask who is `{relation.name}`: no operation lists them"
            yield Problem(where, said, "name one: `in` and `id`; a scan uses the identities file")
        elif relation.is_membership:
            where = place(policy, "relations", relation.name, "in")
            said = f"a guard does not look up who is `{relation.name}` of a tenant"
            hint = "compare the field with a claim: `field` and `claim`; a scan uses `in`"
            yield Problem(where, said, hint)


def _states(policy: Policy) -> Iterator[Problem]:
    for name, resource in policy.resources.items():
        for state in resource.states.values():
            if state.inherits:
                where = place(policy, "resources", name, "states", state.name, "of")
                said = f"a guard does not know from whom null in `{state.member}` inherits"
                hint = "name `field` or `of`, not both; scan, tests and recorded traffic know both"
                yield Problem(where, said, hint)


def _masks(policy: Policy) -> Iterator[Problem]:
    for name, resource in policy.resources.items():
        told: set[Location] = set()
        for rule in resource.fields:
            for grant in rule.masked:
                if grant.location not in told:
                    told.add(grant.location)
                    said = f"a guard does not recognise a masked `{rule.path}` of `{name}`"
                    hint = f"grant the field as it is, or omit the grant; {_HINT}"
                    yield Problem(grant.location, said, hint)


def _owners(policy: Policy) -> Iterator[Problem]:
    for name, resource in policy.resources.items():
        if resource.owner.kind == "query":
            where = place(policy, "resources", name, "owner", "query")
            said = f"a guard does not read the owner of `{name}` from the query"
            yield Problem(where, said, f"name a field or a path parameter; {_HINT}")
        elif resource.owner.kind == "resource":
            where = place(policy, "resources", name, "owner", "parent")
            said = (
                f"a guard does not know which `{resource.owner.members[0]}` a `{name}` belongs to"
            )
            hint = "name a field, or `{parent: true}` for the object around it; a scan uses it"
            yield Problem(where, said, hint)
        elif resource.owner.kind == "creator":
            where = place(policy, "resources", name, "owner", "creator")
            said = f"a guard does not know who created a `{name}`"
            yield Problem(where, said, "name a field that contains its owner; a scan uses it")
