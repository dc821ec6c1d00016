"""A harbour's skippers change their own profile, and whatever else they send along is saved too.

The page sends name, port and phone; the row has a plan, a badge and roles as well.
"""

from __future__ import annotations

from itertools import count
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Harbour, version: "4"}
security: [{token: []}]
paths:
  /auth/login:
    post:
      operationId: logIn
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, properties: {name: {type: string}, secret: {type: string}}}}}
      responses: {"200": {description: a token}}
  /me:
    get:
      operationId: getMe
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/SkipperAnswer"}}}}
    patch:
      operationId: updateMe
      requestBody:
        content: {application/json: {schema: {$ref: "#/components/schemas/SkipperEdit"}}}
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/SkipperAnswer"}}}}
        "422": {description: a value that cannot be}
  /skippers:
    get:
      operationId: listSkippers
      responses:
        "200":
          description: all
          content:
            application/json:
              schema:
                type: object
                properties:
                  data: {type: array, items: {$ref: "#/components/schemas/SkipperCard"}}
                  meta: {$ref: "#/components/schemas/Meta"}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Meta:
      type: object
      properties: {requestId: {type: string}}
    SkipperAnswer:
      type: object
      properties:
        data: {$ref: "#/components/schemas/Skipper"}
        meta: {$ref: "#/components/schemas/Meta"}
    SkipperCard:
      type: object
      properties: {id: {type: string}, name: {type: string}, homePort: {type: string}}
    SkipperEdit:
      type: object
      properties:
        name: {type: string}
        homePort: {type: string}
        phone: {type: string}
    Skipper:
      type: object
      properties:
        id: {type: string}
        name: {type: string}
        homePort: {type: string}
        phone: {type: string}
        plan: {type: string, enum: [mooring, coast, ocean]}
        verified: {type: boolean}
        roles: {type: array, items: {type: string, enum: [skipper, pilot, harbourmaster]}}
        revision: {type: integer}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /data/id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Skipper:
    schemas: [Skipper, SkipperCard]
    key: id
    owner: id
    main: getMe
    fields:
      id: [{see: [member]}]
      name, homePort: [{see: [member], set: [owner]}]
      phone: [{see: [owner], set: [owner]}]
      plan, verified, roles, revision: [{see: [owner]}]
operations:
  updateMe: {sets: {Skipper: ""}}
"""

PEOPLE = {"ann": "ann-tide-5rk", "bob": "bob-tide-8mz"}
PLANS = ("mooring", "coast", "ocean")
ROLES = ("skipper", "pilot", "harbourmaster")
EDITED = ("name", "homePort", "phone")


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{user: {name}, password: {p}}}\n" for name, p in PEOPLE.items())
    return (
        "login: {operation: logIn, json: {name: $user, secret: $password}, token: /token}\n"
        f"identities:\n{lines}"
    )


def sound(field: str, value: Json) -> bool:
    """Whether a value is one that the column takes."""
    if field in EDITED:
        return isinstance(value, str)
    if field == "roles":
        return isinstance(value, list) and all(each in ROLES for each in value)
    return value in PLANS if field == "plan" else isinstance(value, bool)


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "skippers")
    skippers: dict[str, Json] = {
        who: {
            "id": f"skp_{rng.getrandbits(40):010x}",
            "name": words(rng, 2),
            "homePort": "Port Selby",
            "phone": f"+44 7700 {rng.randint(100_000, 999_999)}",
            "plan": "mooring",
            "verified": False,
            "roles": ["skipper"],
        }
        for who in PEOPLE
    }
    tokens = Tokens()
    revisions = count(rng.randint(100, 900))
    saved = (*EDITED, "plan", "verified", "roles") if mode == "leaky" else EDITED

    def answer(data: Json) -> Response:
        return JSONResponse({"data": data, "meta": {"requestId": str(uuid4())}})

    async def log_in(request: Request) -> Response:
        sent = await request.json()
        if sent.get("name") not in PEOPLE or PEOPLE[sent["name"]] != sent.get("secret"):
            return JSONResponse({"error": "wrong"}, 401)
        return JSONResponse({"token": tokens.give(sent["name"])})

    async def me(request: Request) -> Response:
        own = skippers.get(tokens.whose(request))
        if own is None:
            return JSONResponse({"error": "log in"}, 401)
        if request.method != "PATCH":
            return answer({**own, "revision": next(revisions)})
        sent = await request.json()
        taken = {field: value for field, value in sent.items() if field in saved}
        if not all(sound(*each) for each in taken.items()):
            return JSONResponse({"error": "no such value"}, 422)
        own.update(taken)
        # what was sent is repeated, saved or not: only a later read tells
        return answer({**own, **sent, "revision": next(revisions)})

    async def listed(request: Request) -> Response:
        if tokens.whose(request) not in skippers:
            return JSONResponse({"error": "log in"}, 401)
        cards = [
            {key: each[key] for key in ("id", "name", "homePort")} for each in skippers.values()
        ]
        return answer(cards)

    made = Starlette(
        routes=[
            Route("/auth/login", log_in, methods=["POST"]),
            Route("/me", me, methods=["GET", "PATCH"]),
            Route("/skippers", listed),
        ]
    )
    made.state.db = {"skippers": skippers}
    return made


ENTRY = Entry(
    name="p12-skippers",
    pattern="P12",
    title="a skipper is on the dearest plan by sending it along",
    convention="prefixed ids, {data, meta} envelope, camelCase, bearer token, OpenAPI 3.1, no pagination",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Skipper", ("plan",), ("owner",), "PATCH /me"),),
    decoys=(
        "the answer to a PATCH repeats all that was sent, saved or not",
        "`revision` may be set by nobody and changes with each answer, by itself",
        "all skippers share one home port",
        "`roles` and `verified` are saved too, and no trial sets those of an account that was there before",
    ),
    options=("--allow-writes",),
)
