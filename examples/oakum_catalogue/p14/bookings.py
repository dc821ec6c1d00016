"""A pottery's edge cache keeps apart whoever sends `Authorization`, as the partners' programs do.
Potters come with a cookie, which is not in the key: a list of bookings goes to whoever asks next."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Pottery, version: "1.4"}
security: [{cookie: []}]
paths:
  /session:
    post:
      operationId: createSession
      security: []
      requestBody: {content: {application/json: {schema: {type: object, properties: {email: {type: string}, password: {type: string}}}}}}
      responses: {"204": {description: a cookie}}
    get:
      operationId: readSession
      responses:
        "200": {description: the caller, content: {application/vnd.api+json: {schema: {type: object, properties: {data: {$ref: "#/components/schemas/Potter"}}}}}}
  /bookings:
    get:
      operationId: listBookings
      parameters: [{name: "page[number]", in: query, schema: {type: integer, minimum: 1, default: 1}}]
      responses:
        "200":
          description: the caller's own, two to a page
          content: {application/vnd.api+json: {schema: {$ref: "#/components/schemas/Bookings"}}}
  /bookings/{bookingId}:
    get:
      operationId: readBooking
      parameters: [{name: bookingId, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: one, content: {application/vnd.api+json: {schema: {type: object, properties: {data: {$ref: "#/components/schemas/Booking"}}}}}}
  /kilns:
    get:
      operationId: listKilns
      security: []
      responses:
        "200":
          description: for everybody
          content: {application/vnd.api+json: {schema: {type: object, properties: {data: {type: array, items: {$ref: "#/components/schemas/Kiln"}}}}}}
components:
  securitySchemes: {cookie: {type: apiKey, in: cookie, name: clay}}
  schemas:
    Potter: {type: object, properties: {type: {type: string}, id: {type: string}}}
    Bookings:
      type: object
      properties: {data: {type: array, items: {$ref: "#/components/schemas/Booking"}}, meta: {type: object, properties: {total: {type: integer}}}, links: {type: object, properties: {next: {type: string}}}}
    Booking:
      type: object
      properties:
        type: {type: string}
        id: {type: string}
        attributes:
          type: object
          properties: {potter: {type: string}, kiln: {type: string}, startsAt: {type: string}, endpointCode: {type: string}}
    Kiln:
      type: object
      properties:
        type: {type: string}
        id: {type: string}
        attributes: {type: object, properties: {startsAt: {type: string}, celsius: {type: integer}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: readSession, id: /data/id}
order: [anyone, potter, owner]
relations:
  anyone: {}
  potter: {authenticated: true}
  owner: {is: owner}
resources:
  Potter:
    owner: id
    main: readSession
    fields:
      type, id: [{see: [owner]}]
  Booking:
    key: id
    owner: attributes.potter
    main: readBooking
    promise: "The code of the endpoint is yours, for the hours that you have booked"
    fields:
      type, id, attributes.kiln, attributes.potter, attributes.startsAt, attributes.endpointCode: [{see: [owner]}]
  Kiln:
    key: id
    owner: none
    fields:
      type, id, attributes: [{see: [anyone]}]
operations:
  listBookings: {call: [potter]}
"""

PEOPLE = {"gil": "gil-slip-4Wq", "hedy": "hedy-glaze-9Zb", "ines": "ines-bisque-2Tx"}
PAGE = 2
KEPT = 7.0
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


