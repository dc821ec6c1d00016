"""A marina asks for the address first and the password second, and the first answer tells whether
anybody has that address."""

from __future__ import annotations

import hashlib
import secrets

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Marina, version: "1"}
security: [{token: []}]
paths:
  /login/start:
    post:
      operationId: startLogin
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, required: [identifier], properties: {identifier: {type: string, format: email}}}}}
      responses:
        "200":
          description: what to ask next
          content: {application/json: {schema: {type: object, properties: {next: {type: string, enum: [password, sign_up]}, identifier: {type: string}, request_id: {type: string}}}}}
  /login:
    post:
      operationId: login
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, properties: {email: {type: string}, password: {type: string}}}}}
      responses: {"200": {description: a token}}
  /me:
    get:
      operationId: whoAmI
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Skipper"}}}}
  /skippers/{handle}:
    get:
      operationId: getSkipper
      security: []
      parameters: [{name: handle, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: whether a handle is taken and by whom, content: {application/json: {schema: {$ref: "#/components/schemas/SkipperCard"}}}}
  /avatar:
    get:
      operationId: getAvatar
      security: []
      parameters: [{name: email, in: query, required: true, schema: {type: string, format: email}}]
      responses:
        "200":
          description: a pattern made of the address, whoever's it is
          content: {application/json: {schema: {type: object, properties: {pattern: {type: string}}}}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Skipper:
      type: object
      properties:
        id: {type: integer}
        handle: {type: string}
        email: {type: string}
    SkipperCard:
      type: object
      properties: {id: {type: integer}, handle: {type: string}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: whoAmI, id: /id}
relations:
  anyone: {}
  owner: {is: owner}
resources:
  Skipper:
    schemas: [Skipper, SkipperCard]
    key: id
    owner: id
    main: whoAmI
    fields:
      id, handle: [{see: [anyone]}]
      email: [{see: [owner]}]
operations:
  startLogin: {reads: true, params: {identifier: Skipper.email}}
  getSkipper: {params: {handle: Skipper.handle}}
  getAvatar: {params: {email: Skipper.email}}
"""

PASSWORDS = ("harbour-pass-1", "harbour-pass-2")


def skippers(seed: int) -> list[Json]:
    rng = drawn(seed, "marina")
    first = rng.randint(200, 900)
    return [
        {
            "id": first + nth,
            "handle": f"{words(rng, 1)}_{nth}",
            "email": f"{words(rng, 2).replace(' ', '.')}{nth}@mail.example",
        }
        for nth in range(6)
    ]


def identities(seed: int) -> str:
    lines = "".join(
        f"  {name}: {{email: {each['email']}, password: {password}}}\n"
        for name, each, password in zip(("ann", "bob"), skippers(seed), PASSWORDS, strict=False)
    )
    return (
        "login: {operation: login, json: {email: $email, password: $password}, token: /token}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    people = skippers(seed)
    by_email = {each["email"]: each for each in people}
    passwords = dict(zip(by_email, PASSWORDS, strict=False))
    tokens = Tokens()

    async def start(request: Request) -> Response:
        sent = (await request.json()).get("identifier")
        if not isinstance(sent, str) or "@" not in sent:
            return JSONResponse({"error": "no e-mail address"}, 422)
        known = sent in by_email or mode == "fixed"
        return JSONResponse(
            {
                "next": "password" if known else "sign_up",
                "identifier": sent,
                "request_id": secrets.token_hex(6),
            }
        )

    async def login(request: Request) -> Response:
        sent = await request.json()
        if sent.get("email") not in passwords or passwords[sent["email"]] != sent.get("password"):
            return JSONResponse({"error": "wrong address or password"}, 401)
        return JSONResponse({"token": tokens.give(sent["email"])})

    async def who_am_i(request: Request) -> Response:
        found = by_email.get(tokens.whose(request))
        return JSONResponse(found) if found else JSONResponse({"error": "log in"}, 401)

    async def card(request: Request) -> Response:
        for each in people:
            if each["handle"] == request.path_params["handle"]:
                return JSONResponse({"id": each["id"], "handle": each["handle"]})
        return JSONResponse({"error": "free"}, 404)

    async def avatar(request: Request) -> Response:
        sent = request.query_params.get("email", "")
        return JSONResponse({"pattern": hashlib.sha256(sent.encode()).hexdigest()})

    made = Starlette(
        routes=[
            Route("/login/start", start, methods=["POST"]),
            Route("/login", login, methods=["POST"]),
            Route("/me", who_am_i),
            Route("/skippers/{handle}", card),
            Route("/avatar", avatar),
        ]
    )
    made.state.db = {"skippers": people}
    return made


ENTRY = Entry(
    name="p05-login-start",
    pattern="P5",
    title="the first step of the login tells anybody whether an e-mail address has an account",
    convention="integer ids, bare objects, bearer token from a JSON login, no pagination, OpenAPI 3.0",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Skipper", ("email",), ("anyone",), "POST /login/start"),),
    decoys=(
        "the first step echoes the address and has a request_id of its own each time",
        "what is no address is answered with 422, known or not",
        "handles may be looked up by everybody: taken or free is no secret",
        "the avatar is a hash of the address that was sent, so it differs for each, known or not",
    ),
)
