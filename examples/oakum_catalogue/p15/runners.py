"""A running club hides what its runners weigh, and sorts them by it on request."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from itertools import count

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Running club, version: "5"}
security: [{token: []}]
paths:
  /login:
    post:
      operationId: login
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, properties: {email: {type: string}, password: {type: string}}}}}
      responses: {"200": {description: a token}}
  /me:
    get:
      operationId: getMe
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Runner"}}}}
    patch:
      operationId: updateMe
      requestBody:
        content: {application/json: {schema: {$ref: "#/components/schemas/Runner"}}}
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Runner"}}}}
        "422": {description: a value that cannot be}
  /runners:
    get:
      operationId: listRunners
      parameters:
        - {name: sort, in: query, schema: {type: string, enum: [name, joined, weight_kg, shuffle]}}
        - {name: page, in: query, schema: {type: integer, minimum: 1, default: 1}}
      responses:
        "200":
          description: all
          content:
            application/json:
              schema:
                type: object
                properties:
                  items: {type: array, items: {$ref: "#/components/schemas/RunnerCard"}}
                  total: {type: integer}
                  asked: {type: integer, description: how often this list was asked for}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    RunnerCard:
      type: object
      properties: {id: {type: string}, name: {type: string}, joined: {type: integer}}
    Runner:
      type: object
      properties:
        id: {type: string, readOnly: true}
        name: {type: string, readOnly: true}
        joined: {type: integer, readOnly: true}
        weight_kg: {type: number, minimum: 30, maximum: 200}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Runner:
    schemas: [Runner, RunnerCard]
    key: id
    owner: id
    main: getMe
    promise: "Your weight is for your own training log"
    fields:
      id, name, joined: [{see: [member]}]
      weight_kg: [{see: [owner], set: [owner]}]
operations:
  listRunners: {counts: [/total]}
"""

PEOPLE = {"ann": "ann-lap-6vu", "bob": "bob-lap-3hg", "cyd": "cyd-lap-9ao"}
PAGE = 25


def identities(seed: int) -> str:
    lines = "".join(
        f"  {name}: {{email: {name}@club.test, password: {p}}}\n" for name, p in PEOPLE.items()
    )
    return (
        "login: {operation: login, json: {email: $email, password: $password}, token: /token}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "runners")
    everybody = [*PEOPLE, *(f"other{n}" for n in range(7))]
    weights = rng.sample(range(460, 990), len(everybody))
    numbers = rng.sample(range(1_000, 9_999), len(everybody))
    runners: dict[str, Json] = {
        who: {
            "id": base64.urlsafe_b64encode(f"runner:{number}".encode()).decode().rstrip("="),
            "name": words(rng, 2),
            "joined": rng.randint(2004, 2025),
            "weight_kg": weight / 10,
        }
        for who, weight, number in zip(everybody, weights, numbers, strict=True)
    }
    tokens = Tokens()
    asked = count(1)
    orders: dict[str, Callable[[Json], Json]] = {
        "name": lambda each: each["name"],
        "joined": lambda each: (each["joined"], each["name"]),
        "shuffle": lambda each: random.random(),
    }
    if mode == "leaky":
        orders["weight_kg"] = lambda each: each["weight_kg"]

    async def login(request: Request) -> Response:
        sent = await request.json()
        who = str(sent.get("email")).removesuffix("@club.test")
        if who not in PEOPLE or PEOPLE[who] != sent.get("password"):
            return JSONResponse({"error": "wrong"}, 401)
        return JSONResponse({"token": tokens.give(who)})

    async def me(request: Request) -> Response:
        own = runners.get(tokens.whose(request))
        if own is None:
            return JSONResponse({"error": "log in"}, 401)
        if request.method == "PATCH":
            sent = (await request.json()).get("weight_kg", own["weight_kg"])
            if isinstance(sent, bool) or not isinstance(sent, int | float) or not 30 <= sent <= 200:
                return JSONResponse({"error": "no such weight"}, 422)
            own["weight_kg"] = sent
        return JSONResponse(own)

    async def listed(request: Request) -> Response:
        if not tokens.whose(request):
            return JSONResponse({"error": "log in"}, 401)
        page = request.query_params.get("page", "1")
        if not page.isdecimal() or not 0 < int(page) < 1_000:
            return JSONResponse({"error": "no such page"}, 422)
        # an order that is not known is no order: by name then
        by = orders.get(request.query_params.get("sort", ""), orders["name"])
        cards = [
            {key: each[key] for key in ("id", "name", "joined")}
            for each in sorted(runners.values(), key=by)
        ]
        items = cards[PAGE * (int(page) - 1) :][:PAGE]
        return JSONResponse({"items": items, "total": len(cards), "asked": next(asked)})

    made = Starlette(
        routes=[
            Route("/login", login, methods=["POST"]),
            Route("/me", me, methods=["GET", "PATCH"]),
            Route("/runners", listed),
        ]
    )
    made.state.db = {"runners": runners}
    return made


ENTRY = Entry(
    name="p15-runners",
    pattern="P15",
    title="sorted by a weight that nobody is shown, the list of runners tells it",
    convention="base64 ids, {items, total}, page numbers, bearer token, OpenAPI 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Runner", ("weight_kg",), ("member",), "GET /runners"),),
    decoys=(
        "`sort=shuffle` gives another order each time",
        "`sort=joined` sorts by what everybody is shown",
        "`asked` rises with each answer, by itself",
    ),
    options=("--allow-own-settings",),
)
