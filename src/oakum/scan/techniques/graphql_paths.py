"""GraphQL paths: an object protected at one path and open at another (P10).

The schema is the policy's own file, else the result of introspection, else the queries that the
document gives as examples. Each field of the query's root is requested once for each kind of
viewer, owners first, with several owners in one request; it selects everything that can be reached
in a few steps. Then look-ups and searches are asked for hidden values (P15). Suggestions for
misspelt names are not followed, and no mutation is ever sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from oakum.authz import Model
from oakum.errors import pip_install
from oakum.exposure.endpoints.probes import is_graphql
from oakum.openapi.model import Operation
from oakum.scan.engine import Engine
from oakum.scan.technique import Line, Prospect

HOW = "graph"
RULES: frozenset[str] = frozenset({"graphql-exposure", "inference-leak"})
OPENS_WAYS = True
LEARNS_IDS = True


def run(engine: Engine) -> None:
    """Ask at every endpoint of GraphQL."""
    model = engine.model
    operations = [each for each in _operations(model) if not model.rule(each.id).untested]
    if operations and find_spec("graphql") is None:
        for each in operations:
            why = f"GraphQL needs {pip_install('graphql')}"
            engine.results.note_gap(f"{each.method} {each.path}", why)
        return
    for operation in operations:
        from oakum.scan.graphql.explore import Explorer  # needs graphql-core

        engine.say(f"exploring the GraphQL schema of {operation.method} {operation.path}")
        Explorer(engine, operation, HOW).explore()


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each query that the schema file lets a run predict; without such a file, one for
    the introspection query."""
    for operation in _operations(prospect.model):
        rule = prospect.model.rule(operation.id)
        graph = prospect.graphs.get(rule.graphql)
        endpoint = f"{operation.method} {operation.path}"
        if graph is None:
            yield {
                "as": "an owner",
                "request": f"{endpoint}  {{ __schema }}",
                "why": "without a schema file, every viewer queries what introspection returns",
            }
            continue
        from oakum.scan.graphql.oracles import searches
        from oakum.scan.graphql.query_plan import Planner
        from oakum.scan.graphql.type_mapping import Vocabulary

        words = Vocabulary(prospect.model, graph.schema, stated=True)
        roots = Planner(graph.schema, words, rule.params, reading=rule.reading).roots()
        for root in roots:
            filled = ", ".join(dict.fromkeys(hole.source for hole in root.holes()))
            yield {
                "as": "each owner, then every kind of viewer",
                "request": f"{endpoint}  {{ {root.name} }}"
                + (f"  with {filled}" if filled else ""),
                "why": "another path may lead to the same objects",
                "rule": "graphql-exposure",
            }
        for search in searches(roots):
            yield {
                "as": "every kind of viewer",
                "request": f"{endpoint}  {{ {search.root.name} }}  with a value that is hidden",
                "why": "a search may find somebody by what the caller may not see",
                "rule": "inference-leak",
            }


def _operations(model: Model) -> Iterator[Operation]:
    for operation in model.operations.values():
        rule = model.rule(operation.id)
        if is_graphql(operation, rule) and rule.reads is not False and not rule.untested:
            yield operation
