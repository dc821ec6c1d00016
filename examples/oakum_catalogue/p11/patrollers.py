"""A ski patrol's board cuts each event down for whoever listens. Who asks for what they missed,
with `since`, is sent the events as they were put away: whole."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Ski patrol, version: "7"}
security: [{ticket: []}]
paths:
  /tickets:
    post:
      operationId: drawTicket
      security: []
      requestBody: {content: {application/json: {schema: {type: object, properties: {callsign: {type: string}, code: {type: string}}}}}}
      responses: {"201": {description: a ticket, for the query}}
  /me:
    get:
      operationId: whoAmI
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/OnePatroller"}}}}}
  /patrollers:
    get:
      operationId: listPatrollers
      responses:
        "200":
          description: all
          content: {application/json: {schema: {type: object, properties: {result: {type: array, items: {$ref: "#/components/schemas/PatrollerName"}}}}}}
  /patrollers/{patrollerId}:
    get:
      operationId: showPatroller
      parameters: [{name: patrollerId, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/OnePatroller"}}}}}
  /board:
    get:
      operationId: board
      description: Server-sent events. Ends when the slopes are quiet; open it again.
      parameters:
        - {name: since, in: query, description: "the last `seq` that was seen, or 0, to have what came after it; left out: only what is new", schema: {type: integer, minimum: 0}}
      responses:
        "200": {description: who is where, content: {text/event-stream: {schema: {$ref: "#/components/schemas/BoardEvent"}}}}
components:
  securitySchemes: {ticket: {type: apiKey, in: query, name: ticket}}
  schemas:
    OnePatroller: {type: object, properties: {result: {$ref: "#/components/schemas/Patroller"}}}
    PatrollerName: {type: object, properties: {patrollerId: {type: string}, callsign: {type: string}}}
    Patroller:
      type: object
      properties: {patrollerId: {type: string}, callsign: {type: string}, position: {type: string}, medicalNote: {type: string}}
    Weather: {type: object, properties: {mast: {type: string}, position: {type: string}, wind: {type: number}}}
    BoardEvent:
      type: object
      properties:
        type: {type: string, enum: [patroller, weather, pulse]}
        seq: {type: integer}
        sentAt: {type: number}
        patroller: {$ref: "#/components/schemas/Patroller"}
        weather: {$ref: "#/components/schemas/Weather"}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: whoAmI, id: /result/patrollerId}
order: [patrol, owner]
relations:
  patrol: {authenticated: true}
  owner: {is: owner}
resources:
  Patroller:
    schemas: [Patroller, PatrollerName]
    key: patrollerId
    owner: patrollerId
    main: showPatroller
    fields:
      patrollerId, callsign: [{see: [patrol]}]
      position, medicalNote: [{see: [owner]}]
  Weather:
    key: mast
    owner: none
    fields:
      mast, position, wind: [{see: [patrol]}]
operations:
  showPatroller: {params: {patrollerId: Patroller.patrollerId}}
"""

PEOPLE = {"lynx": "lynx-powder-72", "marmot": "marmot-piste-09", "ouzel": "ouzel-tbar-46"}
PULSE = 0.3
QUIET = 4
"""After so many pulses a board is ended; clients open it again."""


