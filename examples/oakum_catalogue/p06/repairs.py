"""A bicycle shop shows a repair to whoever has its slip: the ticket and the end of the frame number.

The frame number is asked for, checked for its form, and never compared. Tickets count up in letters
and digits, and nobody counts who tries how many.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Bicycle repairs, version: "3.4"}
security: [{shop: []}]
paths:
  /enter:
    post:
      operationId: enter
      security: []
      requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {user: {type: string}, password: {type: string}}}}}}
      responses: {"204": {description: a cookie}}
  /my/account:
    get:
      operationId: myAccount
      responses: {"200": {description: the caller, content: {application/json: {schema: {type: object, properties: {data: {$ref: "#/components/schemas/Customer"}, meta: {$ref: "#/components/schemas/Meta"}}}}}}}
  /my/repairs:
    get:
      operationId: myRepairs
      responses: {"200": {description: the caller's, content: {application/json: {schema: {type: object, properties: {data: {type: array, items: {$ref: "#/components/schemas/Repair"}}, meta: {$ref: "#/components/schemas/Meta"}}}}}}}
  /track/{ticket}:
    get:
      operationId: trackRepair
      security: [{shop: []}, {}]
      parameters:
        - {name: ticket, in: path, required: true, schema: {type: string}}
        - {name: frame, in: query, required: true, description: the end of the frame number, schema: {type: string, pattern: "^[0-9A-F]{6}$"}}
      responses:
        "200": {description: how far a repair is, content: {application/json: {schema: {type: object, properties: {data: {$ref: "#/components/schemas/Repair"}, meta: {$ref: "#/components/schemas/Meta"}}}}}}
        "404": {description: no such slip}
        "422": {description: no end of a frame number}
  /parts:
    get:
      operationId: listParts
      security: []
      responses: {"200": {description: all, content: {application/json: {schema: {type: object, properties: {data: {type: array, items: {$ref: "#/components/schemas/Part"}}, meta: {$ref: "#/components/schemas/Meta"}}}}}}}
  /parts/{partNo}:
    get:
      operationId: getPart
      security: []
      parameters: [{name: partNo, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: one, content: {application/json: {schema: {type: object, properties: {data: {$ref: "#/components/schemas/Part"}, meta: {$ref: "#/components/schemas/Meta"}}}}}}}
components:
  securitySchemes: {shop: {type: apiKey, in: cookie, name: shop_pass}}
  schemas:
    Meta: {type: object, properties: {servedAt: {type: string}, requestNo: {type: string}}}
    Customer: {type: object, properties: {customerRef: {type: string}, user: {type: string}}}
    Repair: {type: object, properties: {ticket: {type: string}, customerRef: {type: string}, bicycle: {type: string}, stage: {type: string}, frame: {type: string}, fault: {type: string}}}
    Part: {type: object, properties: {partNo: {type: string}, fault: {type: string}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: myAccount, id: /data/customerRef}
relations:
  anyone: {}
  owner: {is: owner}
order: [anyone, owner]
resources:
  Customer:
    key: customerRef
    owner: customerRef
    main: myAccount
    fields:
      customerRef, user: [{see: [owner]}]
  Repair:
    key: ticket
    owner: customerRef
    main: trackRepair
    promise: "Only who holds your slip can see how far your bicycle is"
    fields:
      customerRef, bicycle, stage: [{see: [anyone]}]
      ticket, frame, fault: [{see: [owner]}]
  Part:
    key: partNo
    owner: none
    conceal: false
    fields:
      partNo, fault: [{see: [anyone]}]
operations:
  trackRepair: {params: {ticket: Repair.ticket, frame: Repair.frame}}
  getPart: {params: {partNo: Part.partNo}}
"""

PEOPLE = {"gil": "gil-spoke-83", "hana": "hana-saddle-46"}
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{user: {name}, password: {p}}}\n" for name, p in PEOPLE.items())
    return (
        "login: {operation: enter, form: {user: $user, password: $password}, cookie: shop_pass}\n"
        f"identities:\n{lines}"
    )


