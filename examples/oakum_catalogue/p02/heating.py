"""A heating firm whose app names the household in a header, since some people have two flats.

The session is checked and the header is believed: whoever is logged in reads any household's bills.
"""

from __future__ import annotations

import random
import secrets
import uuid
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Heating, version: "2.8"}
security: [{hearth: []}]
paths:
  /session:
    post:
      operationId: open-session
      security: []
      requestBody: {content: {application/json: {schema: {type: object, properties: {login-name: {type: string}, pass-phrase: {type: string}}}}}}
      responses: {"204": {description: a cookie}}
    get:
      operationId: read-session
      responses: {"200": {description: the caller, content: {application/hal+json: {schema: {$ref: "#/components/schemas/Customer"}}}}}
  /statements:
    get:
      operationId: list-statements
      parameters:
        - {name: X-Household, in: header, required: true, description: one of the caller's households, schema: {type: string}}
        - {name: page, in: query, schema: {type: integer, minimum: 0}}
        - {name: size, in: query, schema: {type: integer, minimum: 1, maximum: 20}}
      responses:
        "200":
          description: a page of the household's bills
          content:
            application/hal+json:
              schema:
                type: object
                properties:
                  _embedded: {type: object, properties: {statements: {type: array, items: {$ref: "#/components/schemas/Statement"}}}}
                  _links: {$ref: "#/components/schemas/Links"}
                  asked-for: {type: string}
                  drawn-up-at: {type: string}
        "400": {description: no household}
  /tariffs:
    get:
      operationId: list-tariffs
      responses:
        "200":
          description: what heat costs
          content:
            application/hal+json:
              schema:
                type: object
                properties:
                  _embedded: {type: object, properties: {tariffs: {type: array, items: {$ref: "#/components/schemas/Tariff"}}}}
                  _links: {$ref: "#/components/schemas/Links"}
components:
  securitySchemes: {hearth: {type: apiKey, in: cookie, name: hearth}}
  schemas:
    Links: {type: object, additionalProperties: {type: object, properties: {href: {type: string}}}}
    Customer: {type: object, properties: {household: {type: string}, login-name: {type: string}}}
    Statement:
      type: object
      properties:
        statement-id: {type: string, format: uuid}
        household: {type: string}
        kilowatt-hours: {type: number}
        paid-from: {type: string}
        reader-note: {type: string}
    Tariff: {type: object, properties: {tariff-id: {type: string}, kilowatt-hours: {type: number}, reader-note: {type: string}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: read-session, id: /household}
relations:
  anyone: {}
  customer: {authenticated: true}
  owner: {is: owner}
order: [anyone, customer, owner]
resources:
  Customer:
    key: household
    owner: household
    main: read-session
    fields:
      household, login-name: [{see: [owner]}]
  Statement:
    key: statement-id
    owner: household
    main: list-statements
    fields:
      statement-id, household, kilowatt-hours, paid-from, reader-note: [{see: [owner]}]
  Tariff:
    key: tariff-id
    owner: none
    fields:
      tariff-id, kilowatt-hours, reader-note: [{see: [customer]}]
operations:
  list-statements: {params: {X-Household: Customer.household}}
"""

PEOPLE = {"tove": "tove-pass-6hm", "ulf": "ulf-pass-1cz"}


def identities(seed: int) -> str:
    lines = "".join(
        f"  {name}: {{name: {name}, phrase: {phrase}}}\n" for name, phrase in PEOPLE.items()
    )
    return (
        "login: {operation: open-session, json: {login-name: $name, pass-phrase: $phrase}, cookie: hearth}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "heating")
    # One household more, whom nobody logs in for.
    households = {
        who: "HH-" + "".join(rng.choices("23456789CDFGHJKMNPQRTVWX", k=8))
        for who in (*PEOPLE, "vera")
    }
    used = iter(rng.sample(range(100_000, 990_000), 9))
    statements: list[Json] = [
        {
            "statement-id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "household": household,
            "kilowatt-hours": next(used) / 100,
            "paid-from": f"SE{rng.randint(10**14, 10**15 - 1)}",
            "reader-note": words(rng),
        }
        for household in [*households.values()] * 3
    ]
    tariffs = [
        {
            "tariff-id": words(rng, 1),
            # By chance somebody has used as much as the first tariff is meant for.
            "kilowatt-hours": statements[0]["kilowatt-hours"] + 100 * nth,
            "reader-note": words(rng),
        }
        for nth in range(3)
    ]
    sessions: dict[str, str] = {}

    def caller(request: Request) -> str:
        return sessions.get(request.cookies.get("hearth", ""), "")

    def hal(content: Json) -> Response:
        headers = {"X-Node": secrets.token_hex(3)}
        return JSONResponse(content, headers=headers, media_type="application/hal+json")

    def problem(status: int, title: str) -> Response:
        return JSONResponse({"title": title}, status, media_type="application/problem+json")

    async def open_session(request: Request) -> Response:
        sent = await request.json()
        who = sent.get("login-name")
        if who not in PEOPLE or PEOPLE[who] != sent.get("pass-phrase"):
            return problem(403, "Wrong name or phrase")
        ticket = secrets.token_urlsafe(21)
        sessions[ticket] = who
        made = Response(status_code=204)
        made.set_cookie("hearth", ticket, httponly=True)
        return made

    async def read_session(request: Request) -> Response:
        who = caller(request)
        if not who:
            return problem(401, "Session over")
        return hal({"household": households[who], "login-name": who})

    async def listed(request: Request) -> Response:
        who = caller(request)
        if not who:
            return problem(401, "Session over")
        asked = request.headers.get("x-household", "")
        page, size = (request.query_params.get(*each) for each in (("page", "0"), ("size", "2")))
        if not (asked and page.isdecimal() and size.isdecimal()):
            return problem(400, "Which household, and which page?")
        found = [each for each in statements if each["household"] == asked]
        if mode == "fixed" and asked != households[who]:
            found = []
        start, end = int(page) * int(size), (int(page) + 1) * int(size)
        links = {"self": {"href": f"/statements?page={page}&size={size}"}}
        if end < len(found):
            links["next"] = {"href": f"/statements?page={int(page) + 1}&size={size}"}
        return hal(
            {
                "_embedded": {"statements": found[start:end]},
                "_links": links,
                "asked-for": asked,
                "drawn-up-at": datetime.now(UTC).isoformat(),
            }
        )

    async def all_tariffs(request: Request) -> Response:
        if not caller(request):
            return problem(401, "Session over")
        shown = random.sample(tariffs, len(tariffs))
        return hal({"_embedded": {"tariffs": shown}, "_links": {"self": {"href": "/tariffs"}}})

    made = Starlette(
        routes=[
            Route("/session", open_session, methods=["POST"]),
            Route("/session", read_session),
            Route("/statements", listed),
            Route("/tariffs", all_tariffs),
        ]
    )
    made.state.db = {"households": households, "statements": statements, "tariffs": tariffs}
    return made


ENTRY = Entry(
    name="p02-heating",
    pattern="P2",
    title="any customer reads the heating bills of the household that a request header names",
    convention="codes and uuids, HAL, kebab-case, JSON login and cookie, id in a header, page and size, 3.0",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth(
            "Statement",
            ("statement-id", "household", "kilowatt-hours", "paid-from", "reader-note"),
            ("customer",),
            "GET /statements",
        ),
    ),
    decoys=(
        "`asked-for` repeats the header, of households that there are, are not, and are refused",
        "an unknown household, and in the fixed twin somebody else's, is 200 with an empty page",
        "`drawn-up-at` and the header `X-Node` differ in every answer",
        "tariffs are for all customers, in any order, and one has a number that is in a bill as well",
    ),
)
