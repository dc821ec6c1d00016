"""A housing association moved to `/v2` and checks there who asks for a tenant. `/v1` still runs,
asks for a login and shows any tenant to any other."""

from __future__ import annotations

import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn

DOCUMENT = """\
openapi: 3.0.3
info: {title: Housing, version: "2"}
security: [{token: []}]
paths:
  /v2/login:
    post:
      operationId: login
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, properties: {tenant: {type: string}, pin: {type: string}}}}}
      responses: {"200": {description: a token}}
  /v2/tenants/me:
    get:
      operationId: me
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/One"}}}}
  /v2/tenants:
    get:
      operationId: listTenants
      parameters: [{name: after, in: query, schema: {type: integer}}]
      responses:
        "200":
          description: two, and where to go on
          content:
            application/json:
              schema:
                type: object
                properties:
                  data: {type: array, items: {$ref: "#/components/schemas/Tenant"}}
                  next: {type: integer, nullable: true}
  /v2/tenants/{tenant_id}:
    get:
      operationId: getTenant
      parameters: [{name: tenant_id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/One"}}}}
  /v2/notices:
    get:
      operationId: listNotices
      security: []
      responses:
        "200":
          description: what hangs in the hall
          content:
            application/json:
              schema: {type: object, properties: {data: {type: array, items: {$ref: "#/components/schemas/Notice"}}, read_at: {type: number}}}
components:
  securitySchemes: {token: {type: apiKey, in: header, name: Authorization}}
  schemas:
    One: {type: object, properties: {data: {$ref: "#/components/schemas/Tenant"}}}
    Tenant:
      type: object
      properties: {id: {type: integer}, nickname: {type: string}, rent_note: {type: string}, iban: {type: string}}
    Notice: {type: object, properties: {id: {type: integer}, text: {type: string}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /data/id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Tenant:
    key: id
    owner: id
    main: getTenant
    conceal: false
    fields:
      id, nickname: [{see: [member]}]
      rent_note, iban: [{see: [owner]}]
  Notice:
    key: id
    owner: none
    fields:
      id, text: [{see: [anyone]}]
"""

PEOPLE = {"olga": "olga-stairwell-7", "piet": "piet-doorbell-3", "quin": "quin-letterbox-8"}
OPEN = ("id", "nickname")
ALL = (*OPEN, "rent_note", "iban")


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{tenant: {name}, pin: {p}}}\n" for name, p in PEOPLE.items())
    return (
        "login:\n  operation: login\n  json: {tenant: $tenant, pin: $pin}\n  token: /data/token\n"
        f"  send: 'Authorization: Token $token'\nidentities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "tenants")
    first = rng.randint(300, 900)
    tenants: dict[int, Json] = {
        first + nth: {
            "id": first + nth,
            "nickname": who,
            "rent_note": f"pays {rng.randint(300, 999)}.{rng.randint(10, 99)} by standing order",
            "iban": f"NL{rng.randrange(100):02}HOME{rng.randrange(10**10):010}",
        }
        for nth, who in enumerate(PEOPLE)
    }
    ids = {each["nickname"]: key for key, each in tenants.items()}
    notices = [
        {"id": nth, "text": text} for nth, text in enumerate(("No bicycles", "Bins: Tuesday"), 1)
    ]
    tokens = Tokens("Token")

    def view(row: Json, me: int) -> Json:
        return {name: row[name] for name in (ALL if row["id"] == me else OPEN)}

    def caller(request: Request) -> int:
        return ids.get(tokens.whose(request), 0)

    def refused(status: int, said: str) -> Response:
        return JSONResponse({"error": said}, status)

    async def login(request: Request) -> Response:
        sent = await request.json()
        if PEOPLE.get(sent.get("tenant")) != sent.get("pin"):
            return refused(401, "wrong pin")
        return JSONResponse({"data": {"token": tokens.give(sent["tenant"])}})

    async def me(request: Request) -> Response:
        who = caller(request)
        return JSONResponse({"data": tenants[who]}) if who else refused(401, "log in")

    async def listed(request: Request) -> Response:
        who, after = caller(request), request.query_params.get("after", "0")
        if not who:
            return refused(401, "log in")
        rest = [key for key in tenants if key > int(after)] if after.isdigit() else []
        page = [view(tenants[key], who) for key in rest[:2]]
        return JSONResponse({"data": page, "next": rest[1] if len(rest) > 2 else None})

    async def one(request: Request) -> Response:
        who, found = caller(request), tenants.get(request.path_params["id"])
        if not who:
            return refused(401, "log in")
        return JSONResponse({"data": view(found, who)}) if found else refused(404, "nobody")

    async def old_one(request: Request) -> Response:
        who, found = caller(request), tenants.get(request.path_params["id"])
        if not who or not found:
            return refused(404 if who else 401, "nobody" if who else "log in")
        return JSONResponse({"data": found if mode == "leaky" else view(found, who)})

    async def told(request: Request) -> Response:
        return JSONResponse({"data": notices, "read_at": time.time()})

    async def front_end(request: Request) -> Response:
        return HTMLResponse("<!doctype html><title>Housing</title><div id=app></div>")

    made = Starlette(
        routes=[
            Route("/v2/login", login, methods=["POST"]),
            Route("/v2/tenants/me", me),
            Route("/v2/tenants", listed),
            Route("/v2/tenants/{id:int}", one),
            Route("/v1/tenants", listed),
            Route("/v1/tenants/{id:int}", old_one),
            Route("/v2/notices", told),
            Route("/v1/notices", told),
            Route("/{rest:path}", front_end),
        ]
    )
    made.state.db = {"tenants": tenants, "notices": notices}
    return made


ENTRY = Entry(
    name="p09-tenants",
    pattern="P9",
    title="the version before the documented one shows any tenant to any other",
    convention="integer ids, {data: …}, snake_case, `Authorization: Token`, cursors",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Tenant", ("rent_note", "iban"), ("member",), "GET /v1/tenants/{tenant_id}"),),
    decoys=(
        "`/v1/notices` and `/v1/tenants` are old too, and show what the new ones show",
        "every path that does not exist answers 200 with the front end's page",
        "`read_at` is another one each time",
    ),
    options=("--twins",),
)
