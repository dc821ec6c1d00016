"""Followers see on a WebSocket where a dog walker goes. Whether one follows is asked when the socket
opens and never again: it goes on after the walker was unfollowed."""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Dog walks, version: "2"}
security: [{leash: []}]
paths:
  /session:
    post:
      operationId: signIn
      security: []
      requestBody: {content: {application/json: {schema: {type: object, properties: {nick: {type: string}, password: {type: string}}}}}}
      responses: {"204": {description: a cookie}}
  /session/walker:
    get:
      operationId: ownWalker
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Walker"}}}}}
  /walkers/{walkerId}:
    get:
      operationId: getWalker
      parameters: [{$ref: "#/components/parameters/walkerId"}]
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Walker"}}}}}
  /walkers/{walkerId}/followers:
    get:
      operationId: listFollowers
      parameters: [{$ref: "#/components/parameters/walkerId"}]
      responses:
        "200": {description: who follows, content: {application/json: {schema: {$ref: "#/components/schemas/Walkers"}}}}
  /walkers/{walkerId}/follow:
    put:
      operationId: followWalker
      parameters: [{$ref: "#/components/parameters/walkerId"}]
      responses: {"204": {description: followed}}
    delete:
      operationId: unfollowWalker
      parameters: [{$ref: "#/components/parameters/walkerId"}]
      responses: {"204": {description: not any more}}
  /walkers/{walkerId}/feed:
    get:
      operationId: watchWalker
      description: A WebSocket.
      parameters: [{$ref: "#/components/parameters/walkerId"}]
      responses:
        "101": {description: two frames a second or so, content: {application/json: {schema: {$ref: "#/components/schemas/Frame"}}}}
components:
  parameters:
    walkerId: {name: walkerId, in: path, required: true, schema: {type: string, format: uuid}}
  securitySchemes: {leash: {type: apiKey, in: cookie, name: leash}}
  schemas:
    WalkerMini: {type: object, properties: {walkerId: {type: string, format: uuid}, nick: {type: string}}}
    Walkers: {type: object, properties: {items: {type: array, items: {$ref: "#/components/schemas/WalkerMini"}}, total: {type: integer}}}
    Walker:
      type: object
      properties: {walkerId: {type: string, format: uuid}, nick: {type: string}, route: {type: string}, meetingPoint: {type: string}}
    Frame:
      type: object
      properties:
        kind: {type: string, enum: [hello, walk, rain]}
        frameNo: {type: integer}
        sentAt: {type: number}
        street: {type: string}
        walker: {$ref: "#/components/schemas/Walker"}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: ownWalker, id: /walkerId}
