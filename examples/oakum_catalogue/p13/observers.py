"""A star-gazers' platform lets other programs in, by consent. Its consent page is asked before the
login, with a hint at whose it will be, and greets that account by legal name and e-mail address."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Star-gazers, version: "12"}
security: [{session: []}]
paths:
  /connect/login:
    post:
      operationId: Connect_Login
      security: []
      requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, required: [UserName, Password], properties: {UserName: {type: string}, Password: {type: string}}}}}}
      responses: {"200": {description: "a cookie, or `Errors`"}}
  /connect/userinfo:
    get:
      operationId: Connect_UserInfo
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/ObserverResult"}}}}}
  /connect/consent:
    get:
      operationId: Connect_Consent
      summary: What the consent page shows
      security: [{}, {session: []}]
      parameters:
        - {name: client_id, in: query, required: true, schema: {type: string}}
        - {name: login_hint, in: query, description: user name of the account that will log in, schema: {type: string}}
      responses:
        "200":
          description: the program that asks, and who is asked
          content: {application/json: {schema: {$ref: "#/components/schemas/ConsentResult"}}}
  /connect/clients:
    get:
      operationId: Connect_Clients
      security: []
      responses:
        "200":
          description: the programs there are
          content: {application/json: {schema: {type: object, properties: {Result: {type: array, items: {$ref: "#/components/schemas/Client"}}, Errors: {$ref: "#/components/schemas/Errors"}}}}}
  /observers:
    get:
      operationId: Observers_Page
      security: []
      parameters:
        - {name: Skip, in: query, schema: {type: integer, minimum: 0, default: 0}}
        - {name: Take, in: query, schema: {type: integer, minimum: 1, maximum: 50, default: 10}}
      responses:
        "200":
          description: everybody, by user name
          content: {application/json: {schema: {type: object, properties: {Result: {type: array, items: {$ref: "#/components/schemas/ObserverCard"}}, Errors: {$ref: "#/components/schemas/Errors"}}}}}
components:
  securitySchemes: {session: {type: apiKey, in: cookie, name: stars}}
  schemas:
    Errors: {type: array, items: {type: string}}
    Observer:
      type: object
      properties: {UserName: {type: string}, Nights: {type: integer}, LegalName: {type: string}, Email: {type: string}}
    ObserverCard:
      type: object
      properties: {UserName: {type: string}, Nights: {type: integer}}
    ConsentAccount:
      type: object
      properties: {UserName: {type: string}, LegalName: {type: string, description: masked}, Email: {type: string, description: masked}}
    Client:
      type: object
      properties: {ClientId: {type: string}, Name: {type: string}, Email: {type: string}}
    ObserverResult: {type: object, properties: {Result: {$ref: "#/components/schemas/Observer"}, Errors: {$ref: "#/components/schemas/Errors"}}}
    ConsentResult:
      type: object
      properties:
        Result:
          type: [object, "null"]
          properties:
            Client: {$ref: "#/components/schemas/Client"}
            Account: {$ref: "#/components/schemas/ConsentAccount"}
            Scopes: {type: array, items: {type: string}}
            Nonce: {type: string}
        Errors: {$ref: "#/components/schemas/Errors"}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: Connect_UserInfo, id: /Result/UserName}
order: [anyone, observer, owner]
relations:
  anyone: {}
  observer: {authenticated: true}
  owner: {is: owner}
resources:
  Observer:
    schemas: [Observer, ObserverCard, ConsentAccount]
    key: UserName
    owner: UserName
    main: Connect_UserInfo
    promise: "Others see your user name, nothing that leads to you"
    fields:
      UserName, Nights: [{see: [anyone]}]
      LegalName, Email: [{see: [owner]}]
  Client:
    key: ClientId
    owner: none
    fields:
      ClientId, Name, Email: [{see: [anyone]}]
operations:
  Connect_UserInfo: {call: [observer]}
  Connect_Consent: {params: {client_id: Client.ClientId, login_hint: Observer.UserName}}
"""

PASSWORDS = ("perseids-in-august", "saturn-at-dawn-9")
MASK = "•••••"


