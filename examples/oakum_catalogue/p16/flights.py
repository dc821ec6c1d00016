"""Pigeon fanciers read the flights of those they follow, page by page, and a page is kept for them.

The cursor leads to a copy made when the first page was asked for: unfollowing does not reach it.
"""

from __future__ import annotations

import secrets
import time
from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Pigeons, version: "3"}
security: [{token: []}]
paths:
  /session:
    post:
      operationId: openSession
      security: []
      requestBody: {content: {application/json: {schema: {type: object, properties: {nick: {type: string}, pass: {type: string}}}}}}
      responses: {"200": {description: a token}}
    get:
      operationId: getSession
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Fancier"}}}}}
  /fanciers/{fancierId}/followers:
    get:
      operationId: listFollowers
      parameters: [{name: fancierId, in: path, required: true, schema: {type: string, format: uuid}}]
      responses: {"200": {description: who follows, content: {application/json: {schema: {type: object, properties: {entries: {type: array, items: {$ref: "#/components/schemas/Fancier"}}}}}}}}
  /fanciers/{fancierId}/follow:
    parameters: [{name: fancierId, in: path, required: true, schema: {type: string, format: uuid}}]
    put:
      operationId: followFancier
      responses: {"204": {description: followed}}
    delete:
      operationId: unfollowFancier
      responses: {"204": {description: not any more}}
  /flights/{flightId}:
    get:
      operationId: getFlight
      parameters: [{name: flightId, in: path, required: true, schema: {type: string, format: uuid}}]
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Flight"}}}}}
  /feed:
    get:
      operationId: getFeed
      parameters: [{name: cursor, in: query, schema: {type: string}}]
      responses:
        "200":
          description: one's own flights and those of whom one follows, newest first
          content: {application/json: {schema: {type: object, properties: {entries: {type: array, items: {$ref: "#/components/schemas/Flight"}}, nextCursor: {type: string}, servedAt: {type: number}}}}}
components:
  securitySchemes: {token: {type: apiKey, in: header, name: Authorization}}
  schemas:
    Fancier: {type: object, properties: {fancierId: {type: string, format: uuid}, nick: {type: string}}}
    Flight:
      type: object
      properties:
        flightId: {type: string, format: uuid}
        fancierId: {type: string, format: uuid}
        loftAddress: {type: string}
        metres: {type: integer}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getSession, id: /fancierId}
relations:
  member: {authenticated: true}
  follower: {in: listFollowers, id: /entries/*/fancierId, begin: [followFancier], end: [unfollowFancier]}
  owner: {is: owner}
resources:
  Fancier:
    key: fancierId
    owner: fancierId
    main: getSession
    fields:
      fancierId, nick: [{see: [member]}]
  Flight:
    key: flightId
    owner: fancierId
    main: getFlight
    fields:
      flightId, fancierId, loftAddress, metres: [{see: [owner, follower]}]
operations:
  listFollowers: {params: {fancierId: Fancier.fancierId}}
  followFancier: {call: [member]}
  unfollowFancier: {call: [member]}
"""

PEOPLE = {"ann": "ann-wing-4eb", "bob": "bob-wing-9lu", "pia": "pia-wing-2cx"}
PAGE = 3


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{nick: {name}, pass: {p}}}\n" for name, p in PEOPLE.items())
    return (
        'login: {operation: openSession, json: {nick: $nick, pass: $pass}, token: /token, send: "Authorization: Token $token"}\n'
        f"identities:\n{lines}"
        "between:\n  - bob is follower of pia\n"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "flights")

    def uuid() -> str:
        return str(UUID(int=rng.getrandbits(128), version=4))

    ids = {who: uuid() for who in PEOPLE}
    names = {id: who for who, id in ids.items()}
    followers: dict[str, list[str]] = {"ann": [], "bob": [], "pia": ["bob"]}
    flights: list[Json] = [
        {
            "flightId": uuid(),
            "fancierId": ids[who],
            "loftAddress": words(rng),
            "metres": rng.randint(10_000, 900_000),
        }
        for who in [*PEOPLE] * 3
    ]
    tokens = Tokens("Token")
    pages: dict[str, tuple[str, list[Json]]] = {}

    def may(who: str, flight: Json) -> bool:
        owner = names[flight["fancierId"]]
        return who == owner or who in followers[owner]

    def sent(content: Json, status: int = 200) -> Response:
        return JSONResponse(content, status)

    async def session(request: Request) -> Response:
        if request.method == "GET":
            who = tokens.whose(request)
            return sent({"fancierId": ids[who], "nick": who}) if who else sent({}, 401)
        body = await request.json()
        if body.get("nick") not in PEOPLE or PEOPLE[body["nick"]] != body.get("pass"):
            return sent({}, 401)
        return sent({"token": tokens.give(body["nick"])})

    async def fancier(request: Request) -> Response:
        who, owner = tokens.whose(request), names.get(request.path_params["id"])
        if not who or owner is None:
            return sent({}, 404 if who else 401)
        if request.method == "GET":
            entries = [{"fancierId": ids[each], "nick": each} for each in followers[owner]]
            return sent({"entries": entries})
        others = {*followers[owner]} - {who}
        followers[owner] = sorted(
            others | {who} if request.method == "PUT" and who != owner else others
        )
        return Response(status_code=204)

    async def one(request: Request) -> Response:
        who = tokens.whose(request)
        found = [each for each in flights if each["flightId"] == request.path_params["id"]]
        if not who or not found or not may(who, found[0]):
            return sent({}, 404 if who else 401)
        return sent(found[0])

    async def feed(request: Request) -> Response:
        if not (who := tokens.whose(request)):
            return sent({}, 401)
        cursor = request.query_params.get("cursor")
        whose, left = pages.get(cursor, ("", [])) if cursor else (who, flights)
        # the cause: what was allowed at the first page is not asked again at the others
        asked = mode == "fixed" or not cursor
        left = [each for each in left if whose == who and (not asked or may(who, each))]
        answer: Json = {"entries": left[:PAGE], "servedAt": time.time()}
        if len(left) > PAGE:
            answer["nextCursor"] = secrets.token_urlsafe(12)
            pages[answer["nextCursor"]] = (who, left[PAGE:])
        return sent(answer)

    made = Starlette(
        routes=[
            Route("/session", session, methods=["GET", "POST"]),
            Route("/fanciers/{id}/followers", fancier),
            Route("/fanciers/{id}/follow", fancier, methods=["PUT", "DELETE"]),
            Route("/flights/{id}", one),
            Route("/feed", feed),
        ]
    )
    made.state.db = {"followers": followers, "flights": flights}
    return made


ENTRY = Entry(
    name="p16-flights",
    pattern="P16",
    title="a cursor from before goes on showing flights of somebody who is not followed any more",
    convention="uuids, {entries, nextCursor}, camelCase, `Token` header, cursors, OpenAPI 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth(
            "Flight", ("flightId", "fancierId", "loftAddress", "metres"), ("member",), "GET /feed"
        ),
    ),
    decoys=(
        "each answer has a new cursor and a new `servedAt`, though the page is the same",
        "a cursor that is another's, or none, is answered 200 with no entries",
        "an old cursor goes on showing one's own flights",
    ),
    options=("--allow-own-settings",),
)
