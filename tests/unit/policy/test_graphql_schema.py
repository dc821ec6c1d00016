"""A GraphQL schema beside a policy: what its endpoints answer, and what a policy may not rest on."""

# ruff: noqa: E501 - a message stands on one line, as its reader sees it

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from oakum.errors import InputError
from oakum.openapi.model import Shape
from oakum.openapi.schema import children, elements
from oakum.openapi.shape_queries import is_null_if_empty
from oakum.policy.contract import Contract, load
from oakum.policy.resource_schemas import at

DOCUMENT = """\
openapi: 3.1.0
info: {title: Crew, version: "1"}
paths:
  /me:
    get:
      operationId: getMe
      security: [{key: []}]
      responses: {"200": {description: d, content: {application/json: {schema: {$ref: "#/components/schemas/Me"}}}}}
  /graphql:
    parameters: [{name: x-trace, in: header}, {name: query, in: query}]
    post: {security: [{key: []}], responses: {default: {description: d, content: {text/html: {}}}}}
    get: {security: [{key: []}]}
    put: {security: [{key: []}]}
components:
  schemas:
    Me: {type: object, properties: {self: {type: string}}}
    Ride: {type: object, properties: {id: {type: string}, seats: {type: integer}}}
"""
SCHEMA = """\
interface Node { id: ID! }
union Hit = Member | Ride
enum Level { NEW OLD }
scalar Date
type Member implements Node {
  id: ID!
  isPrivate: Boolean!
  email: String
  level: Level
  born: Date
  weight: Float
  teams: [[Int!]!]!
  friends: [Member!]!
  workouts: Page!
  crew(of: ID): ID
}
type Page { total: Int, nodes: [Workout] }
type Workout implements Node { id: ID!, userId: ID, user: Member! }
type Ride implements Node { id: ID!, title: String }
type Stats { average: Float, best: Query }
type Query { me: Member, node(id: ID!): Node, hits: [Hit!], page: Page, stats: Stats, now: String }
type Mutation { rename(name: String): Member, forget: Boolean }
"""
POLICY = """\
exposure: 1
api: crew.yaml
caller: {operation: getMe, id: /self}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Member:
    key: id
    owner: id
    states: {private: {field: isPrivate, missing: true}}
    fields:
      __typename, id, isPrivate, friends, workouts: [{see: member}]
      level, born: [{see: owner}, {see: member, when: {private: false}}]
      email, weight, teams, crew: [{see: owner}]
  Workout:
    owner: userId
    fields: {"__typename, id, userId, user": [{see: member}]}
    key: id
  Ride:
    owner: none
    fields: {"__typename, id, title, seats": [{see: member}]}
operations:
  getMe: {call: [member]}
  POST /graphql: {graphql: schema.graphql, reads: true}
  GET /graphql: {graphql: schema.graphql}
"""