def identities(seed: int) -> str:
    lines = "".join(
        f"  {who}: {{email: {who}@clay.example, password: {p}}}\n" for who, p in PEOPLE.items()
    )
    return (
        "login: {operation: createSession, json: {email: $email, password: $password}, cookie: clay}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "bookings")
    ids = {who: f"ptr-{rng.getrandbits(32):08x}" for who in PEOPLE}
    firings = [{"startsAt": "2031-03-01T08:00Z", "celsius": celsius} for celsius in (980, 1240)]
    kilns: list[Json] = [
        {"type": "kilns", "id": f"{words(rng, 1)}-{nth}", "attributes": each}
        for nth, each in enumerate(firings)
    ]
    codes = rng.sample(range(100_000, 999_999), 9)
    bookings: dict[str, Json] = {}
    for nth, who in enumerate([*PEOPLE] * 3):
        key = f"bkg-{rng.getrandbits(40):010x}"
        attributes = {
            "potter": ids[who],
            "kiln": kilns[nth % 2]["id"],
            "startsAt": f"2031-04-{nth + 1:02}T{rng.randint(6, 22):02}:{rng.randint(10, 59)}Z",
            "endpointCode": str(codes[nth]),
        }
        bookings[key] = {"type": "bookings", "id": key, "attributes": attributes}
    sessions: dict[str, str] = {}
    cache: dict[tuple[str, ...], tuple[float, Json]] = {}

    def caller(request: Request) -> str:
        return sessions.get(request.cookies.get("clay", ""), "")

    def sent(content: Json, status: int = 200, **headers: str) -> Response:
        headers["x-request-id"] = secrets.token_hex(8)
        return JSONResponse(content, status, headers, "application/vnd.api+json")

    def failed(status: int, title: str) -> Response:
        return sent({"errors": [{"status": str(status), "title": title}]}, status)

    def edge(origin: Callable[[Request], Awaitable[Json]]) -> Endpoint:
        """What stands before an endpoint: the answer that is kept, or else a new one."""
        # the cause: written for the partners' tokens, before there was a web page with a cookie
        vary = ("authorization",) if mode == "leaky" else ("authorization", "cookie")

        async def endpoint(request: Request) -> Response:
            asked = "&".join(sorted(request.url.query.split("&")))
            key = (request.url.path, asked, *(request.headers.get(each, "") for each in vary))
            since, content = cache.get(key, (0.0, None))
            if content is None or time.monotonic() - since >= KEPT:
                since, content = time.monotonic(), await origin(request)
                if content is None:
                    return failed(401, "no session")
                cache[key] = (since, content)
            age = str(int(time.monotonic() - since))
            return sent(content, age=age, via="1.1 edge", vary=", ".join(vary))

        return endpoint

    async def create(request: Request) -> Response:
        body = await request.json()
        who = str(body.get("email")).removesuffix("@clay.example")
        if who not in PEOPLE or PEOPLE[who] != body.get("password"):
            return failed(401, "wrong e-mail or password")
        session = secrets.token_urlsafe(24)
        sessions[session] = ids[who]
        answer = Response(status_code=204)
        answer.set_cookie("clay", session, httponly=True, samesite="lax")
        return answer

    async def read(request: Request) -> Response:
        me = caller(request)
        return sent({"data": {"type": "potters", "id": me}}) if me else failed(401, "no session")

    async def listed(request: Request) -> Json:
        if not (me := caller(request)):
            return None
        own = [each for each in bookings.values() if each["attributes"]["potter"] == me]
        asked = request.query_params.get("page[number]", "1")
        number = int(asked) if asked.isdecimal() and len(asked) < 4 else 1
        here = own[PAGE * (number - 1) :][:PAGE] if number else []
        more = {"next": f"/bookings?page[number]={number + 1}"} if len(own) > PAGE * number else {}
        return {"data": here, "meta": {"total": len(own)}, "links": more}

    async def one(request: Request) -> Response:
        me, found = caller(request), bookings.get(request.path_params["key"])
        if not me or found is None or found["attributes"]["potter"] != me:
            return failed(404 if me else 401, "no such booking" if me else "no session")
        return sent({"data": found})

    async def all_kilns(request: Request) -> Json:
        return {"data": kilns}

    made = Starlette(
        routes=[
            Route("/session", create, methods=["POST"]),
            Route("/session", read),
            Route("/bookings", edge(listed)),
            Route("/bookings/{key}", one),
            Route("/kilns", edge(all_kilns)),
        ]
    )
    made.state.db = {"bookings": bookings, "kilns": kilns}
    return made


ENTRY = Entry(
    name="p14-bookings",
    pattern="P14",
    title="the cache's key has no cookie in it: the next who asks for bookings is given the last one's",
    convention="prefixed ids, JSON:API, camelCase, JSON login with a cookie, page[number], OpenAPI 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth(
            "Booking",
            (
                "type",
                "id",
                *(f"attributes.{n}" for n in ("potter", "kiln", "startsAt", "endpointCode")),
            ),
            ("anyone", "potter"),
            "GET /bookings",
        ),
    ),
    decoys=(
        "`age` grows on one's own second reading, and on the kilns, which are for everybody",
        "`x-request-id` is new in each answer, cached or not",
        "all potters have three bookings; a kiln has a `startsAt` as well, of its next firing",
        "the endpoint to one booking is not cached, and refuses others' as though there were none",
    ),
)
