"""A language exchange shows how far away somebody lives, and not where. It measures from a point
that the caller chooses, to the endpoint, in tens of metres: three questions find the endpoint."""

from __future__ import annotations

import math
import random
import secrets
import time
import uuid
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Tandems, version: "6"}
security: [{session: []}]
paths:
  /login:
    get:
      operationId: loginPage
      security: []
      responses: {"200": {description: "a form, and a cookie to echo", content: {text/html: {schema: {type: string}}}}}
    post:
      operationId: login
      security: []
      requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {nick: {type: string}, password: {type: string}}}}}}
      responses: {"204": {description: a cookie}}
  /me:
    get:
      operationId: readMe
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/MeAnswer"}}}}}
    put:
      operationId: replaceMe
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Home"}}}}
      responses:
        "200": {description: as it is now, content: {application/json: {schema: {$ref: "#/components/schemas/MeAnswer"}}}}
        "403": {description: "`X-Echo` is missing"}
  /partners:
    get:
      operationId: findPartners
      parameters:
        - {name: lat, in: query, description: "where to measure from; left out: from home", schema: {type: number, minimum: -90, maximum: 90}}
        - {name: lon, in: query, schema: {type: number, minimum: -180, maximum: 180}}
      responses:
        "200": {description: "everybody else, the nearest first", content: {application/json: {schema: {$ref: "#/components/schemas/Partners"}}}}
  /cafes:
    get:
      operationId: findCafes
      responses:
        "200": {description: where to meet, content: {application/json: {schema: {$ref: "#/components/schemas/Cafes"}}}}
