"""Neighbours who lend each other ladders invite more by telephone. Before anything is sent, a preview
says what it will cost, and so how many of the numbers need no invitation: with one number, whose."""

from __future__ import annotations

import random
import secrets
import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn

DOCUMENT = """\
openapi: 3.0.2
info: {title: Ladders, version: "1.9"}
security: [{visit: []}]
paths:
  /sign-in:
    post:
      operationId: sign-in
      security: []
      requestBody: {content: {application/json: {schema: {type: object, properties: {mobile: {type: string}, pin: {type: string}}}}}}
      responses: {"200": {description: a ticket}}
  /whoami:
    get:
      operationId: whoami
      responses: {"200": {description: the caller, content: {application/json: {schema: {type: object, properties: {result: {$ref: "#/components/schemas/Neighbour"}}}}}}}
  /neighbours:
    get:
      operationId: list-neighbours
      responses: {"200": {description: in any order, content: {application/json: {schema: {type: object, properties: {result: {type: array, items: {$ref: "#/components/schemas/NeighbourCard"}}}}}}}}
  /neighbours/{neighbour-id}:
    get:
      operationId: read-neighbour
      parameters: [{name: neighbour-id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: one, content: {application/json: {schema: {type: object, properties: {result: {$ref: "#/components/schemas/Neighbour"}}}}}}}
  /neighbours/{neighbour-id}/friends:
    get:
      operationId: list-friends
      parameters: [{name: neighbour-id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: who may ring, content: {application/json: {schema: {type: object, properties: {result: {type: array, items: {$ref: "#/components/schemas/NeighbourCard"}}}}}}}}
  /invitations/preview:
    post:
      operationId: preview-invitations
      summary: Counts what would be sent, and sends nothing
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [mobiles], properties: {mobiles: {type: array, minItems: 1, maxItems: 40, items: {type: string}}}}}}}
      responses:
        "200": {description: before anything is sent, content: {application/json: {schema: {type: object, properties: {result: {$ref: "#/components/schemas/Preview"}}}}}}
        "422": {description: no list}
  /depots:
    get:
      operationId: list-depots
      security: []
      responses: {"200": {description: where ladders wait, content: {application/json: {schema: {type: object, properties: {result: {type: array, items: {$ref: "#/components/schemas/Depot"}}}}}}}}
components:
  securitySchemes: {visit: {type: apiKey, in: header, name: X-Visit}}
  schemas:
    Neighbour: {type: object, properties: {neighbour-id: {type: string}, first-name: {type: string}, mobile: {type: string}}}
    NeighbourCard: {type: object, properties: {neighbour-id: {type: string}, first-name: {type: string}}}
    Depot: {type: object, properties: {depot-id: {type: string}, mobile: {type: string}}}
    Preview: {type: object, properties: {preview-no: {type: string}, valid-until: {type: number}, no-mobile: {type: integer}, to-send: {type: integer}, need-none: {type: integer}, cents: {type: integer}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: whoami, id: /result/neighbour-id}
relations:
  anyone: {}
  neighbour: {authenticated: true}
  friend: {in: list-friends, id: /result/*/neighbour-id}
  owner: {is: owner}
order: [anyone, neighbour, friend, owner]
resources:
  Neighbour:
    schemas: [Neighbour, NeighbourCard]
    key: neighbour-id
    owner: neighbour-id
    main: read-neighbour
    promise: "Only friends know that a number is yours"
    fields:
      neighbour-id, first-name: [{see: [neighbour]}]
      mobile: [{see: [owner, friend]}]
  Preview:
    key: preview-no
    owner: {caller: true}
    fields:
      preview-no, valid-until, no-mobile, to-send, need-none, cents: [{see: [owner]}]
  Depot:
    key: depot-id
    owner: none
    conceal: false
    fields:
      depot-id, mobile: [{see: [anyone]}]
operations:
  preview-invitations: {reads: true, params: {mobiles: Neighbour.mobile}}
"""

PINS = {"arne": "pin-60418-a", "bodil": "pin-27735-b", "cajsa": "pin-91162-c"}
FRIENDS = {"arne": ["bodil"], "bodil": ["arne"]}
"""Neighbour to those who may ring."""


def neighbours(seed: int) -> list[Json]:
    rng = drawn(seed, "ladders")
    return [
        {
            "neighbour-id": "nb_" + "".join(rng.choices("abcdefghjkmnpqrstvwxyz23456789", k=12)),
            "first-name": name,
            "mobile": f"+467{rng.randint(10**7, 10**8 - 1)}",
        }
        for name in (*PINS, "disa", "edvin", "frej")
    ]


