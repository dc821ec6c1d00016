"""A club with a feed of every kind, each of which can leak in a way of its own.

Members have a `city` and a `score` that are theirs; others may know the city of those who are not
shy. `Club({"replay"})` leaks what was said before somebody listened, and so on.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Collection
from typing import Any

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from oakum_catalogue.kit import Entry

DOCUMENT = """\
openapi: 3.2.0
info: {title: Club, version: "1"}
security: [{key: []}]
paths:
  /me:
    get:
      operationId: me
      responses: {"200": {$ref: "#/components/responses/Member"}}
    patch:
      operationId: setMe
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {shy: {type: boolean}, score: {type: integer}}}
      responses: {"204": {description: ok}}
  /members/{id}:
    get:
      operationId: getMember
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {$ref: "#/components/responses/Member"}}
  /news:
    get:
      operationId: news
      parameters: [{name: last_event_id, in: query, schema: {type: integer}}]
      responses:
        "200":
          description: who changes what
          content:
            text/event-stream:
              itemSchema:
                type: object
                properties:
                  data:
                    type: string
                    contentMediaType: application/json
                    contentSchema: {$ref: "#/components/schemas/Member"}
  /log:
    get:
      operationId: log
      responses:
        "200":
          description: a line for each member
          content:
            application/x-ndjson:
              schema:
                type: object
                properties:
                  kind: {type: string}
                  who: {$ref: "#/components/schemas/Member"}
  /rooms/open:
    get:
      operationId: openRoom
      summary: Opens the talk of a member.
      requestBody:
        content:
          application/json:
            example: {subscribe: somebody, quiet: false}
            schema:
              type: object
              properties: {subscribe: {type: string}, quiet: {type: boolean}}
      responses: {"101": {$ref: "#/components/responses/Member"}}
components:
  securitySchemes: {key: {type: apiKey, in: query, name: key}}
  responses:
    Member:
      description: ok
      content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}
  schemas:
    Member:
      type: object
      properties:
        id: {type: string}
        shy: {type: boolean}
        city: {type: string}
        score: {type: integer}
"""
EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /id}
relations: {member: {authenticated: true}, owner: {is: owner}}
resources:
  Member:
    key: id
    owner: id
    main: getMember
    states: {shy: {field: shy, missing: true, switch: {operation: setMe, set: /shy}}}
    fields:
      id, shy: [{see: [member]}]
      city: [{see: [owner]}, {see: [member], when: {shy: false}}]
      score: [{see: [owner], set: [owner]}]
operations:
  openRoom: {params: {subscribe: Member.id}}
  setMe: {sets: {Member: ""}}
"""
IDENTITIES = """\
identities:
  ann: {send: "?key=$k", k: ann-key-4711}
  bob: {send: "?key=$k", k: bob-key-4712}
"""
KEYS = {"ann-key-4711": "a-4711", "bob-key-4712": "b-4712"}
LEAKS = {
    "replay": ("city", "GET /news"),
    "update": ("score", "GET /news"),
    "close": ("score", "GET /news"),
    "lines": ("score", "GET /log"),
    "join": ("score", "GET /rooms/open"),
    "setting": ("city", "GET /rooms/open"),
}
"""What leaks → the field, and the endpoint."""