components:
  securitySchemes: {session: {type: apiKey, in: cookie, name: tandem}}
  schemas:
    Home:
      type: object
      required: [homeLat, homeLon]
      properties: {homeLat: {type: number, minimum: -90, maximum: 90}, homeLon: {type: number, minimum: -180, maximum: 180}}
    Me:
      type: object
      properties: {partnerId: {type: string, format: uuid}, nick: {type: string}, district: {type: string}, homeLat: {type: number}, homeLon: {type: number}}
    MeAnswer: {type: object, properties: {result: {$ref: "#/components/schemas/Me"}, tookMs: {type: number}}}
    Partners: {type: object, properties: {result: {type: array, items: {$ref: "#/components/schemas/Partner"}}, tookMs: {type: number}}}
    Cafes: {type: object, properties: {result: {type: array, items: {$ref: "#/components/schemas/Cafe"}}, tookMs: {type: number}}}
    Partner:
      type: object
      properties: {partnerId: {type: string, format: uuid}, nick: {type: string}, district: {type: string}, distanceKm: {type: number}, activeSecondsAgo: {type: integer}}
    Cafe: {type: object, properties: {slug: {type: string}, distanceKm: {type: number}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: readMe, id: /result/partnerId}
relations:
  learner: {authenticated: true}
  owner: {is: owner}
resources:
  Partner:
    schemas: [Partner, Me, Home]
    key: partnerId
    owner: partnerId
    main: readMe
    promise: "Others learn your district, and never your endpoint"
    fields:
      partnerId, nick, district, distanceKm, activeSecondsAgo: [{see: [learner]}]
      homeLat, homeLon: [{see: [owner], set: [owner]}]
  Cafe:
    key: slug
    owner: none
    fields:
      slug, distanceKm: [{see: [learner]}]
operations:
  loginPage: {}
  replaceMe: {sets: {Partner: ""}}
"""

PEOPLE = {"abby": "abby-subjunctive-5", "bilal": "bilal-gerund-17", "cosmo": "cosmo-dative-88"}
CENTRES = {
    "North Quay": (52.551, 13.372),
    "Mill Field": (52.487, 13.424),
    "Far Gate": (52.44, 13.3),
}


def identities(seed: int) -> str:
    lines = "".join(f"  {who}: {{nick: {who}, password: {p}}}\n" for who, p in PEOPLE.items())
    return (
        "login:\n  post: /login\n  form: {nick: $nick, password: $password}\n"
        "  csrf: {get: /login, cookie: echo, header: X-Echo}\n  cookie: tandem\n"
        f"identities:\n{lines}"
    )


def km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Over the sphere."""
    (a, b), (c, d) = (map(math.radians, each) for each in (one, other))
    half = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 12_742 * math.asin(math.sqrt(min(1, half)))


def home(row: Json) -> tuple[float, float]:
    return row["homeLat"], row["homeLon"]


def number(sent: Json, most: float) -> bool:
    return isinstance(sent, int | float) and not isinstance(sent, bool) and abs(sent) <= most


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "tandems")
    partners: dict[str, Json] = {}
    for nth, who in enumerate((*PEOPLE, "dee", "enzo", "fritzi", "goro", "halina")):
        key = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        district = [*CENTRES][nth % len(CENTRES)]
        partners[key] = {
            "partnerId": key,
            "nick": who,
            "district": district,
            "homeLat": round(CENTRES[district][0] + rng.uniform(-0.02, 0.02), 5),
            "homeLon": round(CENTRES[district][1] + rng.uniform(-0.03, 0.03), 5),
        }
    ids = {each["nick"]: key for key, each in partners.items()}
    cafes = {f"{words(rng, 1)}-{nth}": (52.5 + nth / 50, 13.4) for nth in range(3)}
    sessions: dict[str, tuple[str, str]] = {}
    echoes: set[str] = set()

    def caller(request: Request) -> str:
        return sessions.get(request.cookies.get("tandem", ""), ("", ""))[0]

    def said(result: Json) -> Response:
        return JSONResponse({"result": result, "tookMs": time.perf_counter() % 1 * 9})

    def failed(status: int, why: str) -> Response:
        return JSONResponse({"error": why}, status)

    def place(row: Json) -> tuple[float, float]:
        """Where others may know somebody to be."""
        # the cause: rounded to what looks harmless, from what is not
        return home(row) if mode == "leaky" else CENTRES[row["district"]]

    async def page(request: Request) -> Response:
        echo = secrets.token_hex(16)
        echoes.add(echo)
        answer = HTMLResponse('<!doctype html><form method="post"><input name="nick"></form>')
        answer.set_cookie("echo", echo)
        return answer

    async def login(request: Request) -> Response:
        sent = dict(parse_qsl((await request.body()).decode()))
        echo, who = request.headers.get("x-echo", ""), sent.get("nick", "")
        if echo not in echoes:
            return failed(403, "echo")
        if who not in PEOPLE or PEOPLE[who] != sent.get("password"):
            return failed(401, "wrong")
        session = secrets.token_urlsafe(24)
        sessions[session] = (ids[who], echo)
        answer = Response(status_code=204)
        answer.set_cookie("tandem", session, httponly=True)
        return answer

    async def me(request: Request) -> Response:
        if not (who := caller(request)):
            return failed(401, "log in")
        if request.method == "PUT":
            if sessions[request.cookies["tandem"]][1] != request.headers.get("x-echo"):
                return failed(403, "echo")
            sent = await request.json()
            lat, lon = sent.get("homeLat"), sent.get("homeLon")
            if not number(lat, 90) or not number(lon, 180):
                return failed(422, "no such place")
            partners[who].update(homeLat=lat, homeLon=lon)
        return said(partners[who])

    async def found(request: Request) -> Response:
        if not (who := caller(request)):
            return failed(401, "log in")
        try:
            lat, lon = (float(request.query_params[each]) for each in ("lat", "lon"))
        except (KeyError, ValueError):
            lat, lon = home(partners[who])
        if not number(lat, 90) or not number(lon, 180):
            return failed(422, "no such place")
        cards = [
            {
                **{name: each[name] for name in ("partnerId", "nick", "district")},
                "distanceKm": round(km((lat, lon), place(each)), 2),
                "activeSecondsAgo": random.randint(5, 900),
            }
            for each in random.sample([*partners.values()], len(partners))
            if each["partnerId"] != who
        ]
        return said(sorted(cards, key=lambda each: each["distanceKm"]))

    async def all_cafes(request: Request) -> Response:
        if not (who := caller(request)):
            return failed(401, "log in")
        here = home(partners[who])
        cards = [{"slug": slug, "distanceKm": round(km(here, at), 2)} for slug, at in cafes.items()]
        return said(cards)

    made = Starlette(
        routes=[
            Route("/login", page),
            Route("/login", login, methods=["POST"]),
            Route("/me", me, methods=["GET", "PUT"]),
            Route("/partners", found),
            Route("/cafes", all_cafes),
        ]
    )
    made.state.db = {"partners": partners, "cafes": cafes}
    return made


ENTRY = Entry(
    name="p15-tandems",
    pattern="P15",
    title="the distance to somebody, from any point that one asks for, tells where they live",
    convention="uuids, {result, tookMs}, camelCase, form login with cookie and CSRF header, a PUT, no pagination",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Partner", ("homeLat", "homeLon"), ("learner",), "GET /partners"),),
    decoys=(
        "the fixed twin has a `distanceKm` too, to the middle of the district, which all may know",
        "who lives in one district comes in another order each time there",
        "`distanceKm` of a café tells where the caller lives, to the caller",
        "`activeSecondsAgo` and `tookMs` are others each time",
    ),
    options=("--allow-own-settings",),
)
