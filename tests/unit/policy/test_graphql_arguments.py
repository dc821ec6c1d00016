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


def test_a_scalar_of_the_schema_itself_may_be_an_id_or_hold_members() -> None:
    said = "type Query {" + " ".join(f"a{name}(x: {name}): Int" for name in OWN) + "}"
    schema = build_schema(said + " ".join(f"scalar {name}" for name in OWN if name != "String"))
    assert {e.field[1:]: (e.names_id, e.free) for e in arguments(schema)} == OWN


OWN = {
    "String": (False, False),
    "GID": (True, True),
    "UUID": (True, True),
    "ObjectId": (True, True),
    "uuid": (True, True),
    "JSON": (False, True),
    "JSONObject": (False, True),
    "_Any": (False, True),
    "DateTime": (False, False),
    "Void": (False, False),
}
