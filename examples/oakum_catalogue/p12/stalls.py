"""A craft market's stalls wait for approval. Changing one takes title and blurb and nothing else;
opening one builds the row from what was sent, its own approval and fee included."""

from __future__ import annotations

import base64
import random
import uuid

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Craft market, version: "2"}
security: [{basic: []}]
paths:
  /account:
    get:
      operationId: get-account
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/account"}}}}}
  /stalls:
    get:
      operationId: list-stalls
      parameters: [{name: cursor, in: query, schema: {type: string}}]
      responses:
        "200":
          description: three of them, and where to go on
          content: {application/json: {schema: {type: object, properties: {items: {type: array, items: {$ref: "#/components/schemas/stall-card"}}, next-cursor: {type: string, nullable: true}}}}}
    post:
      operationId: open-stall
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/stall-form"}}}}
      responses:
        "201": {description: waits for approval, content: {application/json: {schema: {$ref: "#/components/schemas/stall"}}}}
        "422": {description: a value that cannot be}
  /stalls/{stall-id}:
    parameters: [{name: stall-id, in: path, required: true, schema: {type: string, format: uuid}}]
    get:
      operationId: get-stall
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/stall"}}}}}
    patch:
      operationId: edit-stall
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/stall-form"}}}}
      responses: {"200": {description: as it is now, content: {application/json: {schema: {$ref: "#/components/schemas/stall"}}}}}
    delete:
      operationId: close-stall
      responses: {"204": {description: closed}}
components:
  securitySchemes: {basic: {type: http, scheme: basic}}
  schemas:
    account: {type: object, properties: {login: {type: string}, since: {type: string, format: date}}}
    stall-form: {type: object, properties: {title: {type: string, minLength: 1, maxLength: 80}, blurb: {type: string}}}
    stall-card: {type: object, properties: {stall-id: {type: string, format: uuid}, trader: {type: string}, title: {type: string}}}
    stall:
      type: object
      properties:
        stall-id: {type: string, format: uuid, readOnly: true}
        trader: {type: string, readOnly: true}
        title: {type: string}
        blurb: {type: string}
        moderation: {$ref: "#/components/schemas/moderation"}
    moderation:
      type: object
      properties:
        state: {type: string, enum: [waiting, approved, refused]}
        featured: {type: boolean}
        fee-percent: {type: integer, minimum: 0, maximum: 30}
        place-in-queue: {type: integer, readOnly: true}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: get-account, id: /login}
relations:
  trader: {authenticated: true}
  owner: {is: owner}
resources:
  Account:
    schemas: [account]
    owner: login
    main: get-account
    fields:
      login, since: [{see: [owner]}]
  Stall:
    schemas: [stall, stall-card, stall-form]
    key: stall-id
    owner: trader
    main: get-stall
    promise: "The office looks at each stall before it opens"
    fields:
      stall-id, trader: [{see: [trader]}]
      title, blurb: [{see: [trader], set: [owner]}]
      moderation: [{see: [owner]}]
operations:
  open-stall: {call: [trader], sets: {Stall: ""}}
  edit-stall: {sets: {Stall: ""}}
  close-stall: {call: [owner]}
