"""A chess league shows no home towns, and filters its players by home town.

Who knows or guesses a town learns who lives there.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Chess league, version: "1"}
security: [{key: []}]
paths:
  /players/me:
    get:
      operationId: getOwnPlayer
      responses:
        "200":
          description: the caller
          content:
            application/vnd.api+json:
              schema: {type: object, properties: {data: {$ref: "#/components/schemas/OwnPlayer"}}}
  /players:
    get:
      operationId: listPlayers
      parameters:
        - {name: "filter[nick]", in: query, schema: {type: string}}
        - {name: "filter[rating]", in: query, schema: {type: integer}}
        - {name: "filter[town]", in: query, schema: {type: string}}
        - {name: "page[number]", in: query, schema: {type: integer, minimum: 1, default: 1}}
      responses:
        "200":
          description: those that all filters fit
          content:
            application/vnd.api+json:
              schema:
                type: object
                properties:
                  data: {type: array, items: {$ref: "#/components/schemas/Player"}}
                  meta:
                    type: object
                    properties:
                      total: {type: integer}
                      filter: {type: object, additionalProperties: {type: string}}
                  links: {type: object, properties: {next: {type: string}}}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-League-Key}}
  schemas:
    Player:
      type: object
      properties:
        type: {type: string}
        id: {type: string}
        attributes:
          type: object
          properties: {nick: {type: string}, rating: {type: integer}}
    OwnPlayer:
      type: object
      properties:
        type: {type: string}
        id: {type: string}
        attributes:
          type: object
          properties: {nick: {type: string}, rating: {type: integer}, town: {type: string}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getOwnPlayer, id: /data/id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Player:
    schemas: [Player, OwnPlayer]
    key: id
    owner: id
    main: getOwnPlayer
    fields:
      type, id, attributes.nick, attributes.rating: [{see: [member]}]
      attributes.town: [{see: [owner]}]
operations:
  listPlayers: {counts: [/meta/total]}
"""

PEOPLE = {"ann": "key-ann-rook-71", "bob": "key-bob-rook-25", "cyd": "key-cyd-rook-96"}
PAGE = 10


def identities(seed: int) -> str:
    lines = "".join(
        f'  {name}: {{header: "X-League-Key: {key}"}}\n' for name, key in PEOPLE.items()
    )
    return f"identities:\n{lines}"


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "players")
    everybody = [*PEOPLE, *(f"other{n}" for n in range(9))]
    first = rng.randint(300, 800)
    players: dict[str, Json] = {
        who: {
            "type": "players",
            "id": str(first + nth),
            "attributes": {
                "nick": words(rng, 1) + str(nth),
                "rating": 1500 + nth // 2,
                "town": words(rng, 2),
            },
        }
        for nth, who in enumerate(everybody)
    }
    whose = {key: who for who, key in PEOPLE.items()}

    def caller(request: Request) -> str:
        return whose.get(request.headers.get("x-league-key", ""), "")

    def sent(content: Json, status: int = 200) -> Response:
        return JSONResponse(content, status, media_type="application/vnd.api+json")

    def shown(player: Json, who: str) -> Json:
        """A player as the caller may see it: the town is one's own alone."""
        hidden = () if players.get(who) is player else ("town",)
        kept = {key: value for key, value in player["attributes"].items() if key not in hidden}
        return {**player, "attributes": kept}

    async def own(request: Request) -> Response:
        if not (who := caller(request)):
            return sent({"errors": [{"title": "no key"}]}, 401)
        return sent({"data": players[who]})

    async def listed(request: Request) -> Response:
        if not (who := caller(request)):
            return sent({"errors": [{"title": "no key"}]}, 401)
        asked = request.query_params
        number = asked.get("page[number]", "1")
        if not number.isdecimal() or not 0 < int(number) < 1_000:
            return sent({"errors": [{"title": "no such page"}]}, 400)
        filters = {
            name: asked[key]
            for name in ("nick", "rating", "town")
            if asked.get(key := f"filter[{name}]")
        }

        def fits(player: Json) -> bool:
            # the cause: filtered by the whole row, not by what the caller would be shown of it
            row = player if mode == "leaky" else shown(player, who)
            return all(str(row["attributes"].get(name)) == value for name, value in filters.items())

        found = [each for each in players.values() if fits(each)]
        here = found[PAGE * (int(number) - 1) :][:PAGE]
        data = [
            {**each, "attributes": {key: each["attributes"][key] for key in ("nick", "rating")}}
            for each in here
        ]
        more = len(found) > PAGE * int(number)
        links = {"next": f"/players?page%5Bnumber%5D={int(number) + 1}"} if more else {}
        return sent(
            {"data": data, "meta": {"total": len(found), "filter": filters}, "links": links}
        )

    made = Starlette(routes=[Route("/players/me", own), Route("/players", listed)])
    made.state.db = {"players": players}
    return made


ENTRY = Entry(
    name="p15-players",
    pattern="P15",
    title="filtered by a home town that nobody is shown, the list of players tells who lives there",
    convention="JSON:API, numbers as text, API key header, filter[x], page[number] and links.next",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Player", ("attributes.town",), ("member",), "GET /players"),),
    decoys=(
        "`meta.filter` repeats what was asked for, a foreign town included",
        "filters by nick and rating go by what everybody is shown",
        "one's own town finds oneself, and two players share a rating",
    ),
)
