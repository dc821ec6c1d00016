"""A tennis club's directory for members: they may look each other up, and the street may as well.

Here the contract lets every account holder see a player, so that only the endpoint's missing login is
the leak. A refusal is an answer with status 200 and an `errors` member.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Tennis club, version: "4"}
security: [{basic: []}]
paths:
  /self:
    get:
      operationId: self
      responses: {"200": {description: the caller, content: {application/vnd.api+json: {schema: {$ref: "#/components/schemas/PlayerDocument"}}}}}
  /players:
    get:
      operationId: findPlayers
      parameters: [{name: "page[after]", in: query, schema: {type: string}}]
      responses:
        "200":
          description: two at a time; `Link` leads on
          content: {application/vnd.api+json: {schema: {type: object, properties: {data: {type: array, items: {$ref: "#/components/schemas/PlayerIdentifier"}}}}}}
  /players/{slug}:
    get:
      operationId: readPlayer
      parameters: [{name: slug, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: one, content: {application/vnd.api+json: {schema: {$ref: "#/components/schemas/PlayerDocument"}}}}}
  /teams:
    get:
      operationId: findTeams
      security: []
      responses: {"200": {description: for everybody, content: {application/vnd.api+json: {schema: {type: object, properties: {data: {type: array, items: {$ref: "#/components/schemas/Team"}}, meta: {$ref: "#/components/schemas/Meta"}}}}}}}
components:
  securitySchemes: {basic: {type: http, scheme: basic}}
  schemas:
    Meta: {type: object, properties: {served_at: {type: string}}}
    PlayerIdentifier: {type: object, properties: {type: {type: string}, id: {type: string}}}
    Player:
      type: object
      properties:
        type: {type: string}
        id: {type: string}
        attributes: {type: object, properties: {name: {type: string}, mobile: {type: string}, street: {type: string}, points: {type: integer}}}
    PlayerDocument: {type: object, properties: {data: {$ref: "#/components/schemas/Player"}, meta: {$ref: "#/components/schemas/Meta"}}}
    Team: {type: object, properties: {type: {type: string}, id: {type: string}, attributes: {type: object, properties: {name: {type: string}, points: {type: integer}}}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: self, id: /data/id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
order: [anyone, member, owner]
resources:
  Player:
    schemas: [Player, PlayerIdentifier]
    key: id
    owner: id
    main: readPlayer
    promise: "Your number is for fellow members only"
    fields:
      type, id, attributes.name, attributes.mobile, attributes.street, attributes.points:
        - see: [owner, member]
  Team:
    key: id
    owner: none
    conceal: false
    fields:
      type, id, attributes.name, attributes.points: [{see: [anyone]}]
"""

PEOPLE = {"nel": "nel-pass-8hb", "oto": "oto-pass-3xc"}


def _slugs(seed: int) -> dict[str, str]:
    rng = drawn(seed, "players/slugs")
    return {who: words(rng, 2).replace(" ", "-") for who in PEOPLE}


def identities(seed: int) -> str:
    lines = "".join(
        f"  {name}: {{send: 'Authorization: Basic $pair', pair: {_basic(name, password)}}}\n"
        for name, password in PEOPLE.items()
    )
    return f"identities:\n{lines}"


def _basic(name: str, password: str) -> str:
    return base64.b64encode(f"{name}:{password}".encode()).decode()


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "players")
    slugs = _slugs(seed)
    # One more, whom nobody logs in as: directories are full of others.
    slugs["pip"] = words(rng, 2).replace(" ", "-")
    points = rng.sample(range(1_000, 9_999), len(slugs))
    players: dict[str, Json] = {
        slug: {
            "type": "players",
            "id": slug,
            "attributes": {
                "name": words(rng, 2).title(),
                "mobile": f"+31 6{rng.randint(10_000_000, 99_999_999)}",
                "street": f"{words(rng, 2).title()} {rng.randint(1, 99)}",
                "points": points[nth],
            },
        }
        for nth, slug in enumerate(slugs.values())
    }
    teams = [
        # The first team has as many points as one of the players, by chance.
        {
            "type": "teams",
            "id": str(nth),
            "attributes": {"name": words(rng, 2).title(), "points": points[0] + nth - 1},
        }
        for nth in range(1, 4)
    ]

    def caller(request: Request) -> str:
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        known = {_basic(name, password): name for name, password in PEOPLE.items()}
        return known.get(sent, "") if scheme == "Basic" else ""

    def answer(data: Json) -> Response:
        now = datetime.now(UTC).isoformat()
        return JSONResponse(
            {"data": data, "meta": {"served_at": now}}, media_type="application/vnd.api+json"
        )

    def errors(code: str, status: int = 200) -> Response:
        return JSONResponse(
            {"errors": [{"code": code}]}, status, media_type="application/vnd.api+json"
        )

    async def itself(request: Request) -> Response:
        who = caller(request)
        return answer(players[slugs[who]]) if who else errors("login_needed", 401)

    async def listed(request: Request) -> Response:
        if not caller(request):
            return errors("login_needed", 401)
        order = sorted(players)
        after = request.query_params.get("page[after]", "")
        page = [slug for slug in order if slug > after][:2]
        made = answer([{"type": "players", "id": slug} for slug in page])
        if page and page[-1] != order[-1]:
            made.headers["Link"] = f'</players?page%5Bafter%5D={page[-1]}>; rel="next"'
        return made

    async def one(request: Request) -> Response:
        if mode == "fixed" and not caller(request):
            return errors("login_needed")
        found = players.get(request.path_params["slug"])
        return answer(found) if found else errors("no_such_player")

    async def all_teams(request: Request) -> Response:
        return answer(teams)

    made = Starlette(
        routes=[
            Route("/self", itself),
            Route("/players", listed),
            Route("/players/{slug}", one),
            Route("/teams", all_teams),
        ]
    )
    made.state.db = {"players": players, "teams": teams}
    return made


ENTRY = Entry(
    name="p01-players",
    pattern="P1",
    title="the directory that members share is open to those who never logged in",
    convention="slugs, JSON:API, Basic credentials, Link pages, 200 with `errors`, 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth(
            "Player",
            (
                "type",
                "id",
                "attributes.name",
                "attributes.mobile",
                "attributes.street",
                "attributes.points",
            ),
            ("anyone",),
            "GET /players/{slug}",
        ),
    ),
    decoys=(
        "members read one another by right, so that another's number in a member's answer is no leak",
        "teams are public, with `attributes.name` and `attributes.points` of the same names",
        "a refused or unknown player is 200 with `errors`",
        "`meta.served_at` is another in every answer",
    ),
)