def identities(seed: int) -> str:
    numbers = {each["first-name"]: each["mobile"] for each in neighbours(seed)}
    lines = "".join(
        f'  {name}: {{mobile: "{numbers[name]}", pin: {pin}}}\n' for name, pin in PINS.items()
    )
    return (
        "login: {operation: sign-in, json: {mobile: $mobile, pin: $pin}, token: /result/ticket, "
        'send: "X-Visit: $token"}\n'
        f"identities:\n{lines}between: [bodil is friend of arne, arne is friend of bodil]\n"
    )


def app(mode: Mode, seed: int) -> Starlette:
    people = neighbours(seed)
    by_name = {each["first-name"]: each for each in people}
    depots = [{"depot-id": f"depot-{n}", "mobile": f"+46790000{n:03}"} for n in (10, 20, 30)]
    visits: dict[str, Json] = {}

    def caller(request: Request) -> Json:
        return visits.get(request.headers.get("x-visit", ""))

    def answer(result: Json) -> Response:
        return JSONResponse({"result": result})

    def failed(status: int, why: str) -> Response:
        return JSONResponse({"fault": why}, status)

    def may_ring(me: Json, other: Json) -> bool:
        name = other["first-name"]
        return me is other or me["first-name"] in FRIENDS.get(name, ())

    def card(one: Json) -> Json:
        return {key: one[key] for key in ("neighbour-id", "first-name")}

    async def sign_in(request: Request) -> Response:
        sent = await request.json()
        me = next((each for each in people if each["mobile"] == sent.get("mobile")), None)
        pin = PINS.get(me["first-name"]) if me else None
        if me is None or pin is None or sent.get("pin") != pin:
            return failed(401, "number and pin do not fit")
        ticket = secrets.token_urlsafe(16)
        visits[ticket] = me
        return answer({"ticket": ticket})

    async def whoami(request: Request) -> Response:
        return answer(caller(request)) if caller(request) else failed(401, "sign in")

    async def listed(request: Request) -> Response:
        if not caller(request):
            return failed(401, "sign in")
        return answer([card(each) for each in random.sample(people, len(people))])

    def asked_for(request: Request) -> Json:
        asked = request.path_params["id"]
        return next((each for each in people if each["neighbour-id"] == asked), None)

    async def one(request: Request) -> Response:
        me, found = caller(request), asked_for(request)
        if not me:
            return failed(401, "sign in")
        if found is None:
            return failed(404, "no such neighbour")
        return answer(found if may_ring(me, found) else card(found))

    async def friends(request: Request) -> Response:
        found = asked_for(request)
        if not caller(request):
            return failed(401, "sign in")
        if found is None:
            return failed(404, "no such neighbour")
        return answer([card(by_name[each]) for each in FRIENDS.get(found["first-name"], ())])

    async def preview(request: Request) -> Response:
        me = caller(request)
        if not me:
            return failed(401, "sign in")
        sent = (await request.json()).get("mobiles")
        if not isinstance(sent, list) or not 0 < len(sent) <= 40:
            return failed(422, "a list of 1 to 40 numbers, please")
        mobiles = {str(each) for each in sent if str(each).startswith("+467")}
        known = [each for each in people if each["mobile"] in mobiles]
        if mode == "fixed":
            known = [each for each in known if may_ring(me, each)]
        return answer(
            {
                "preview-no": secrets.token_hex(6),
                "valid-until": time.time() + 900,
                "no-mobile": sum(not str(each).startswith("+467") for each in sent),
                "to-send": len(mobiles) - len(known),
                "need-none": len(known),
                "cents": 7 * (len(mobiles) - len(known)),
            }
        )

    async def all_depots(request: Request) -> Response:
        return answer(depots)

    made = Starlette(
        routes=[
            Route("/sign-in", sign_in, methods=["POST"]),
            Route("/whoami", whoami),
            Route("/neighbours", listed),
            Route("/neighbours/{id}", one),
            Route("/neighbours/{id}/friends", friends),
            Route("/invitations/preview", preview, methods=["POST"]),
            Route("/depots", all_depots),
        ]
    )
    made.state.db = {"neighbours": people, "depots": depots}
    return made


ENTRY = Entry(
    name="p05-ladders",
    pattern="P5",
    title="the preview of invitations counts the telephone numbers that have an account already",
    convention="prefixed random ids, {result}, kebab-case, JSON login and a ticket in a header, a batch in the body, 3.0",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Neighbour", ("mobile",), ("neighbour",), "POST /invitations/preview"),),
    decoys=(
        "one's own number and that of a friend count by right, in the fixed twin too",
        "what is no mobile number is counted apart, known or not: compare only with one that is",
        "`preview-no` and `valid-until` differ each time",
        "depots have a `mobile` that everybody may see",
    ),
)
