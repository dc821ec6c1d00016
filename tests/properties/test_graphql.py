"""A graph behind the guard, asked in every way that its schema allows: nothing hidden leaves by any
path, and whoever selects what decides gets all that they may see."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, execute_sync, parse

from oakum.policy.contract import load
from tests.conformance.exchange_lua import lua_guard
from tests.conformance.exchange_python import python_guard
from tests.conformance.exchanges import Clock, Guard, Request, Response, Setup, Upstream

DOCUMENT = """\
openapi: 3.1.0
info: {title: Crew, version: "1"}
security: [{session: []}]
paths:
  /graphql: {post: {operationId: graph}}
  /me:
    get:
      operationId: getMe
      responses: {"200": {description: d, content: {application/json: {schema: {$ref: "#/components/schemas/Me"}}}}}
  /members/{id}/followers:
    get:
      operationId: listFollowers
      responses: {"200": {description: d, content: {application/json: {schema: {type: array, items: {type: string}}}}}}
components:
  schemas: {Me: {type: object, properties: {self: {type: string}}}}
  securitySchemes: {session: {type: apiKey, in: cookie, name: sid}}
"""  # noqa: E501
SCHEMA = """\
interface Node { id: ID! }
union Hit = Member | Ride
type Member implements Node {
  id: ID!, name: String!, isPrivate: Boolean!, city: String, email: String
  workouts(first: Int): Page!, friends: [Member!]!
}
type Page { total: Int, nodes: [Workout!]! }
type Workout implements Node { id: ID!, userId: ID!, watts: Float, note: String, user: Member! }
type Ride implements Node { id: ID!, title: String, draft: String }
type Query {
  me: Member!, member(id: ID!): Member, members: [Member!]!, node(id: ID!): Node
  search(q: String): [Hit!]!, secret: String
}
"""
POLICY = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /self}
relations:
  member: {authenticated: true}
  follower: {in: listFollowers, id: /*}
  owner: {is: owner}
resources:
  Member:
    key: id
    owner: id
    states: {private: {field: isPrivate, missing: true}}
    fields:
      __typename, id, name, isPrivate, workouts, friends: [{see: member}]
      city: [{see: [owner, follower]}, {see: member, when: {private: false}}]
      email: [{see: owner}]
  Workout:
    owner: userId
    fields:
      __typename, id, userId, user: [{see: member}]
      watts: [{see: [owner, follower]}]
      note: [{see: owner}]
  Ride:
    owner: none
    fields:
      __typename, id, title: [{see: member}]
      draft: []
operations:
  getMe: {call: [member]}
  listFollowers: {call: [member]}
  graph: {graphql: schema.graphql, reads: true}
"""
PEOPLE = {"ann": False, "bob": True, "cyd": False}
"""Everybody, and whether they are private."""
FOLLOWERS = {"ann": ["bob"], "bob": ["cyd"], "cyd": list[str]()}
WATTS = {"ann": 111.25, "bob": 222.25, "cyd": 333.25}


@dataclass
class World(Upstream):
    """The API: a graph of everybody, whole, for whoever is logged in."""

    graph: GraphQLSchema
    told: str = ""
    """Its last answer to a query."""

    def answer(self, request: Request) -> Response | None:
        viewer = (request.header("cookie") or "").removeprefix("sid=")
        if request.target == "/me":
            return said({"self": viewer})
        if request.target.startswith("/members/"):
            return said(FOLLOWERS[request.target.split("/")[2]])
        asked = json.loads(request.body)
        done = execute_sync(self.graph, parse(asked["query"]), root(viewer))
        assert not done.errors, done.errors
        self.told = json.dumps(done.formatted)
        return said(done.formatted)


def said(value: Any) -> Response:
    body = json.dumps(value).encode()
    return Response(200, (("content-type", "application/json"),), body)


def member(id: str) -> dict[str, Any]:
    workouts = [workout(id, 1), workout(id, 2)]
    return {
        "__typename": "Member",
        "id": id,
        "name": f"name of {id}",
        "isPrivate": PEOPLE[id],
        "city": f"city of {id}",
        "email": f"mail of {id}",
        "workouts": lambda _, first=2: {"total": 2, "nodes": workouts[:first]},
        "friends": lambda _: [member(other) for other in PEOPLE if other != id],
    }


