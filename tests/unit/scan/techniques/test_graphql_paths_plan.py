"""Whatever the schema: every planned query is valid in it, reads, and holds no text in quotes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.authz import Model, compile_contract
from oakum.openapi.model import Operation
from oakum.policy.model import FieldRule, Grant, Owner, Policy, Relation, Resource
from oakum.scan.graphql.query_packing import pack
from oakum.scan.graphql.query_plan import SHALLOW, Planner, Style, acts_by_name
from oakum.scan.graphql.selection_sets import (
    FieldPick,
    Pick,
    PickedQuery,
    Root,
    compose,
    without,
)
from oakum.scan.graphql.type_mapping import Vocabulary

NAMES = ("User", "Order", "Team", "Invoice", "Label")
SCALARS = (
    "ID", "ID!", "String", "String!", "Int", "Float!", "Boolean", "[String!]", "Kind", "Day!",
)  # fmt: skip
ARGS = (
    "", "(first: Int)", "(first: Int, last: Int, after: String)", "(id: ID!)", "(ids: [ID!]!)",
    "(name: String!)", "(where: Where!)", "(where: Where)", "(kind: Kind!)", "(userId: ID!)",
    "(limit: Int = 3)", "(page: Int!)", "(angle: Float!)", "(deep: Boolean!)", "(in: Outer!)",
    "(query: String!, kinds: [Kind!]!)", "(of: [Where!]!)",
)  # fmt: skip
INPUTS = """\
input Where { id: IdFilter, name: String, kind: Kind, and: [Where!] }
input IdFilter { _eq: ID, _in: [ID!] }
input Outer { where: Where!, deep: Boolean = true, of: Int }
enum Kind { A B }
scalar Day
interface Node { id: ID! }
type PageInfo { more: Boolean }
type Mutation { drop(id: ID!): Boolean }
type Subscription { seen: User }
"""


@dataclass(frozen=True)
class Nothing:
    """A document without operations."""

    operations: tuple[Operation, ...] = ()
    stand_ins: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def operation(self, name: str, /) -> Operation | None:
        return None


def model(owned: Mapping[str, bool]) -> Model:
    """A contract of some resources: owned by the account in `user`, by themselves, or nobody's."""
    relations = {"owner": Relation("owner", "owner")}
    rule = (FieldRule("id", (Grant(("owner",)),)),)
    resources = {
        name: Resource(
            name,
            frozenset({name}),
            "id",
            Owner("field", ("id",) if name == "User" else ("user.id",)) if own else Owner("none"),
            fields=rule,
        )
        for name, own in owned.items()
    }
    return compile_contract(Nothing(), Policy(relations, resources))


@st.composite
def schemas(draw: st.DrawFn) -> str:
    """A schema in which everything leads anywhere."""
    ends = (*NAMES, *(f"{name}s" for name in NAMES), "Node", "Any", "Address")
    lists = (*ends, *(f"[{name}!]!" for name in NAMES), "[Node]", "[Any!]")
    made = [INPUTS, "type Address { street: String city: String! since: Day }"]
    for name in NAMES:
        node = draw(st.booleans())
        fields = ["id: ID!"]
        for nth, kind in enumerate(draw(st.lists(st.sampled_from(SCALARS), max_size=4))):
            fields.append(f"value{nth}{draw(st.sampled_from(ARGS))}: {kind}")
        for nth, end in enumerate(draw(st.lists(st.sampled_from(lists), max_size=4))):
            fields.append(f"way{nth}{draw(st.sampled_from(ARGS))}: {end}")
        if draw(st.booleans()):
            fields += ["name: String", "user: User"]
        made.append(f"type {name}{' implements Node' if node else ''} {{ {' '.join(fields)} }}")
        made.append(
            f"type {name}s {{ edges: [{name}Edge] nodes: [{name}] total: Int! pageInfo: PageInfo }}"
        )
        made.append(f"type {name}Edge {{ cursor: String node: {name} }}")
    union = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    made.append(f"union Any = {' | '.join(union)}")
    roots = [
        f"{draw(st.sampled_from(('get', 'find', 'drop', 'all')))}{nth}"
        f"{draw(st.sampled_from(ARGS))}: {end}"
        for nth, end in enumerate(
            draw(st.lists(st.sampled_from((*lists, *SCALARS)), min_size=1, max_size=9))
        )
    ]
    made.append(f"type Query {{ {' '.join(roots)} query: Query me: User node(id: ID!): Node }}")
    return "\n".join(made)


def is_sound(schema: GraphQLSchema, asked: PickedQuery) -> None:
    document = parse(asked.text)
    assert validate(schema, document) == []
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.operation.value == "query"
    assert '"' not in asked.text
    assert asked.variables.keys() == asked.sources.keys() == asked.whose.keys()


