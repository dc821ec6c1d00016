"""A choir's page of each singer keeps mobile and street to that singer. The log of changes, made so
that lists at home stay up to date, says what somebody's new mobile and new street are."""

from __future__ import annotations

import base64
import secrets

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Choir, version: "12"}
security: [{basic: []}]
paths:
  /me:
    get:
      operationId: me
      responses: {"200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Singer"}}}}}
  /singers:
    get:
      operationId: singers
      parameters: [{name: after, in: query, schema: {type: string}}]
      responses: {"200": {description: "three at a time, `Link` leads on", content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/SingerName"}}}}}}
  /singers/{handle}:
    get:
      operationId: singer
      parameters: [{name: handle, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Singer"}}}}}
  /changes:
    get:
      operationId: changes
      description: What became of whom, the latest first
      parameters: [{name: since, in: query, description: the last seq that the caller has, schema: {type: integer, minimum: 0}}]
      responses: {"200": {description: twenty at most, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Change"}}}}}}
  /halls:
    get:
      operationId: halls
      security: []
      responses: {"200": {description: where we sing, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Hall"}}}}}}
components:
  securitySchemes: {basic: {type: http, scheme: basic}}
  schemas:
    SingerName: {type: object, properties: {handle: {type: string}, voice: {type: string}}}
    Singer:
      type: object
      properties:
        handle: {type: string}
        voice: {type: string}
        motto: {type: string}
        mobile: {type: string}
        street: {type: string}
        allergies: {type: string}
    Change:
      type: object
      properties:
        seq: {type: integer}
        day: {type: string, format: date}
        what: {type: string, enum: [voice, motto, mobile, street, allergies]}
        now: {$ref: "#/components/schemas/Singer"}
    Hall: {type: object, properties: {hall: {type: string}, mobile: {type: string}, street: {type: string}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /handle}
relations:
  anyone: {}
  singer: {authenticated: true}
  owner: {is: owner}
order: [anyone, singer, owner]
resources:
  Singer:
    schemas: [Singer, SingerName]
    key: handle
    owner: handle
    main: singer
    promise: "Your mobile and your street are for the board's safe, not for the choir"
    fields:
      handle, voice, motto: [{see: [singer]}]
      mobile, street, allergies: [{see: [owner]}]
  Change:
    key: seq
    owner: none
    fields:
      seq, day, what, now: [{see: [singer]}]
  Hall:
    key: hall
    owner: none
    conceal: false
    fields:
      hall, mobile, street: [{see: [anyone]}]
operations:
  singer: {params: {handle: Singer.handle}}
"""

PEOPLE = {"alto-ada": "tremolo-4417", "bass-bo": "fermata-9052"}
OTHERS = ("tenor-tim", "alto-amy")
OPEN = ("handle", "voice", "motto")
PAGE = 20


def identities(seed: int) -> str:
    lines = "".join(
        f'  {name.partition("-")[2]}: {{header: "Authorization: Basic {_basic(name, password)}"}}\n'
        for name, password in PEOPLE.items()
    )
    return f"identities:\n{lines}"


def _basic(name: str, password: str) -> str:
    return base64.b64encode(f"{name}:{password}".encode()).decode()


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "choir")
    motto = words(rng, 4)  # the choir's own, which most of them took over
    singers: dict[str, Json] = {
        handle: {
            "handle": handle,
            "voice": handle.partition("-")[0],
            "motto": words(rng, 4) if handle == "bass-bo" else motto,
            "mobile": f"+3247{rng.randint(10**7, 10**8 - 1)}",
            "street": f"{words(rng, 2).title()} {rng.randint(1, 250)}",
            "allergies": words(rng, 2),
        }
        for handle in (*PEOPLE, *OTHERS)
    }
    changed = [(handle, what) for handle in singers for what in ("mobile", "street", "motto")]
    changed += [(handle, "allergies") for handle in PEOPLE]
    rng.shuffle(changed)
    first = rng.randint(300, 900)
    changes: list[Json] = [
        {
            "seq": first + nth,
            "day": f"2024-{1 + nth % 12:02}-{rng.randint(1, 28):02}",
            "what": what,
            "now": {"handle": handle, what: singers[handle][what]},
        }
        for nth, (handle, what) in enumerate(changed)
    ]
    halls = [
        {
            "hall": words(rng, 1),
            "mobile": f"+3249{rng.randint(10**7, 10**8 - 1)}",
            "street": f"{words(rng, 2).title()} {rng.randint(1, 250)}",
        }
        for _ in range(3)
    ]

    def caller(request: Request) -> str:
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        known = {_basic(name, password): name for name, password in PEOPLE.items()}
        return known.get(sent, "") if scheme == "Basic" else ""

    def answer(content: Json) -> Response:
        return JSONResponse(content, headers={"X-Trace": secrets.token_hex(8)})

    def failed(status: int, why: str) -> Response:
        return JSONResponse({"error": why}, status)

    def view(part: Json, me: str) -> Json:
        """A singer, or what of one has changed, as another may see it."""
        return {key: part[key] for key in part if part["handle"] == me or key in OPEN}

    async def one(request: Request) -> Response:
        me = caller(request)
        if not me:
            return failed(401, "who is there?")
        found = singers.get(request.path_params.get("handle", me))
        return answer(view(found, me)) if found else failed(404, "nobody sings under that name")

    async def listed(request: Request) -> Response:
        if not caller(request):
            return failed(401, "who is there?")
        after = request.query_params.get("after", "")
        rest = [singers[each] for each in sorted(singers) if each > after]
        made = answer([{key: each[key] for key in ("handle", "voice")} for each in rest[:3]])
        if len(rest) > 3:
            made.headers["Link"] = f'</singers?after={rest[2]["handle"]}>; rel="next"'
        return made

    async def log(request: Request) -> Response:
        me, since = caller(request), request.query_params.get("since", "0")
        if not me:
            return failed(401, "who is there?")
        if not since.isdecimal():
            return failed(422, "since which number?")
        shown = []
        for each in reversed([each for each in changes if each["seq"] > int(since)][:PAGE]):
            now = each["now"] if mode == "leaky" else view(each["now"], me)
            if each["what"] == "allergies" and now["handle"] != me:
                now = {**now, "allergies": "(changed)"}
            shown.append({**each, "now": now})
        return answer(shown)

    async def all_halls(request: Request) -> Response:
        return answer(halls)

    made = Starlette(
        routes=[
            Route("/me", one),
            Route("/singers", listed),
            Route("/singers/{handle}", one),
            Route("/changes", log),
            Route("/halls", all_halls),
        ]
    )
    made.state.db = {"singers": singers, "changes": changes, "halls": halls}
    return made


ENTRY = Entry(
    name="p08-choir",
    pattern="P8",
    title="the log of changes tells every singer the mobile and street that a singer's own page hides",
    convention="user names, bare arrays, snake_case, Basic credentials, Link pages and a `since` counter, 3.0",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Singer", ("mobile", "street"), ("singer",), "GET /changes"),),
    decoys=(
        "of new allergies the log says `(changed)` to all but the singer",
        "`seq` counts up, and what was changed on which day is for every singer",
        "halls have a `mobile` and a `street`, which are everybody's",
        "most singers have the same motto, which all of them may read; X-Trace differs each time",
    ),
)
