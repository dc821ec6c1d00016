"""A music school's `pupil(handle:)` decides what is shown. `node(id:)`, which the framework brought
along, loads any object by its global id and decides nothing."""

from __future__ import annotations

import base64
import secrets
import time
from typing import Any
from urllib.parse import parse_qs

from graphql import (
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    build_schema,
    execute_sync,
    parse,
    specified_rules,
    validate,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Music school, version: "2"}
security: [{desk: []}]
paths:
  /desk/enter:
    post:
      operationId: signIn
      security: []
      requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {handle: {type: string}, secret: {type: string}}}}}}
      responses: {"204": {description: a cookie}}
  /desk/whoami:
    get:
      operationId: whoami
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/PupilName"}}}}}
  /graphql:
    post:
      requestBody: {content: {application/json: {schema: {type: object, properties: {query: {type: string}}}}}}
      responses: {"200": {description: what was asked}}
components:
  securitySchemes: {desk: {type: apiKey, in: cookie, name: desk}}
  schemas:
    PupilName: {type: object, properties: {id: {type: string}, handle: {type: string}}}
"""

SDL = """\
type Query {
  viewer: Pupil
  pupil(handle: String!): Pupil
  node(id: ID!): Node
  lessons(first: Int = 10, after: String): LessonConnection!
}
type Mutation {
  "Removes a pupil and all of their lessons."
  dropPupil(id: ID!): Boolean
}
interface Node { id: ID! }
type Pupil implements Node { id: ID! handle: String! guardianPhone: String homeAddress: String }
type Lesson implements Node { id: ID! title: String! homeAddress: String seenAt: Float attendees: [Pupil!]! }
type LessonConnection { edges: [LessonEdge!]! pageInfo: PageInfo! }
type LessonEdge { cursor: String! node: Lesson! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: whoami, id: /id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Pupil:
    schemas: [Pupil, PupilName]
    key: id
    owner: id
    fields:
      __typename, id, handle: [{see: [member]}]
      guardianPhone, homeAddress: [{see: [owner]}]
  Lesson:
    key: id
    owner: none
    fields:
      __typename, id, title, homeAddress, seenAt, attendees: [{see: [member]}]
  LessonConnection:
    owner: none
    fields:
      __typename, edges, pageInfo: [{see: [member]}]
operations:
  POST /graphql: {graphql: schema.graphql, reads: true}
"""

PEOPLE = {"elke": "elke-cello-88", "finn": "finn-oboe-25"}
SCHEMA = build_schema(SDL)
RULES = (*specified_rules, NoSchemaIntrospectionCustomRule)


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{handle: {name}, secret: {p}}}\n" for name, p in PEOPLE.items())
    return (
        "login: {operation: signIn, form: {handle: $handle, secret: $secret}, cookie: desk}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "pupils")

    def named(kind: str, number: int) -> str:
        return base64.b64encode(f"{kind}:{number}".encode()).decode()

    pupils: dict[str, Json] = {}
    for number, who in zip(rng.sample(range(10_000, 99_999), 3), (*PEOPLE, "gero"), strict=True):
        pupils[named("Pupil", number)] = {
            "id": named("Pupil", number),
            "handle": who,
            "guardianPhone": f"+49 151 {rng.randrange(10**8):08}",
            "homeAddress": f"{rng.randint(1, 99)} {words(rng)}",
        }
    lessons: dict[str, Json] = {
        named("Lesson", nth): {"title": title, "homeAddress": words(rng)}
        for nth, title in enumerate(("scales", "duets"), 1)
    }
    visits: dict[str, str] = {}

    def view(row: Json, me: str) -> Json:
        shown = {"__typename": "Pupil", "id": row["id"], "handle": row["handle"]}
        return {**shown, **row} if row["id"] == me else shown

    def lesson(key: str, me: str) -> Json:
        return {
            "__typename": "Lesson",
            "id": key,
            **lessons[key],
            "seenAt": time.time(),
            "attendees": [view(each, me) for each in pupils.values()],
        }

    def root(me: str) -> dict[str, Any]:
        def pupil(_info: Any, handle: str) -> Json:
            found = next((each for each in pupils.values() if each["handle"] == handle), None)
            if found is None:
                raise GraphQLError("no such pupil")
            return view(found, me)

        def node(_info: Any, id: str) -> Json:
            if id in lessons:
                return lesson(id, me)
            if id not in pupils:
                return None
            raw = {"__typename": "Pupil", **pupils[id]}
            return raw if mode == "leaky" else view(pupils[id], me)

        def listed(_info: Any, first: int = 10, after: str | None = None) -> Json:
            rest = [key for key in lessons if after is None or key > after]
            edges = [{"cursor": key, "node": lesson(key, me)} for key in rest[:first]]
            end = edges[-1]["cursor"] if edges else None
            page = {"hasNextPage": len(rest) > len(edges), "endCursor": end}
            return {"edges": edges, "pageInfo": page}

        return {
            "viewer": view(pupils[me], me),
            "pupil": pupil,
            "node": node,
            "lessons": listed,
            "dropPupil": lambda _info, id: pupils.clear(),
        }

    def caller(request: Request) -> str:
        return visits.get(request.cookies.get("desk", ""), "")

    async def enter(request: Request) -> Response:
        sent = {name: each[0] for name, each in parse_qs((await request.body()).decode()).items()}
        if "handle" not in sent or PEOPLE.get(sent["handle"]) != sent.get("secret"):
            return Response(status_code=403)
        visit = secrets.token_urlsafe(24)
        visits[visit] = next(k for k, each in pupils.items() if each["handle"] == sent["handle"])
        answer = Response(status_code=204)
        answer.set_cookie("desk", visit, httponly=True)
        return answer

    async def whoami(request: Request) -> Response:
        me = caller(request)
        if not me:
            return Response(status_code=401)
        return JSONResponse({"id": me, "handle": pupils[me]["handle"]})

    async def graph(request: Request) -> Response:
        me = caller(request)
        if not me:
            return JSONResponse({"errors": [{"message": "who are you?"}]}, 401)
        sent = await request.json()
        try:
            query = parse(sent.get("query") or "")
        except GraphQLError as error:
            return JSONResponse({"errors": [error.formatted]}, 400)
        if mistakes := validate(SCHEMA, query, RULES):
            return JSONResponse({"errors": [each.formatted for each in mistakes]}, 400)
        said = execute_sync(SCHEMA, query, root(me), variable_values=sent.get("variables"))
        return JSONResponse(said.formatted)

    made = Starlette(
        routes=[
            Route("/desk/enter", enter, methods=["POST"]),
            Route("/desk/whoami", whoami),
            Route("/graphql", graph, methods=["POST"]),
        ]
    )
    made.state.db = {"pupils": pupils, "lessons": lessons}
    return made


ENTRY = Entry(
    name="p10-pupils",
    pattern="P10",
    title="`node(id:)` loads any pupil whole, by the global id that every list hands out",
    convention="base64 global ids, Relay nodes, form login with a cookie, introspection off, OpenAPI 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Pupil", ("guardianPhone", "homeAddress"), ("member",), "POST /graphql"),),
    decoys=(
        "the mutation `dropPupil` destroys",
        "`node(id:)` of a lesson has a `homeAddress` too: where it is held",
        "the nested path `lessons { edges { node { attendees } } }` is guarded",
        "`seenAt` is another one each time",
    ),
    files={"schema.graphql": SDL},
)