"""

PEOPLE = {"vera": "vera-felt-3Kd", "wout": "wout-clay-8Hs"}
FORM = ("title", "blurb")


def identities(seed: int) -> str:
    coded = {
        who: base64.b64encode(f"{who}:{word}".encode()).decode() for who, word in PEOPLE.items()
    }
    lines = "".join(
        f"  {who}: {{header: 'Authorization: Basic {c}'}}\n" for who, c in coded.items()
    )
    return f"identities:\n{lines}"


def sound(sent: Json) -> bool:
    """Whether all values are such as the columns take."""
    marks = sent.get("moderation", {})
    return (
        all(isinstance(sent.get(name, ""), str) for name in FORM)
        and isinstance(marks, dict)
        and marks.get("state", "waiting") in ("waiting", "approved", "refused")
        and isinstance(marks.get("featured", False), bool)
        and type(marks.get("fee-percent", 0)) is int
        and 0 <= marks.get("fee-percent", 0) <= 30
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "stalls")
    since = {who: f"20{rng.randint(10, 24)}-05-01" for who in PEOPLE}
    stalls: dict[str, Json] = {}

    def put(key: str, trader: str, sent: Json) -> None:
        marks = {"state": "waiting", "featured": False, "fee-percent": 12}
        marks |= {name: each for name, each in sent.get("moderation", {}).items() if name in marks}
        form = {name: sent.get(name, "") for name in FORM}
        stalls[key] = {"stall-id": key, "trader": trader, **form, "moderation": marks}

    for trader in ("vera", "wout", "yann", "vera", "zita"):
        key = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        put(key, trader, {"title": words(rng, 2), "blurb": words(rng)})

    def caller(request: Request) -> str:
        try:
            code = request.headers.get("authorization", "").removeprefix("Basic ")
            who, _, word = base64.b64decode(code).decode().partition(":")
        except ValueError:  # neither Base64 nor text
            return ""
        return who if PEOPLE.get(who) == word else ""

    def failed(status: int, why: str) -> Response:
        more = {"www-authenticate": "Basic"} if status == 401 else None
        return JSONResponse({"error": why, "incident": str(uuid.uuid4())}, status, more)

    def view(row: Json, who: str) -> Json:
        if who == row["trader"]:
            marks = {**row["moderation"], "place-in-queue": random.randint(1, 40)}
            return {**row, "moderation": marks}
        return {name: each for name, each in row.items() if name != "moderation"}

    async def account(request: Request) -> Response:
        who = caller(request)
        return JSONResponse({"login": who, "since": since[who]}) if who else failed(401, "who?")

    async def listed(request: Request) -> Response:
        if not caller(request):
            return failed(401, "who?")
        keys, cursor = [*stalls], request.query_params.get("cursor", "")
        start = keys.index(cursor) + 1 if cursor in keys else 0
        here = [stalls[key] for key in keys[start : start + 3]]
        cards = [{name: each[name] for name in ("stall-id", "trader", "title")} for each in here]
        more = keys[start + 2] if len(keys) > start + 3 else None
        return JSONResponse({"items": cards, "next-cursor": more})

    async def opened(request: Request) -> Response:
        if not (who := caller(request)):
            return failed(401, "who?")
        sent = await request.json()
        if not isinstance(sent, dict) or not sent.get("title") or not sound(sent):
            return failed(422, "no such stall can be")
        # the cause: the form has two members, and so nobody cut down what comes instead of it
        if mode == "fixed":
            sent = {name: sent[name] for name in FORM if name in sent}
        key = str(uuid.uuid4())
        put(key, who, sent)
        return JSONResponse(view(stalls[key], who), 201, {"location": f"/stalls/{key}"})

    async def one(request: Request) -> Response:
        who, row = caller(request), stalls.get(request.path_params["key"])
        if not who or row is None:
            return failed(404 if who else 401, "no such stall" if who else "who?")
        if row["trader"] != who and request.method != "GET":
            return failed(403, "not your stall")
        if request.method == "DELETE":
            del stalls[row["stall-id"]]
            return Response(status_code=204)
        if request.method == "PATCH":
            sent = await request.json()
            if not isinstance(sent, dict) or not sound(sent):
                return failed(422, "no such stall can be")
            row.update({name: sent[name] for name in FORM if name in sent})
        return JSONResponse(view(row, who))

    made = Starlette(
        routes=[
            Route("/account", account),
            Route("/stalls", listed),
            Route("/stalls", opened, methods=["POST"]),
            Route("/stalls/{key}", one, methods=["GET", "PATCH", "DELETE"]),
        ]
    )
    made.state.db = {"stalls": stalls, "since": since}
    return made


ENTRY = Entry(
    name="p12-stalls",
    pattern="P12",
    title="whoever opens a stall sends its approval along, and its place in the window, and its fee",
    convention="uuids, bare objects, kebab-case, basic authentication, {items, next-cursor}, OpenAPI 3.0",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth(
            "Stall",
            ("moderation.state", "moderation.featured", "moderation.fee-percent"),
            ("owner",),
            "POST /stalls",
        ),
    ),
    decoys=(
        "a PATCH that sends `moderation` along is answered 200, and changes nothing of it",
        "`place-in-queue` is another one each time, by itself, and is taken from nobody",
        "another's stall is changed and closed by nobody: 403, with an `incident` that is new each time",
        "`trader` and `stall-id` are ignored when they are sent along",
    ),
    options=("--allow-writes",),
)
