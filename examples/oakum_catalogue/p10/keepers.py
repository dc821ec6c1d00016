"""A bee-keepers' graph cuts a keeper down wherever the schema says `Keeper`. Who wrote a line of a
hive's log is an `Actor`, loaded for the name alone, and `... on Keeper` finds the rest in it."""

from __future__ import annotations

import random
from typing import Any

from graphql import build_schema, graphql_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Hive book, version: "0.9"}
security: [{}, {hiveKey: []}]
paths:
  /api/me:
    get:
      operationId: readMe
      security: [{hiveKey: []}]
      responses:
        "200": {description: the caller, content: {application/json: {schema: {type: object, properties: {result: {$ref: "#/components/schemas/Keeper"}}}}}}
  /api/graph:
    post:
      description: a query, see the schema; needs no key
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [query], properties: {query: {type: string}, variables: {type: object}, operationName: {type: string, nullable: true}}}}}
      responses:
        "200": {description: what was asked, content: {application/json: {schema: {type: object}}}}
components:
  securitySchemes: {hiveKey: {type: apiKey, in: header, name: X-Hive-Key}}
  schemas:
    Keeper:
      type: object
      properties: {login: {type: string}, since: {type: integer}, mobile: {type: string}, apiaryAddress: {type: string}}
"""

SDL = """\
schema { query: Root, mutation: Chores }
type Root {
  me: Keeper
  keeper(login: ID!): Keeper
  hives(near: String): [Hive!]!
  hive(slug: ID!): Hive
}
type Chores {
  "Empties the log of a hive."
  clearLog(slug: ID!): Int
}
interface Actor { login: ID! }
type Keeper implements Actor { login: ID!, since: Int!, mobile: String, apiaryAddress: String }
"A scale or a thermometer below the hive; its number is that of the firm."
type Station implements Actor { login: ID!, mobile: String }
type Hive {
  slug: ID!
  name: String!
  weightGrams: Int!
  keptBy: Keeper!
  log(last: Int = 10): [LogEntry!]!
}
union LogEntry = Inspection | Reading
type Inspection { id: ID!, note: String!, by: Actor! }
type Reading { id: ID!, celsius: Float!, by: Actor! }
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: readMe, id: /result/login}
order: [anyone, user, owner]
relations:
  anyone: {}
  user: {authenticated: true}
  owner: {is: owner}
resources:
  Keeper:
    key: login
    owner: login
    promise: "Thieves read too: where your hives stand is shown to nobody"
    fields:
      __typename, login, since: [{see: [anyone]}]
      mobile, apiaryAddress: [{see: [owner]}]
  Station:
    key: login
    owner: none
    fields:
      __typename, login, mobile: [{see: [anyone]}]
  Hive:
    key: slug
    owner: none
    fields:
      __typename, slug, name, weightGrams, keptBy, log: [{see: [anyone]}]
  Entry:
    schemas: [Inspection, Reading]
    key: id
    owner: none
    fields:
      __typename, id, note, celsius, by: [{see: [anyone]}]
operations:
  readMe: {call: [user]}
  POST /api/graph: {graphql: schema.graphql, reads: true}
