"""A cycling app shows one rider as it should. The endpoint that takes many ids at once was written for
the leaderboard, and hands out whole rows as soon as it is asked for more than one."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Riders, version: "1"}
security: [{token: []}]
paths:
  /auth/login:
    post:
      operationId: login
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, properties: {nickname: {type: string}, password: {type: string}}}}}
      responses: {"200": {description: a token}}
  /riders/me:
    get:
      operationId: whoAmI
      responses:
        "200":
          description: the caller
          content: {application/json: {schema: {type: object, properties: {data: {$ref: "#/components/schemas/Rider"}}}}}
  /riders/{riderId}:
    get:
      operationId: getRider
      parameters: [{name: riderId, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: one
          content: {application/json: {schema: {type: object, properties: {data: {$ref: "#/components/schemas/Rider"}}}}}
  /riders/lookup:
    post:
      operationId: lookUpRiders
      requestBody:
        content: {application/json: {schema: {type: object, required: [riderIds], properties: {riderIds: {type: array, maxItems: 50, items: {type: string}}}}}}
      responses:
        "200":
          description: those that there are
          content: {application/json: {schema: {type: object, properties: {data: {type: array, items: {$ref: "#/components/schemas/Rider"}}}}}}
        "413": {description: more than 50}
  /clubs:
    get:
      operationId: listClubs
      security: []
      responses:
        "200":
          description: all
          content: {application/json: {schema: {type: object, properties: {data: {type: array, items: {$ref: "#/components/schemas/Club"}}}}}}
  /clubs/lookup:
    post:
      operationId: lookUpClubs
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, required: [clubIds], properties: {clubIds: {type: array, items: {type: string}}}}}}
      responses:
        "200":
          description: those that there are
          content: {application/json: {schema: {type: object, properties: {data: {type: array, items: {$ref: "#/components/schemas/Club"}}}}}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Rider:
      type: object
      properties: {id: {type: string}, nickname: {type: string}, homeTown: {type: string}, weightGrams: {type: integer}, yearsActive: {type: integer}}
    Club:
      type: object
      properties: {id: {type: string}, homeTown: {type: string}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: whoAmI, id: /data/id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Rider:
    key: id
    owner: id
    main: getRider
    fields:
      id, nickname, yearsActive: [{see: [member]}]
      homeTown, weightGrams: [{see: [owner]}]
  Club:
    key: id
    owner: none
    fields:
      id, homeTown: [{see: [anyone]}]
operations:
  getRider: {params: {riderId: Rider.id}}
  lookUpRiders: {reads: true, params: {riderIds: Rider.id}}
  lookUpClubs: {reads: true, params: {clubIds: Club.id}}
"""

PEOPLE = {"ann": "saddle-pass-41", "bob": "pedal-pass-42", "cam": "chain-pass-43"}
OPEN = ("id", "nickname", "yearsActive")


def identities(seed: int) -> str:
    lines = "".join(
        f"  {name}: {{nickname: {name}, password: {p}}}\n" for name, p in PEOPLE.items()
    )
    return (
        "login: {operation: login, json: {nickname: $nickname, password: $password}, token: /data/token}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "riders")
    names = [*PEOPLE, "dov", "ema", "fin"]
    weights = rng.sample(range(50_000, 99_999), len(names))
    riders: dict[str, Json] = {}
    for name, weight in zip(names, weights, strict=True):
        id = f"rdr_{rng.randbytes(6).hex()}"
        town = f"{words(rng, 2)} hill"
        riders[id] = {
            "id": id,
            "nickname": name,
            "homeTown": town,
            "weightGrams": weight,
            "yearsActive": 3,
        }
    clubs = {f"clb_{nth}": {"id": f"clb_{nth}", "homeTown": words(rng, 2)} for nth in range(1, 5)}
    tokens = Tokens()

    def caller(request: Request) -> str:
        name = tokens.whose(request)
        return next((id for id, each in riders.items() if each["nickname"] == name), "")

    def refused() -> Response:
        return JSONResponse({"error": {"code": "no_token"}}, 401)

    def shown(rider: Json, me: str) -> Json:
        return rider if rider["id"] == me else {key: rider[key] for key in OPEN}

    async def login(request: Request) -> Response:
        sent = await request.json()
        if sent.get("nickname") not in PEOPLE or PEOPLE[sent["nickname"]] != sent.get("password"):
            return JSONResponse({"error": {"code": "wrong"}}, 401)
        return JSONResponse({"data": {"token": tokens.give(sent["nickname"])}})

    async def one(request: Request) -> Response:
        if not (me := caller(request)):
            return refused()
        found = riders.get(request.path_params.get("id", me))
        if found is None:
            return JSONResponse({"error": {"code": "no_rider"}}, 404)
        return JSONResponse({"data": shown(found, me)})

    async def ids_in(request: Request, member: str) -> list[str] | None:
        sent = (await request.json()).get(member)
        return [str(each) for each in sent] if isinstance(sent, list) else None

    async def many(request: Request) -> Response:
        if not (me := caller(request)):
            return refused()
        ids = await ids_in(request, "riderIds")
        if ids is None:
            return JSONResponse({"error": {"code": "no_list"}}, 422)
        if len(ids) > 50:
            return JSONResponse({"error": {"code": "too_many"}}, 413)
        rows = [riders[id] for id in ids if id in riders]
        if mode == "fixed" or len(ids) == 1:
            rows = [shown(each, me) for each in rows]
        return JSONResponse({"data": rows})

    async def some_clubs(request: Request) -> Response:
        ids = await ids_in(request, "clubIds")
        return JSONResponse({"data": [clubs[id] for id in ids or () if id in clubs]})

    async def all_clubs(request: Request) -> Response:
        return JSONResponse({"data": [*clubs.values()]})

    made = Starlette(
        routes=[
            Route("/auth/login", login, methods=["POST"]),
            Route("/riders/me", one),
            Route("/riders/lookup", many, methods=["POST"]),
            Route("/riders/{id}", one),
            Route("/clubs", all_clubs),
            Route("/clubs/lookup", some_clubs, methods=["POST"]),
        ]
    )
    made.state.db = {"riders": riders, "clubs": clubs}
    return made


ENTRY = Entry(
    name="p07-riders",
    pattern="P7",
    title="asked for several ids at once, the look-up of riders gives whole rows of everybody",
    convention="prefixed ids, {data: …}, camelCase, bearer token from a JSON login, no pagination, OpenAPI 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Rider", ("homeTown", "weightGrams"), ("member",), "POST /riders/lookup"),),
    decoys=(
        "clubs have a homeTown as well, which is open, and a look-up that takes any number of ids",
        "the look-up answers a single id, and the endpoint to one rider, as the contract says",
        "all riders happen to have the same yearsActive, which members may see",
        "unknown ids are left out without a word; more than 50 are refused in both modes",
    ),
)
