"""Finds policies that depend on members which a GraphQL caller can leave out or alias.

A GraphQL query selects fields and gives them arguments. So a field that is left out has to count as
the most closed case, and what decides about access must not be for the caller to choose; otherwise
two words in a query open what the owner closed. (CWE-807: reliance on untrusted inputs in a
security decision.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oakum.errors import Problem
from oakum.policy.graphql_schema import Graph
from oakum.policy.model import Policy, Resource
from oakum.policy.parser import place


def check_caller_choice(policy: Policy, graphs: Sequence[Graph]) -> Iterator[Problem]:
    """Mistakes of an otherwise valid policy in resources that a GraphQL schema shows."""
    for resource in policy.resources.values():
        if any(not graph.types.keys().isdisjoint(resource.schemas) for graph in graphs):
            yield from _left_out(policy, resource)
            yield from _whoever_asks(policy, resource)
            yield from _unless(policy, resource)
            for graph in graphs:
                yield from _check_arguments(policy, resource, graph)


def _left_out(policy: Policy, resource: Resource) -> Iterator[Problem]:
    for state in resource.states.values():
        if state.member and state.missing is not None and state.missing != state.values[-1]:
            where = place(policy, "resources", resource.name, "states", state.name, "missing")
            message = f"a query that omits `{state.member}` would open `{resource.name}`"
            yield Problem(where, message, "make `missing` the closed value, or omit it")


def _whoever_asks(policy: Policy, resource: Resource) -> Iterator[Problem]:
    if resource.owner.kind == "caller":
        where = place(policy, "resources", resource.name, "owner")
        message = (
            f"`owner: caller` of `{resource.name}` does not hold: in a graph, another path leads to"
            f" somebody else's `{resource.name}`"
        )
        yield Problem(where, message, "name the field that contains its owner, or `{parent: true}`")


def _unless(policy: Policy, resource: Resource) -> Iterator[Problem]:
    used = {name for rule in resource.fields for grant in rule.every_grant for name in grant.see}
    for name in sorted(used):
        for index, other in enumerate(policy.relations[name].unless):
            if policy.relations[other].kind in ("field", "owner"):
                where = place(policy, "relations", name, "unless", str(index))
                message = (
                    f"a caller whose query omits fields would not be `{other}`, and would"
                    f" therefore be `{name}`"
                )
                yield Problem(where, message, "use a look-up instead: `in` and `id`")


def _check_arguments(policy: Policy, resource: Resource, graph: Graph) -> Iterator[Problem]:
    used = {name for rule in resource.fields for grant in rule.every_grant for name in grant.see}
    here = ("resources", resource.name)
    places: list[tuple[str, tuple[str, ...]]] = [
        *((path, (*here, "owner", str(i))) for i, path in enumerate(resource.owner.members)),
        *((each.member, (*here, "states", each.name)) for each in resource.states.values()),
        *(
            (policy.relations[name].member, ("relations", name))
            for name in sorted(policy.required_relations(*used))
        ),
    ]
    for type in sorted(graph.types.keys() & resource.schemas):
        for path, keys in places:
            if path and graph.takes_arguments(type, path):
                message = f"`{path}` of `{type}` takes arguments, but decides who sees"
                yield Problem(place(policy, *keys), message, "the caller would choose its value")
