"""A board of babysitters whose profile box is the database row: hash, seed and reset token included.

The document was generated from the row's class, so that it declares them all. The contract lists
what a profile box is for.
"""

from __future__ import annotations

import hashlib
import secrets
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.1
info: {title: Sitters, version: "0.9"}
security: [{sid: []}]
paths:
  /login:
    post:
      operationId: login
      security: []
      requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {u: {type: string}, p: {type: string}}}}}}
      responses: {"200": {description: a cookie}}
  /account:
    get:
      operationId: account
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Account"}}}}}
  /profile_box:
    get:
      operationId: profile_box
      parameters:
        - {name: u, in: query, required: true, schema: {type: string}}
        - {name: theme, in: query, schema: {type: string, enum: [light, dark]}}
      responses: {"200": {description: the box beside a name, content: {application/json: {schema: {$ref: "#/components/schemas/User"}}}}}
  /users:
    get:
      operationId: users
      parameters: [{name: page, in: query, schema: {type: integer, minimum: 1}}]
      responses: {"200": {description: two a page, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/UserLine"}}}}}}
  /invites:
    get:
      operationId: invites
      security: []
      responses: {"200": {description: codes for newcomers, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Invite"}}}}}}
components:
  securitySchemes: {sid: {type: apiKey, in: cookie, name: sid}}
  schemas:
    Account: {type: object, properties: {id: {type: integer}, handle: {type: string}, phone: {type: string}, iban: {type: string}}}
    UserLine: {type: object, properties: {id: {type: integer}, handle: {type: string}}}
    User:
      type: object
      properties:
        id: {type: integer}
        handle: {type: string}
        about: {type: string}
        phone: {type: string}
        iban: {type: string}
        password_hash: {type: string}
        otp_seed: {type: string}
        reset_token: {type: string, nullable: true}
    Invite: {type: object, properties: {id: {type: integer}, reset_token: {type: string}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: account, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
order: [anyone, member, owner]
resources:
  User:
    schemas: [User, UserLine, Account]
    key: id
    owner: id
    main: profile_box
    fields:
      id, handle, about: [{see: [member]}]
      phone, iban: [{see: [owner]}]
      password_hash, otp_seed, reset_token: []
  Invite:
    key: id
    owner: none
    conceal: false
    fields:
      id, reset_token: [{see: [anyone]}]
operations:
  profile_box: {params: {u: User.handle}}
"""

PEOPLE = {"kim": "kim-pass-2gv", "lou": "lou-pass-8pe", "max": "max-pass-5rs"}


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{user: {name}, password: {p}}}\n" for name, p in PEOPLE.items())
    return (
        "login: {operation: login, form: {u: $user, p: $password}, cookie: sid}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "sitters")
    users: dict[str, Json] = {
        who: {
            "id": number,
            "handle": who,
            "about": words(rng, 4),
            "phone": f"+33 6{rng.randint(10_000_000, 99_999_999)}",
            "iban": f"FR76{rng.randint(10**12, 10**13 - 1)}",
            "password_hash": hashlib.sha256(rng.randbytes(16)).hexdigest(),
            "otp_seed": f"{rng.getrandbits(80):020X}",
            # Only who has asked for it has one.
            "reset_token": None if who == "max" else f"{rng.getrandbits(96):024x}",
        }
        for who, number in zip(PEOPLE, range(rng.randint(10, 5_000), 9_999), strict=False)
    }
    invites = [{"id": nth, "reset_token": f"{rng.getrandbits(64):016x}"} for nth in range(1, 3)]
    sessions: dict[str, str] = {}

    def caller(request: Request) -> str:
        return sessions.get(request.cookies.get("sid", ""), "")

    def failed(status: int, why: str) -> Response:
        return JSONResponse({"error": why}, status)

    async def login(request: Request) -> Response:
        sent = dict(parse_qsl((await request.body()).decode()))
        who = sent.get("u", "")
        if who not in PEOPLE or PEOPLE[who] != sent.get("p"):
            return failed(401, "no")
        session = secrets.token_urlsafe(18)
        sessions[session] = who
        made = JSONResponse({"hello": who})
        made.set_cookie("sid", session, httponly=True)
        return made

    async def account(request: Request) -> Response:
        who = caller(request)
        if not who:
            return failed(401, "log in")
        return JSONResponse({key: users[who][key] for key in ("id", "handle", "phone", "iban")})

    async def profile_box(request: Request) -> Response:
        who, found = caller(request), users.get(request.query_params.get("u", ""))
        if not who:
            return failed(401, "log in")
        if found is None:
            return failed(404, "who?")
        shown = {**found, "iban": "***"}
        if mode == "fixed":
            own = ("phone",) if found["handle"] == who else ()
            shown = {key: shown[key] for key in ("id", "handle", "about", "iban", *own)}
        return JSONResponse(shown)

    async def listed(request: Request) -> Response:
        if not caller(request):
            return failed(401, "log in")
        page = request.query_params.get("page", "1")
        start = 2 * (int(page) - 1) if page.isdigit() and page != "0" else 0
        rows = [{key: each[key] for key in ("id", "handle")} for each in users.values()]
        return JSONResponse(rows[start : start + 2])

    async def all_invites(request: Request) -> Response:
        return JSONResponse(invites)

    made = Starlette(
        routes=[
            Route("/login", login, methods=["POST"]),
            Route("/account", account),
            Route("/profile_box", profile_box),
            Route("/users", listed),
            Route("/invites", all_invites),
        ]
    )
    made.state.db = {"users": users, "invites": invites}
    return made


ENTRY = Entry(
    name="p04-sitters",
    pattern="P4",
    title="a profile box is the whole row: telephone, password hash, OTP seed and reset token",
    convention="integers, bare objects, snake_case, form login and cookie, looked up by `?u=`, numbered pages, 3.0",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth("User", ("phone",), ("member",), "GET /profile_box"),
        Truth(
            "User",
            ("password_hash", "otp_seed", "reset_token"),
            ("member", "owner"),
            "GET /profile_box",
        ),
    ),
    decoys=(
        "`iban` is `***` in everybody's box: the placeholder is no leak",
        "Max has asked for no reset, and his `reset_token` is null",
        "invites are public, with a `reset_token` that is nobody's",
        "`theme` is declared and ignored",
    ),
)
