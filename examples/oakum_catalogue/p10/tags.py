"""`member(id:)` hides where somebody lives. `tag(name:) { members { edges { node } } }` leads to the
same members, and there nobody thought of it."""

from __future__ import annotations

import time
from typing import Any

from graphql import build_schema, graphql_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Runners, version: "1"}
security: [{token: []}]
paths:
  /login:
    post:
      operationId: login
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, properties: {nick: {type: string}, password: {type: string}}}}}
      responses: {"200": {description: a token}}
  /me:
    get:
      operationId: me
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}}
  /graphql:
    post:
      requestBody: {content: {application/json: {schema: {type: object, properties: {query: {type: string}}}}}}
      responses: {"200": {description: what was asked}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Member:
      type: object
      properties: {id: {type: integer}, nick: {type: string}, city: {type: string}, birthday: {type: string}}
"""

SDL = """\
type Query {
  me: Member
  member(id: ID!): Member
  tag(name: String!): Tag
  tags: [Tag!]!
  "Deletes every tag."
  purgeTags: Int
}
type Mutation {
  "Closes an account, for good."
  closeAccount(id: ID!): Boolean
}
type Tag {
  name: String!
  city: String
  servedAt: Float
  greet(who: String): String
  members(first: Int): MemberConnection!
}
type MemberConnection { total: Int! edges: [MemberEdge!]! }
type MemberEdge { cursor: String! node: Member! }
type Member { id: ID! nick: String! city: String birthday: String }
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Member:
    key: id
    owner: id
    fields:
      __typename, id, nick: [{see: [member]}]
      city, birthday: [{see: [owner]}]
  Tag:
    key: name
    owner: none
    fields:
      __typename, name, city, servedAt, greet, members: [{see: [member]}]
operations:
  POST /graphql: {graphql: schema.graphql, reads: true}
"""

PEOPLE = {"abel": "abel-sprint-36", "bine": "bine-relay-77"}


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{nick: {name}, password: {p}}}\n" for name, p in PEOPLE.items())
    return (
        "login: {operation: login, json: {nick: $nick, password: $password}, token: /token}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "tags")
    first = rng.randint(1_000, 9_000)
    members: dict[int, Json] = {
        first + nth: {
            "id": first + nth,
            "nick": who,
            "city": words(rng, 2),
            "birthday": f"{1960 + 7 * nth}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        }
        for nth, who in enumerate((*PEOPLE, "cleo", "dirk"))
    }
    ids = {each["nick"]: key for key, each in members.items()}
    tags: dict[str, Json] = {
        "trail": {"city": words(rng, 2), "of": [*members]},
        "track": {"city": words(rng, 2), "of": [*members][1:]},
    }
    schema, tokens = build_schema(SDL), Tokens()

    def view(row: Json, me: int) -> Json:
        return row if row["id"] == me else {"id": row["id"], "nick": row["nick"]}

    def connection(of: list[int], me: int) -> Json:
        rows = [members[key] for key in of if key in members]
        nodes = rows if mode == "leaky" else [view(row, me) for row in rows]
        edges = [{"cursor": str(nth), "node": node} for nth, node in enumerate(nodes)]
        return {"total": len(edges), "edges": edges}

    def tagged(name: str, me: int) -> Json:
        return {
            "name": name,
            "city": tags[name]["city"],
            "servedAt": time.time(),
            "greet": lambda _info, who="you": f"hello {who}",
            "members": lambda _info, first=None: connection(tags[name]["of"][:first], me),
        }

    def root(me: int) -> dict[str, Any]:
        def member(_info: Any, id: str) -> Json:
            found = members.get(int(id)) if id.isdigit() else None
            return view(found, me) if found else None

        return {
            "me": members[me],
            "member": member,
            "tag": lambda _info, name: tagged(name, me) if name in tags else None,
            "tags": lambda _info: [tagged(name, me) for name in tags],
            "purgeTags": lambda _info: tags.clear(),
            "closeAccount": lambda _info, id: members.clear(),
        }

    async def login(request: Request) -> Response:
        sent = await request.json()
        if PEOPLE.get(sent.get("nick")) != sent.get("password"):
            return JSONResponse({"error": "wrong"}, 401)
        return JSONResponse({"token": tokens.give(sent["nick"])})

    async def me(request: Request) -> Response:
        who = ids.get(tokens.whose(request))
        return JSONResponse(members[who]) if who else JSONResponse({"error": "log in"}, 401)

    async def graph(request: Request) -> Response:
        who = ids.get(tokens.whose(request))
        if who is None:
            return JSONResponse({"errors": [{"message": "log in"}]}, 401)
        sent = await request.json()
        said = graphql_sync(
            schema,
            sent.get("query") or "",
            root(who),
            variable_values=sent.get("variables"),
            operation_name=sent.get("operationName"),
        )
        return JSONResponse(said.formatted)

    made = Starlette(
        routes=[
            Route("/login", login, methods=["POST"]),
            Route("/me", me),
            Route("/graphql", graph, methods=["POST"]),
        ]
    )
    made.state.db = {"members": members, "tags": tags}
    return made


ENTRY = Entry(
    name="p10-tags",
    pattern="P10",
    title="a tag's members show the city and the birthday that the member's own path hides",
    convention="integer ids, Relay connections, bearer token, introspection on",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Member", ("city", "birthday"), ("member",), "POST /graphql"),),
    decoys=(
        "the query `purgeTags` and the mutation `closeAccount` destroy",
        "a tag has a `city` as well, which every member may know",
        "`servedAt` is another one each time",
        "`greet` echoes its argument",
    ),
    files={"schema.graphql": SDL},
)
