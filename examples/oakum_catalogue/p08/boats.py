"""A boat club hides its skippers' telephones, and hands them out with `?include=skipper` of a boat:
what is included is the stored row, not the view that the skipper's own endpoint gives."""

from __future__ import annotations

import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Boat club, version: "1"}
security: [{session: []}]
paths:
  /sessions:
    post:
      operationId: logIn
      security: []
      requestBody: {content: {application/json: {schema: {type: object, properties: {nick: {type: string}, phrase: {type: string}}}}}}
      responses: {"201": {description: a token}}
  /skippers/me:
    get:
      operationId: ownSkipper
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/OneSkipper"}}}}}
  /skippers/{skipper}:
    get:
      operationId: getSkipper
      parameters: [{name: skipper, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/OneSkipper"}}}}}
  /boats:
    get:
      operationId: listBoats
      parameters: [{name: "page[number]", in: query, schema: {type: integer}}]
      responses:
        "200": {description: a page of five, content: {application/json: {schema: {$ref: "#/components/schemas/Boats"}}}}
  /boats/{boat}:
    get:
      operationId: getBoat
      parameters:
        - {name: boat, in: path, required: true, schema: {type: string}}
        - {name: include, in: query, schema: {type: string, enum: [harbour, skipper]}}
      responses:
        "200": {description: one and what is included, content: {application/json: {schema: {$ref: "#/components/schemas/OneBoat"}}}}
components:
  securitySchemes: {session: {type: http, scheme: bearer}}
  schemas:
    Meta: {type: object, properties: {served_at: {type: number}, total: {type: integer}}}
    Boats:
      type: object
      properties: {data: {type: array, items: {$ref: "#/components/schemas/Boat"}}, meta: {$ref: "#/components/schemas/Meta"}}
    OneBoat:
      type: object
      properties:
        data: {$ref: "#/components/schemas/Boat"}
        included:
          type: array
          items:
            oneOf: [{$ref: "#/components/schemas/Skipper"}, {$ref: "#/components/schemas/Harbour"}]
            discriminator: {propertyName: type, mapping: {skippers: "#/components/schemas/Skipper", harbours: "#/components/schemas/Harbour"}}
        meta: {$ref: "#/components/schemas/Meta"}
    OneSkipper: {type: object, properties: {data: {$ref: "#/components/schemas/Skipper"}}}
    Skipper:
      type: object
      properties:
        type: {type: string, const: skippers}
        id: {type: string}
        attributes: {type: object, properties: {nick: {type: string}, phone: {type: string}, home: {type: string}}}
    Harbour:
      type: object
      properties:
        type: {type: string, const: harbours}
        id: {type: string}
        attributes: {type: object, properties: {name: {type: string}, phone: {type: string}}}
    Boat:
      type: object
      properties:
        type: {type: string, const: boats}
        id: {type: string}
        attributes: {type: object, properties: {title: {type: string}, skipper: {type: string}, harbour: {type: string}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: ownSkipper, id: /data/id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Skipper:
    key: id
    owner: id
    main: getSkipper
    fields:
      type, id, attributes.nick: [{see: [member]}]
      attributes.phone, attributes.home: [{see: [owner]}]
  Boat:
    key: id
    owner: attributes.skipper
    main: getBoat
    fields:
      type, id, attributes: [{see: [member]}]
  Harbour:
    key: id
    owner: none
    fields:
      type, id, attributes: [{see: [member]}]
operations:
  getSkipper: {params: {skipper: Skipper.id}}
  getBoat: {params: {boat: Boat.id}}
"""

PEOPLE = {"wren": "wren-halyard-61", "tern": "tern-bowline-27", "coot": "coot-fender-93"}


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{nick: {name}, phrase: {p}}}\n" for name, p in PEOPLE.items())
    return (
        "login: {operation: logIn, json: {nick: $nick, phrase: $phrase}, token: /token}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "boats")
    ids = {who: f"sk_{rng.randrange(36**6):06x}" for who in PEOPLE}
    skippers: dict[str, Json] = {
        ids[who]: {"nick": who, "phone": f"+44 7700 9{rng.randrange(10**5):05}", "home": words(rng)}
        for who in PEOPLE
    }
    harbours: dict[str, Json] = {
        str(nth): {"name": words(rng, 1), "phone": f"+44 1632 96{nth:04}"} for nth in (1, 2)
    }
    boats: dict[str, Json] = {}
    for nth, who in enumerate([*PEOPLE] * 2):
        title = words(rng, 2)
        boats[title.replace(" ", "-")] = {
            "title": title,
            "skipper": ids[who],
            "harbour": str(1 + nth % 2),
        }
    tokens = Tokens()

    def of(kind: str, key: str, attributes: Json) -> Json:
        return {"type": kind, "id": key, "attributes": attributes}

    def view(key: str, caller: str) -> Json:
        shown = ("nick", "phone", "home") if key == caller else ("nick",)
        return of("skippers", key, {name: skippers[key][name] for name in shown})

    def refused(status: int, said: str) -> Response:
        return JSONResponse({"errors": [{"status": str(status), "title": said}]}, status)

    def caller(request: Request) -> str:
        return ids.get(tokens.whose(request), "")

    async def log_in(request: Request) -> Response:
        sent = await request.json()
        if PEOPLE.get(sent.get("nick")) != sent.get("phrase"):
            return refused(401, "wrong phrase")
        return JSONResponse({"token": tokens.give(sent["nick"])}, 201)

    async def skipper(request: Request) -> Response:
        me = caller(request)
        key = request.path_params.get("skipper", me)
        if not me:
            return refused(401, "log in")
        if key not in skippers:
            return refused(404, "no such skipper")
        return JSONResponse({"data": view(key, me)})

    async def listed(request: Request) -> Response:
        if not caller(request):
            return refused(401, "log in")
        number = request.query_params.get("page[number]", "1")
        start = 5 * (int(number) - 1) if number.isdigit() and number != "0" else 0
        page = [of("boats", *each) for each in [*boats.items()][start : start + 5]]
        return JSONResponse({"data": page, "meta": {"served_at": time.time(), "total": len(boats)}})

    async def boat(request: Request) -> Response:
        me, key = caller(request), request.path_params["boat"]
        if not me:
            return refused(401, "log in")
        if key not in boats:
            return refused(404, "no such boat")
        answer: Json = {"data": of("boats", key, boats[key]), "meta": {"served_at": time.time()}}
        asked = request.query_params.get("include", "").split(",")
        if "harbour" in asked:
            berth = boats[key]["harbour"]
            answer.setdefault("included", []).append(of("harbours", berth, harbours[berth]))
        if "skipper" in asked:
            whose = boats[key]["skipper"]
            raw = of("skippers", whose, skippers[whose])
            answer.setdefault("included", []).append(raw if mode == "leaky" else view(whose, me))
        return JSONResponse(answer)

    made = Starlette(
        routes=[
            Route("/sessions", log_in, methods=["POST"]),
            Route("/skippers/me", skipper),
            Route("/skippers/{skipper}", skipper),
            Route("/boats", listed),
            Route("/boats/{boat}", boat),
        ]
    )
    made.state.db = {"skippers": skippers, "boats": boats, "harbours": harbours}
    return made


ENTRY = Entry(
    name="p08-boats",
    pattern="P8",
    title="a boat with its skipper included shows the telephone that the skipper's own page hides",
    convention="JSON:API, prefixed ids and slugs, bearer token, numbered pages, OpenAPI 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth("Skipper", ("attributes.phone", "attributes.home"), ("member",), "GET /boats/{boat}"),
    ),
    decoys=(
        "harbours, included likewise, have a telephone too, which is everybody's",
        "`meta.served_at` is another one each time",
        "harbours' ids count up, and are no secret",
    ),
)
