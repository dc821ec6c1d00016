"""A power company keeps its answers for twenty seconds, under their address and no other key.

Whoever asks for his bill next is given the one that was asked for before.
"""

from __future__ import annotations

import time
from uuid import UUID, uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Power, version: "2"}
security: [{token: []}]
paths:
  /tokens:
    post:
      operationId: createToken
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, properties: {customer: {type: string}, pin: {type: string}}}}}
      responses: {"201": {description: a token}}
  /self:
    get:
      operationId: getSelf
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Customer"}}}}
  /bill:
    get:
      operationId: getBill
      responses:
        "200": {description: the caller's latest, content: {application/json: {schema: {$ref: "#/components/schemas/Bill"}}}}
  /tariffs:
    get:
      operationId: listTariffs
      security: []
      responses:
        "200":
          description: for everybody
          content:
            application/json:
              schema:
                type: object
                properties:
                  _embedded:
                    type: object
                    properties: {tariffs: {type: array, items: {$ref: "#/components/schemas/Tariff"}}}
components:
  securitySchemes: {token: {type: apiKey, in: header, name: Authorization}}
  schemas:
    Links:
      type: object
      properties: {self: {type: object, properties: {href: {type: string}}}}
    Customer:
      type: object
      properties: {id: {type: string, format: uuid}, _links: {$ref: "#/components/schemas/Links"}}
    Bill:
      type: object
      properties:
        id: {type: string, format: uuid}
        customer: {type: string, format: uuid}
        supply_address: {type: string}
        used_kwh: {type: integer}
        tariff: {type: string}
        _links: {$ref: "#/components/schemas/Links"}
    Tariff:
      type: object
      properties: {name: {type: string}, pence: {type: number}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getSelf, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Customer:
    owner: id
    main: getSelf
    fields:
      id, _links: [{see: [owner]}]
  Bill:
    key: id
    owner: customer
    main: getBill
    fields:
      id, customer, supply_address, used_kwh: [{see: [owner]}]
      tariff, _links: [{see: [member]}]
  Tariff:
    owner: none
    fields:
      name, pence: [{see: [anyone]}]
"""

PEOPLE = {"ann": "ann-volt-2gc", "bob": "bob-volt-7ne", "cyd": "cyd-volt-4tz"}
KEPT = 20.0


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{customer: {name}, pin: {pin}}}\n" for name, pin in PEOPLE.items())
    return (
        'login: {operation: createToken, json: {customer: $customer, pin: $pin}, token: /token, send: "Authorization: Token $token"}\n'
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "bills")
    used = rng.sample(range(1_000, 9_000), len(PEOPLE))
    bills: dict[str, Json] = {
        who: {
            "id": str(UUID(int=rng.getrandbits(128), version=4)),
            "customer": str(UUID(int=rng.getrandbits(128), version=4)),
            "supply_address": words(rng),
            "used_kwh": kwh,
            "tariff": "standard",
            "_links": {"self": {"href": "/bill"}},
        }
        for who, kwh in zip(PEOPLE, used, strict=True)
    }
    tariffs = [{"name": "standard", "pence": 24.5}, {"name": "night", "pence": 11.2}]
    tokens = Tokens("Token")
    cache: dict[tuple[str, str], tuple[float, Json]] = {}

    def cached(request: Request, fresh: Json) -> Response:
        """What is kept for this address, or else `fresh`, which is kept from now on."""
        # the cause: an answer that depends on who asks, kept as though it did not
        asker = request.headers.get("authorization", "") if mode == "fixed" else ""
        key = (request.url.path, asker)
        since, kept = cache.get(key, (-KEPT, None))
        hit = time.monotonic() - since < KEPT
        if not hit:
            cache[key], kept = (time.monotonic(), fresh), fresh
        headers = {"x-cache": "HIT" if hit else "MISS", "x-request-id": str(uuid4())}
        return JSONResponse(kept, headers=headers)

    async def create_token(request: Request) -> Response:
        sent = await request.json()
        if sent.get("customer") not in PEOPLE or PEOPLE[sent["customer"]] != sent.get("pin"):
            return JSONResponse({"error": "wrong"}, 401)
        return JSONResponse({"token": tokens.give(sent["customer"])}, 201)

    async def get_self(request: Request) -> Response:
        if not (who := tokens.whose(request)):
            return JSONResponse({"error": "log in"}, 401)
        return JSONResponse({"id": bills[who]["customer"], "_links": {"self": {"href": "/self"}}})

    async def get_bill(request: Request) -> Response:
        if not (who := tokens.whose(request)):
            return JSONResponse({"error": "log in"}, 401)
        return cached(request, bills[who])

    async def list_tariffs(request: Request) -> Response:
        return cached(request, {"_embedded": {"tariffs": tariffs}})

    made = Starlette(
        routes=[
            Route("/tokens", create_token, methods=["POST"]),
            Route("/self", get_self),
            Route("/bill", get_bill),
            Route("/tariffs", list_tariffs),
        ]
    )
    made.state.db = {"bills": bills, "tariffs": tariffs}
    return made


ENTRY = Entry(
    name="p14-bills",
    pattern="P14",
    title="the customer who asks second is given the bill of the one who asked first",
    convention="uuids, HAL (_links, _embedded), snake_case, `Token` header, no pagination",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth("Bill", ("id", "customer", "supply_address", "used_kwh"), ("member",), "GET /bill"),
    ),
    decoys=(
        "`x-cache: HIT` on one's own second reading, and on the tariffs, which are for everybody",
        "`x-request-id` is new in each answer, cached or not",
        "all customers have one tariff by chance",
    ),
)
