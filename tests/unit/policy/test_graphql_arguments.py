"""Which arguments a GraphQL schema has, and which of them hold ids."""

from __future__ import annotations

from graphql import build_schema

from oakum.policy.graphql_arguments import arguments

SCHEMA = """
type Query { a(q: String, ref: ID, after: ID, noteId: String, android: String): N, b(w: In): [U] }
input In { id: Int, next: [In!] }
type N { c(d: Boolean): Int }
type M { e: Int }
union U = N | M
"""


def test_each_argument_is_found_with_what_is_within_its_value() -> None:
    found = {
        (e.on, e.field, e.name): (e.types, e.names_id) for e in arguments(build_schema(SCHEMA))
    }
    assert found == {
        ("Query", "a", "q"): (("N",), False),
        ("Query", "a", "ref"): (("N",), True),
        ("Query", "a", "after"): (("N",), False),
        ("Query", "a", "noteId"): (("N",), True),
        ("Query", "a", "android"): (("N",), False),
        ("Query", "b", "w"): (("M", "N"), False),
        ("Query", "b", "id"): (("M", "N"), True),
        ("Query", "b", "next"): (("M", "N"), False),
        ("N", "c", "d"): ((), False),
    }
