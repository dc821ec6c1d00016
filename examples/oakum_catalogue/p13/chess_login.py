"""A chess club greets whoever mistypes a password by first name, and offers to text the phone that
it names: before anybody has logged in."""

from __future__ import annotations

import uuid
from itertools import count

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Chess club, version: "1"}
security: [{token: []}]
paths:
  /login:
    post:
      operationId: login
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, required: [handle, password], properties: {handle: {type: string}, password: {type: string}}}}}
      responses:
        "200": {description: a token}
        "401":
          description: wrong password
          content:
            application/json:
              schema:
                type: object
                properties:
                  error: {type: string}
                  attempt: {type: integer}
                  player: {$ref: "#/components/schemas/Player"}
                  help: {type: object, properties: {phone: {type: string}}}
        "404": {description: no such handle}
  /players/me:
    get:
      operationId: whoAmI
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Player"}}}}
  /players/{handle}:
    get:
      operationId: getPlayer
      security: [{token: []}, {}]
      parameters: [{name: handle, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Player"}}}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Player:
      type: object
      properties:
        id: {type: string, format: uuid}
        handle: {type: string}
        rating: {type: integer}
        firstName: {type: string}
        phone: {type: string}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: whoAmI, id: /id}
relations:
  anyone: {}
  owner: {is: owner}
resources:
  Player:
    key: id
    owner: id
    main: getPlayer
    fields:
      id, handle, rating: [{see: [anyone]}]
      firstName, phone: [{see: [owner]}]
operations:
  getPlayer: {params: {handle: Player.handle}}
"""

PASSWORDS = ("queens-gambit-1", "kings-indian-22")
OPEN = ("id", "handle", "rating")


def players(seed: int) -> list[Json]:
    rng = drawn(seed, "chess")
    numbers = rng.sample(range(10**8, 10**9), 5)
    return [
        {
            "id": str(uuid.UUID(bytes=rng.randbytes(16), version=4)),
            "handle": f"{words(rng, 1)}{nth}",
            "rating": 1500,
            "firstName": words(rng, 2).title(),
            "phone": f"+44{number}",
        }
        for nth, number in enumerate(numbers)
    ]


def identities(seed: int) -> str:
    lines = "".join(
        f"  {name}: {{handle: {each['handle']}, password: {password}}}\n"
        for name, each, password in zip(("ann", "bob"), players(seed), PASSWORDS, strict=False)
    )
    return (
        "login: {operation: login, json: {handle: $handle, password: $password}, token: /token}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    people = {each["handle"]: each for each in players(seed)}
    passwords = dict(zip(people, PASSWORDS, strict=False))
    tokens = Tokens()
    attempts = count(1)

    async def login(request: Request) -> Response:
        sent = await request.json()
        found = people.get(sent.get("handle"))
        if found is None:
            return JSONResponse({"error": "no such handle", "handle": sent.get("handle")}, 404)
        if found["handle"] in passwords and passwords[found["handle"]] == sent.get("password"):
            return JSONResponse({"token": tokens.give(found["handle"])})
        told = {"handle": found["handle"], "firstName": "***", "phone": "***"}
        if mode == "leaky":
            told |= {"firstName": found["firstName"], "phone": found["phone"]}
        desk = {"phone": "+44 20 7946 0999"}
        return JSONResponse(
            {"error": "wrong password", "attempt": next(attempts), "player": told, "help": desk},
            401,
        )

    async def who_am_i(request: Request) -> Response:
        found = people.get(tokens.whose(request))
        return JSONResponse(found) if found else JSONResponse({"error": "log in"}, 401)

    async def one(request: Request) -> Response:
        found = people.get(request.path_params["handle"])
        if found is None:
            return JSONResponse({"error": "no such player"}, 404)
        own = found["handle"] == tokens.whose(request)
        return JSONResponse(found if own else {key: found[key] for key in OPEN})

    made = Starlette(
        routes=[
            Route("/login", login, methods=["POST"]),
            Route("/players/me", who_am_i),
            Route("/players/{handle}", one),
        ]
    )
    made.state.db = {"players": people}
    return made


ENTRY = Entry(
    name="p13-chess-login",
    pattern="P13",
    title="the answer to a wrong password holds first name and phone of whose handle it was",
    convention="uuids, bare objects, camelCase, bearer token from a JSON login, no pagination, OpenAPI 3.0",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Player", ("firstName", "phone"), ("anyone",), "POST /login"),),
    decoys=(
        "unknown handles are answered with 404: handles are public, and looked up at their own endpoint",
        "the fixed twin has `***` in the same places",
        "`attempt` counts up by itself, and `help.phone` is that of the club",
        "all players happen to have the same rating, which is public",
    ),
)
