"""A pet clinic's list of keepers leaves out addresses, for JSON as for screens. The same list with
`format=csv` comes from a report of the office, which never knew of other readers."""

from __future__ import annotations

import csv
import io
import random
import secrets
import time
import uuid
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Pet clinic, version: "4"}
security: [{visit: []}]
paths:
  /sign-in:
    post:
      operationId: signIn
      security: []
      requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {name: {type: string}, secret: {type: string}}}}}}
      responses: {"204": {description: a cookie}}
  /account:
    get:
      operationId: account
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Keeper"}}}}}
  /keepers:
    get:
      operationId: listKeepers
      parameters: [{name: page, in: query, schema: {type: integer}}]
      responses: {"200": {description: some, content: {application/json: {schema: {$ref: "#/components/schemas/Keepers"}}}}}
  /keepers/export:
    get:
      operationId: exportKeepers
      parameters: [{name: format, in: query, schema: {type: string, enum: [json, csv], default: json}}]
      responses:
        "200":
          description: all of them
          content:
            application/json: {schema: {$ref: "#/components/schemas/Keepers"}}
            text/csv: {schema: {type: array, items: {$ref: "#/components/schemas/Keeper"}}}
  /keepers/purge-inactive:
    get:
      operationId: purgeInactive
      description: Deletes keepers without a pet.
      responses: {"204": {description: gone}}
  /keepers/{keeperId}:
    get:
      operationId: getKeeper
      parameters: [{name: keeperId, in: path, required: true, schema: {type: string, format: uuid}}]
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Keeper"}}}}}
components:
  securitySchemes: {visit: {type: apiKey, in: cookie, name: clinic_visit}}
  schemas:
    Keepers:
      type: object
      properties:
        items: {type: array, items: {$ref: "#/components/schemas/Keeper"}}
        total: {type: integer}
    Keeper:
      type: object
      properties:
        keeperId: {type: string, format: uuid}
        name: {type: string}
        town: {type: string}
        street: {type: string}
        mobile: {type: string}
        email: {type: string}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: account, id: /keeperId}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Keeper:
    key: keeperId
    owner: keeperId
    main: getKeeper
    fields:
      keeperId, name, town: [{see: [member]}]
      street, mobile, email: [{see: [owner]}]
"""

PEOPLE = {"ida": "ida-whisker-58", "jon": "jon-pawprint-14"}
OPEN = ("keeperId", "name", "town")
ALL = (*OPEN, "street", "mobile", "email")


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{name: {name}, secret: {p}}}\n" for name, p in PEOPLE.items())
    return (
        "login: {operation: signIn, form: {name: $name, secret: $secret}, cookie: clinic_visit}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "clinics")
    town = words(rng, 1)  # neighbours: all of them live there
    keepers: dict[str, Json] = {}
    for who in (*PEOPLE, "kay"):
        key = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        keepers[key] = {
            "keeperId": key,
            "name": who,
            "town": town,
            "street": f"{rng.randint(1, 200)} {words(rng)}",
            "mobile": f"+31 6 {rng.randrange(10**8):08}",
            "email": f"{words(rng, 1)}{rng.randrange(999)}@pets.example",
        }
    ids = {each["name"]: key for key, each in keepers.items()}
    visits: dict[str, str] = {}

    def view(row: Json, me: str) -> Json:
        return {name: row[name] for name in (ALL if row["keeperId"] == me else OPEN)}

    def caller(request: Request) -> str:
        return visits.get(request.cookies.get("clinic_visit", ""), "")

    def page(rows: list[Json]) -> Response:
        return JSONResponse({"items": rows, "total": len(rows)})

    async def sign_in(request: Request) -> Response:
        sent = {name: each[0] for name, each in parse_qs((await request.body()).decode()).items()}
        if "name" not in sent or PEOPLE.get(sent["name"]) != sent.get("secret"):
            return Response(status_code=403)
        visit = secrets.token_urlsafe(24)
        visits[visit] = ids[sent["name"]]
        answer = Response(status_code=204)
        answer.set_cookie("clinic_visit", visit, httponly=True)
        return answer

    async def account(request: Request) -> Response:
        me = caller(request)
        return JSONResponse(keepers[me]) if me else Response(status_code=401)

    async def listed(request: Request) -> Response:
        me = caller(request)
        if not me:
            return Response(status_code=401)
        return page([view(each, me) for each in keepers.values()])

    async def one(request: Request) -> Response:
        me, found = caller(request), keepers.get(request.path_params["keeperId"])
        if not me:
            return Response(status_code=401)
        return JSONResponse(view(found, me)) if found else Response(status_code=404)

    async def export(request: Request) -> Response:
        me = caller(request)
        if not me:
            return Response(status_code=401)
        rows = random.sample([*keepers.values()], len(keepers))
        if request.query_params.get("format") != "csv":
            return page([view(each, me) for each in rows])
        text = io.StringIO()
        sheet = csv.DictWriter(text, ALL, restval="")
        sheet.writeheader()
        for each in rows:
            row = view(each, me)
            if mode == "leaky":
                row = dict(each)
            if each["keeperId"] != me:
                row["email"] = "***"
            sheet.writerow(row)
        headers = {"X-Exported-At": str(time.time())}
        return Response(text.getvalue(), media_type="text/csv", headers=headers)

    async def purge(request: Request) -> Response:
        keepers.clear()
        return Response(status_code=204)

    made = Starlette(
        routes=[
            Route("/sign-in", sign_in, methods=["POST"]),
            Route("/account", account),
            Route("/keepers", listed),
            Route("/keepers/export", export),
            Route("/keepers/purge-inactive", purge),
            Route("/keepers/{keeperId}", one),
        ]
    )
    made.state.db = {"keepers": keepers}
    return made


ENTRY = Entry(
    name="p08-clinics",
    pattern="P8",
    title="the export as CSV holds the addresses that the same export as JSON leaves out",
    convention="uuids, {items, total}, camelCase, form login with a cookie, OpenAPI 3.0",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Keeper", ("street", "mobile"), ("member",), "GET /keepers/export"),),
    decoys=(
        "e-mail addresses of others are `***` in the CSV",
        "the export is in another order each time, and says when it was made in a header",
        "`GET /keepers/purge-inactive` deletes all keepers",
        "all keepers live in the same town, which everybody may see",
    ),
)
