"""A library's cache takes whatever ends in `.css` for a file that is the same for everybody.

`/me/files/card.css` is not one: the route looks at nothing after `/me/files/`, and answers the
reader's card. The cache stands before the login, so that nobody's turn comes, too.
"""

from __future__ import annotations

import base64
import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Library, version: "1"}
security: [{basic: []}]
paths:
  /me:
    get:
      operationId: me
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Reader"}}}}
  /me/files/{name}:
    get:
      operationId: myFile
      parameters:
        - {name: name, in: path, required: true, description: any name; the page uses this one, schema: {type: string}, example: card.css}
      responses:
        "200": {description: the caller's card, content: {application/json: {schema: {$ref: "#/components/schemas/Card"}}}}
  /assets/{name}:
    get:
      operationId: asset
      security: []
      parameters: [{name: name, in: path, required: true, schema: {type: string}, example: site.css}]
      responses: {"200": {description: a style sheet, content: {text/css: {schema: {type: string}}}}}
  /shelves:
    get:
      operationId: shelves
      security: []
      responses:
        "200":
          description: for everybody
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Shelf"}}}}
components:
  securitySchemes: {basic: {type: http, scheme: basic}}
  schemas:
    Reader:
      type: object
      properties: {reader: {type: string}}
    Card:
      type: object
      properties:
        reader: {type: string}
        street: {type: string}
        barcode: {type: string}
    Shelf:
      type: object
      properties: {slug: {type: string}, street: {type: string}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /reader}
relations:
  anyone: {}
  owner: {is: owner}
  member: {authenticated: true}
resources:
  Reader:
    owner: reader
    main: me
    fields:
      reader: [{see: [owner]}]
  Card:
    owner: reader
    main: myFile
    fields:
      reader, street, barcode: [{see: [owner]}]
  Shelf:
    key: slug
    owner: none
    fields:
      slug, street: [{see: [anyone]}]
operations:
  me: {call: [member]}
  asset: {}
"""

PEOPLE = {"ann": "ann-page-8dh", "bob": "bob-page-2sv"}
STATIC = (".css", ".js", ".png")
KEPT = 5.0


def identities(seed: int) -> str:
    coded = {
        who: base64.b64encode(f"{who}:{word}".encode()).decode() for who, word in PEOPLE.items()
    }
    lines = "".join(
        f'  {who}: {{header: "Authorization: Basic {code}"}}\n' for who, code in coded.items()
    )
    return f"identities:\n{lines}"


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "cards")
    cards: dict[str, Json] = {
        who: {
            "reader": "-".join(words(rng, 2).split()),
            "street": words(rng),
            "barcode": f"{rng.randrange(10**12, 10**13)}",
        }
        for who in PEOPLE
    }
    shelves = [
        {"slug": "maps", "street": "Mill Lane 4"},
        {"slug": "poems", "street": "Mill Lane 4"},
    ]
    cache: dict[str, tuple[float, Response]] = {}

    def caller(request: Request) -> str:
        try:
            code = request.headers.get("authorization", "").removeprefix("Basic ")
            who, _, word = base64.b64decode(code).decode().partition(":")
        except ValueError:  # neither Base64 nor text
            return ""
        return who if PEOPLE.get(who) == word else ""

    def kept(request: Request) -> Response | None:
        since, answer = cache.get(request.url.path, (-KEPT, None))
        return answer if time.monotonic() - since < KEPT else None

    def keep(request: Request, answer: Response) -> Response:
        # the cause: the ending of the name was believed, over what the answer says of itself
        public = "public" in answer.headers["cache-control"]
        if request.url.path.endswith(STATIC) and (public or mode == "leaky"):
            cache[request.url.path] = (time.monotonic(), answer)
        return answer

    async def me(request: Request) -> Response:
        if not (who := caller(request)):
            return JSONResponse({"error": "log in"}, 401, {"www-authenticate": "Basic"})
        return JSONResponse({"reader": cards[who]["reader"]})

    async def my_file(request: Request) -> Response:
        if answer := kept(request):
            return answer
        if not (who := caller(request)):
            return JSONResponse({"error": "log in"}, 401, {"www-authenticate": "Basic"})
        return keep(request, JSONResponse(cards[who], headers={"cache-control": "private"}))

    async def asset(request: Request) -> Response:
        if answer := kept(request):
            return answer
        sheet = f"/* made {time.time()} */ body {{ margin: 0 }}"
        return keep(
            request,
            PlainTextResponse(
                sheet, headers={"cache-control": "public, max-age=5"}, media_type="text/css"
            ),
        )

    async def all_shelves(request: Request) -> Response:
        return JSONResponse(shelves, headers={"cache-control": "public, max-age=60"})

    made = Starlette(
        routes=[
            Route("/me", me),
            Route("/me/files/{name}", my_file),
            Route("/assets/{name}", asset),
            Route("/shelves", all_shelves),
        ]
    )
    made.state.db = {"cards": cards, "shelves": shelves}
    return made


ENTRY = Entry(
    name="p14-cards",
    pattern="P14",
    title="a reader's card is cached as a style sheet, for anybody who asks within five seconds",
    convention="slugs, bare bodies, HTTP Basic, OpenAPI 3.1, a path that ends like a file",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth(
            "Card", ("reader", "street", "barcode"), ("anyone", "member"), "GET /me/files/{name}"
        ),
    ),
    decoys=(
        "a real style sheet is cached for everybody, with the time of its making in it",
        "shelves have a public `street`, and say `cache-control: public`",
    ),
)
