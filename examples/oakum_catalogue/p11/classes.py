"""Who opens the live feed of a class is announced to everybody in it, with the whole row. The list
of those present, which opens the feed, is cut to what its reader may see."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Classes, version: "1"}
security: [{token: []}]
paths:
  /login:
    post:
      operationId: login
      security: []
      requestBody: {content: {application/json: {schema: {type: object, properties: {nick: {type: string}, password: {type: string}}}}}}
      responses: {"200": {description: a token}}
  /learners/me:
    get:
      operationId: me
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Learner"}}}}}
  /learners/{id}:
    get:
      operationId: getLearner
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Learner"}}}}}
  /classes:
    get:
      operationId: listClasses
      responses: {"200": {description: all, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Class"}}}}}}
  /classes/{slug}/live:
    get:
      operationId: watchClass
      parameters: [{name: slug, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: who is there and who comes
          content:
            text/event-stream:
              schema:
                type: object
                properties:
                  event: {type: string, enum: [hello, join, tick]}
                  seq: {type: integer}
                  at: {type: number}
                  present: {type: array, items: {$ref: "#/components/schemas/Learner"}}
                  learner: {$ref: "#/components/schemas/Learner"}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Learner:
      type: object
      properties: {id: {type: integer}, nick: {type: string}, city: {type: string}, health_note: {type: string}}
    Class: {type: object, properties: {slug: {type: string}, city: {type: string}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Learner:
    key: id
    owner: id
    main: getLearner
    fields:
      id, nick: [{see: [member]}]
      city, health_note: [{see: [owner]}]
  Class:
    key: slug
    owner: none
    fields:
      slug, city: [{see: [member]}]
operations:
  getLearner: {params: {id: Learner.id}}
  watchClass: {params: {slug: Class.slug}}
"""

PEOPLE = {"kaja": "kaja-kettle-42", "lars": "lars-plank-65", "mina": "mina-squat-18"}
TICK = 0.5
TICKS = 3
"""A feed in which nobody came for so long is ended; clients open it again."""


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{nick: {name}, password: {p}}}\n" for name, p in PEOPLE.items())
    return (
        "login: {operation: login, json: {nick: $nick, password: $password}, token: /token}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "classes")
    ids = dict(zip(PEOPLE, rng.sample(range(1_000, 9_999), len(PEOPLE)), strict=True))
    learners: dict[int, Json] = {
        ids[who]: {
            "id": ids[who],
            "nick": who,
            "city": words(rng, 2),
            "health_note": f"{words(rng, 2)}, {rng.randint(50, 99)} kg",
        }
        for who in PEOPLE
    }
    classes: dict[str, Json] = {
        slug: {"slug": slug, "city": words(rng, 2)} for slug in ("dawn-yoga", "spin-20")
    }
    rooms: dict[str, list[tuple[int, asyncio.Queue[int]]]] = {slug: [] for slug in classes}
    tokens = Tokens()

    def view(key: int, me: int) -> Json:
        row = learners[key]
        return row if key == me else {"id": key, "nick": row["nick"]}

    def caller(request: Request) -> int:
        return ids.get(tokens.whose(request), 0)

    def refused(status: int, said: str) -> Response:
        return JSONResponse({"error": said}, status)

    async def login(request: Request) -> Response:
        sent = await request.json()
        if PEOPLE.get(sent.get("nick")) != sent.get("password"):
            return refused(401, "wrong")
        return JSONResponse({"token": tokens.give(sent["nick"])})

    async def learner(request: Request) -> Response:
        me = caller(request)
        key = request.path_params.get("id", me)
        if not me:
            return refused(401, "log in")
        return JSONResponse(view(key, me)) if key in learners else refused(404, "nobody")

    async def listed(request: Request) -> Response:
        return JSONResponse([*classes.values()]) if caller(request) else refused(401, "log in")

    async def events(slug: str, me: int) -> AsyncIterator[str]:
        seq = 0

        def frame(event: str, **more: Json) -> str:
            nonlocal seq
            seq += 1
            data = {"event": event, "seq": seq, "at": time.time(), **more}
            return f"id: {seq}\nevent: {event}\ndata: {json.dumps(data)}\n\n"

        queue: asyncio.Queue[int] = asyncio.Queue()
        rooms[slug].append((me, queue))
        try:
            here = sorted({key for key, _ in rooms[slug]})
            yield frame("hello", present=[view(key, me) for key in here])
            for _, other in rooms[slug]:
                other.put_nowait(me)
            quiet = 0
            while quiet < TICKS:
                try:
                    came = await asyncio.wait_for(queue.get(), TICK)
                except TimeoutError:
                    quiet += 1
                    yield frame("tick")
                    continue
                quiet = 0
                yield frame("join", learner=learners[came] if mode == "leaky" else view(came, me))
        finally:
            rooms[slug].remove((me, queue))

    async def watch(request: Request) -> Response:
        me, slug = caller(request), request.path_params["slug"]
        if not me:
            return refused(401, "log in")
        if slug not in classes:
            return refused(404, "no such class")
        return StreamingResponse(events(slug, me), media_type="text/event-stream")

    made = Starlette(
        routes=[
            Route("/login", login, methods=["POST"]),
            Route("/learners/me", learner),
            Route("/learners/{id:int}", learner),
            Route("/classes", listed),
            Route("/classes/{slug}/live", watch),
        ]
    )
    made.state.db = {"learners": learners, "classes": classes}
    return made


ENTRY = Entry(
    name="p11-classes",
    pattern="P11",
    title="who comes into a class is announced to all in it with city and health",
    convention="server-sent events, integer ids and slugs, bare answers, snake_case, bearer token",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Learner", ("city", "health_note"), ("member",), "GET /classes/{slug}/live"),),
    decoys=(
        "everybody's own joining comes to themselves with the whole row, as it may",
        "ticks come by themselves, `seq` counts up, `at` is another one each time",
        "the `hello` names those present, cut to what its reader may see",
        "a class has a `city` as well, which every member may know",
    ),
)
