"""A riding app answers JSON that is cut to what the reader may see. To a phone's browser the same
address answers a page, and in it stands the whole rider, for the script that will draw them."""

from __future__ import annotations

import html
import json
import re
import secrets

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Riding, version: "1"}
security: [{}, {bearer: []}]
paths:
  /auth/token:
    post:
      operationId: getToken
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, properties: {handle: {type: string}, password: {type: string}}}}}
      responses: {"200": {description: a token}}
  /whoami:
    get:
      operationId: whoami
      security: [{bearer: []}]
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/RiderAnswer"}}}}
  /riders/{handle}:
    get:
      operationId: showRider
      parameters: [{name: handle, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/RiderAnswer"}}}}
  /stables/{number}:
    get:
      operationId: showStable
      parameters: [{name: number, in: path, required: true, schema: {type: integer}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Stable"}}}}
  /stables:
    get:
      operationId: listStables
      responses:
        "200":
          description: all
          content: {application/json: {schema: {type: object, properties: {stables: {type: array, items: {$ref: "#/components/schemas/Stable"}}}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    RiderAnswer:
      type: object
      properties: {rider: {$ref: "#/components/schemas/Rider"}, requestId: {type: string}}
    Rider:
      type: object
      properties: {handle: {type: string}, horse: {type: string}, homeTown: {type: string}, mail: {type: string}}
    Stable: {type: object, properties: {number: {type: integer}, homeTown: {type: string}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: whoami, id: /rider/handle}
relations:
  anyone: {}
  owner: {is: owner}
  member: {authenticated: true}
resources:
  Rider:
    key: handle
    owner: handle
    main: showRider
    fields:
      handle, horse: [{see: [anyone]}]
      homeTown, mail: [{see: [owner]}]
  Stable:
    key: number
    owner: none
    main: showStable
    fields:
      number, homeTown: [{see: [anyone]}]
operations:
  whoami: {call: [member]}
"""

PEOPLE = {"thea-rides": "thea-saddle-31", "udo-gallops": "udo-stirrup-86"}
OPEN = ("handle", "horse")
ALL = (*OPEN, "homeTown", "mail")
PHONE = re.compile("Mobile|iPhone|Android")


def identities(seed: int) -> str:
    lines = "".join(
        f"  {who[:4].strip('-')}: {{handle: {who}, password: {p}}}\n" for who, p in PEOPLE.items()
    )
    return (
        "login: {operation: getToken, json: {handle: $handle, password: $password}, token: /access}\n"
        f"identities:\n{lines}"
    )


def page(title: str, state: Json) -> Response:
    """A page for phones; `<` is escaped so that no value ends the script."""
    data = json.dumps(state).replace("<", "\\u003c")
    return HTMLResponse(
        f'<!doctype html><title>{html.escape(title)}</title><div id="root"></div>'
        f'<script type="application/json" id="__STATE__">{data}</script><script src="/m.js"></script>'
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "riders")
    riders: dict[str, Json] = {
        who: {
            "handle": who,
            "horse": words(rng, 1),
            "homeTown": words(rng),
            "mail": f"{words(rng, 1)}.{rng.randrange(999)}@horses.example",
        }
        for who in PEOPLE
    }
    stables = {nth: {"number": nth, "homeTown": words(rng)} for nth in (1, 2, 3)}
    tokens = Tokens()

    def view(row: Json, me: str) -> Json:
        return {name: row[name] for name in (ALL if row["handle"] == me else OPEN)}

    def answer(rider: Json) -> Json:
        return {"rider": rider, "requestId": secrets.token_hex(8)}

    def on_phone(request: Request) -> bool:
        return bool(PHONE.search(request.headers.get("user-agent", "")))

    async def token(request: Request) -> Response:
        sent = await request.json()
        if PEOPLE.get(sent.get("handle")) != sent.get("password"):
            return JSONResponse({"message": "no"}, 401)
        return JSONResponse({"access": tokens.give(sent["handle"])})

    async def whoami(request: Request) -> Response:
        me = tokens.whose(request)
        return JSONResponse(answer(riders[me])) if me else JSONResponse({"message": "no"}, 401)

    async def rider(request: Request) -> Response:
        me, found = tokens.whose(request), riders.get(request.path_params["handle"])
        if found is None:
            return JSONResponse({"message": "nobody"}, 404)
        if on_phone(request):
            return page(found["handle"], answer(found if mode == "leaky" else view(found, me)))
        return JSONResponse(answer(view(found, me)))

    async def stable(request: Request) -> Response:
        found = stables.get(request.path_params["number"])
        if found is None:
            return JSONResponse({"message": "none"}, 404)
        return page("stable", found) if on_phone(request) else JSONResponse(found)

    async def listed(request: Request) -> Response:
        return JSONResponse({"stables": [*stables.values()]})

    made = Starlette(
        routes=[
            Route("/auth/token", token, methods=["POST"]),
            Route("/whoami", whoami),
            Route("/riders/{handle}", rider),
            Route("/stables", listed),
            Route("/stables/{number:int}", stable),
        ]
    )
    made.state.db = {"riders": riders, "stables": stables}
    return made


ENTRY = Entry(
    name="p09-riders",
    pattern="P9",
    title="the page that a phone gets has the whole rider in it, for anybody",
    convention="handles as ids, {rider, requestId}, camelCase, bearer token, no pagination",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Rider", ("homeTown", "mail"), ("anyone", "member"), "GET /riders/{handle}"),),
    decoys=(
        "stables have a page for phones too, with a `homeTown` that is no secret",
        "`requestId` is another one each time",
        "the page itself differs from the JSON in everything but what it says",
    ),
    options=("--twins",),
)
