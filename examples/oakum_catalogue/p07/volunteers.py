"""A directory of volunteers is searched by name and leaves out who does not want to be listed. An
asterisk makes it another query, which leaves out nobody."""

from __future__ import annotations

import secrets
from fnmatch import fnmatchcase
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Volunteers, version: "1"}
security: [{session: []}]
paths:
  /entry:
    post:
      operationId: logIn
      security: []
      requestBody:
        content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {user: {type: string}, pass: {type: string}}}}}
      responses: {"204": {description: a cookie}}
  /self:
    get:
      operationId: getSelf
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Volunteer"}}}}
  /directory:
    get:
      operationId: searchDirectory
      parameters:
        - {name: name, in: query, required: true, schema: {type: string}, description: the whole name}
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 50}}
        - {name: after, in: query, schema: {type: string}}
      responses:
        "200":
          description: those who are listed
          content:
            application/json:
              schema:
                type: object
                properties:
                  results: {type: array, items: {$ref: "#/components/schemas/Card"}}
                  after: {type: string, nullable: true}
                  served_at: {type: string}
  /shifts:
    get:
      operationId: listShifts
      parameters: [{name: place, in: query, schema: {type: string}, description: "`*` is any"}]
      responses:
        "200":
          description: where help is wanted
          content: {application/json: {schema: {type: object, properties: {results: {type: array, items: {$ref: "#/components/schemas/Shift"}}, after: {type: string, nullable: true}}}}}
components:
  securitySchemes: {session: {type: apiKey, in: cookie, name: pass}}
  schemas:
    Volunteer:
      type: object
      properties:
        slug: {type: string}
        name: {type: string}
        town: {type: string}
        listed: {type: boolean}
    Card:
      type: object
      properties: {slug: {type: string}, name: {type: string}, town: {type: string}}
    Shift:
      type: object
      properties: {slug: {type: string}, place: {type: string}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getSelf, id: /slug}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Volunteer:
    owner: slug
    main: getSelf
    promise: "Others find you in the directory only while you are listed"
    states: {listed: {field: listed, open: true, missing: false}}
    fields:
      slug, name, town, listed: [{see: [owner]}]
  Card:
    key: slug
    owner: slug
    main: searchDirectory
    promise: "Others find you in the directory only while you are listed"
    states: {listed: {of: Volunteer.listed, missing: false}}
    fields:
      slug, name, town:
        - see: [owner]
        - {see: [member], when: {listed: true}}
  Shift:
    key: slug
    owner: none
    fields:
      slug, place: [{see: [member]}]
operations:
  searchDirectory: {params: {name: Volunteer.name}}
"""

PEOPLE = {
    "ann": ("ann-helps-01", True),
    "bob": ("bob-helps-02", False),
    "eve": ("eve-helps-03", False),
}
"""Password, and whether listed."""


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{user: {name}, pass: {p}}}\n" for name, (p, _) in PEOPLE.items())
    return (
        "login: {operation: logIn, form: {user: $user, pass: $pass}, cookie: pass}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "volunteers")
    volunteers: list[Json] = []
    for nth in range(8):
        name = words(rng)
        listed = nth % 2 == 0 if nth >= len(PEOPLE) else [*PEOPLE.values()][nth][1]
        town = f"{words(rng, 2)} on sea"
        volunteers.append(
            {"slug": name.replace(" ", "-"), "name": name, "town": town, "listed": listed}
        )
    shifts = [{"slug": f"shift-{1 + nth}", "place": words(rng, 2)} for nth in range(4)]
    sessions: dict[str, str] = {}
    own = dict(zip(PEOPLE, volunteers, strict=False))

    def caller(request: Request) -> Json:
        return own.get(sessions.get(request.cookies.get("pass", ""), ""))

    def refused() -> Response:
        return JSONResponse({"error": "log in"}, 401)

    async def log_in(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        name = form.get("user", "")
        if name not in PEOPLE or PEOPLE[name][0] != form.get("pass"):
            return refused()
        ticket = secrets.token_urlsafe(18)
        sessions[ticket] = name
        response = Response(status_code=204)
        response.set_cookie("pass", ticket, httponly=True)
        return response

    async def myself(request: Request) -> Response:
        me = caller(request)
        return JSONResponse(me) if me else refused()

    async def directory(request: Request) -> Response:
        me = caller(request)
        if not me:
            return refused()
        asked = request.query_params.get("name", "")
        if len(asked) < 1:
            return JSONResponse({"error": "whom do you look for?"}, 422)
        if mode == "leaky" and ("*" in asked or "%" in asked):
            found = [e for e in volunteers if fnmatchcase(e["name"], asked.replace("%", "*"))]
        else:
            found = [e for e in volunteers if e["name"] == asked and (e["listed"] or e is me)]
        cards = [{key: each[key] for key in ("slug", "name", "town")} for each in found]
        return JSONResponse({"results": cards, "after": None, "served_at": secrets.token_hex(4)})

    async def listed_shifts(request: Request) -> Response:
        if not caller(request):
            return refused()
        place = request.query_params.get("place", "*")
        found = [each for each in shifts if fnmatchcase(each["place"], place)]
        return JSONResponse({"results": found, "after": None})

    made = Starlette(
        routes=[
            Route("/entry", log_in, methods=["POST"]),
            Route("/self", myself),
            Route("/directory", directory),
            Route("/shifts", listed_shifts),
        ]
    )
    made.state.db = {"volunteers": volunteers, "shifts": shifts}
    return made


ENTRY = Entry(
    name="p07-volunteers",
    pattern="P7",
    title="a search for `*` gives the cards of all volunteers, of those too who are not listed",
    convention="slugs, {results, after} with a cursor, snake_case, form login and cookie, OpenAPI 3.0",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Card", ("slug", "name", "town"), ("member",), "GET /directory"),),
    decoys=(
        "`*` works on shifts, which are nobody's and open to all members",
        "who is listed is found by the whole name, as the contract says",
        "volunteers who are not listed find themselves",
        "served_at differs each time; limit and after are ignored",
    ),
)