def workout(owner: str, number: int) -> dict[str, Any]:
    return {
        "__typename": "Workout",
        "id": f"{owner}-{number}",
        "userId": owner,
        "watts": WATTS[owner],
        "note": f"note of {owner}",
        "user": lambda _: member(owner),
    }


RIDE = {"__typename": "Ride", "id": "r", "title": "title", "draft": "a draft"}


def root(viewer: str) -> dict[str, Any]:
    every = {**{id: member(id) for id in PEOPLE}, "r": RIDE}
    every |= {f"{id}-1": workout(id, 1) for id in PEOPLE}
    return {
        "me": every[viewer],
        "member": lambda _, id: every[id],
        "members": [member(id) for id in PEOPLE],
        "node": lambda _, id: every[id],
        "search": lambda _, q="": [member("bob"), RIDE, member("cyd")],
        "secret": "the secret of the root",
    }


def marks(text: str) -> set[tuple[str, str]]:
    """(field, owner) of every value of somebody's in a text."""
    words = {"city": "city", "mail": "mail", "note": "note"}
    found = {(word, id) for word in words for id in PEOPLE if f"{word} of {id}" in text}
    found |= {("watts", id) for id in PEOPLE if str(WATTS[id]) in text}
    return found | {(word, "") for word in ("a draft", "secret") if word in text}


def allowed(viewer: str, field: str, owner: str) -> bool:
    """What the policy says, once more."""
    follows = viewer in FOLLOWERS.get(owner, ())
    return {
        "city": owner == viewer or follows or PEOPLE.get(owner) is False,
        "watts": owner == viewer or follows,
    }.get(field, owner == viewer)


class Queries:
    """Queries of every form over the schema; `careful` ones select what decides everywhere."""

    def __init__(self, seed: int, *, careful: bool) -> None:
        self._random = random.Random(seed)
        self._careful = careful
        self._fragments: list[str] = []

    def query(self) -> str:
        self._fragments = []
        parts = " ".join(self._root() for _ in range(self._random.randint(1, 2)))
        return " ".join((f"{{ {parts} }}", *self._fragments))

    def _root(self) -> str:
        who = self._random.choice([*PEOPLE])
        field, kind = self._random.choice(
            [
                ("me", "Member"),
                (f'member(id: "{who}")', "Member"),
                ("members", "Member"),
                (f'node(id: "{self._random.choice([who, f"{who}-1", "r"])}")', "Node"),
                ("search", "Hit"),
            ]
        )
        selected = f"{field} {self._object(kind, 4)}"
        return f"... on Query {{ {selected} }}" if self._random.random() < 0.2 else selected

    def _object(self, kind: str, deep: int) -> str:
        if kind in ("Node", "Hit"):
            types = {"Node": ("Member", "Workout", "Ride"), "Hit": ("Member", "Ride")}[kind]
            parts = [f"... on {each} {self._object(each, deep)}" for each in types]
            tag = ["__typename"] if self._careful or self._random.random() < 0.5 else []
            return "{ " + " ".join((*tag, *self._some(parts))) + " }"
        return "{ " + " ".join(self._spread(kind, self._fields(kind, deep))) + " }"

    def _fields(self, kind: str, deep: int) -> list[str]:
        plain = {
            "Member": ["id", "name", "isPrivate", "city", "email", "__typename"],
            "Workout": ["id", "userId", "watts", "note", "__typename"],
            "Ride": ["id", "title", "draft"],
            "Page": ["total"],
        }[kind]
        below = {
            "Member": [("workouts", "Page"), ("friends", "Member")],
            "Workout": [("user", "Member")],
            "Page": [("nodes", "Workout")],
        }.get(kind, [])
        found = self._some(plain)
        for name, inner in below if deep else ():
            if kind == "Page" or self._random.random() < 0.5:
                found.append(f"{name} {self._object(inner, deep - 1)}")
        if self._careful:
            found += {"Member": ["id", "isPrivate"], "Workout": ["userId"]}.get(kind, [])
        return [self._called(each) for each in found]

    def _called(self, field: str) -> str:
        name = field.split()[0]
        return f"{name}: {field}" if self._random.random() < 0.1 else field

    def _some(self, parts: list[str]) -> list[str]:
        return [each for each in parts if self._random.random() < 0.6] or parts[:1]

    def _spread(self, kind: str, fields: list[str]) -> Iterator[str]:
        """Some of the fields in fragments."""
        for field in fields:
            form = self._random.random()
            if form < 0.1:
                yield f"... on {kind} {{ {field} }}"
            elif form < 0.15:
                yield f"... @include(if: true) {{ {field} }}"
            elif form < 0.25:
                name = f"F{len(self._fragments)}"
                self._fragments.append(f"fragment {name} on {kind} {{ {field} }}")
                yield f"...{name}"
            else:
                yield field


