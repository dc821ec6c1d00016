"""Cavers who hide their reports hide them from every endpoint but the search. What was in its index
when they were open stays there, with the way to the cave, until the index is built anew."""

from __future__ import annotations

import random
import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Cave reports, version: "3"}
security: [{}, {key: []}]
paths:
  /me:
    get:
      operationId: get-me
      security: [{key: []}]
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/caver"}}}}}
  /me/settings:
    get:
      operationId: get-settings
      security: [{key: []}]
      responses: {"200": {description: the caller's, content: {application/json: {schema: {$ref: "#/components/schemas/settings"}}}}}
    put:
      operationId: put-settings
      security: [{key: []}]
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/settings"}}}}
      responses: {"204": {description: replaced}, "400": {description: one is missing}}
  /cavers/{caver-id}:
    get:
      operationId: get-caver
      parameters: [{name: caver-id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/caver"}}}}}
  /cavers/{caver-id}/reports:
    get:
      operationId: list-reports
      parameters:
        - {name: caver-id, in: path, required: true, schema: {type: string}}
        - {name: offset, in: query, schema: {type: integer, minimum: 0, default: 0}}
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 20, default: 5}}
      responses: {"200": {description: of one caver, content: {application/json: {schema: {$ref: "#/components/schemas/reports"}}}}}
  /reports/{slug}:
    get:
      operationId: get-report
      parameters: [{name: slug, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/report"}}}}}
  /search:
    get:
      operationId: search
      parameters: [{name: q, in: query, required: true, description: words of title or text, schema: {type: string, minLength: 3}}]
      responses: {"200": {description: what has all of them, content: {application/json: {schema: {$ref: "#/components/schemas/hits"}}}}}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Caver-Key}}
  schemas:
    caver: {type: object, properties: {caver-id: {type: string}, name: {type: string}, listed: {type: boolean}}}
    settings:
      type: object
      required: [listed, units, newsletter]
      properties: {listed: {type: boolean, description: whether others find my reports}, units: {type: string, enum: [metric, feet]}, newsletter: {type: boolean}}
    report:
      type: object
      properties: {slug: {type: string}, caver-id: {type: string}, title: {type: string}, entrance: {type: string}, text: {type: string}}
    hit: {type: object, properties: {slug: {type: string}, caver-id: {type: string}, title: {type: string}, entrance: {type: string}}}
    reports: {type: object, properties: {results: {type: array, items: {$ref: "#/components/schemas/report"}}}}
    hits: {type: object, properties: {results: {type: array, items: {$ref: "#/components/schemas/hit"}}, took-ms: {type: number}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: get-me, id: /caver-id}
order: [anyone, caver, owner]
relations:
  anyone: {}
  caver: {authenticated: true}
  owner: {is: owner}
resources:
  Caver:
    schemas: [caver]
    key: caver-id
    owner: caver-id
    main: get-caver
    states:
      listed: {field: listed, open: true, missing: false, switch: {operation: put-settings, set: /listed}}
    fields:
      caver-id, name, listed: [{see: [anyone]}]
  Settings:
    schemas: [settings]
    owner: {caller: true}
    fields:
      listed, units, newsletter: [{see: [owner], set: [owner]}]
  Report:
    schemas: [report, hit]
    key: slug
    owner: caver-id
    main: get-report
    promise: "Nobody finds your reports from the moment that you take them off the list"
    states:
      listed: {of: Caver.listed, missing: false}
    fields:
      slug, caver-id, title, entrance, text:
        - see: [owner]
        - {see: [anyone], when: {listed: true}}
operations:
  get-me: {call: [caver]}
  list-reports: {owner: caver-id, params: {caver-id: Caver.caver-id}}
  get-report: {params: {slug: Report.slug}}
  search: {params: {q: Report.title}}
"""

PEOPLE = {"ditte": "cave-ditte-40vk2m", "emeric": "cave-emeric-7tqx91"}


def identities(seed: int) -> str:
    lines = "".join(f"  {who}: {{header: 'X-Caver-Key: {key}'}}\n" for who, key in PEOPLE.items())
    return f"identities:\n{lines}"


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "reports")
    cavers: dict[str, Json] = {}
    reports: dict[str, Json] = {}
    for who in (*PEOPLE, "florin", "gudrun"):
        key = f"{who}-{words(rng, 1)}"
        cavers[key] = {"name": who.title(), "listed": who != "gudrun"}
        cavers[key] |= {"units": "metric", "newsletter": False}
        for _ in range(2):
            title = words(rng, 3)
            reports[title.replace(" ", "-")] = {
                "slug": title.replace(" ", "-"),
                "caver-id": key,
                "title": title.title(),
                "entrance": f"{words(rng, 2)}, {rng.randint(40, 900)} m above the {words(rng, 1)}",
                "text": words(rng, 9),
            }
    keys = {
        sent: next(key for key in cavers if key.startswith(who)) for who, sent in PEOPLE.items()
    }
    index: dict[str, tuple[set[str], Json]] = {}

    def enter(owner: str) -> None:
        for slug, each in reports.items():
            if each["caver-id"] == owner:
                hit = {name: each[name] for name in ("slug", "caver-id", "title", "entrance")}
                index[slug] = ({*f"{each['title']} {each['text']}".lower().split()}, hit)

    for key, each in cavers.items():
        if each["listed"]:
            enter(key)

    def caller(request: Request) -> str:
        return keys.get(request.headers.get("x-caver-key", ""), "")

    def failed(status: int, code: str) -> Response:
        return JSONResponse({"code": code, "at": time.time()}, status)

    def card(key: str) -> Json:
        return {"caver-id": key, "name": cavers[key]["name"], "listed": cavers[key]["listed"]}

    def may(me: str, owner: str) -> bool:
        return me == owner or cavers[owner]["listed"]

    async def get_me(request: Request) -> Response:
        me = caller(request)
        return JSONResponse(card(me)) if me else failed(401, "no-key")

    async def settings(request: Request) -> Response:
        if not (me := caller(request)):
            return failed(401, "no-key")
        own = cavers[me]
        if request.method == "GET":
            return JSONResponse({name: own[name] for name in ("listed", "units", "newsletter")})
        sent = await request.json()
        listed, units, letter = (sent.get(each) for each in ("listed", "units", "newsletter"))
        if {type(listed), type(letter)} != {bool} or units not in ("metric", "feet"):
            return failed(400, "one-is-missing")
        own.update(listed=listed, units=units, newsletter=letter)
        if listed:
            enter(me)  # what is in it is taken out when the index is built anew, on Sundays
        return Response(status_code=204)

    async def get_caver(request: Request) -> Response:
        key = request.path_params["key"]
        return JSONResponse(card(key)) if key in cavers else failed(404, "nobody")

    async def listed_reports(request: Request) -> Response:
        key, asked = request.path_params["key"], request.query_params
        offset, limit = asked.get("offset", "0"), asked.get("limit", "5")
        if key not in cavers or not (offset.isdecimal() and limit.isdecimal()):
            return failed(404, "nobody")
        own = [each for each in reports.values() if each["caver-id"] == key]
        shown = own[int(offset) :][: min(20, int(limit))] if may(caller(request), key) else []
        return JSONResponse({"results": shown})

    async def get_report(request: Request) -> Response:
        found = reports.get(request.path_params["slug"])
        if found is None or not may(caller(request), found["caver-id"]):
            return failed(404, "no-report")
        return JSONResponse(found)

    async def search(request: Request) -> Response:
        asked = {*request.query_params.get("q", "").lower().split()}
        hits = [hit for held, hit in index.values() if asked and asked <= held]
        if mode == "fixed":
            hits = [each for each in hits if may("", each["caver-id"])]
        random.shuffle(hits)
        return JSONResponse({"results": hits, "took-ms": round(random.uniform(1, 9), 3)})

    made = Starlette(
        routes=[
            Route("/me", get_me),
            Route("/me/settings", settings, methods=["GET", "PUT"]),
            Route("/cavers/{key}", get_caver),
            Route("/cavers/{key}/reports", listed_reports),
            Route("/reports/{slug}", get_report),
            Route("/search", search),
        ]
    )
    made.state.db = {"cavers": cavers, "reports": reports}
    return made


ENTRY = Entry(
    name="p16-reports",
    pattern="P16",
    title="the search goes on finding reports, and the way to the cave, after their caver took them off",
    convention="slugs, {results}, kebab-case, API key header, offset and limit, settings by PUT, OpenAPI 3.0",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth(
            "Report", ("slug", "caver-id", "title", "entrance"), ("anyone", "caver"), "GET /search"
        ),
    ),
    decoys=(
        "who never was on the list is not in the index either, in both modes",
        "hits come in another order each time, `took-ms` and an error's `at` are others too",
        "a caver's name and `listed` itself are shown to everybody, as the contract says",
        "the settings are replaced as a whole, and refused with 400 when one is missing",
    ),
    options=("--allow-own-settings",),
)