@settings(max_examples=15, deadline=None)
@given(
    schemas(),
    st.dictionaries(st.sampled_from(NAMES), st.booleans(), min_size=1),
    st.sampled_from((Style(), SHALLOW, Style(2, 3, 12, 3, 1))),
    st.booleans(),
)
def test_every_query_is_valid_and_reads(
    sdl: str, owned: dict[str, bool], style: Style, stated: bool
) -> None:
    schema = build_schema(sdl)
    words = Vocabulary(model(owned), schema, stated=stated)
    roots = Planner(schema, words, {}, style).roots()
    assert roots  # `me` at the least
    names = frozenset(name for name, own in owned.items() if own)
    for root in roots:
        assert not acts_by_name(root.pick.field)
        assert root.pick.size <= style.fields + 60  # the last type is taken whole
        one = compose([FieldPick(root, "ann")], names)
        is_sound(schema, one)
        many = compose(
            [FieldPick(root, "ann"), FieldPick(root, "bob"), FieldPick(root, "", 1)], names
        )
        is_sound(schema, many)
        for path in _paths(many.picks)[:5]:
            less = without(many, [path], "less")
            assert less is not None
            is_sound(schema, less)
    for group in pack(roots, 3, 200):
        is_sound(schema, compose([FieldPick(root, "ann") for root in group], names))


def _paths(picks: tuple[Pick, ...]) -> list[tuple[str, ...]]:
    found = [(pick.key, *rest) for pick in picks for rest in [(), *_paths(pick.below)]]
    return sorted(found, key=len, reverse=True)


# ------------------------------------------------------------------------- schemas as one meets


def planned(
    sdl: str, owned: Mapping[str, bool], reading: Collection[str] = (), **params: str
) -> tuple[Planner, dict[str, Root]]:
    schema = build_schema(sdl)
    words = Vocabulary(model(owned), schema, stated=True)
    planner = Planner(schema, words, params, reading=reading)
    roots = planner.roots()
    for root in roots:
        is_sound(
            schema, compose([FieldPick(root, "ann"), FieldPick(root, "bob")], frozenset(owned))
        )
    return planner, {root.name: root for root in roots}


def text(root: Root) -> str:
    return compose([FieldPick(root, "ann")], frozenset({"User"})).text


def test_a_forum_with_filters_and_queries_that_do_something() -> None:
    sdl = """
    type Query {
      pastes(public: Boolean, limit: Int, filter: String): [Paste]
      paste(id: Int, title: String): Paste
      users(id: Int): [User]
      readAndBurn(id: Int): Paste
      search(keyword: String): [SearchResult]
      audits: [Audit]
      deleteAllPastes: Boolean
      me(token: String): User
      systemDebug(arg: String): String
    }
    union SearchResult = Paste | User
    type Audit { id: ID gqloperation: String }
    type Owner { id: ID! name: String paste(first: Int): [Paste] }
    type Paste { id: ID! title: String content: String ipAddr: String owner: Owner user: User }
    type User { id: ID! username: String! password: String! pastes(first: Int): [Paste] }
    """
    planner, roots = planned(sdl, {"User": True, "Paste": True})
    assert planner.acting.keys() == {"readAndBurn", "deleteAllPastes", "systemDebug"}
    assert roots["users(id)"].instead_of == "users"
    assert "paste(id: $id)" in text(roots["paste(id)"])
    assert roots.keys().isdisjoint({"systemDebug", "paste"})
    assert roots["pastes"].rank == 0
    assert roots["audits"].rank == 2
    assert "password" in text(roots["users"])
    assert "limit: 20" in text(roots["pastes"])
    assert "pastes(first: 10)" in text(roots["users"])
    assert "... on Paste { id title content ipAddr" in text(roots["search"])


def test_a_field_is_asked_of_which_the_contract_says_that_it_reads() -> None:
    sdl = """
    type Query {
      banNote(id: ID!): Note, transferNote(id: ID!): Note, deleteNote(id: ID!): Note
      jobRun: String, isBanned(id: ID!): Boolean
    }
    type Note { id: ID!, title: String }
    """
    every = {"banNote", "transferNote", "deleteNote", "jobRun", "isBanned"}
    planner, roots = planned(sdl, {"Note": True})
    assert (planner.acting.keys(), roots) == (every, {})
    some = ("banNote", "deleteNote", "jobRun")
    planner, roots = planned(sdl, {"Note": True}, some)
    assert planner.acting.keys() == {"transferNote", "isBanned"}
    assert {each.pick.field for each in roots.values()} == {*some}


def test_relay_pages_lead_on_and_what_is_about_the_page_does_not() -> None:
    sdl = """
    type Query { viewer: User, node(id: ID!): Node, nodes(ids: [ID!]!): [Node]! }
    interface Node { id: ID! }
    type User implements Node { id: ID! login: String! email: String
      teams(first: Int, last: Int, after: String): TeamConnection! query: Query }
    type Team implements Node { id: ID! members(first: Int!, last: Int): UserConnection }
    type TeamConnection { edges: [TeamEdge] pageInfo: PageInfo! totalCount: Int! }
    type TeamEdge { cursor: String! node: Team }
    type UserConnection { edges: [UserEdge] nodes: [User] pageInfo: PageInfo! }
    type UserEdge { cursor: String! role: String node: User }
    type PageInfo { endCursor: String hasNextPage: Boolean! }
    """
    _, roots = planned(sdl, {"User": True, "Team": False})
    assert text(roots["viewer"]) == (
        "query oakum { viewer { id login email teams(first: 20) { totalCount edges { node { id"
        " members(first: 10) { edges { role node { id login email } } nodes { id login email } }"
        " } } } } }"
    )
    assert text(roots["node(id) User"]).startswith(
        "query oakum($id: ID!) { node(id: $id) { __typename ... on User { id login email"
    )
    assert {"node(id) Team", "nodes(ids) User", "nodes(ids) Team"} <= roots.keys()


