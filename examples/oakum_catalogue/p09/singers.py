"""A choir's API shows nobody's e-mail address. Its web page asks a path of its own for the roster:
no document names it, and it serves the table as it is, to whoever asks."""

from __future__ import annotations

import random
import secrets
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Choir, version: "2024-09"}
security: [{}, {choir: []}]
paths:
  /session:
    post:
      operationId: enter
      security: []
      requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {name: {type: string}, phrase: {type: string}}}}}}
      responses: {"204": {description: a cookie}}
    get:
      operationId: session
      security: [{choir: []}]
      responses:
        "200": {description: the caller, content: {application/hal+json: {schema: {$ref: "#/components/schemas/Singer"}}}}
  /singers:
    get:
      operationId: singers
      parameters:
        - {name: page, in: query, schema: {type: integer, minimum: 1, default: 1}}
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 20, default: 4}}
      responses:
        "200": {description: a page of them, content: {application/hal+json: {schema: {$ref: "#/components/schemas/Singers"}}}}
  /singers/{singer-id}:
    get:
      operationId: singer
      parameters: [{name: singer-id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: one, content: {application/hal+json: {schema: {$ref: "#/components/schemas/Singer"}}}}
  /concerts:
    get:
      operationId: concerts
      responses:
        "200": {description: what is to come, content: {application/hal+json: {schema: {$ref: "#/components/schemas/Concerts"}}}}
components:
  securitySchemes: {choir: {type: apiKey, in: cookie, name: choir}}
  schemas:
    Link: {type: object, properties: {href: {type: string}}}
    Links: {type: object, properties: {self: {$ref: "#/components/schemas/Link"}, next: {$ref: "#/components/schemas/Link"}}}
    Singers: {type: object, properties: {_embedded: {type: object, properties: {singers: {type: array, items: {$ref: "#/components/schemas/SingerCard"}}}}, _links: {$ref: "#/components/schemas/Links"}, total: {type: integer}}}
    Concerts: {type: object, properties: {_embedded: {type: object, properties: {concerts: {type: array, items: {$ref: "#/components/schemas/Concert"}}}}}}
    SingerCard:
      type: object
      properties: {singer-id: {type: string}, stage-name: {type: string}, voice: {type: string}, _links: {$ref: "#/components/schemas/Links"}}
    Singer:
      type: object
      properties: {singer-id: {type: string}, stage-name: {type: string}, voice: {type: string}, email: {type: string}, dues-owed: {type: string}, _links: {$ref: "#/components/schemas/Links"}}
    Concert: {type: object, properties: {slug: {type: string}, day: {type: string}, email: {type: string}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: session, id: /singer-id}
order: [anyone, singer, owner]
relations:
  anyone: {}
  singer: {authenticated: true}
  owner: {is: owner}
resources:
  Singer:
    schemas: [Singer, SingerCard]
    key: singer-id
    owner: singer-id
    main: singer
    promise: "The committee knows your address, and nobody else"
    fields:
      singer-id, stage-name, voice, _links: [{see: [anyone]}]
      email, dues-owed: [{see: [owner]}]
  Concert:
    key: slug
    owner: none
    fields:
      slug, day, email: [{see: [anyone]}]
operations:
  session: {call: [singer]}
"""

PEOPLE = {"alma": "alma-descant-58", "boris": "boris-plainsong-12"}
OPEN = ("singer-id", "stage-name", "voice")
ALL = (*OPEN, "email", "dues-owed")
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

PAGE = """\
<!doctype html><html lang="en"><head><title>Choir</title><link rel="icon" href="/app/assets/note.svg">
<script type="module" crossorigin src="/app/assets/index-BX7dq2Lk.js"></script></head>
<body><div id="root"></div></body></html>
"""

SCRIPT = """\
const n=(e,t)=>fetch(e,{credentials:"same-origin",...t}).then(e=>e.ok?e.json():null),\
a=()=>n("/session"),s=e=>n(`/singers?page=${e}&limit=4`),i=e=>n(`/bff/singers/${e}/card`),\
o=()=>n("/bff/roster"),c=e=>n("/bff/mailing",{method:"POST",body:JSON.stringify({text:e})}),\
l=[{path:"/app/rehearsals",el:1},{path:"/app/dues",el:2}];a().then(async e=>{const t=document.getElementById("root"),r=await o();\
t.append(...(r||[]).map(e=>{const t=document.createElement("p");\
return t.textContent=e["stage-name"],t.onclick=()=>i(e["singer-id"]),t}))});export{c,l,s};
"""


def identities(seed: int) -> str:
    lines = "".join(f"  {who}: {{name: {who}, phrase: {p}}}\n" for who, p in PEOPLE.items())
    return (
        "login: {operation: enter, form: {name: $name, phrase: $phrase}, cookie: choir}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "singers")
    singers: dict[str, Json] = {}
    dues = rng.sample(range(1_000, 99_999), 6)
    for who, cents in zip((*PEOPLE, "clea", "dora", "egon", "faye"), dues, strict=True):
        key = "01J" + "".join(rng.choices(CROCKFORD, k=23))
        singers[key] = {
            "singer-id": key,
            "stage-name": who,
            "voice": rng.choice(("soprano", "alto", "tenor", "bass")),
            "email": f"{words(rng, 2).replace(' ', '.')}@post.example",
            "dues-owed": f"{cents // 100}.{cents % 100:02} EUR",
        }
    ids = {each["stage-name"]: key for key, each in singers.items()}
    concerts = [
        {"slug": f"{words(rng, 1)}-{nth}", "day": f"2031-0{nth}-11", "email": "box@choir.example"}
        for nth in (4, 6)
    ]
    mailings: list[str] = []
    visits: dict[str, str] = {}

    def caller(request: Request) -> str:
        return visits.get(request.cookies.get("choir", ""), "")

    def hal(content: Json, status: int = 200) -> Response:
        return JSONResponse(content, status, {"x-request-id": secrets.token_hex(6)})

    def cut(row: Json, me: str) -> Json:
        return {name: row[name] for name in (ALL if row["singer-id"] == me else OPEN)}

    def view(row: Json, me: str) -> Json:
        return {**cut(row, me), "_links": {"self": {"href": f"/singers/{row['singer-id']}"}}}

    async def enter(request: Request) -> Response:
        sent = dict(parse_qsl((await request.body()).decode()))
        if sent.get("name") not in PEOPLE or PEOPLE[sent["name"]] != sent.get("phrase"):
            return hal({"message": "wrong name or phrase"}, 403)
        visit = secrets.token_urlsafe(24)
        visits[visit] = ids[sent["name"]]
        answer = Response(status_code=204)
        answer.set_cookie("choir", visit, httponly=True)
        return answer

    async def session(request: Request) -> Response:
        me = caller(request)
        return hal(view(singers[me], me)) if me else hal({"message": "enter first"}, 401)

    async def listed(request: Request) -> Response:
        asked = request.query_params
        page, limit = asked.get("page", "1"), asked.get("limit", "4")
        if not (page.isdecimal() and limit.isdecimal() and int(page) and 0 < int(limit) <= 20):
            return hal({"message": "no such page"}, 400)
        end = int(limit) * int(page)
        cards = [view(each, "") for each in [*singers.values()][end - int(limit) : end]]
        more = {"next": {"href": f"/singers?page={int(page) + 1}&limit={limit}"}}
        links = more if end < len(singers) else {}
        return hal({"_embedded": {"singers": cards}, "_links": links, "total": len(singers)})

    async def one(request: Request) -> Response:
        found = singers.get(request.path_params["key"])
        return hal(view(found, caller(request))) if found else hal({"message": "nobody"}, 404)

    async def all_concerts(request: Request) -> Response:
        return hal({"_embedded": {"concerts": concerts}})

    async def roster(request: Request) -> Response:
        rows = random.sample([*singers.values()], len(singers))
        if mode == "fixed":
            rows = [cut(each, caller(request)) for each in rows]
        return JSONResponse(rows)

    async def card(request: Request) -> Response:
        found = singers.get(request.path_params["key"])
        return JSONResponse({"error": "gone"} if found is None else cut(found, caller(request)))

    async def mailing(request: Request) -> Response:
        mailings.append(str((await request.json()).get("text")))
        return Response(status_code=202)

    async def page(request: Request) -> Response:
        return HTMLResponse(PAGE)

    async def script(request: Request) -> Response:
        return Response(SCRIPT, media_type="text/javascript")

    made = Starlette(
        routes=[
            Route("/session", enter, methods=["POST"]),
            Route("/session", session),
            Route("/singers", listed),
            Route("/singers/{key}", one),
            Route("/concerts", all_concerts),
            Route("/bff/roster", roster),
            Route("/bff/singers/{key}/card", card),
            Route("/bff/mailing", mailing, methods=["POST"]),
            Route("/app/assets/index-BX7dq2Lk.js", script),
            Route("/app", page),
            Route("/app/{rest:path}", page),
        ]
    )
    made.state.db = {"singers": singers, "concerts": concerts, "mailings": mailings}
    return made


ENTRY = Entry(
    name="p09-singers",
    pattern="P9",
    title="a path that only the web page's script names shows every singer's address and dues",
    convention="ULIDs, HAL, kebab-case, form login with a cookie, page and limit, OpenAPI 3.1, a front end",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Singer", ("email", "dues-owed"), ("anyone", "singer"), "GET /bff/roster"),),
    decoys=(
        "the script's other path, `/bff/singers/…/card`, shows what the API shows",
        "`/bff/mailing`, which the script names too, writes to everybody when it is posted to",
        "concerts have an `email` as well: the box office",
        "the roster comes in another order each time, and every path below `/app` is the page",
        "the card of a singer that there is not answers 200 with an error",
    ),
    options=("--front-end", "{target}/app"),
)
