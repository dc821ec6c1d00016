"""Homes to swap, shown to everybody with photos. A photo brings its whole upload record along: where
the camera stood to the metre, which camera it was, and from which address it was sent."""

from __future__ import annotations

import random
import secrets
from collections import Counter

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Home swap, version: "6"}
security: [{bearer: []}]
paths:
  /api/auth:
    post:
      operationId: auth_create
      security: []
      requestBody: {content: {application/json: {schema: {type: object, properties: {nick: {type: string}, password: {type: string}}}}}}
      responses: {"201": {description: a token}}
  /api/profile:
    get:
      operationId: profile_show
      responses: {"200": {description: the caller, content: {application/json: {schema: {type: object, properties: {profile: {$ref: "#/components/schemas/Profile"}}}}}}}
  /api/profile/homes:
    get:
      operationId: profile_homes
      responses: {"200": {description: the caller's, content: {application/json: {schema: {type: object, properties: {homes: {type: array, items: {$ref: "#/components/schemas/OwnHome"}}}}}}}}
  /api/homes:
    get:
      operationId: homes_index
      security: []
      parameters: [{name: starting_after, in: query, schema: {type: string}}]
      responses: {"200": {description: two at a time, content: {application/json: {schema: {type: object, properties: {homes: {type: array, items: {$ref: "#/components/schemas/HomeCard"}}, has_more: {type: boolean}}}}}}}
  /api/homes/{slug}:
    get:
      operationId: homes_show
      security: []
      parameters: [{name: slug, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: one, content: {application/json: {schema: {type: object, properties: {home: {$ref: "#/components/schemas/Home"}}}}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Profile: {type: object, properties: {nick: {type: string}, email: {type: string}}}
    HomeCard: {type: object, properties: {slug: {type: string}, host: {type: string}, title: {type: string}}}
    Home:
      type: object
      properties:
        slug: {type: string}
        host: {type: string}
        title: {type: string}
        about: {type: [string, "null"]}
        area: {type: object, properties: {lat: {type: number}, lon: {type: number}}}
        views: {type: integer}
        photos: {type: array, items: {$ref: "#/components/schemas/PublicPhoto"}}
    PublicPhoto: {type: object, properties: {src: {type: string}, caption: {type: string}, exif: {type: object, properties: {maker: {type: string}}}}}
    OwnHome:
      type: object
      properties:
        slug: {type: string}
        host: {type: string}
        title: {type: string}
        photos: {type: array, items: {$ref: "#/components/schemas/OwnPhoto"}}
    OwnPhoto:
      type: object
      properties:
        src: {type: string}
        caption: {type: string}
        exif: {type: object, properties: {maker: {type: string}, serial: {type: string}, lat: {type: number}, lon: {type: number}}}
        sent_from: {type: string}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: profile_show, id: /profile/nick}
relations:
  anyone: {}
  swapper: {authenticated: true}
  owner: {is: owner}
order: [anyone, swapper, owner]
resources:
  Profile:
    key: nick
    owner: nick
    main: profile_show
    fields:
      nick, email: [{see: [owner]}]
  Home:
    schemas: [Home, HomeCard, OwnHome]
    key: slug
    owner: host
    main: homes_show
    promise: "The map shows your area, never your street"
    fields:
      slug, host, title, about, area, views: [{see: [anyone]}]
      photos.*.src, photos.*.caption, photos.*.exif.maker: [{see: [anyone]}]
      photos.*.exif.serial, photos.*.exif.lat, photos.*.exif.lon, photos.*.sent_from: [{see: [owner]}]
operations:
  profile_homes: {call: [swapper]}
"""

PEOPLE = {"nora": "nora-pass-8ft", "otis": "otis-pass-2rm"}


def identities(seed: int) -> str:
    lines = "".join(
        f"  {name}: {{nick: {name}, password: {password}}}\n" for name, password in PEOPLE.items()
    )
    return (
        "login: {operation: auth_create, json: {nick: $nick, password: $password}, token: /auth/jwt}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "homes")
    homes: dict[str, Json] = {}
    for host in [*PEOPLE, "pola"] * 2:
        title = words(rng)
        lat, lon = rng.uniform(36, 60), rng.uniform(-9, 20)
        photos = [
            {
                "src": f"/media/{rng.randbytes(8).hex()}.jpg",
                "caption": words(rng, 2),
                "exif": {
                    "maker": "Optika",
                    "serial": f"OPK{rng.randint(10**9, 10**10 - 1)}",
                    "lat": round(lat + rng.uniform(-0.0002, 0.0002), 6),
                    "lon": round(lon + rng.uniform(-0.0002, 0.0002), 6),
                },
                "sent_from": f"203.0.113.{rng.randint(1, 254)}:{rng.randint(20_000, 60_000)}",
            }
            for _ in range(3)
        ]
        homes[title.replace(" ", "-")] = {
            "slug": title.replace(" ", "-"),
            "host": host,
            "title": title,
            "about": None if host == "otis" else words(rng, 6),
            "area": {"lat": round(lat, 1), "lon": round(lon, 1)},
            "photos": photos,
        }
    tokens = Tokens()
    views: Counter[str] = Counter()

    def failed(status: int, why: str) -> Response:
        return JSONResponse({"errors": {"base": [why]}}, status)

    def public(photo: Json) -> Json:
        shown = {**photo, "src": f"{photo['src']}?sig={secrets.token_hex(8)}"}
        if mode == "fixed":
            shown = {key: shown[key] for key in ("src", "caption")}
            shown["exif"] = {"maker": photo["exif"]["maker"]}
        return shown

    async def auth(request: Request) -> Response:
        sent = await request.json()
        who = sent.get("nick")
        if who not in PEOPLE or PEOPLE[who] != sent.get("password"):
            return failed(422, "is not who you say")
        return JSONResponse({"auth": {"jwt": tokens.give(who)}}, 201)

    async def profile(request: Request) -> Response:
        who = tokens.whose(request)
        if not who:
            return failed(401, "log in")
        return JSONResponse({"profile": {"nick": who, "email": f"{who}@swap.example"}})

    async def own(request: Request) -> Response:
        who = tokens.whose(request)
        if not who:
            return failed(401, "log in")
        shown = ("slug", "host", "title", "photos")
        rows = [{k: each[k] for k in shown} for each in homes.values() if each["host"] == who]
        return JSONResponse({"homes": rows})

    async def index(request: Request) -> Response:
        order = [*homes]
        after = request.query_params.get("starting_after")
        start = order.index(after) + 1 if after in order else 0
        page = [{k: homes[each][k] for k in ("slug", "host", "title")} for each in order[start:]]
        return JSONResponse({"homes": page[:2], "has_more": len(page) > 2})

    async def show(request: Request) -> Response:
        found = homes.get(request.path_params["slug"])
        if found is None:
            return failed(404, "no such home")
        views[found["slug"]] += 1
        photos = [public(each) for each in random.sample(found["photos"], 3)]
        return JSONResponse({"home": {**found, "views": views[found["slug"]], "photos": photos}})

    made = Starlette(
        routes=[
            Route("/api/auth", auth, methods=["POST"]),
            Route("/api/profile", profile),
            Route("/api/profile/homes", own),
            Route("/api/homes", index),
            Route("/api/homes/{slug}", show),
        ]
    )
    made.state.db = {"homes": homes}
    return made


ENTRY = Entry(
    name="p04-homes",
    pattern="P4",
    title="each photo of a public page carries its upload record: position, camera and sender's address",
    convention="slugs, the object under its own name, snake_case, JSON login and bearer token, starting_after, 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth(
            "Home",
            (
                "photos.*.exif.serial",
                "photos.*.exif.lat",
                "photos.*.exif.lon",
                "photos.*.sent_from",
            ),
            ("anyone", "swapper"),
            "GET /api/homes/{slug}",
        ),
    ),
    decoys=(
        "`area` is public and has a `lat` and `lon` too, of a tenth of a degree",
        "`exif.maker` is public, the same for all, and stays in the fixed twin",
        "hosts read the upload records of their own photos by right, at an endpoint of their own",
        "`src` is signed anew, photos are shuffled and `views` counts up with every answer",
    ),
)
