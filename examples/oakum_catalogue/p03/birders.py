"""Bird watchers say who may know their secret place: everyone, their crew, or nobody but themselves.

The setting is kept and can be read back, and nothing reads it. Everybody starts at `everyone`, so
that only a watcher who changes it could notice.
"""

from __future__ import annotations

import random

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Birders, version: "3"}
security: [{token: []}]
paths:
  /tokens:
    post:
      operationId: createToken
      security: []
      requestBody: {content: {application/json: {schema: {type: object, properties: {nick: {type: string}, password: {type: string}}}}}}
      responses: {"201": {description: a token}}
  /account:
    get:
      operationId: readAccount
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Birder"}}}}}
  /account/sharing:
    get:
      operationId: readSharing
      responses: {"200": {description: as set, content: {application/json: {schema: {$ref: "#/components/schemas/Sharing"}}}}}
    patch:
      operationId: changeSharing
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Sharing"}}}}
      responses: {"200": {description: as set, content: {application/json: {schema: {$ref: "#/components/schemas/Sharing"}}}}}
  /birders:
    get:
      operationId: listBirders
      parameters:
        - {name: page, in: query, schema: {type: integer}}
        - {name: per_page, in: query, schema: {type: integer}}
      responses: {"200": {description: in any order, content: {application/json: {schema: {type: object, properties: {items: {type: array, items: {$ref: "#/components/schemas/BirderCard"}}, total: {type: integer}}}}}}}
  /birders/{nick}:
    get:
      operationId: readBirder
      parameters: [{name: nick, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Birder"}}}}}
  /birders/{nick}/crew:
    get:
      operationId: listCrew
      parameters: [{name: nick, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: the crew, content: {application/json: {schema: {type: object, properties: {items: {type: array, items: {$ref: "#/components/schemas/BirderCard"}}, total: {type: integer}}}}}}}
components:
  securitySchemes: {token: {type: apiKey, in: header, name: Authorization}}
  schemas:
    Sharing: {type: object, properties: {audience: {type: string, enum: [everyone, crew, only_me]}, newsletter: {type: boolean}}}
    BirderCard: {type: object, properties: {nick: {type: string}}}
    Birder: {type: object, properties: {nick: {type: string}, audience: {type: string, enum: [everyone, crew, only_me]}, secret_place: {type: string}, rarest: {type: string}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: readAccount, id: /nick}
relations:
  anyone: {}
  member: {authenticated: true}
  crew: {in: listCrew, id: /items/*/nick}
  owner: {is: owner}
order: [anyone, member, crew, owner]
resources:
  Birder:
    schemas: [Birder, BirderCard]
    key: nick
    owner: nick
    main: readBirder
    promise: "You choose who may know your place"
    states:
      audience:
        field: audience
        levels: [everyone, crew, only_me]
        missing: only_me
        switch: {operation: changeSharing, set: /audience}
    fields:
      nick, audience: [{see: [member]}]
      secret_place:
        - see: [owner]
        - {see: [crew], when: {audience: [everyone, crew]}}
        - {see: [member], when: {audience: everyone}}
      rarest: [{see: [member]}]
  Sharing:
    owner: {caller: true}
    fields:
      audience, newsletter: [{see: [owner], set: [owner]}]
"""

PEOPLE = {"moss": "moss-pass-3kc", "fern": "fern-pass-7dy", "reed": "reed-pass-5bp"}
CREW = {"moss": ["fern"], "fern": ["moss"], "reed": []}


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{nick: {name}, password: {p}}}\n" for name, p in PEOPLE.items())
    return (
        "login: {operation: createToken, json: {nick: $nick, password: $password}, token: /token, "
        'send: "Authorization: Token $token"}\n'
        f"identities:\n{lines}between: [fern is crew of moss, moss is crew of fern]\n"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "birders")
    rarest = words(rng, 2)
    birders: dict[str, Json] = {
        who: {
            "nick": who,
            "audience": "everyone",
            "secret_place": words(rng, 3),
            # Reed and Moss have seen the same bird, by chance.
            "rarest": words(rng, 2) if who == "fern" else rarest,
        }
        for who in PEOPLE
    }
    news = {who: rng.random() < 0.5 for who in PEOPLE}
    tokens = Tokens("Token")

    def failed(status: int, why: str) -> Response:
        return JSONResponse({"error": why}, status)

    def sharing(who: str) -> Response:
        return JSONResponse({"audience": birders[who]["audience"], "newsletter": news[who]})

    async def create_token(request: Request) -> Response:
        sent = await request.json()
        who = sent.get("nick")
        if who not in PEOPLE or PEOPLE[who] != sent.get("password"):
            return failed(401, "wrong")
        return JSONResponse({"token": tokens.give(who)}, 201)

    async def account(request: Request) -> Response:
        who = tokens.whose(request)
        return JSONResponse(birders[who]) if who else failed(401, "no token")

    async def settings(request: Request) -> Response:
        who = tokens.whose(request)
        if not who:
            return failed(401, "no token")
        if request.method == "PATCH":
            sent = await request.json()
            if sent.get("audience", "everyone") not in ("everyone", "crew", "only_me"):
                return failed(422, "no such audience")
            birders[who]["audience"] = sent.get("audience", birders[who]["audience"])
            news[who] = bool(sent.get("newsletter", news[who]))
        return sharing(who)

    async def listed(request: Request) -> Response:
        if not tokens.whose(request):
            return failed(401, "no token")
        cards = [{"nick": who} for who in birders]
        random.shuffle(cards)
        return JSONResponse({"items": cards, "total": len(cards)})

    async def one(request: Request) -> Response:
        who, nick = tokens.whose(request), request.path_params["nick"]
        if not who:
            return failed(401, "no token")
        if nick not in birders:
            return failed(404, "nobody of that name")
        shown = dict(birders[nick])
        may = {"everyone": True, "crew": who in CREW[nick], "only_me": False}[shown["audience"]]
        if mode == "fixed" and who != nick and not may:
            del shown["secret_place"]
        return JSONResponse(shown)

    async def crew(request: Request) -> Response:
        if not tokens.whose(request):
            return failed(401, "no token")
        those = CREW.get(request.path_params["nick"])
        if those is None:
            return failed(404, "nobody of that name")
        return JSONResponse({"items": [{"nick": each} for each in those], "total": len(those)})

    made = Starlette(
        routes=[
            Route("/tokens", create_token, methods=["POST"]),
            Route("/account", account),
            Route("/account/sharing", settings, methods=["GET", "PATCH"]),
            Route("/birders", listed),
            Route("/birders/{nick}", one),
            Route("/birders/{nick}/crew", crew),
        ]
    )
    made.state.db = {"birders": birders, "news": news}
    return made


ENTRY = Entry(
    name="p03-birders",
    pattern="P3",
    title="three audiences to choose from, and the secret place comes to every member in each",
    convention="user names as ids, {items, total}, three levels, `Token x`, PATCH, pages ignored, 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Birder", ("secret_place",), ("member", "crew"), "GET /birders/{nick}"),),
    decoys=(
        "as the accounts are, everybody shows the place to everyone: nothing leaks until it is changed",
        "birders are listed in another order each time; `page` and `per_page` are ignored",
        "two birders have the same `rarest`, which all may see, by chance",
        "`newsletter` is a setting too, and hides nothing",
    ),
    options=("--allow-own-settings",),
)