def test_filters_as_objects_are_filled_by_the_key() -> None:
    sdl = """
    type Query {
      users_by_pk(id: ID!): User
      user(where: UserWhereUnique!): User
      users(where: UserBool): [User!]!
      order(input: Find!): Order
    }
    input UserWhereUnique { email: String, id: ID }
    input UserBool { id: IDCompare }
    input IDCompare { _eq: ID, _neq: ID }
    input Find { by: UserWhereUnique!, region: Region! = NORTH }
    enum Region { NORTH }
    type User { id: ID! email: String }
    type Order { id: ID! user: User }
    """
    _, roots = planned(sdl, {"User": True, "Order": True})
    assert "user(where: {id: $id})" in text(roots["user(where)"])
    assert "users_by_pk(id: $id)" in text(roots["users_by_pk(id)"])
    assert "users { id email }" in text(roots["users"])


def test_what_one_type_calls_like_another_is_told_apart() -> None:
    sdl = """
    type Query { feed: [Item!] }
    union Item = User | Order
    type User { id: ID! state: String tags: [String] }
    type Order { id: ID! state: Int! tags: [String] user: User }
    """
    _, roots = planned(sdl, {"User": True, "Order": True})
    assert "state_Order: state" in text(roots["feed"])
    assert "state_User: state" in text(roots["feed"])
    assert "tags_User" not in text(roots["feed"])


def test_the_owner_is_asked_for_wherever_an_object_is_met() -> None:
    sdl = """
    type Query { me: User, orders: [Order!] }
    type User { id: ID! mail: String orders: [Order!] }
    type Order { id: ID! user: User sum: Int next: Order }
    """
    _, roots = planned(sdl, {"User": True, "Order": True})
    for name in ("me", "orders"):
        written = text(roots[name])
        assert written.count("next {") == 1
        assert written.count("user {") >= 2


def test_the_contract_s_word_of_an_argument_goes_first() -> None:
    sdl = "type Query { locate(x: String!): User, lost(x: Float!): User } type User { id: ID! }"
    planner, roots = planned(sdl, {"User": True})
    assert planner.lacking == ["locate", "lost"]
    _, roots = planned(sdl, {"User": True}, x="User.id")
    assert [hole.source for hole in roots["locate(x)"].holes()] == ["User.id"]


def test_what_a_query_holds_is_not_asked_back() -> None:
    sdl = "type Query { byMail(email: String!): User } type User { id: ID! email: String zip: Int }"
    _, roots = planned(sdl, {"User": True})
    assert text(roots["byMail(email)"]) == (
        "query oakum($email: String!) { byMail(email: $email) { id zip } }"
    )


@pytest.mark.parametrize(
    "name", ["deleteAll", "readAndBurn", "logout", "login", "resetPassword", "purge", "fetchOrDrop"]
)
def test_names_that_do_something(name: str) -> None:
    assert acts_by_name(name)


@pytest.mark.parametrize("name", ["user", "deletedItems", "me", "searchUsers", "orders", "landing"])
def test_names_that_read(name: str) -> None:
    assert not acts_by_name(name)


COMMANDS = "banUser transferUser likeUser verifyUser refreshUser reopenUser importXUser bookUser"
READS = "user report bookById openOrders verified userOf"


def test_a_field_of_the_root_that_does_something_to_an_object_is_left_out_and_named() -> None:
    fields = " ".join(f"{each}(id: ID!): User" for each in (COMMANDS + " " + READS).split())
    fields = fields.replace("openOrders(id: ID!): User", "openOrders(id: ID!): [User]")
    sdl = f"type Query {{ {fields} }} type User {{ id: ID! zip: Int }} type BookReport {{ id: ID }}"
    planner, roots = planned(sdl, {"User": True}, id="User.id")
    # `book` and `report` are words of a type here.
    acting = {*COMMANDS.split()} - {"bookUser"}
    assert planner.acting.keys() == acting
    assert {each.pick.field for each in roots.values()} >= {*READS.split()}


def test_an_owned_object_is_asked_for_once_more_behind_each_other_way_to_what_has_it() -> None:
    """A server may clear a field in one list, and forget to in another."""
    sdl = (
        "type Query { me: User } type Label { id: ID! }"
        " type User { id: ID! orders: [Order!]! saved: [Order!]! zip: Int }"
        " type Order { id: ID! user: User! label: Label }"
    )
    _, roots = planned(sdl, {"User": True, "Order": True, "Label": False})
    assert text(roots["me"]) == (
        "query oakum { me { id zip orders { id user { id zip } label { id } }"
        " saved { id user { id zip } } } }"
    )
