"""GraphQL paths to a resource that the contract does not mention.

A field of the root that leads to no resource is refused by a guard and has no cell in a scan, so
nobody has judged what the API serves there. As for every flaw, only names and types are examined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oakum.gate.api_design_flaws import Flaw
from oakum.inference.lexicon import FieldClass, label_field
from oakum.policy.graphql_schema import Graph, RootField

_HARMLESS = (FieldClass.PLAIN, FieldClass.SETTING)


def unnamed_root_fields(graphs: Sequence[Graph]) -> Iterator[Flaw]:
    """A flaw for each root field that no contract line mentions and below which there is an object
    with a key, or a field with sensitive data."""
    for graph in graphs:
        for way in graph.unspoken():
            if why := _worth(way):
                yield Flaw(
                    "graphql-path-forgotten", f"{graph.name} {way.name}",
                    f"`{way.name}` leads to `{way.type}`, which is not a resource: {why}",
                    "add it to the `schemas` of its resource; or make the root a resource and"
                    " give the field a line (`[]` for nobody)",
                    way.location,
                )  # fmt: skip


def _worth(way: RootField) -> str:
    for name in way.leaves:
        label = label_field(name)
        if label.kind not in _HARMLESS:
            return label.reason
    return ""
