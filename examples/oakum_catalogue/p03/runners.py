"""A running club whose privacy switch is stored, sent along, and obeyed by the app's own screens alone.

`GET /runners/{runnerId}` says `private: true` beside the home quarter that it should hide.
"""

from __future__ import annotations

import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Runners, version: "1"}
security: [{bearer: []}]
paths:
  /login:
    post:
      operationId: login
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, properties: {handle: {type: string}, password: {type: string}}}}}
      responses: {"200": {description: a token}}
  /me:
    get:
      operationId: getMe
      responses:
        "200": {description: the caller, content: {application/json: {schema: {type: object, properties: {data: {$ref: "#/components/schemas/Runner"}}}}}}
  /runners:
    get:
      operationId: listRunners
      responses:
        "200": {description: all, content: {application/json: {schema: {type: object, properties: {data: {type: array, items: {$ref: "#/components/schemas/RunnerMini"}}}}}}}
  /runners/{runnerId}:
    get:
      operationId: getRunner
      parameters: [{name: runnerId, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: one
          content: {application/json: {schema: {type: object, properties: {data: {$ref: "#/components/schemas/Runner"}, seconds_up: {type: number}}}}}
  /runners/{runnerId}/followers:
    get:
      operationId: listFollowers
      parameters: [{name: runnerId, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: who follows, content: {application/json: {schema: {type: object, properties: {data: {type: array, items: {$ref: "#/components/schemas/RunnerMini"}}}}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    RunnerMini:
      type: object
      properties: {id: {type: string}, handle: {type: string}}
    Runner:
      type: object
      properties:
        id: {type: string}
        handle: {type: string}
        private: {type: boolean}
        home_quarter: {type: string}
        metres_this_year: {type: integer}
        birthday: {type: string}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /data/id}
relations:
  anyone: {}
  member: {authenticated: true}
  follower: {in: listFollowers, id: /data/*/id}
  owner: {is: owner}
order: [anyone, member, follower, owner]
resources:
  Runner:
    schemas: [Runner, RunnerMini]
    key: id
    owner: id
    main: getRunner
    promise: "Private: only those who follow you see where and how far you run"
    states:
      private: {field: private, missing: true}
    fields:
      id, handle, private: [{see: [member]}]
      home_quarter, metres_this_year:
        - see: [owner, follower]
        - {see: [member], when: {private: false}}
      birthday: [{see: [owner]}]
"""

PEOPLE = {"ada": "ada-pass-6nq", "ben": "ben-pass-1ht", "cleo": "cleo-pass-4wz"}
PRIVATE = ("ben", "cleo")
FOLLOWS = {"ben": ["cleo"]}
"""Runner to those who follow: Cleo may see what Ben hides from Ada."""


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{handle: {name}, password: {p}}}\n" for name, p in PEOPLE.items())
    return (
        "login: {operation: login, json: {handle: $handle, password: $password}, token: /data/token}\n"
        f"identities:\n{lines}between: [cleo is follower of ben]\n"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "runners")
    ids = {who: f"{rng.getrandbits(64):016x}" for who in PEOPLE}
    metres = rng.sample(range(100_000, 900_000), len(PEOPLE))
    runners: dict[str, Json] = {
        ids[who]: {
            "id": ids[who],
            "handle": who,
            "private": who in PRIVATE,
            "home_quarter": words(rng, 2).title(),
            "metres_this_year": metres[nth],
            "birthday": f"{rng.randint(1950, 2005)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        }
        for nth, who in enumerate(PEOPLE)
    }
    follows = {ids[who]: [ids[each] for each in those] for who, those in FOLLOWS.items()}
    tokens, started = Tokens(), time.monotonic()

    def failed(status: int, why: str) -> Response:
        return JSONResponse({"error": why}, status)

    def mini(runner: Json) -> Json:
        return {key: runner[key] for key in ("id", "handle")}

    async def login(request: Request) -> Response:
        sent = await request.json()
        who = sent.get("handle")
        if who not in PEOPLE or PEOPLE[who] != sent.get("password"):
            return failed(401, "wrong")
        return JSONResponse({"data": {"token": tokens.give(who)}})

    async def me(request: Request) -> Response:
        who = tokens.whose(request)
        return JSONResponse({"data": runners[ids[who]]}) if who else failed(401, "log in")

    async def listed(request: Request) -> Response:
        if not tokens.whose(request):
            return failed(401, "log in")
        return JSONResponse({"data": [mini(each) for each in runners.values()]})

    async def one(request: Request) -> Response:
        who = tokens.whose(request)
        if not who:
            return failed(401, "log in")
        found = runners.get(request.path_params["id"])
        if found is None:
            return failed(404, "no such runner")
        hidden = set() if found["id"] == ids[who] else {"birthday"}
        close = ids[who] in (found["id"], *follows.get(found["id"], []))
        if mode == "fixed" and found["private"] and not close:
            hidden |= {"home_quarter", "metres_this_year"}
        shown = {key: value for key, value in found.items() if key not in hidden}
        return JSONResponse({"data": shown, "seconds_up": round(time.monotonic() - started, 3)})

    async def followers(request: Request) -> Response:
        if not tokens.whose(request):
            return failed(401, "log in")
        if request.path_params["id"] not in runners:
            return failed(404, "no such runner")
        those = follows.get(request.path_params["id"], [])
        return JSONResponse({"data": [mini(runners[each]) for each in those]})

    made = Starlette(
        routes=[
            Route("/login", login, methods=["POST"]),
            Route("/me", me),
            Route("/runners", listed),
            Route("/runners/{id}", one),
            Route("/runners/{id}/followers", followers),
        ]
    )
    made.state.db = {"runners": runners, "follows": follows}
    return made


ENTRY = Entry(
    name="p03-runners",
    pattern="P3",
    title="a private runner's home and distance come to every member, beside the flag that hides them",
    convention="hex ids, {data}, snake_case, bearer token, a flag in the object, no pagination, 3.0",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth(
            "Runner", ("home_quarter", "metres_this_year"), ("member",), "GET /runners/{runnerId}"
        ),
    ),
    decoys=(
        "Ada is not private: what every member sees of her is meant to be seen",
        "Cleo follows Ben and sees what he hides from others",
        "the flag itself is for every member",
        "`seconds_up` grows by itself",
    ),
)
