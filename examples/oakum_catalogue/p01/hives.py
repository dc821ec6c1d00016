"""A beekeepers' register on a generated table API: one public key, the same in every app, opens it.

The rule for rows of those who logged in is right. The rule for those who did not was left over from
the prototype, and lets them read the whole table.
"""

from __future__ import annotations

import random
import secrets
import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Hive register, version: "14.2"}
security: [{login: []}]
paths:
  /auth/v1/token:
    post:
      operationId: sign_in
      security: []
      parameters: [{$ref: "#/components/parameters/app_key"}]
      requestBody: {content: {application/json: {schema: {type: object, properties: {email: {type: string}, password: {type: string}}}}}}
      responses: {"200": {description: a token}}
  /auth/v1/user:
    get:
      operationId: who_am_i
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/keepers"}}}}}
  /rest/v1/hives:
    get:
      operationId: hives_list
      security: [{login: []}, {}]
      parameters:
        - {$ref: "#/components/parameters/app_key"}
        - {$ref: "#/components/parameters/limit"}
        - {$ref: "#/components/parameters/offset"}
      responses: {"200": {description: the rows that the caller may read, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/hives"}}}}}}
  /rest/v1/forage:
    get:
      operationId: forage_list
      security: []
      parameters:
        - {$ref: "#/components/parameters/app_key"}
        - {$ref: "#/components/parameters/limit"}
        - {$ref: "#/components/parameters/offset"}
      responses: {"200": {description: what flowers where, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/forage"}}}}}}
components:
  securitySchemes: {login: {type: http, scheme: bearer}}
  parameters:
    app_key: {name: apikey, in: header, required: true, description: the app's public key, schema: {type: string, const: pub_hives_5c1d9a7e42}}
    limit: {name: limit, in: query, schema: {type: integer, minimum: 1}}
    offset: {name: offset, in: query, schema: {type: integer, minimum: 0}}
  schemas:
    keepers: {type: object, properties: {keeper_id: {type: string}, email: {type: string}}}
    hives:
      type: object
      properties:
        hive_id: {type: string}
        keeper_id: {type: string}
        place: {type: string}
        gate_code: {type: string}
        yield_grams: {type: integer}
    forage: {type: object, properties: {forage_id: {type: string}, plant: {type: string}, place: {type: string}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: who_am_i, id: /keeper_id}
relations:
  anyone: {}
  keeper: {authenticated: true}
  owner: {is: owner}
order: [anyone, keeper, owner]
resources:
  Keeper:
    schemas: [keepers]
    key: keeper_id
    owner: keeper_id
    main: who_am_i
    fields:
      keeper_id, email: [{see: [owner]}]
  Hive:
    schemas: [hives]
    key: hive_id
    owner: keeper_id
    main: hives_list
    promise: "Nobody but you learns where your hives stand"
    fields:
      hive_id, keeper_id, place, gate_code, yield_grams: [{see: [owner]}]
  Forage:
    schemas: [forage]
    key: forage_id
    owner: none
    conceal: false
    fields:
      forage_id, plant, place: [{see: [anyone]}]
operations:
  who_am_i: {call: [keeper]}
"""

APP_KEY = "pub_hives_5c1d9a7e42"
PEOPLE = {"bea": "bea-pass-9kd", "cas": "cas-pass-3wn"}


def identities(seed: int) -> str:
    lines = "".join(
        f"  {name}: {{email: {name}@hives.example, password: {password}}}\n"
        for name, password in PEOPLE.items()
    )
    return (
        "login:\n"
        "  post: /auth/v1/token\n"
        "  json: {email: $email, password: $password}\n"
        f"  headers: {{apikey: {APP_KEY}}}\n"
        "  token: /access_token\n"
        f"identities:\n{lines}"
    )


def ulid(rng: random.Random) -> str:
    return "01J" + "".join(rng.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=23))


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "hives")
    keepers = {who: ulid(rng) for who in (*PEOPLE, "dag", "eli")}
    hives: list[Json] = [
        {
            "hive_id": ulid(rng),
            "keeper_id": keeper,
            "place": words(rng),
            "gate_code": f"{rng.choice('ABCDEFGH')}{rng.randint(100_000, 999_999)}",
            "yield_grams": rng.randint(100_000, 999_999),
        }
        for keeper in [*keepers.values()] * 2
    ]
    forage = [
        {"forage_id": ulid(rng), "plant": words(rng, 1), "place": words(rng)} for _ in range(4)
    ]
    tokens = Tokens()

    def refused(request: Request) -> Response | None:
        """The gateway in front: the app's key, and a login that holds if there is any."""
        if request.headers.get("apikey") != APP_KEY:
            return JSONResponse({"message": "No API key found in request"}, 401)
        sent = request.headers.get("authorization", "")
        if sent and sent != f"Bearer {APP_KEY}" and not tokens.whose(request):
            return JSONResponse({"message": "JWT expired"}, 401)
        return None

    def rows(request: Request, those: list[Json]) -> Response:
        asked = request.query_params
        limit, offset = asked.get("limit", "100"), asked.get("offset", "0")
        if not (limit.isdecimal() and offset.isdecimal()):
            return JSONResponse({"message": "invalid range"}, 416)
        page = those[int(offset) : int(offset) + int(limit)]
        span = f"{offset}-{int(offset) + len(page) - 1}" if page else "*"
        headers = {"Content-Range": f"{span}/{len(those)}", "X-Request-Id": secrets.token_hex(8)}
        return JSONResponse(page, headers=headers)

    async def sign_in(request: Request) -> Response:
        if no := refused(request):
            return no
        sent = await request.json()
        who = str(sent.get("email", "")).removesuffix("@hives.example")
        if who not in PEOPLE or PEOPLE[who] != sent.get("password"):
            return JSONResponse({"message": "Invalid login credentials"}, 400)
        return JSONResponse({"access_token": tokens.give(who), "expires_at": time.time() + 3600})

    async def user(request: Request) -> Response:
        who = tokens.whose(request)
        if not who:
            return JSONResponse({"message": "Not logged in"}, 401)
        return JSONResponse({"keeper_id": keepers[who], "email": f"{who}@hives.example"})

    async def all_hives(request: Request) -> Response:
        if no := refused(request):
            return no
        who = tokens.whose(request)
        if not who:
            return rows(request, hives if mode == "leaky" else [])
        return rows(request, [each for each in hives if each["keeper_id"] == keepers[who]])

    async def all_forage(request: Request) -> Response:
        if no := refused(request):
            return no
        return rows(request, random.sample(forage, len(forage)))

    made = Starlette(
        routes=[
            Route("/auth/v1/token", sign_in, methods=["POST"]),
            Route("/auth/v1/user", user),
            Route("/rest/v1/hives", all_hives),
            Route("/rest/v1/forage", all_forage),
        ]
    )
    made.state.db = {"keepers": keepers, "hives": hives, "forage": forage}
    return made


ENTRY = Entry(
    name="p01-hives",
    pattern="P1",
    title="the list of all hives is open to whoever has the key that is the same in every app",
    convention="ULIDs, bare rows of a generated API, snake_case, public key and JSON login, limit and offset, 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth(
            "Hive",
            ("hive_id", "keeper_id", "place", "gate_code", "yield_grams"),
            ("anyone",),
            "GET /rest/v1/hives",
        ),
    ),
    decoys=(
        "without the app's public key everything is refused, which protects nothing",
        "whoever logs in gets their own hives alone: it is logging out that opens the table",
        "in the fixed twin nobody-logged-in is still answered with 200, and no rows",
        "forage is public, has a `place` as well, and comes in another order each time",
    ),
)