class Folder:
    """A policy, its document and its schema, any of them changed before it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.texts = {"crew.yaml": DOCUMENT, "schema.graphql": SCHEMA, "policy.yaml": POLICY}

    def change(self, file: str, old: str, new: str) -> None:
        assert old in self.texts[file]
        self.texts[file] = self.texts[file].replace(old, new)

    def load(self, name: str = "policy.yaml") -> Contract:
        for file, text in self.texts.items():
            (self.path / file).write_text(dedent(text), encoding="utf-8")
        return load(self.path / name)

    def problems(self, name: str = "policy.yaml") -> list[str]:
        with pytest.raises(InputError) as raised:
            self.load(name)
        return [str(each).replace(f"{self.path}/", "") for each in raised.value.problems]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def answer(contract: Contract, endpoint: str = "POST /graphql") -> Shape:
    operation = contract.document.operation(endpoint)
    assert operation is not None
    media = operation.success()
    assert media is not None and media.shape is not None
    return media.shape


def below(shape: Shape, *path: str) -> Shape:
    found = at(shape, path)
    assert found is not None
    return found


def test_nothing_is_wrong_with_a_policy_that_mentions_every_field(folder: Folder) -> None:
    assert [str(each) for each in folder.load().warnings] == []


# ------------------------------------------------------------ shapes


def test_types_become_shapes_of_their_own_names(folder: Folder) -> None:
    contract = folder.load()
    member = below(answer(contract), "data", "me")
    assert member.names == {"Member"}
    assert {name: sorted(each.kinds) for name, each in children(member).items()} == {
        "__typename": ["null", "string"],
        "id": ["integer", "null", "string"],
        "isPrivate": ["boolean", "null"],
        "email": ["null", "string"],
        "level": ["null", "string"],
        "born": ["boolean", "integer", "null", "number", "string"],
        "weight": ["null", "number"],
        "teams": ["array", "null"],
        "friends": ["array", "null"],
        "workouts": ["null", "object"],
        "crew": ["integer", "null", "string"],
    }
    assert below(member, "level").enum == ("NEW", "OLD")
    assert below(member, "teams", "*", "*").kinds == {"integer", "null"}
    assert contract.document.schemas["Member"]() is member


def test_a_field_of_one_object_or_none_is_null_where_there_is_none(folder: Folder) -> None:
    data = below(answer(folder.load()), "data")
    one = ["me", "node", "page", "hits", "now", "nothing"]
    assert [name for name in one if is_null_if_empty(data, name)] == ["me", "node", "page"]
    assert not is_null_if_empty(below(data, "me"), "workouts")  # there is always one


def test_a_type_is_one_shape_whichever_path_leads_to_it(folder: Folder) -> None:
    member = below(answer(folder.load()), "data", "me")
    again = below(member, "workouts", "nodes", "*", "user", "friends", "*")
    assert again is member
    assert member.properties["friends"]() is member.properties["friends"]()


def test_places_of_shapes_are_their_own(folder: Folder) -> None:
    seen: dict[str, Shape] = {}
    waiting = [answer(folder.load())]
    while waiting:
        shape = waiting.pop()
        if shape in seen.values():
            continue
        assert shape.pointer and shape.pointer not in seen
        seen[shape.pointer] = shape
        each = elements(shape)
        waiting += [*(t() for t in shape.properties.values()), *([each] if each else [])]
    assert {"schema.graphql#Member", "schema.graphql#Page.nodes"} <= seen.keys()


def test_interfaces_and_unions_are_told_apart_by_the_type_of_an_object(folder: Folder) -> None:
    data = below(answer(folder.load()), "data")
    node = data.properties["node"]()
    assert node.names == frozenset()
    assert node.discriminator == ("__typename", {})
    assert [branch().names for branch in node.branches] == [{"Member"}, {"Ride"}, {"Workout"}]
    assert sorted(node.properties) == ["__typename", "id"]
    hit = below(data, "hits", "*")
    assert [branch().names for branch in hit.branches] == [{"Member"}, {"Ride"}]


def test_an_answer_has_data_and_messages_and_nothing_else(folder: Folder) -> None:
    shape = answer(folder.load())
    assert sorted(children(shape)) == ["data", "errors"]
    assert list(children(below(shape, "errors", "*"))) == ["message"]
    assert shape.extra is None


def test_an_endpoint_answers_graphql_whatever_the_document_says(folder: Folder) -> None:
    contract = folder.load()
    operation = contract.document.operation("POST /graphql")
    assert operation is not None
    assert sorted(operation.responses) == ["200", "4XX", "5XX"]
    assert {m.type for media in operation.responses.values() for m in media} == {
        "application/json",
        "application/graphql-response+json",
    }
    assert [(each.name, each.where) for each in operation.parameters] == [("x-trace", "header")]
    (body,) = operation.body
    assert body.type == "application/json" and body.shape is not None
    assert sorted(body.shape.properties) == ["extensions", "operationName", "query", "variables"]
    by_url = contract.document.operation("GET /graphql")
    assert by_url is not None and by_url.body == ()
    names = ["x-trace", "query", "variables", "operationName"]
    assert [each.name for each in by_url.parameters] == names


# ------------------------------------------------------------ the root


def test_the_root_holds_what_leads_to_a_resource(folder: Folder) -> None:
    """`stats` comes back to the root, and so to members; that opens nothing of its own."""
    data = below(answer(folder.load()), "data")
    assert list(data.properties) == ["__typename", "me", "node", "hits", "page"]


def test_a_root_that_is_a_resource_holds_every_field_for_the_policy_to_grant(
    folder: Folder,
) -> None:
    root = '  Query:\n    owner: none\n    fields: {"me, now": [{see: member}]}\n  Ride:\n'
    folder.change("policy.yaml", "  Ride:\n", root)
    contract = folder.load()
    assert "now" in below(answer(contract), "data").properties
    (gaps,) = [str(each) for each in contract.warnings if "mentions" in str(each)]
    assert "no line of `Query` mentions `__typename`" in gaps


def test_an_endpoint_that_writes_may_answer_what_a_mutation_says(folder: Folder) -> None:
    folder.change("policy.yaml", "reads: true", "call: [member]")
    contract = folder.load()
    names = children(below(answer(contract), "data"))
    assert "rename" in names and "forget" not in names and "me" in names
    assert "rename" not in children(below(answer(contract, "GET /graphql"), "data"))


# ------------------------------------------------------------ the rest of the contract


def test_a_component_and_a_type_of_one_name_are_one_schema(folder: Folder) -> None:
    ride = folder.load().document.schemas["Ride"]()
    assert ride.names == {"Ride"}
    assert sorted(children(ride)) == ["__typename", "id", "seats", "title"]


def test_a_field_that_no_line_mentions_is_warned_of(folder: Folder) -> None:
    folder.change("policy.yaml", "email, weight, ", "weight, ")
    assert ["no line of `Member` mentions `email`" in str(e) for e in folder.load().warnings] == [
        True
    ]


def test_the_schema_is_one_of_the_files_of_a_contract(folder: Folder) -> None:
    assert folder.path / "schema.graphql" in folder.load().document.files


def test_keys_in_the_document_name_a_schema_too(folder: Folder) -> None:
    head = POLICY.split("\n", 2)[2].split("operations:")[0]
    inside = "x-exposure:\n  exposure: 1\n" + "".join(f"  {line}\n" for line in head.splitlines())
    folder.texts["crew.yaml"] = DOCUMENT.replace(
        "    post: {", "    post: {x-exposure: {graphql: schema.graphql, reads: true}, "
    ).replace("paths:\n", f"{inside}paths:\n", 1)
    contract = folder.load("crew.yaml")
    assert below(answer(contract), "data", "me").names == {"Member"}


# ------------------------------------------------------------ mistakes


def test_a_schema_that_is_not_there(folder: Folder) -> None:
    folder.change("policy.yaml", "{graphql: schema.graphql}", "{graphql: other.graphql}")
    assert folder.problems() == ["policy.yaml:26:27: `other.graphql` is not a readable file"]


def test_a_schema_that_cannot_be_read(folder: Folder) -> None:
    folder.change("schema.graphql", "type Page {", "type Page [")
    assert folder.problems() == [
        "schema.graphql:17:11: this is not a GraphQL schema: unexpected `[`",
    ]


def test_every_mistake_of_a_schema(folder: Folder) -> None:
    folder.change("schema.graphql", "email: String", "email: Strng")
    folder.change("schema.graphql", "born: Date", "born: Date @secret")
    assert folder.problems() == [
        "schema.graphql:8:10: unknown type `Strng`. Did you mean `String` or `Stats`?",
        "schema.graphql:10:14: unknown directive `@secret`",
    ]


def test_a_schema_without_queries(folder: Folder) -> None:
    folder.change("schema.graphql", "type Query", "type Asks")
    folder.change("schema.graphql", "best: Query", "best: Asks")
    assert folder.problems() == ["schema.graphql: the schema has no type `Query`"]


def test_without_the_library_it_is_said_what_to_install(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "graphql", None)
    assert folder.problems() == [
        "policy.yaml:25:28: `graphql` needs graphql-core; install it: `pip install '.[graphql]'` in Oakum's folder",
        "policy.yaml:26:27: `graphql` needs graphql-core; install it: `pip install '.[graphql]'` in Oakum's folder",
    ]


def test_a_method_that_no_server_asks_queries_with(folder: Folder) -> None:
    folder.change("policy.yaml", "GET /graphql", "PUT /graphql")
    assert folder.problems() == ["policy.yaml:26:27: GraphQL uses POST or GET, not PUT"]


def test_an_endpoint_that_neither_reads_nor_says_who_may_write(folder: Folder) -> None:
    folder.change("policy.yaml", ", reads: true", "")
    assert folder.problems() == [
        "policy.yaml:25:28: no contract line can say what a mutation writes; write `reads: true` to refuse mutations, or `call:` to say who may send them"
    ]


def test_fields_that_read_say_that_the_endpoint_does(folder: Folder) -> None:
    folder.change("policy.yaml", "reads: true", "reads: [stats, now]")
    rule = folder.load().policy.operations["POST /graphql"]  # type: ignore[union-attr]
    assert (rule.reads, rule.reading) == (True, ("stats", "now"))


def test_a_field_that_reads_is_one_of_the_schema(folder: Folder) -> None:
    folder.change("policy.yaml", "reads: true", "reads: [stat, rename]")
    assert folder.problems() == [
        "policy.yaml:25:52: the type `Query` of `schema.graphql` has no field `stat`;"
        " did you mean `stats`?",
        "policy.yaml:25:58: the type `Query` of `schema.graphql` has no field `rename`",
    ]


def test_without_a_schema_no_field_reads(folder: Folder) -> None:
    folder.change("policy.yaml", "getMe: {call: [member]}", "getMe: {call: [member], reads: [me]}")
    assert folder.problems() == [
        "policy.yaml:24:34: `getMe` has no `graphql`, so none of its fields can be known to read;"
        " write `reads: true`, or name the schema in `graphql`"
    ]


def test_an_interface_is_no_resource(folder: Folder) -> None:
    node = '  Node:\n    owner: none\n    fields: {"id": [{see: member}]}\n  Ride:\n'
    folder.change("policy.yaml", "  Ride:\n", node)
    assert folder.problems() == [
        "policy.yaml:20:3: there is no schema `Node`, and no operation shows or accepts it; write `schemas:`, `shows:` or `sets:`"
    ]


# ------------------------------------------------------------ what a query chooses


def test_a_setting_that_is_left_out_must_not_read_as_open(folder: Folder) -> None:
    folder.change("policy.yaml", "missing: true", "missing: false")
    assert folder.problems() == [
        "policy.yaml:11:51: a query that omits `isPrivate` would open `Member`; make `missing` the closed value, or omit it"
    ]
    folder.change("policy.yaml", ", missing: false", "")
    assert folder.load().policy is not None


def test_whoever_asks_is_no_owner_where_another_path_leads(folder: Folder) -> None:
    folder.change("policy.yaml", "owner: userId", "owner: {caller: true}")
    assert folder.problems() == [
        "policy.yaml:17:12: `owner: caller` of `Workout` does not hold: in a graph, another path leads to somebody else's `Workout`; name the field that contains its owner, or `{parent: true}`"
    ]


def test_nobody_is_let_in_by_what_was_left_out(folder: Folder) -> None:
    folder.change("policy.yaml", "authenticated: true}", "authenticated: true, unless: [muted]}")
    folder.change(
        "policy.yaml", "  owner: {is: owner}", "  owner: {is: owner}\n  muted: {field: crew}"
    )
    assert folder.problems()[0] == (
        "policy.yaml:5:42: a caller whose query omits fields would not be `muted`, and would therefore be `member`; use a look-up instead: `in` and `id`"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("owner: userId", "owner: user.crew", "policy.yaml:17:12: `user.crew` of `Workout`"),
        ("isPrivate, missing", "crew, missing", "policy.yaml:11:23: `crew` of `Member`"),
        ("{is: owner}", "{field: crew}", "policy.yaml:6:10: `crew` of `Member`"),
    ],
)
def test_what_decides_takes_no_arguments(folder: Folder, old: str, new: str, said: str) -> None:
    folder.change("policy.yaml", old, new)
    assert folder.problems() == [
        f"{said} takes arguments, but decides who sees; the caller would choose its value"
    ]


def test_where_no_graph_shows_it_a_policy_may_say_all_that(folder: Folder) -> None:
    folder.change(
        "policy.yaml",
        "operations:\n",
        "  Other: {schemas: [Me], owner: {caller: true}, states: {shut: {field: self, levels: [a, b], missing: a}}, fields: {self: [{see: owner}]}}\noperations:\n",
    )
    assert folder.load().policy is not None
