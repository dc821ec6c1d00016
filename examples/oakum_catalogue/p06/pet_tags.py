"""Whoever finds a lost pet types the number of its tag and is told whose it is. The numbers count
up, and nobody counts who types how many."""

from __future__ import annotations

import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Lost pets, version: "1"}
security: [{token: []}]
paths:
  /keepers/login:
    post:
      operationId: login
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, properties: {nick: {type: string}, password: {type: string}}}}}
      responses: {"200": {description: a token}}
  /keepers/me:
    get:
      operationId: whoAmI
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Keeper"}}}}
  /keepers/me/tags:
    get:
      operationId: listOwnTags
      responses:
        "200": {description: the caller's, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Tag"}}}}}
  /tags/{id}:
    get:
      operationId: getTag
      security: [{token: []}, {}]
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200": {description: whose pet it is, content: {application/json: {schema: {$ref: "#/components/schemas/Tag"}}}}
        "404": {description: no such tag}
        "429": {description: too many at once}
  /breeds/{id}:
    get:
      operationId: getBreed
      security: []
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Breed"}}}}
  /breeds:
    get:
      operationId: listBreeds
      security: []
      responses:
        "200": {description: all, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Breed"}}}}}
components:
  securitySchemes: {token: {type: apiKey, in: header, name: Authorization}}
  schemas:
    Keeper:
      type: object
      properties: {id: {type: string}, nick: {type: string}}
    Tag:
      type: object
      properties:
        id: {type: integer}
        keeper: {type: string}
        pet: {type: string}
        ring_at: {type: string}
        vet: {type: string}
    Breed:
      type: object
      properties: {id: {type: integer}, name: {type: string}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: whoAmI, id: /id}
relations:
  anyone: {}
  owner: {is: owner}
resources:
  Keeper:
    owner: id
    main: whoAmI
    fields:
      id, nick: [{see: [owner]}]
  Tag:
    key: id
    owner: keeper
    main: getTag
    promise: "Only who has your pet before them reads its tag"
    fields:
      keeper, pet, ring_at: [{see: [anyone]}]
      id, vet: [{see: [owner]}]
  Breed:
    key: id
    owner: none
    fields:
      id, name: [{see: [anyone]}]
limits:
  callers: {rate: 45, per: 1m}
  anonymous: {rate: 45, per: 1m}
"""

PEOPLE = {"ann": "tabby-pass-71", "bob": "collie-pass-72"}
BURST, PAUSE = 25, 4
"""Tags that one caller may ask for at once; after that, one in so many seconds. So no minute has
more than 40."""


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{nick: {name}, password: {p}}}\n" for name, p in PEOPLE.items())
    return (
        "login: {operation: login, json: {nick: $nick, password: $password}, token: /token, "
        'send: "Authorization: Token $token"}\n'
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "pets")
    keepers = {f"k{rng.randbytes(5).hex()}": name for name in (*PEOPLE, "cyd", "dot", "eli", "fay")}
    first = rng.randint(40_000, 90_000)
    tags: dict[int, Json] = {
        first + nth: {
            "id": first + nth,
            "keeper": keeper,
            "pet": words(rng, 1),
            "ring_at": f"+44{rng.randint(10**8, 10**9)}",
            "vet": words(rng),
        }
        for nth, keeper in enumerate([*keepers] * 5)
    }
    breeds = [{"id": 1 + nth, "name": words(rng, 2)} for nth in range(8)]
    tokens = Tokens("Token")
    spent: dict[str, tuple[float, float]] = {}

    def braked(caller: str) -> bool:
        """A bucket for each caller: an empty one fills by one in each pause."""
        now = time.monotonic()
        left, since = spent.get(caller, (float(BURST), now))
        left = min(BURST, left + (now - since) / PAUSE)
        spent[caller] = (max(left - 1, 0), now)
        return left < 1

    def caller(request: Request) -> str:
        name = tokens.whose(request)
        return next((keeper for keeper, nick in keepers.items() if nick == name), "")

    async def login(request: Request) -> Response:
        sent = await request.json()
        if sent.get("nick") not in PEOPLE or PEOPLE[sent["nick"]] != sent.get("password"):
            return JSONResponse({"error": "wrong"}, 401)
        return JSONResponse({"token": tokens.give(sent["nick"])})

    async def who_am_i(request: Request) -> Response:
        if not (me := caller(request)):
            return JSONResponse({"error": "log in"}, 401)
        return JSONResponse({"id": me, "nick": keepers[me]})

    async def own(request: Request) -> Response:
        if not (me := caller(request)):
            return JSONResponse({"error": "log in"}, 401)
        return JSONResponse([each for each in tags.values() if each["keeper"] == me])

    async def one(request: Request) -> Response:
        me = caller(request)
        address = request.client.host if request.client else ""
        if mode == "fixed" and braked(me or address):
            return JSONResponse({"error": "slow down"}, 429, {"Retry-After": str(PAUSE)})
        tag = tags.get(request.path_params["id"])
        if tag is None:
            return JSONResponse({"error": "no such tag"}, 404)
        open_to_all = ("keeper", "pet", "ring_at")
        return JSONResponse(tag if tag["keeper"] == me else {key: tag[key] for key in open_to_all})

    async def breed(request: Request) -> Response:
        nth = request.path_params["id"]
        found = breeds[nth - 1] if 0 < nth <= len(breeds) else None
        return JSONResponse(found or {"error": "no such breed"}, 200 if found else 404)

    async def listed(request: Request) -> Response:
        return JSONResponse(breeds)

    made = Starlette(
        routes=[
            Route("/keepers/login", login, methods=["POST"]),
            Route("/keepers/me", who_am_i),
            Route("/keepers/me/tags", own),
            Route("/tags/{id:int}", one),
            Route("/breeds", listed),
            Route("/breeds/{id:int}", breed),
        ]
    )
    made.state.db = {"keepers": keepers, "tags": tags, "breeds": breeds}
    return made


ENTRY = Entry(
    name="p06-pet-tags",
    pattern="P6",
    title="tag numbers count up and may be tried without end, so that anybody reads whose every pet is",
    convention="integer ids that count up, bare arrays, `Token` header, no pagination, OpenAPI 3.0",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Tag", ("id",), ("anyone",), "GET /tags/{id}"),),
    decoys=(
        "breeds have ids that count up and no brake: they are nobody's, and listed for all",
        "whoever holds a tag's number may see keeper, pet and phone by contract; the leak is that numbers are guessed",
        "in the fixed twin the numbers still count up, but 429 comes within 40 calls",
    ),
)
