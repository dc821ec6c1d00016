"""A market whose traders register, keep stalls and close them: all that a scan may make, and more.

Whoever registers may ask for a role, and whoever is logged in may close anybody's stall. An entry
in the form of the catalogue, to be killed in the middle of.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Market, version: "1"}
security: [{token: []}]
paths:
  /login:
    post:
      operationId: logIn
      security: []
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Login"}}}}
      responses: {"200": {description: a token}}
  /traders:
    post:
      operationId: registerTrader
      summary: Register a new account
      security: []
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Login"}}}}
      responses:
        "201":
          description: the trader
          content: {application/json: {schema: {$ref: "#/components/schemas/Trader"}}}
  /me:
    get:
      operationId: getMe
      responses:
        "200":
          description: the caller
          content: {application/json: {schema: {$ref: "#/components/schemas/Trader"}}}
    patch:
      operationId: updateMe
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Edit"}}}}
      responses: {"200": {description: done}}
    delete: {operationId: closeMyAccount, responses: {"204": {description: gone}}}
  /stalls:
    get:
      operationId: listMyStalls
      responses:
        "200":
          description: the caller's own
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Stall"}}
    post:
      operationId: openStall
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/NewStall"}}}}
      responses:
        "201":
          description: it
          content: {application/json: {schema: {$ref: "#/components/schemas/Stall"}}}
  /stalls/{stallId}:
    parameters: [{name: stallId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getStall
      responses:
        "200":
          description: it
          content: {application/json: {schema: {$ref: "#/components/schemas/Stall"}}}
    delete: {operationId: closeStall, responses: {"204": {description: gone}}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Login:
      type: object
      required: [username, password]
      properties: {username: {type: string}, password: {type: string}}
    Edit: {type: object, properties: {about: {type: string}}}
    NewStall: {type: object, required: [sign], properties: {sign: {type: string}}}
    Trader:
      type: object
      properties:
        id: {type: string}
        name: {type: string}
        about: {type: string}
        role: {type: string, enum: [trader, warden]}
    Stall:
      type: object
      properties:
        id: {type: string}
        trader: {type: string}
        sign: {type: string}
        fee: {type: integer}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Trader:
    key: id
    owner: id
    main: getMe
    fields:
      id, name: [{see: [member], set: [owner]}]
      about: [{see: [owner], set: [owner]}]
      role: [{see: [owner]}]
  Stall:
    key: id
    owner: trader
    main: getStall
    fields:
      id, trader, fee: [{see: [owner]}]
      sign: [{see: [owner], set: [owner]}]
operations:
  registerTrader: {sets: {Trader: ""}}
  updateMe: {sets: {Trader: ""}}
  openStall: {sets: {Stall: ""}}
  closeStall: {call: [member], params: {stallId: Stall.id}}
  getStall: {params: {stallId: Stall.id}}
"""

PEOPLE = {"ann": "ann-rope-4gh", "bob": "bob-rope-9kd"}


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{user: {name}, password: {p}}}\n" for name, p in PEOPLE.items())
    return (
        "login: {operation: logIn, json: {username: $user, password: $password}, token: /token}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "market")
    traders: dict[str, Json] = {
        name: {"id": f"trd-{rng.getrandbits(40):010x}", "name": name, "about": words(rng),
               "role": "trader", "password": password}
        for name, password in PEOPLE.items()
    }  # fmt: skip
    stalls: dict[str, Json] = {}
    tokens = Tokens()
    wrong: dict[str, int] = {}

    def new_stall(trader: str, sign: str, fee: int) -> Json:
        id = f"stl-{rng.getrandbits(40):010x}"
        stalls[id] = {"id": id, "trader": trader, "sign": sign, "fee": fee}
        return stalls[id]

    def shown(trader: Json) -> Response:
        return JSONResponse({key: each for key, each in trader.items() if key != "password"})

    async def log_in(request: Request) -> Response:
        sent = await request.json()
        name = sent.get("username")
        known = traders.get(name)
        if mode == "fixed" and wrong.get(name, 0) >= 3:
            return JSONResponse({"error": "wait"}, 429, {"retry-after": "1"})
        if known is None or known["password"] != sent.get("password"):
            wrong[name] = wrong.get(name, 0) + 1
            return JSONResponse({"error": "wrong"}, 401)
        return JSONResponse({"token": tokens.give(known["name"])})

    async def register(request: Request) -> Response:
        sent = await request.json()
        name, password = sent.get("username"), sent.get("password")
        if not name or not password or name in traders:
            return JSONResponse({"error": "taken"}, 409)
        role = sent.get("role", "trader") if mode == "leaky" else "trader"
        traders[name] = {"id": f"trd-{rng.getrandbits(40):010x}", "name": name, "about": "",
                         "role": role, "password": password}  # fmt: skip
        return shown(traders[name])

    async def me(request: Request) -> Response:
        own = traders.get(tokens.whose(request))
        if own is None:
            return JSONResponse({"error": "log in"}, 401)
        if request.method == "DELETE":
            del traders[own["name"]]
            return Response(status_code=204)
        if request.method == "PATCH":
            own.update({k: v for k, v in (await request.json()).items() if k == "about"})
        return shown(own)

    async def own_stalls(request: Request) -> Response:
        own = traders.get(tokens.whose(request))
        if own is None:
            return JSONResponse({"error": "log in"}, 401)
        if request.method == "POST":
            sent = await request.json()
            fee = sent.get("fee", 20) if mode == "leaky" else 20
            return JSONResponse(new_stall(own["id"], str(sent.get("sign")), fee), 201)
        return JSONResponse([each for each in stalls.values() if each["trader"] == own["id"]])

    async def stall(request: Request) -> Response:
        own = traders.get(tokens.whose(request))
        if own is None:
            return JSONResponse({"error": "log in"}, 401)
        found = stalls.get(request.path_params["stall"])
        free = mode == "leaky" and request.method == "DELETE"
        if found is None or not (free or found["trader"] == own["id"]):
            return JSONResponse({"error": "no such stall"}, 404)
        if request.method == "DELETE":
            del stalls[found["id"]]
            return Response(status_code=204)
        return JSONResponse(found)

    for each in list(traders.values()):
        new_stall(each["id"], words(rng), 20)
    made = Starlette(
        routes=[
            Route("/login", log_in, methods=["POST"]),
            Route("/traders", register, methods=["POST"]),
            Route("/me", me, methods=["GET", "PATCH", "DELETE"]),
            Route("/stalls", own_stalls, methods=["GET", "POST"]),
            Route("/stalls/{stall}", stall, methods=["GET", "DELETE"]),
        ]
    )
    made.state.db = {"traders": traders, "stalls": stalls}
    return made


ENTRY = Entry(
    name="market",
    pattern="P12",
    title="traders ask for a role, and close each other's stalls",
    convention="prefixed ids, bare bodies, bearer token",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(),
    decoys=(),
    options=("--allow-writes",),
)