"""

PEOPLE = {"hanna.k": "hk-drone-7Qe2vT", "ivo_w": "hk-queen-3Rm8xL"}
OPEN = ("__typename", "login", "since")
SCHEMA = build_schema(SDL)


def identities(seed: int) -> str:
    lines = "".join(
        f"  {who[:3].strip('_')}: {{send: 'X-Hive-Key: $key', key: {key}}}\n"
        for who, key in PEOPLE.items()
    )
    return f"identities:\n{lines}"


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "keepers")
    numbers = rng.sample(range(10**7, 10**8), 5)
    keepers: dict[str, Json] = {
        login: {
            "__typename": "Keeper",
            "login": login,
            "since": rng.randint(1991, 2024),
            "mobile": f"+43 660 {number}",
            "apiaryAddress": f"{words(rng)} {rng.randint(1, 60)}, behind the barn",
        }
        for login, number in zip((*PEOPLE, "jule", "klaas77", "lotte"), numbers, strict=True)
    }
    station = {"__typename": "Station", "login": "scale-1", "mobile": "+43 1 5550100"}
    hives: dict[str, Json] = {}
    for owner in keepers:
        name = words(rng, 2)
        notes = [
            {"id": f"{owner}.{nth}", "note": words(rng), "by": by}
            for nth, by in enumerate(rng.sample([*keepers], 4))
        ]
        hives[name.replace(" ", "-")] = {"name": name, "keptBy": owner, "log": notes}
    keys = {key: login for login, key in PEOPLE.items()}

    def caller(request: Request) -> str:
        return keys.get(request.headers.get("x-hive-key", ""), "")

    def cut(row: Json, me: str) -> Json:
        if row["login"] == me:
            return row
        return {**{name: row[name] for name in OPEN}, "apiaryAddress": "hidden"}

    def log(slug: str, me: str, last: int) -> list[Json]:
        def actor(login: str) -> Json:
            row = keepers[login]
            # the cause: an `Actor` has only a login, so that nothing had to be hidden
            return row if mode == "leaky" else cut(row, me)

        lines = [
            {**each, "__typename": "Inspection", "by": actor(each["by"])}
            for each in hives[slug]["log"]
        ]
        warm = round(random.uniform(33, 36), 2)
        reading = {"__typename": "Reading", "id": f"{slug}.now", "celsius": warm, "by": station}
        return [reading, *lines][: max(0, last)]

    def shown(slug: str, me: str) -> Json:
        hive = hives[slug]
        return {
            "slug": slug,
            "name": hive["name"],
            "weightGrams": random.randint(28_000, 31_000),
            "keptBy": cut(keepers[hive["keptBy"]], me),
            "log": lambda _info, last=10: log(slug, me, last),
        }

    def root(me: str) -> dict[str, Any]:
        def clear(_info: Any, slug: str) -> int:
            many = len(hives[slug]["log"])
            hives[slug]["log"] = []
            return many

        return {
            "me": keepers.get(me),
            "keeper": lambda _info, login: cut(keepers[login], me) if login in keepers else None,
            "hives": lambda _info, near=None: [shown(slug, me) for slug in hives],
            "hive": lambda _info, slug: shown(slug, me) if slug in hives else None,
            "clearLog": clear,
        }

    async def read_me(request: Request) -> Response:
        me = caller(request)
        return JSONResponse(
            {"result": keepers[me]} if me else {"error": "no key"}, 200 if me else 401
        )

    async def graph(request: Request) -> Response:
        try:
            sent = await request.json()
            query, given = str(sent["query"]), sent.get("variables")
        except (ValueError, KeyError, TypeError, AttributeError):
            return JSONResponse({"errors": [{"message": "no query"}]})
        said = graphql_sync(
            SCHEMA,
            query,
            root(caller(request)),
            variable_values=given,
            operation_name=sent.get("operationName"),
        )
        return JSONResponse(said.formatted)

    made = Starlette(
        routes=[Route("/api/me", read_me), Route("/api/graph", graph, methods=["POST"])]
    )
    made.state.db = {"keepers": keepers, "hives": hives}
    return made


ENTRY = Entry(
    name="p10-keepers",
    pattern="P10",
    title="who wrote in a hive's log is an interface, and its fragment shows mobile and apiary to anybody",
    convention="user names as ids, unions and interfaces, other names for the roots, API key header, open without one",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Keeper", ("mobile", "apiaryAddress"), ("anyone", "user"), "POST /api/graph"),),
    decoys=(
        "`hive { keptBy }` and `keeper(login:)` lead to the same keepers, and are guarded",
        "there, `apiaryAddress` is the word `hidden` for whoever may not see it",
        "a station is an actor with a `mobile` as well, that of a firm",
        "weights and temperatures are measured anew each time",
        "the mutation `clearLog` destroys; what is no query is answered 200 with errors",
    ),
    files={"schema.graphql": SDL},
)
