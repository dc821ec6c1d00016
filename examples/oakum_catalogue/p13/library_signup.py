"""A library refuses a reader's name that is taken, and to be helpful tells by whom: with the e-mail
address and the street of the reader who has it."""

from __future__ import annotations

import secrets
import time
from collections import defaultdict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Library, version: "1"}
security: [{token: []}]
paths:
  /signup:
    post:
      operationId: signUp
      description: Registers a reader
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, required: [handle, password, email, street], properties: {handle: {type: string}, password: {type: string, minLength: 8}, email: {type: string}, street: {type: string}}}}}
      responses:
        "201": {description: a reader, content: {application/json: {schema: {type: object, properties: {ticket: {type: string}, handle: {type: string}}}}}}
        "400": {description: for those who are no readers yet}
        "409":
          description: the name is taken
          content: {application/json: {schema: {type: object, properties: {error: {type: string}, conflict: {$ref: "#/components/schemas/Conflict"}}}}}
        "422": {description: too short a password}
  /desk/login:
    post:
      operationId: login
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, properties: {handle: {type: string}, password: {type: string}}}}}
      responses: {"200": {description: a token}}
  /readers/self:
    get:
      operationId: getSelf
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Reader"}}}}
    delete:
      operationId: removeSelf
      responses: {"204": {description: no reader any more}}
  /readers:
    get:
      operationId: findReader
      security: []
      parameters: [{name: handle, in: query, required: true, schema: {type: string}}]
      responses:
        "200":
          description: who has a name
          content: {application/json: {schema: {type: object, properties: {items: {type: array, items: {$ref: "#/components/schemas/Card"}}, total: {type: integer}}}}}
components:
  securitySchemes: {token: {type: apiKey, in: header, name: Authorization}}
  schemas:
    Reader:
      type: object
      properties:
        reader_id: {type: string}
        handle: {type: string}
        email: {type: string}
        street: {type: string}
    Card:
      type: object
      properties: {reader_id: {type: string}, handle: {type: string}}
    Conflict:
      type: object
      properties:
        handle: {type: string}
        free: {type: array, items: {type: string}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getSelf, id: /reader_id}
relations:
  anyone: {}
  owner: {is: owner}
resources:
  Reader:
    schemas: [Reader, Card]
    key: reader_id
    owner: reader_id
    main: getSelf
    fields:
      reader_id, handle: [{see: [anyone]}]
      email, street: [{see: [owner]}]
operations:
  signUp: {params: {handle: Reader.handle}}
  findReader: {params: {handle: Reader.handle}}
"""

PASSWORDS = ("overdue-book-1", "quiet-please-2")


def readers(seed: int) -> list[Json]:
    rng = drawn(seed, "library")
    return [
        {
            "reader_id": f"lib_{rng.randbytes(6).hex()}",
            "handle": f"{words(rng, 1)}.{nth}",
            "email": f"{words(rng, 2).replace(' ', '.')}{nth}@mail.example",
            "street": f"{words(rng, 2)} lane",
        }
        for nth in range(5)
    ]


def identities(seed: int) -> str:
    lines = "".join(
        f"  {name}: {{handle: {each['handle']}, password: {password}}}\n"
        for name, each, password in zip(("ann", "bob"), readers(seed), PASSWORDS, strict=False)
    )
    return (
        "login: {operation: login, json: {handle: $handle, password: $password}, token: /token, "
        'send: "Authorization: Token $token"}\n'
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    people = {each["handle"]: each for each in readers(seed)}
    passwords = dict(zip(people, PASSWORDS, strict=False))
    tokens = Tokens("Token")
    wrong: defaultdict[str, list[float]] = defaultdict(list)

    async def sign_up(request: Request) -> Response:
        if "authorization" in request.headers:
            return JSONResponse({"error": "you are a reader already"}, 400)
        sent = await request.json()
        handle = str(sent.get("handle"))
        if len(str(sent.get("password") or "")) < 8:
            return JSONResponse({"error": "too short a password", "handle": handle}, 422)
        if handle in people:
            conflict = {
                "handle": handle,
                "free": [f"{handle}{nth}" for nth in secrets.SystemRandom().sample(range(99), 2)],
            }
            if mode == "leaky":
                conflict |= {"email": people[handle]["email"], "street": people[handle]["street"]}
            return JSONResponse({"error": "taken", "conflict": conflict}, 409)
        people[handle] = {
            "reader_id": f"lib_{secrets.token_hex(6)}",
            "handle": handle,
            "email": str(sent.get("email")),
            "street": str(sent.get("street")),
        }
        passwords[handle] = sent["password"]
        return JSONResponse({"ticket": secrets.token_hex(8), "handle": handle}, 201)

    async def login(request: Request) -> Response:
        sent = await request.json()
        now = time.monotonic()
        handle = str(sent.get("handle"))
        wrong[handle] = [t for t in wrong[handle] if now - t < 4]
        if len(wrong[handle]) >= 5:
            return JSONResponse({"error": "wait a little"}, 429, {"retry-after": "1"})
        if sent.get("handle") not in passwords or passwords[sent["handle"]] != sent.get("password"):
            wrong[handle].append(now)
            return JSONResponse({"error": "wrong name or password"}, 401)
        return JSONResponse({"token": tokens.give(sent["handle"])})

    async def myself(request: Request) -> Response:
        found = people.get(tokens.whose(request))
        if found is None:
            return JSONResponse({"error": "log in"}, 401)
        if request.method == "DELETE":
            del people[found["handle"]], passwords[found["handle"]]
            return Response(status_code=204)
        return JSONResponse(found)

    async def find(request: Request) -> Response:
        found = people.get(request.query_params.get("handle", ""))
        items = [{"reader_id": found["reader_id"], "handle": found["handle"]}] if found else []
        return JSONResponse({"items": items, "total": len(items)})

    made = Starlette(
        routes=[
            Route("/signup", sign_up, methods=["POST"]),
            Route("/desk/login", login, methods=["POST"]),
            Route("/readers/self", myself, methods=["GET", "DELETE"]),
            Route("/readers", find),
        ]
    )
    made.state.db = {"readers": people}
    return made


ENTRY = Entry(
    name="p13-library-signup",
    pattern="P13",
    title="the refusal of a name that is taken holds e-mail address and street of who has it",
    convention="prefixed ids, {items, total}, snake_case, `Token` header, OpenAPI 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Reader", ("email", "street"), ("anyone",), "POST /signup"),),
    decoys=(
        "taken or free is no secret: names are looked up by everybody at an endpoint of their own",
        "the names that are offered instead are drawn anew each time, and hold the name that was sent",
        "a name that is free is answered with a random ticket, and an address may be that of two",
        "whoever sends an Authorization header is refused with 400 before anything is looked at",
    ),
    options=("--allow-writes",),
)