class Club:
    """The API; `leaks` are of `LEAKS`."""

    def __init__(self, leaks: Collection[str]) -> None:
        self.leaks = leaks
        self.rows: dict[str, Any] = {
            "a-4711": {"id": "a-4711", "shy": False, "city": "Anchorage bay", "score": 4181},
            "b-4712": {"id": "b-4712", "shy": True, "city": "Bremerhaven", "score": 6765},
        }
        self.past = ["a-4711", "b-4712"]
        self.news: list[asyncio.Queue[str]] = []
        self.rooms: dict[str, list[asyncio.Queue[str]]] = {}
        self.firsts: list[Any] = []
        self.closing = False
        """Whether the last change made somebody shy."""
        self.app = Starlette(
            routes=[
                Route("/me", self.me, methods=["GET", "PATCH"]),
                Route("/members/{id}", self.member),
                Route("/news", self.listen),
                Route("/log", self.lines),
                WebSocketRoute("/rooms/open", self.talk),
                Route("/rooms/open", lambda _: Response(status_code=426)),
            ]
        )
        self.app.state.db = {"members": self.rows}

    def caller(self, asked: HTTPConnection) -> str:
        return KEYS.get(asked.query_params.get("key", ""), "")

    def view(self, id: str, me: str, *, score: bool = False, city: bool = False) -> Any:
        """What `me` may see of a member; and a field that leaks."""
        row = self.rows[id]
        shown = {name: row[name] for name in ("id", "shy")}
        if id == me or city or not row["shy"]:
            shown["city"] = row["city"]
        if id == me or score:
            shown["score"] = row["score"]
        return shown

    async def me(self, request: Request) -> Response:
        if not (me := self.caller(request)):
            return Response(status_code=401)
        if request.method == "GET":
            return JSONResponse(self.view(me, me))
        said = await request.json()
        self.rows[me].update(said)
        self.closing = said.get("shy") is True
        for queue in self.news:
            queue.put_nowait(me)
        return Response(status_code=204)

    async def member(self, request: Request) -> Response:
        me, id = self.caller(request), request.path_params["id"]
        if not me or id not in self.rows:
            return Response(status_code=404 if me else 401)
        return JSONResponse(self.view(id, me))

    async def listen(self, request: Request) -> Response:
        if not (me := self.caller(request)):
            return Response(status_code=401)
        since = request.query_params.get("last_event_id")

        async def events() -> AsyncIterator[str]:
            queue: asyncio.Queue[str] = asyncio.Queue()
            self.news.append(queue)
            try:
                yield ": hello\n\n"
                for id in self.past if since is not None else ():
                    yield event(self.view(id, me, city="replay" in self.leaks))
                while True:
                    id = await queue.get()
                    closed = "close" in self.leaks and self.closing
                    yield event(self.view(id, me, score=closed or "update" in self.leaks))
            finally:
                self.news.remove(queue)

        return StreamingResponse(events(), media_type="text/event-stream")

    async def lines(self, request: Request) -> Response:
        if not (me := self.caller(request)):
            return Response(status_code=401)
        told = [
            {
                "kind": "past",
                "at": time.time(),
                "who": self.view(id, me, score="lines" in self.leaks),
            }
            for id in self.past
        ]
        text = "\n".join(json.dumps(each) for each in told)
        return Response(text, media_type="application/x-ndjson")

    async def talk(self, socket: WebSocket) -> None:
        """Who comes into a room is announced there, and is there again every now and then."""
        if not (me := self.caller(socket)):
            await socket.close()
            return
        await socket.accept()
        try:
            first = await socket.receive_json()
            self.firsts.append(first)
            id = first["subscribe"]
            may = not self.rows[id]["shy"]
            for queue in self.rooms.setdefault(id, []):
                queue.put_nowait(me)
            mine: asyncio.Queue[str] = asyncio.Queue()
            self.rooms[id].append(mine)
            for _ in range(100):
                try:
                    came = await asyncio.wait_for(mine.get(), 0.2)
                except TimeoutError:
                    came = id
                was = "setting" in self.leaks and may and came == id
                join = "join" in self.leaks and came != me
                await socket.send_json(self.view(came, me, score=join, city=was))
        except (WebSocketDisconnect, RuntimeError, KeyError):
            return


def event(data: Any) -> str:
    return f"data: {json.dumps(data)}\n\n"


def entry(
    leaks: Collection[str],
    options: tuple[str, ...] = ("--allow-own-settings",),
    exposure: str = EXPOSURE,
) -> tuple[Entry, Club]:
    """Files and options of a scan, and the club to scan."""
    club = Club(leaks)
    made = Entry(
        "club", "P11", "", "", DOCUMENT, exposure, lambda seed: IDENTITIES,
        lambda mode, seed: club.app, (), (), options,
    )  # fmt: skip
    return made, club
