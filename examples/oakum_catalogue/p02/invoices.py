"""An invoice service that asks who you are and then not whose invoice it is."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Invoices, version: "1"}
security: [{token: []}]
paths:
  /login:
    post:
      operationId: login
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, properties: {user: {type: string}, password: {type: string}}}}}
      responses: {"200": {description: a token}}
  /me:
    get:
      operationId: whoAmI
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Account"}}}}
  /invoices:
    get:
      operationId: listInvoices
      responses:
        "200":
          description: the caller's own
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/InvoiceLine"}}}}
  /invoices/{id}:
    get:
      operationId: getInvoice
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Invoice"}}}}
  /notices:
    get:
      operationId: listNotices
      responses:
        "200":
          description: what the house tells everybody
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Notice"}}}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Account:
      type: object
      properties: {id: {type: integer}, user: {type: string}}
    InvoiceLine:
      type: object
      properties: {id: {type: integer}, account: {type: integer}}
    Invoice:
      type: object
      properties:
        id: {type: integer}
        account: {type: integer}
        amount: {type: number}
        address: {type: string}
    Notice:
      type: object
      properties: {id: {type: integer}, text: {type: string}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: whoAmI, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Account:
    owner: id
    main: whoAmI
    fields:
      id, user: [{see: [owner]}]
  Invoice:
    schemas: [Invoice, InvoiceLine]
    key: id
    owner: account
    main: getInvoice
    fields:
      id, account, amount, address: [{see: [owner]}]
  Notice:
    key: id
    owner: none
    fields:
      id, text: [{see: [member]}]
"""

PEOPLE = {"ann": "ann-pass-4xk", "bob": "bob-pass-9wq"}


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{user: {name}, password: {p}}}\n" for name, p in PEOPLE.items())
    return (
        "login: {operation: login, json: {user: $user, password: $password}, token: /token}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "invoices")
    ids = dict(zip(PEOPLE, rng.sample(range(100, 999), len(PEOPLE)), strict=True))
    first = rng.randint(10_000, 99_000)
    invoices: dict[int, Json] = {
        first + nth: {
            "id": first + nth,
            "account": ids[who],
            "amount": rng.randint(1_000, 99_999) / 100,
            "address": words(rng),
        }
        for nth, who in enumerate([*PEOPLE] * 2)
    }
    notices = [{"id": 1, "text": "We move on the first of May"}]
    tokens = Tokens()

    async def login(request: Request) -> Response:
        sent = await request.json()
        if sent.get("user") not in PEOPLE or PEOPLE[sent["user"]] != sent.get("password"):
            return JSONResponse({"error": "wrong"}, 401)
        return JSONResponse({"token": tokens.give(sent["user"])})

    def caller(request: Request) -> int | None:
        return ids.get(tokens.whose(request))

    async def who_am_i(request: Request) -> Response:
        if caller(request) is None:
            return JSONResponse({"error": "log in"}, 401)
        return JSONResponse({"id": caller(request), "user": tokens.whose(request)})

    async def listed(request: Request) -> Response:
        if caller(request) is None:
            return JSONResponse({"error": "log in"}, 401)
        own = [each for each in invoices.values() if each["account"] == caller(request)]
        return JSONResponse([{"id": each["id"], "account": each["account"]} for each in own])

    async def one(request: Request) -> Response:
        if caller(request) is None:
            return JSONResponse({"error": "log in"}, 401)
        found = invoices.get(int(request.path_params["id"]))
        if found is None or (mode == "fixed" and found["account"] != caller(request)):
            return JSONResponse({"error": "no such invoice"}, 404)
        return JSONResponse(found)

    async def told(request: Request) -> Response:
        if caller(request) is None:
            return JSONResponse({"error": "log in"}, 401)
        return JSONResponse(notices)

    made = Starlette(
        routes=[
            Route("/login", login, methods=["POST"]),
            Route("/me", who_am_i),
            Route("/invoices", listed),
            Route("/invoices/{id:int}", one),
            Route("/notices", told),
        ]
    )
    made.state.db = {"invoices": invoices, "notices": notices}
    return made


ENTRY = Entry(
    name="p02-invoices",
    pattern="P2",
    title="any account holder reads any invoice by its number",
    convention="integer ids that count up, bare arrays, bearer token, no pagination",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth("Invoice", ("id", "account", "amount", "address"), ("member",), "GET /invoices/{id}"),
    ),
    decoys=("the notices are the same for every member, ids included",),
)
