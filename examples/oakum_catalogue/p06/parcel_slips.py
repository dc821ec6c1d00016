"""Slips of parcels have codes that look like chance. They are the base64 of a number that counts
up, and whoever has read one of their own can write down all the others."""

from __future__ import annotations

import base64
import random

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Parcels, version: "1"}
security: [{basic: []}]
paths:
  /sender:
    get:
      operationId: getSender
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Sender"}}}}
  /sender/slips:
    get:
      operationId: listSlips
      parameters: [{name: page, in: query, schema: {type: integer, default: 1}}]
      responses:
        "200":
          description: a page of the caller's
          content: {application/json: {schema: {type: object, properties: {items: {type: array, items: {$ref: "#/components/schemas/Slip"}}, page: {type: integer}, total: {type: integer}}}}}
  /slips/{code}:
    get:
      operationId: getSlip
      parameters: [{name: code, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: where a parcel is, content: {application/json: {schema: {$ref: "#/components/schemas/Slip"}}}}
        "404": {description: no such slip}
  /receipts/{number}:
    get:
      operationId: getReceipt
      parameters: [{name: number, in: path, required: true, schema: {type: integer}}]
      responses:
        "200": {description: one of the caller's, content: {application/json: {schema: {$ref: "#/components/schemas/Receipt"}}}}
  /receipts:
    get:
      operationId: listReceipts
      responses:
        "200":
          description: the caller's
          content: {application/json: {schema: {type: object, properties: {items: {type: array, items: {$ref: "#/components/schemas/Receipt"}}, total: {type: integer}}}}}
components:
  securitySchemes: {basic: {type: http, scheme: basic}}
  schemas:
    Sender:
      type: object
      properties: {sender_id: {type: string}, name: {type: string}}
    Slip:
      type: object
      properties:
        code: {type: string}
        sender_id: {type: string}
        depot: {type: string}
        endpoint_code: {type: string}
    Receipt:
      type: object
      properties:
        number: {type: integer}
        sender_id: {type: string}
        cents: {type: integer}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getSender, id: /sender_id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Sender:
    owner: sender_id
    main: getSender
    fields:
      sender_id, name: [{see: [owner]}]
  Slip:
    key: code
    owner: sender_id
    main: getSlip
    promise: "Give the code to whoever shall fetch your parcel"
    fields:
      sender_id, depot: [{see: [member]}]
      code, endpoint_code: [{see: [owner]}]
  Receipt:
    key: number
    owner: sender_id
    main: getReceipt
    fields:
      number, sender_id, cents: [{see: [owner]}]
operations:
  getSlip: {params: {code: Slip.code}}
  getReceipt: {params: {number: Receipt.number}}
"""

PEOPLE = {"ann": "string-and-wax-1", "bob": "brown-paper-22", "cal": "bubble-wrap-33"}
PAGE = 4


def identities(seed: int) -> str:
    keys = {name: base64.b64encode(f"{name}:{p}".encode()).decode() for name, p in PEOPLE.items()}
    lines = "".join(
        f'  {name}: {{header: "Authorization: Basic {k}"}}\n' for name, k in keys.items()
    )
    return f"identities:\n{lines}"


def code(mode: Mode, rng: random.Random, number: int) -> str:
    raw = rng.randbytes(9) if mode == "fixed" else f"p:{number:07}".encode()
    return base64.urlsafe_b64encode(raw).decode()


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "parcels")
    senders = {f"snd-{rng.randbytes(4).hex()}": name for name in (*PEOPLE, "dee", "eva")}
    number = rng.randint(100_000, 900_000)
    slips: dict[str, Json] = {}
    for nth, sender in enumerate([*senders] * 5):
        key = code(mode, rng, number + nth)
        slips[key] = {
            "code": key,
            "sender_id": sender,
            "depot": words(rng, 1),
            "endpoint_code": words(rng),
        }
    receipts: dict[int, Json] = {
        7001 + nth: {"number": 7001 + nth, "sender_id": sender, "cents": rng.randint(10**7, 10**8)}
        for nth, sender in enumerate([*senders] * 2)
    }

    def caller(request: Request) -> str:
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(sent).decode().partition(":")
        except ValueError:
            return ""
        if scheme != "Basic" or name not in PEOPLE or PEOPLE[name] != password:
            return ""
        return next(sender for sender, who in senders.items() if who == name)

    def refused() -> Response:
        return JSONResponse({"error": "who?"}, 401, {"WWW-Authenticate": "Basic"})

    async def me(request: Request) -> Response:
        if not (sender := caller(request)):
            return refused()
        return JSONResponse({"sender_id": sender, "name": senders[sender]})

    async def own_slips(request: Request) -> Response:
        if not (sender := caller(request)):
            return refused()
        own = [each for each in slips.values() if each["sender_id"] == sender]
        asked = request.query_params.get("page", "1")
        page = max(int(asked), 1) if asked.isdecimal() else 1
        items = own[(page - 1) * PAGE : page * PAGE]
        return JSONResponse({"items": items, "page": page, "total": len(own)})

    async def slip(request: Request) -> Response:
        if not (sender := caller(request)):
            return refused()
        found = slips.get(request.path_params["code"])
        if found is None:
            return JSONResponse({"error": "no such slip"}, 404)
        told = {"sender_id": found["sender_id"], "depot": found["depot"]}
        return JSONResponse(found if found["sender_id"] == sender else told)

    async def own_receipts(request: Request) -> Response:
        if not (sender := caller(request)):
            return refused()
        own = [each for each in receipts.values() if each["sender_id"] == sender]
        return JSONResponse({"items": own, "total": len(own)})

    async def receipt(request: Request) -> Response:
        if not (sender := caller(request)):
            return refused()
        found = receipts.get(request.path_params["number"])
        if found is None or found["sender_id"] != sender:
            return JSONResponse({"error": "no such receipt"}, 404)
        return JSONResponse(found)

    made = Starlette(
        routes=[
            Route("/sender", me),
            Route("/sender/slips", own_slips),
            Route("/slips/{code}", slip),
            Route("/receipts", own_receipts),
            Route("/receipts/{number:int}", receipt),
        ]
    )
    made.state.db = {"senders": senders, "slips": slips, "receipts": receipts}
    return made


ENTRY = Entry(
    name="p06-parcel-slips",
    pattern="P6",
    title="codes of parcels are the base64 of a number that counts up, and every account holder may try them all",
    convention="base64 codes, {items, page, total}, snake_case, basic authentication, OpenAPI 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Slip", ("code",), ("member",), "GET /slips/{code}"),),
    decoys=(
        "receipts have numbers that count up, but each is shown to its owner alone",
        "in the fixed twin codes have the same length and look, but are drawn; there is no brake in either",
        "the depot is told to whoever holds a code: that is the contract",
    ),
)
