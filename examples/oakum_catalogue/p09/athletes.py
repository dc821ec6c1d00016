"""A sports club's API asks who you are. The copy of it below `/legacy`, kept for the old scoreboard,
does not, and serves the whole row."""

from __future__ import annotations

import base64
import random
import time
import uuid

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Sports club, version: "3"}
security: [{}, {basic: []}]
paths:
  /athletes/self:
    get:
      operationId: self
      security: [{basic: []}]
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Athlete"}}}}
  /athletes:
    get:
      operationId: athletes
      responses:
        "200":
          description: everybody
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Athlete"}}}}
  /athletes/{uid}:
    get:
      operationId: athlete
      parameters: [{name: uid, in: path, required: true, schema: {type: string, format: uuid}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Athlete"}}}}
  /status:
    get:
      operationId: status
      responses:
        "200":
          description: how it runs
          content: {application/json: {schema: {type: object, properties: {up: {type: number}, asked: {type: integer}}}}}
components:
  securitySchemes: {basic: {type: http, scheme: basic}}
  schemas:
    Athlete:
      type: object
      properties:
        uid: {type: string, format: uuid}
        nick: {type: string}
        born: {type: string}
        doctor: {type: string}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: self, id: /uid}
relations:
  anyone: {}
  owner: {is: owner}
  member: {authenticated: true}
resources:
  Athlete:
    key: uid
    owner: uid
    main: athlete
    fields:
      uid, nick: [{see: [anyone]}]
      born, doctor: [{see: [owner]}]
operations:
  self: {call: [member]}
  status: {call: [anyone]}
"""

PEOPLE = {"rosa": "rosa-hurdle-44", "sven": "sven-javelin-90"}
OPEN = ("uid", "nick")
ALL = (*OPEN, "born", "doctor")


def basic(who: str) -> str:
    return base64.b64encode(f"{who}:{PEOPLE[who]}".encode()).decode()


def identities(seed: int) -> str:
    lines = "".join(f"  {who}: {{header: 'Authorization: Basic {basic(who)}'}}\n" for who in PEOPLE)
    return f"identities:\n{lines}"


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "athletes")
    athletes: dict[str, Json] = {}
    for who in PEOPLE:
        uid = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        born = f"{rng.randint(1960, 2004)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        athletes[uid] = {"uid": uid, "nick": who, "born": born, "doctor": f"Dr {words(rng, 2)}"}
    keys = {f"Basic {basic(each['nick'])}": uid for uid, each in athletes.items()}
    asked = {"many": 0}

    def caller(request: Request) -> str:
        return keys.get(request.headers.get("authorization", ""), "")

    def view(row: Json, me: str) -> Json:
        return {name: row[name] for name in (ALL if row["uid"] == me else OPEN)}

    async def self_(request: Request) -> Response:
        me = caller(request)
        if not me:
            return JSONResponse({"title": "log in"}, 401, media_type="application/problem+json")
        return JSONResponse(athletes[me])

    async def listed(request: Request) -> Response:
        return JSONResponse([view(each, caller(request)) for each in athletes.values()])

    async def one(request: Request) -> Response:
        found = athletes.get(request.path_params["uid"])
        return JSONResponse(view(found, caller(request))) if found else Response(status_code=404)

    async def status(request: Request) -> Response:
        asked["many"] += 1
        return JSONResponse({"up": time.monotonic(), "asked": asked["many"]})

    async def old_list(request: Request) -> Response:
        rows = [{**view(each, ""), "born": "****-**-**"} for each in athletes.values()]
        return JSONResponse(random.sample(rows, len(rows)), headers={"Deprecation": "true"})

    async def old_one(request: Request) -> Response:
        found = athletes.get(request.path_params["uid"])
        if not found:
            return JSONResponse({"error": "not found"})
        shown = found if mode == "leaky" else view(found, caller(request))
        return JSONResponse(shown, headers={"Deprecation": "true"})

    made = Starlette(
        routes=[
            Route("/athletes/self", self_),
            Route("/athletes", listed),
            Route("/athletes/{uid}", one),
            Route("/status", status),
            Mount(
                "/legacy",
                routes=[
                    Route("/athletes/self", self_),
                    Route("/athletes", old_list),
                    Route("/athletes/{uid}", old_one),
                    Route("/status", status),
                ],
            ),
        ]
    )
    made.state.db = {"athletes": athletes}
    return made


ENTRY = Entry(
    name="p09-athletes",
    pattern="P9",
    title="an old address of the same API shows the whole row, without a login",
    convention="uuids, bare objects and lists, basic authentication, no pagination, OpenAPI 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth("Athlete", ("born", "doctor"), ("anyone", "member"), "GET /legacy/athletes/{uid}"),
    ),
    decoys=(
        "the old list has `born` as well: a placeholder",
        "the old list comes in another order each time",
        "`status` counts what it was asked, on both addresses",
        "the old address answers 200 with an error for an athlete that there is not",
    ),
    options=("--twin", "{target}/legacy"),
)