ENGINES: dict[str, Callable[[Setup], AbstractContextManager[Guard]]] = {
    "python": python_guard,
    "lua": lua_guard,
}


@dataclass
class Endpoint:
    guard: Guard
    world: World

    def ask(self, viewer: str, query: str) -> Response:
        headers = (("cookie", f"sid={viewer}"), ("content-type", "application/json"))
        body = json.dumps({"query": query}).encode()
        return self.guard.exchange(Request("POST", "/graphql", headers, body)).response


@pytest.fixture(params=sorted(ENGINES))
def endpoint(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Endpoint]:
    (tmp_path / "openapi.yaml").write_text(DOCUMENT)
    (tmp_path / "schema.graphql").write_text(SCHEMA)
    (tmp_path / "exposure.yaml").write_text(POLICY)
    contract = load(tmp_path / "exposure.yaml")
    assert [str(each) for each in contract.warnings] == []
    world = World([], build_schema(SCHEMA))
    with ENGINES[request.param](Setup(contract, tmp_path, world, Clock(), {})) as guard:
        yield Endpoint(guard, world)


def test_nothing_hidden_leaves_by_any_path(endpoint: Endpoint) -> None:
    shown, hidden = 0, 0
    for seed in range(60):
        query = Queries(seed, careful=False).query()
        for viewer in PEOPLE:
            answer = endpoint.ask(viewer, query)
            seen, there = marks(answer.body.decode()), marks(endpoint.world.told)
            assert all(allowed(viewer, *mark) for mark in seen), (viewer, query, answer.body)
            shown += len(seen)
            hidden += len(there - seen)
    assert shown > 20
    assert hidden > 100


def test_whoever_selects_what_decides_gets_all_that_they_may_see(endpoint: Endpoint) -> None:
    shown, hidden = 0, 0
    for seed in range(60):
        query = Queries(seed, careful=True).query()
        for viewer in PEOPLE:
            seen = marks(endpoint.ask(viewer, query).body.decode())
            there = marks(endpoint.world.told)
            assert seen == {mark for mark in there if allowed(viewer, *mark)}, (viewer, query)
            shown += len(seen)
            hidden += len(there - seen)
    assert shown > 100
    assert hidden > 100


def test_another_name_for_a_field_never_reaches_the_graph(endpoint: Endpoint) -> None:
    for query in (
        "{ members { id name: email } }",
        "{ members { id ... on Member { city: email } } }",
        "{ members { ...F } } fragment F on Member { id: email }",
        "{ me { friends { workouts { nodes { userId watts: note } } } } }",
        '{ me: member(id: "bob") { id isPrivate email } }',
        "{ members { isPrivate: __typename id: email } }",
    ):
        endpoint.world.told = "not asked"
        assert endpoint.ask("ann", query).status == 400
        assert endpoint.world.told == "not asked"


def test_a_field_of_the_root_that_is_no_resource_s(endpoint: Endpoint) -> None:
    answer = endpoint.ask("ann", "{ secret me { id } }")
    assert json.loads(answer.body) == {"data": {"me": {"id": "ann"}}}
