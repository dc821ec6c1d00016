"""`graphql-exposure`: a GraphQL path reaches an object that is protected at another path.

It cannot know which resolver forgot: the path of the query stands in the evidence.
Remedy: decide where the object is loaded or its field resolved, not at a field of the root.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak, seen, which, who

RULE = RULES["graphql-exposure"]


def matches(leak: Leak) -> bool:
    """Shown by queries of GraphQL alone."""
    return leak.only("graph")


def title(leak: Leak) -> str:
    """One sentence: who sees what of whom."""
    return f"{who(leak)} can read {seen(leak)} by a path through the graph{which(leak)}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return (
        "decide in the resolvers of the type, or where its objects are loaded, so that every path"
        " to them is under one rule: nested lists, `node(id:)`, interfaces and unions included"
    )