order: [member, follower, owner]
relations:
  member: {authenticated: true}
  follower: {in: listFollowers, id: /items/*/walkerId, begin: [followWalker], end: [unfollowWalker]}
  owner: {is: owner}
resources:
  Walker:
    schemas: [Walker, WalkerMini]
    key: walkerId
    owner: walkerId
    main: getWalker
    fields:
      walkerId, nick: [{see: [member]}]
      route, meetingPoint: [{see: [owner, follower]}]
"""

PEOPLE = {"nele": "nele-fetch-83", "otto": "otto-biscuit-20", "pina": "pina-collar-57"}
PAUSE = 0.4
FRAMES = 25
"""After so many a socket is closed, as a proxy would."""


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{nick: {name}, password: {p}}}\n" for name, p in PEOPLE.items())
    return (
        "login: {operation: signIn, json: {nick: $nick, password: $password}, cookie: leash}\n"
        f"identities:\n{lines}"
        "between:\n  - otto is follower of nele\n"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "walkers")
    walkers: dict[str, Json] = {}
    for who in PEOPLE:
        key = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        walkers[key] = {
            "walkerId": key,
            "nick": who,
            "route": f"{words(rng)}, {rng.randint(2, 9)} km",
            "meetingPoint": f"{rng.randint(1, 99)} {words(rng)}",
        }
    ids = {each["nick"]: key for key, each in walkers.items()}
    followers: dict[str, list[str]] = {key: [] for key in walkers}
    followers[ids["nele"]].append(ids["otto"])
    leashes: dict[str, str] = {}

    def caller(asked: HTTPConnection) -> str:
        return leashes.get(asked.cookies.get("leash", ""), "")

    def entitled(key: str, me: str) -> bool:
        return me == key or me in followers[key]

    def view(key: str, whole: bool) -> Json:
        row = walkers[key]
        return row if whole else {"walkerId": key, "nick": row["nick"]}

    async def sign_in(request: Request) -> Response:
        sent = await request.json()
        if PEOPLE.get(sent.get("nick")) != sent.get("password"):
            return Response(status_code=401)
        leash = secrets.token_urlsafe(24)
        leashes[leash] = ids[sent["nick"]]
        answer = Response(status_code=204)
        answer.set_cookie("leash", leash, httponly=True)
        return answer

    async def walker(request: Request) -> Response:
        me = caller(request)
        key = request.path_params.get("key", me)
        if not me or key not in walkers:
            return Response(status_code=404 if me else 401)
        return JSONResponse(view(key, entitled(key, me)))

    async def listed(request: Request) -> Response:
        me, key = caller(request), request.path_params["key"]
        if not me or key not in walkers:
            return Response(status_code=404 if me else 401)
        items = [view(each, False) for each in followers[key]]
        return JSONResponse({"items": items, "total": len(items)})

    async def follow(request: Request) -> Response:
        me, key = caller(request), request.path_params["key"]
        if not me or key not in walkers or key == me:
            return Response(status_code=404 if me else 401)
        rest = {*followers[key]} - {me}
        followers[key] = sorted(rest | {me} if request.method == "PUT" else rest)
        return Response(status_code=204)

    async def feed(socket: WebSocket) -> None:
        me, key = caller(socket), socket.path_params["key"]
        if not me or key not in walkers:
            await socket.close(4404 if me else 4401)  # before it was accepted: HTTP 403
            return
        await socket.accept()
        opened = entitled(key, me)
        try:
            for number in range(FRAMES):
                kind = "hello" if number == 0 else "rain" if number % 4 == 3 else "walk"
                frame: Json = {"kind": kind, "frameNo": number, "sentAt": time.time()}
                if kind == "rain":
                    frame["street"] = "in all streets"
                else:
                    whole = opened if mode == "leaky" else entitled(key, me)
                    frame["walker"] = view(key, whole)
                await socket.send_json(frame)
                await asyncio.sleep(PAUSE)
            await socket.close()
        except (WebSocketDisconnect, RuntimeError):
            return  # the other side has left

    async def no_socket(request: Request) -> Response:
        return Response("a WebSocket, please", 426, {"Upgrade": "websocket"})

    made = Starlette(
        routes=[
            Route("/session", sign_in, methods=["POST"]),
            Route("/session/walker", walker),
            Route("/walkers/{key}", walker),
            Route("/walkers/{key}/followers", listed),
            Route("/walkers/{key}/follow", follow, methods=["PUT", "DELETE"]),
            WebSocketRoute("/walkers/{key}/feed", feed),
            Route("/walkers/{key}/feed", no_socket),
        ]
    )
    made.state.db = {"walkers": walkers, "followers": followers}
    return made


ENTRY = Entry(
    name="p11-walkers",
    pattern="P11",
    title="a follower's open socket goes on showing the walk after they have unfollowed",
    convention="WebSocket, uuids, {items, total}, camelCase, JSON login with a cookie, OpenAPI 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth("Walker", ("route", "meetingPoint"), ("member",), "GET /walkers/{walkerId}/feed"),
    ),
    decoys=(
        "strangers may open the feed too, and are shown what they may see of a walker",
        "frames come by themselves, `frameNo` counts up, `sentAt` is another one each time",
        "`street` of the rain is the same for everybody",
        "asked without an upgrade the feed answers 426",
    ),
    options=("--allow-own-settings",),
)