def observers(seed: int) -> list[Json]:
    rng = drawn(seed, "observers")
    return [
        {
            "UserName": f"{words(rng, 1)}_{nth}{rng.randint(10, 99)}",
            "Nights": 40,
            "LegalName": words(rng, 3).title(),
            "Email": f"{words(rng, 2).replace(' ', '.')}.{nth}@mail.example",
        }
        for nth in range(6)
    ]


def identities(seed: int) -> str:
    lines = "".join(
        f"  {name}: {{user: {each['UserName']}, password: {password}}}\n"
        for name, each, password in zip(("tove", "ulf"), observers(seed), PASSWORDS, strict=False)
    )
    return (
        "login:\n  operation: Connect_Login\n  form: {UserName: $user, Password: $password}\n"
        f"  cookies: true\nidentities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    people = {each["UserName"]: each for each in observers(seed)}
    passwords = dict(zip(people, PASSWORDS, strict=False))
    clients = {
        key: {"ClientId": key, "Name": name, "Email": f"help@{key}.example"}
        for key, name in (("star-log", "Star Log"), ("dome-remote", "Dome Remote"))
    }
    sessions: dict[str, str] = {}

    def caller(request: Request) -> str:
        return sessions.get(request.cookies.get("stars", ""), "")

    def said(result: Json, status: int = 200) -> Response:
        return JSONResponse({"Result": result, "Errors": []}, status)

    def failed(why: str, status: int = 200) -> Response:
        return JSONResponse({"Result": None, "Errors": [why]}, status)

    def greeting(who: str, me: str) -> Json:
        shown = {name: people[who][name] for name in ("UserName", "LegalName", "Email")}
        if mode == "leaky" or who == me:
            return shown
        return {**shown, "LegalName": MASK, "Email": MASK}

    async def login(request: Request) -> Response:
        sent = dict(parse_qsl((await request.body()).decode()))
        who = sent.get("UserName", "")
        if who not in passwords or passwords[who] != sent.get("Password"):
            return failed("User name or password is wrong")
        answer = said({"Redirect": "/"})
        session = secrets.token_urlsafe(24)
        sessions[session] = who
        answer.set_cookie("stars", session, httponly=True)
        return answer

    async def user_info(request: Request) -> Response:
        me = caller(request)
        return said(people[me]) if me else failed("Log in", 401)

    async def consent(request: Request) -> Response:
        client = clients.get(request.query_params.get("client_id", ""))
        if client is None:
            return failed("No such program")
        me = caller(request)
        # who is logged in is who consents: the hint is for those who are not yet
        who = me or request.query_params.get("login_hint", "")
        shown = {"Client": client, "Scopes": ["nights.read"], "Nonce": secrets.token_hex(12)}
        return said({**shown, "Account": greeting(who, me)} if who in people else shown)

    async def all_clients(request: Request) -> Response:
        return said([*clients.values()])

    async def listed(request: Request) -> Response:
        asked = request.query_params
        skip, take = asked.get("Skip", "0"), asked.get("Take", "10")
        if not (skip.isdecimal() and take.isdecimal() and 0 < int(take) <= 50):
            return failed("No such page")
        rows = [people[who] for who in sorted(people)][int(skip) :][: int(take)]
        return said([{name: each[name] for name in ("UserName", "Nights")} for each in rows])

    made = Starlette(
        routes=[
            Route("/connect/login", login, methods=["POST"]),
            Route("/connect/userinfo", user_info),
            Route("/connect/consent", consent),
            Route("/connect/clients", all_clients),
            Route("/observers", listed),
        ]
    )
    made.state.db = {"observers": people, "clients": clients}
    return made


ENTRY = Entry(
    name="p13-observers",
    pattern="P13",
    title="the consent page, asked before the login, names the account that was hinted at in full",
    convention="user names as ids, {Result, Errors} with 200 for failures, PascalCase, form login and cookie, Skip and Take",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Observer", ("LegalName", "Email"), ("anyone",), "GET /connect/consent"),),
    decoys=(
        "who is logged in already is shown their own account, whatever the hint says",
        "the fixed twin has `•••••` in the same places",
        "a program has an `Email` too; a hint at nobody has no `Account`, and user names are public",
        "a wrong password, or a program that there is not, is answered 200 with `Errors`",
        "`Nonce` is another one each time, and everybody has spent 40 nights",
    ),
)