def base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "repairs")
    customers = {who: f"cu-{rng.getrandbits(40):010x}" for who in (*PEOPLE, "ivo", "jara", "koos")}
    first = rng.randint(36**6, 2 * 36**6)
    repairs: dict[str, Json] = {}
    for nth, customer in enumerate([*customers.values()] * 6):
        ticket = base36(first + nth)
        repairs[ticket] = {
            "ticket": ticket,
            "customerRef": customer,
            "bicycle": words(rng, 2),
            "stage": rng.choice(["waiting", "on the bench", "done"]),
            "frame": f"{rng.getrandbits(24):06X}",
            "fault": words(rng),
        }
    parts = [{"partNo": base36(46_656 + nth), "fault": words(rng, 2)} for nth in range(6)]
    passes: dict[str, str] = {}

    def caller(request: Request) -> str:
        return customers.get(passes.get(request.cookies.get("shop_pass", ""), ""), "")

    def answer(data: Json) -> Response:
        meta = {"servedAt": datetime.now(UTC).isoformat(), "requestNo": secrets.token_hex(5)}
        return JSONResponse({"data": data, "meta": meta})

    def failed(status: int, why: str) -> Response:
        return JSONResponse({"error": why}, status)

    async def enter(request: Request) -> Response:
        sent = dict(parse_qsl((await request.body()).decode()))
        who = sent.get("user", "")
        if who not in PEOPLE or PEOPLE[who] != sent.get("password"):
            return failed(401, "wrong")
        given = secrets.token_urlsafe(18)
        passes[given] = who
        made = Response(status_code=204)
        made.set_cookie("shop_pass", given, httponly=True)
        return made

    async def account(request: Request) -> Response:
        me = caller(request)
        if not me:
            return failed(401, "log in")
        return answer(
            {"customerRef": me, "user": next(u for u, ref in customers.items() if ref == me)}
        )

    async def own(request: Request) -> Response:
        me = caller(request)
        if not me:
            return failed(401, "log in")
        return answer([each for each in repairs.values() if each["customerRef"] == me])

    async def track(request: Request) -> Response:
        frame = request.query_params.get("frame", "")
        if not re.fullmatch("[0-9A-F]{6}", frame):
            return failed(422, "what does the number on the frame end with?")
        found = repairs.get(request.path_params["ticket"])
        if found is None or (mode == "fixed" and found["frame"] != frame):
            return failed(404, "no such slip")
        if found["customerRef"] == caller(request):
            return answer(found)
        return answer({key: found[key] for key in ("customerRef", "bicycle", "stage")})

    async def all_parts(request: Request) -> Response:
        return answer(parts)

    async def part(request: Request) -> Response:
        asked = request.path_params["part"]
        found = next((each for each in parts if each["partNo"] == asked), None)
        return answer(found) if found else failed(404, "no such part")

    made = Starlette(
        routes=[
            Route("/enter", enter, methods=["POST"]),
            Route("/my/account", account),
            Route("/my/repairs", own),
            Route("/track/{ticket}", track),
            Route("/parts", all_parts),
            Route("/parts/{part}", part),
        ]
    )
    made.state.db = {"customers": customers, "repairs": repairs, "parts": parts}
    return made


ENTRY = Entry(
    name="p06-repairs",
    pattern="P6",
    title="tickets count up in base 36 and the frame number beside them is not compared: all repairs can be walked",
    convention="base-36 tickets that count up, {data, meta}, camelCase, form login and cookie, a second key in the query, 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Repair", ("ticket",), ("anyone",), "GET /track/{ticket}"),),
    decoys=(
        "parts have numbers that count up and no brake: they are nobody's, and listed for all",
        "whoever has both the ticket and the end of the frame number sees the repair: that is the contract",
        "in the fixed twin tickets still count up without a brake, but none opens without its own frame",
        "`servedAt` and `requestNo` differ in every answer",
    ),
)
