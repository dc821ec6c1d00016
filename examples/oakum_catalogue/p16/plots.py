"""A gardeners' exchange signs links to plots once, and honours them for ever.

Who was given a link while the gardener was public still opens it when she is private.
"""

from __future__ import annotations

import hmac
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Gardens, version: "1"}
security: [{token: []}]
paths:
  /login:
    post:
      operationId: login
      security: []
      requestBody: {content: {application/json: {schema: {type: object, properties: {user: {type: string}, password: {type: string}}}}}}
      responses: {"200": {description: a token}}
  /me:
    get:
      operationId: getMe
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Gardener"}}}}}
    patch:
      operationId: updateMe
      requestBody: {content: {application/json: {schema: {type: object, properties: {is_private: {type: boolean}}}}}}
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Gardener"}}}}}
  /gardeners/{id}:
    get:
      operationId: getGardener
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Gardener"}}}}}
  /gardeners/{id}/plots:
    get:
      operationId: listPlots
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: with links to pass on, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/PlotLine"}}}}}}
  /plots/{plot}:
    get:
      operationId: getPlot
      description: needs a login, or the signature of a link
      security: []
      parameters: [{name: plot, in: path, required: true, schema: {type: string}}, {name: sig, in: query, schema: {type: string}}]
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Plot"}}}}}
  /notices/{number}:
    get:
      operationId: getNotice
      security: []
      parameters:
        - {name: number, in: path, required: true, schema: {type: integer}, example: 1}
        - {name: sig, in: query, description: ignored, schema: {type: string}}
      responses: {"200": {description: for everybody, content: {application/json: {schema: {$ref: "#/components/schemas/Notice"}}}}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Gardener: {type: object, properties: {id: {type: string}, name: {type: string}, is_private: {type: boolean}}}
    PlotLine: {type: object, properties: {id: {type: string}, gardener: {type: string}, link: {type: string}, sig: {type: string}}}
    Plot: {type: object, properties: {id: {type: string}, gardener: {type: string}, crop: {type: string}, spot: {type: string}}}
    Notice: {type: object, properties: {number: {type: integer}, crop: {type: string}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Gardener:
    key: id
    owner: id
    main: getGardener
    states:
      private: {field: is_private, missing: true, switch: {operation: updateMe, set: /is_private}}
    fields:
      id, name: [{see: [member]}]
      is_private: [{see: [member], set: [owner]}]
  Plot:
    schemas: [Plot, PlotLine]
    key: id
    owner: gardener
    main: getPlot
    promise: "When you are private, your plots are yours alone, links included"
    states:
      private: {of: Gardener.private, missing: true}
    fields:
      link, sig:
        - see: [owner]
        - {see: [member], when: {private: false}}
      id, gardener, crop, spot:
        - see: [owner]
        - {see: [anyone], when: {private: false}}
  Notice:
    key: number
    owner: none
    fields:
      number, crop: [{see: [anyone]}]
operations:
  updateMe: {sets: {Gardener: ""}}
  listPlots: {owner: id, params: {id: Gardener.id}}
  getPlot: {params: {plot: Plot.id, sig: Plot.sig}}
"""

PEOPLE = {"ann": "ann-seed-7bt", "bob": "bob-seed-1oy"}


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{user: {name}, password: {p}}}\n" for name, p in PEOPLE.items())
    return (
        "login: {operation: login, json: {user: $user, password: $password}, token: /token}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "plots")
    gardeners: dict[str, Json] = {
        who: {"id": f"{rng.getrandbits(40):010x}", "name": words(rng, 2), "is_private": False}
        for who in PEOPLE
    }
    by_id = {each["id"]: each for each in gardeners.values()}
    plots: dict[str, Json] = {}
    for each in [*gardeners.values()] * 2:
        key = f"{rng.getrandbits(32):08x}"
        plots[key] = {"id": key, "gardener": each["id"], "crop": words(rng, 2), "spot": words(rng)}
    notices = {1: {"number": 1, "crop": "seed potatoes on Saturday"}}
    secret = rng.randbytes(16)
    tokens = Tokens()

    def signature(key: str) -> str:
        return hmac.new(secret, key.encode(), "sha256").hexdigest()[:24]

    def refused(status: int) -> Response:
        return JSONResponse({"error": "no", "request_id": str(uuid4())}, status)

    def open_to(who: str, owner: str) -> bool:
        own = who in gardeners and gardeners[who]["id"] == owner
        return own or not by_id[owner]["is_private"]

    async def login(request: Request) -> Response:
        sent = await request.json()
        if sent.get("user") not in PEOPLE or PEOPLE[sent["user"]] != sent.get("password"):
            return refused(401)
        return JSONResponse({"token": tokens.give(sent["user"])})

    async def me(request: Request) -> Response:
        if not (who := tokens.whose(request)):
            return refused(401)
        if request.method == "PATCH":
            private = (await request.json()).get("is_private")
            if not isinstance(private, bool):
                return refused(422)
            gardeners[who]["is_private"] = private
        return JSONResponse(gardeners[who])

    async def gardener(request: Request) -> Response:
        if not (who := tokens.whose(request)):
            return refused(401)
        found = by_id.get(request.path_params["id"])
        if found is None:
            return refused(404)
        if not request.url.path.endswith("/plots"):
            return JSONResponse(found)
        if not open_to(who, found["id"]):
            return refused(404)
        own = [each["id"] for each in plots.values() if each["gardener"] == found["id"]]
        lines = [{"id": key, "gardener": found["id"], "sig": signature(key)} for key in own]
        return JSONResponse(
            [{**line, "link": f"/plots/{line['id']}?sig={line['sig']}"} for line in lines]
        )

    async def plot(request: Request) -> Response:
        key, sig = request.path_params["plot"], request.query_params.get("sig", "")
        who, found = tokens.whose(request), plots.get(key)
        signed = hmac.compare_digest(sig.encode(), signature(key).encode())
        if not who and not signed:
            return refused(401)
        # the cause: the signature says what was true when it was made
        if found is None or not (open_to(who, found["gardener"]) or (signed and mode == "leaky")):
            return refused(404)
        return JSONResponse(found)

    async def notice(request: Request) -> Response:
        found = notices.get(request.path_params["number"])
        return JSONResponse(found) if found else refused(404)

    made = Starlette(
        routes=[
            Route("/login", login, methods=["POST"]),
            Route("/me", me, methods=["GET", "PATCH"]),
            Route("/gardeners/{id}", gardener),
            Route("/gardeners/{id}/plots", gardener),
            Route("/plots/{plot}", plot),
            Route("/notices/{number:int}", notice),
        ]
    )
    made.state.db = {"gardeners": gardeners, "plots": plots, "notices": notices}
    return made


ENTRY = Entry(
    name="p16-plots",
    pattern="P16",
    title="a signed link from before opens a plot whose gardener is private now",
    convention="hex ids, bare bodies, snake_case, bearer token, an endpoint that takes a login or a signature",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth(
            "Plot", ("id", "gardener", "crop", "spot"), ("anyone", "member"), "GET /plots/{plot}"
        ),
    ),
    decoys=(
        "notices take a `sig`, ignore it, and are for everybody, with a public `crop`",
        "`request_id` is new in each refusal",
        "a private gardener's name and switch go on being shown to members, as the contract says",
    ),
    options=("--allow-own-settings",),
)