def identities(seed: int) -> str:
    lines = "".join(f"  {who}: {{callsign: {who}, code: {code}}}\n" for who, code in PEOPLE.items())
    return (
        "login:\n  post: /tickets\n  json: {callsign: $callsign, code: $code}\n"
        f'  token: /ticket\n  send: "?ticket=$token"\nidentities:\n{lines}'
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "patrollers")
    ids = {who: f"pt_{rng.randrange(36**5):05x}{nth}" for nth, who in enumerate(PEOPLE)}
    names = {key: who for who, key in ids.items()}
    patrollers: dict[str, Json] = {
        key: {
            "patrollerId": key,
            "callsign": who,
            "position": f"{rng.uniform(46.1, 46.9):.5f} N {rng.uniform(7.1, 7.9):.5f} E",
            "medicalNote": words(rng, 2),
        }
        for who, key in ids.items()
    }
    mast = {"mast": "col", "position": "46.50000 N 7.50000 E"}
    kept: list[Json] = []
    """The morning's events, put away each hour: what is new is not among them yet."""
    for key in [*patrollers] * 2:
        kept.append({"type": "patroller", "seq": len(kept) + 1, "patroller": patrollers[key]})
        wind = round(rng.uniform(2, 30), 1)
        kept.append({"type": "weather", "seq": len(kept) + 1, "weather": {**mast, "wind": wind}})
    tickets: dict[str, str] = {}

    def caller(request: Request) -> str:
        return tickets.get(request.query_params.get("ticket", ""), "")

    def view(row: Json, me: str) -> Json:
        if row["patrollerId"] == me:
            return row
        return {"patrollerId": row["patrollerId"], "callsign": row["callsign"]}

    def failed(status: int, why: str) -> Response:
        return JSONResponse({"result": None, "error": why}, status)

    async def draw(request: Request) -> Response:
        sent = await request.json()
        if sent.get("callsign") not in PEOPLE or PEOPLE[sent["callsign"]] != sent.get("code"):
            return failed(403, "wrong code")
        ticket = secrets.token_urlsafe(18)
        tickets[ticket] = ids[sent["callsign"]]
        return JSONResponse({"ticket": ticket}, 201)

    async def listed(request: Request) -> Response:
        if not caller(request):
            return failed(401, "no ticket")
        rows = [{"patrollerId": key, "callsign": who} for key, who in names.items()]
        return JSONResponse({"result": rows})

    async def one(request: Request) -> Response:
        me = caller(request)
        key = request.path_params.get("key", me)
        if not me or key not in patrollers:
            return failed(404 if me else 401, "no such patroller" if me else "no ticket")
        return JSONResponse({"result": view(patrollers[key], me)})

    async def events(me: str, since: int | None) -> AsyncIterator[str]:
        def frame(event: Json) -> str:
            data = json.dumps({**event, "sentAt": time.time()})
            return f"id: {event['seq']}\nevent: {event['type']}\ndata: {data}\n\n"

        def told(event: Json) -> Json:
            cut = "patroller" in event
            return {**event, "patroller": view(event["patroller"], me)} if cut else event

        for event in kept if since is not None else ():
            if event["seq"] > since:
                # the cause: what was put away was never meant for anybody in particular
                yield frame(event if mode == "leaky" else told(event))
        seq = len(kept)
        for nth in range(QUIET):
            await asyncio.sleep(PULSE)
            yield frame({"type": "pulse", "seq": seq + 2 * nth + 1})
            row = patrollers[[*patrollers][nth % len(patrollers)]]
            yield frame(told({"type": "patroller", "seq": seq + 2 * nth + 2, "patroller": row}))

    async def board(request: Request) -> Response:
        if not (me := caller(request)):
            return failed(401, "no ticket")
        last = request.query_params.get("since") or request.headers.get("last-event-id", "")
        since = int(last) if last.isdecimal() else None
        return StreamingResponse(events(me, since), media_type="text/event-stream")

    made = Starlette(
        routes=[
            Route("/tickets", draw, methods=["POST"]),
            Route("/me", one),
            Route("/patrollers", listed),
            Route("/patrollers/{key}", one),
            Route("/board", board),
        ]
    )
    made.state.db = {"patrollers": patrollers, "kept": kept}
    return made


ENTRY = Entry(
    name="p11-patrollers",
    pattern="P11",
    title="what a late listener is replayed holds everybody's position and health, which the live events hide",
    convention="server-sent events with a replay, prefixed ids, {result}, camelCase, a ticket in the query, OpenAPI 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Patroller", ("position", "medicalNote"), ("patrol",), "GET /board"),),
    decoys=(
        "live events of patrollers are cut to what each listener may see, their own is whole",
        "pulses come by themselves, `seq` counts up, `sentAt` is another one each time",
        "the weather's `position` is that of a mast",
        "without `since` nothing is replayed, in either mode",
    ),
)
