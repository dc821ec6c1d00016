"""A marina whose boats need no login at all: the document declares one, the endpoint never asks for it.

Whoever counts up from one berth to the next has every skipper's telephone number.
"""

from __future__ import annotations

import secrets

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Marina, version: "1"}
security: [{bearer: []}]
paths:
  /v1/session:
    post:
      operationId: openSession
      security: []
      requestBody: {content: {application/json: {schema: {type: object, properties: {email: {type: string}, password: {type: string}}}}}}
      responses: {"200": {description: a token}}
  /v1/skipper:
    get:
      operationId: getSkipper
      responses: {"200": {description: the caller, content: {application/json: {schema: {type: object, properties: {requestId: {type: string}, data: {$ref: "#/components/schemas/Skipper"}}}}}}}
  /v1/boats:
    get:
      operationId: listBoats
      responses: {"200": {description: the caller's own, content: {application/json: {schema: {type: object, properties: {requestId: {type: string}, data: {type: array, items: {$ref: "#/components/schemas/BoatBrief"}}}}}}}}
  /v1/boats/{boatId}:
    get:
      operationId: getBoat
      parameters: [{name: boatId, in: path, required: true, schema: {type: integer}}]
      responses: {"200": {description: one, content: {application/json: {schema: {type: object, properties: {requestId: {type: string}, data: {$ref: "#/components/schemas/Boat"}}}}}}}
  /v1/harbours:
    get:
      operationId: listHarbours
      security: []
      parameters: [{name: page, in: query, schema: {type: integer, default: 1}}]
      responses: {"200": {description: two a page, content: {application/json: {schema: {type: object, properties: {requestId: {type: string}, data: {type: array, items: {$ref: "#/components/schemas/Harbour"}}}}}}}}
  /v1/harbours/{harbourId}:
    get:
      operationId: getHarbour
      security: []
      parameters: [{name: harbourId, in: path, required: true, schema: {type: integer}}]
      responses: {"200": {description: one, content: {application/json: {schema: {type: object, properties: {requestId: {type: string}, data: {$ref: "#/components/schemas/Harbour"}}}}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Skipper: {type: object, properties: {id: {type: integer}, email: {type: string}}}
    BoatBrief: {type: object, properties: {id: {type: integer}, skipperId: {type: integer}}}
    Boat:
      type: object
      properties:
        id: {type: integer}
        skipperId: {type: integer}
        name: {type: string}
        berth: {type: string}
        phone: {type: string}
    Harbour: {type: object, properties: {id: {type: integer}, name: {type: string}, phone: {type: string}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getSkipper, id: /data/id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
order: [anyone, member, owner]
resources:
  Skipper:
    key: id
    owner: id
    main: getSkipper
    fields:
      id, email: [{see: [owner]}]
  Boat:
    schemas: [Boat, BoatBrief]
    key: id
    owner: skipperId
    main: getBoat
    fields:
      id, skipperId, name, berth, phone: [{see: [owner]}]
  Harbour:
    key: id
    owner: none
    conceal: false
    fields:
      id, name, phone: [{see: [anyone]}]
operations:
  listBoats: {call: [member]}
"""

PEOPLE = {"ida": "ida-pass-7tq", "jon": "jon-pass-2vm", "kai": "kai-pass-5zd"}


def identities(seed: int) -> str:
    lines = "".join(
        f"  {name}: {{email: {name}@sea.example, password: {password}}}\n"
        for name, password in PEOPLE.items()
    )
    return (
        "login: {operation: openSession, json: {email: $email, password: $password}, token: /data/accessToken}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "boats")
    ids = dict(zip(PEOPLE, rng.sample(range(2_000, 9_000), len(PEOPLE)), strict=True))
    first = rng.randint(100, 800)
    boats: dict[int, Json] = {
        first + nth: {
            "id": first + nth,
            "skipperId": ids[who],
            "name": words(rng, 2),
            "berth": f"{rng.choice('ABCDEF')}-{rng.randint(100_000, 999_999)}",
            "phone": f"+44 7{rng.randint(100_000_000, 999_999_999)}",
        }
        for nth, who in enumerate([*PEOPLE, "kai", "ida"])
    }
    harbours = [
        {"id": nth, "name": words(rng, 2), "phone": f"+44 1{rng.randint(10**8, 10**9 - 1)}"}
        for nth in range(1, 5)
    ]
    tokens = Tokens()

    def answer(data: Json, status: int = 200) -> Response:
        return JSONResponse({"requestId": secrets.token_hex(8), "data": data}, status)

    def refused(status: int, why: str) -> Response:
        return JSONResponse({"requestId": secrets.token_hex(8), "error": why}, status)

    async def open_session(request: Request) -> Response:
        sent = await request.json()
        who = str(sent.get("email", "")).removesuffix("@sea.example")
        if who not in PEOPLE or PEOPLE[who] != sent.get("password"):
            return refused(401, "wrong e-mail or password")
        return answer({"accessToken": tokens.give(who)})

    async def skipper(request: Request) -> Response:
        who = tokens.whose(request)
        return (
            answer({"id": ids[who], "email": f"{who}@sea.example"})
            if who
            else refused(401, "log in")
        )

    async def listed(request: Request) -> Response:
        who = tokens.whose(request)
        if not who:
            return refused(401, "log in")
        own = [each for each in boats.values() if each["skipperId"] == ids[who]]
        return answer([{"id": each["id"], "skipperId": each["skipperId"]} for each in own])

    async def boat(request: Request) -> Response:
        found = boats.get(request.path_params["id"])
        if mode == "fixed":
            who = tokens.whose(request)
            if not who:
                return refused(401, "log in")
            if found and found["skipperId"] != ids[who]:
                found = None
        return answer(found) if found else refused(404, "no such boat")

    async def all_harbours(request: Request) -> Response:
        page = request.query_params.get("page", "1")
        start = 2 * (int(page) - 1) if page.isdigit() and page != "0" else 0
        return answer(harbours[start : start + 2])

    async def harbour(request: Request) -> Response:
        found = next((each for each in harbours if each["id"] == request.path_params["id"]), None)
        return answer(found) if found else refused(404, "no such harbour")

    made = Starlette(
        routes=[
            Route("/v1/session", open_session, methods=["POST"]),
            Route("/v1/skipper", skipper),
            Route("/v1/boats", listed),
            Route("/v1/boats/{id:int}", boat),
            Route("/v1/harbours", all_harbours),
            Route("/v1/harbours/{id:int}", harbour),
        ]
    )
    made.state.db = {"boats": boats, "harbours": harbours}
    return made


ENTRY = Entry(
    name="p01-boats",
    pattern="P1",
    title="nobody needs to log in to read any boat, its berth and its skipper's telephone number",
    convention="integer ids that count up, {requestId, data}, camelCase, bearer token, numbered pages, 3.0",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth(
            "Boat",
            ("id", "skipperId", "name", "berth", "phone"),
            ("anyone", "member"),
            "GET /v1/boats/{boatId}",
        ),
    ),
    decoys=(
        "harbours are public: their ids count up too, and their `phone` is an office",
        "`requestId` is another in every answer",
        "the list of boats refuses nobody-logged-in as declared, and holds the caller's own alone",
    ),
)
