"""`graphql-exposure`: a GraphQL path reaches an object that is protected at another path.

Limits: it does not tell which resolver lacks the check; the evidence has the path of the query.
Remedy: decide where the object is loaded or its field resolved, not at a field of the root.
"""

from oakum.exposure.leak_severity import Leak, describe_extent, which, who
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("graphql-exposure", "API3:2023", ("CWE-424", "CWE-863"))

STORY = Story(
    "In GraphQL, an unprotected path leads to an object whose other paths are protected.",
    "A schema has more paths to an object than anybody can review, and each new field adds some.",
    Incident(
        "GitLab", "2022",
        "the query `users` listed the accounts of private installations to callers without a login (CVE-2021-4191)",
    ),
    (
        "authorize in the type's resolvers, or where its objects are loaded",
        "include nested lists, `node(id:)`, interfaces and unions",
        "test the object on every path that leads to it in the schema",
    ),
    "removes",
    "{field} from responses to {viewer}, by type, on every path of a query.",
    ("GraphQL, Best practices: authorization",),
)  # fmt: skip

REFERENCE = """
*API3:2023 · CWE-424, CWE-863*

**Finds** a field that a GraphQL query shows, while every other endpoint obeys the contract. The schema is the file that `graphql:` names,
else the result of introspection, else the queries that the document has as examples. The scan requests each field of the query's root once as
each kind of viewer, owners first and several of them in one request, with everything that a few steps below it lead to: pages, nested lists,
`node(id:)`, interfaces and unions. Values outside of resources are searched for owners' values: a text or a JSON value at the root, the error
side of a result (`union Outcome = Note | Denied`). Then it gives optional arguments values one at a time, those of nested fields and members of
input objects included: ids of an owner, `true`, a value of an `enum`. It passes ids as variables. The evidence contains the path. The scan never sends mutations, and skips a
field whose words say that it does something; a note says so. Where a query without a login is refused, up to 20 fields of the root are
asked so, each by itself. A field of the root whose arguments nothing fills is *untested*.

**Limits**: fields behind an argument for which the scan has no value, or more than four resources deep, are not tested.

**Remedy**: decide in the resolvers of the type, or where its objects are loaded, and not at a field of the root: then one rule covers every
path.

**Example**: `member(id:)` hides where somebody lives, and `tags { members { edges { node { city } } } }` does not.
"""


def matches(leak: Leak) -> bool:
    """Whether only GraphQL queries showed the field."""
    return leak.only("graph")


def title(leak: Leak) -> str:
    """One sentence: the viewer, the field, and the owner."""
    return f"{who(leak)} can read {describe_extent(leak)} by a path through the graph{which(leak)}"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "authorize in the type's resolvers, or where its objects are loaded, so that one rule covers every path to them: nested lists, `node(id:)`, interfaces and unions included"
