"""A taxi firm whose driver's card carries the stored row along, under the names of its columns.

The document knows nothing of it: no schema, no screen, only whoever reads the answer.
"""

from __future__ import annotations

import random

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Taxi, version: "11"}
security: [{key: []}]
paths:
  /drivers/self:
    get:
      operationId: getSelf
      responses:
        "200": {description: the caller, content: {application/json: {schema: {type: object, properties: {status: {type: string}, payload: {$ref: "#/components/schemas/DriverPapers"}}}}}}
  /drivers:
    get:
      operationId: getDrivers
      parameters:
        - {name: limit, in: query, schema: {type: integer, default: 10}}
        - {name: offset, in: query, schema: {type: integer, default: 0}}
      responses:
        "200":
          description: on shift
          content: {application/json: {schema: {type: object, properties: {status: {type: string}, payload: {type: array, items: {$ref: "#/components/schemas/DriverName"}}}}}}
  /drivers/{driverNo}/card:
    get:
      operationId: getCard
      parameters: [{name: driverNo, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {type: object, properties: {status: {type: string}, payload: {$ref: "#/components/schemas/DriverCard"}}}}}}
  /ranks:
    get:
      operationId: getRanks
      security: []
      responses:
        "200": {description: where taxis wait, content: {application/json: {schema: {type: object, properties: {status: {type: string}, payload: {type: array, items: {$ref: "#/components/schemas/Rank"}}}}}}}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Driver-Key}}
  schemas:
    DriverName:
      type: object
      properties: {driverNo: {type: string}, name: {type: string}}
    DriverCard:
      type: object
      properties:
        driverNo: {type: string}
        name: {type: string}
        stars: {type: number}
        minutesAway: {type: integer}
    DriverPapers:
      type: object
      properties:
        driverNo: {type: string}
        name: {type: string}
        licenceNo: {type: string}
        home: {type: string}
    Rank:
      type: object
      properties: {no: {type: integer}, home: {type: string}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getSelf, id: /payload/driverNo}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
order: [anyone, member, owner]
resources:
  Driver:
    schemas: [DriverCard, DriverName, DriverPapers]
    key: driverNo
    owner: driverNo
    main: getCard
    fields:
      driverNo, name, stars, minutesAway: [{see: [member]}]
      licenceNo, home: [{see: [owner]}]
  Rank:
    key: "no"
    owner: none
    conceal: false
    fields:
      "no, home": [{see: [anyone]}]
"""

PEOPLE = {"ray": "dk-ray-5h2qz8", "sue": "dk-sue-9v4mx1"}
COLUMNS = ("row.drv_licence", "row.drv_home")


def identities(seed: int) -> str:
    lines = "".join(
        f"  {name}: {{header: 'X-Driver-Key: {key}'}}\n" for name, key in PEOPLE.items()
    )
    return f"identities:\n{lines}"


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "drivers")
    numbers = dict(zip(PEOPLE, (f"{n:06}" for n in rng.sample(range(100, 90_000), 2)), strict=True))
    rows: dict[str, Json] = {
        numbers[who]: {
            "drv_no": numbers[who],
            "drv_name": words(rng, 2).title(),
            "drv_stars": rng.randint(30, 50) / 10,
            "drv_licence": f"{words(rng, 1)[:4].upper()}{rng.randint(10**9, 10**10 - 1)}",
            "drv_home": f"{words(rng, 2).title()} {rng.randint(1, 300)}",
        }
        for who in PEOPLE
    }
    ranks = [{"no": nth, "home": words(rng, 2).title()} for nth in range(1, 4)]

    def caller(request: Request) -> str:
        sent = request.headers.get("x-driver-key")
        return next((numbers[who] for who, key in PEOPLE.items() if key == sent), "")

    def fine(payload: Json) -> Response:
        return JSONResponse({"status": "fine", "payload": payload})

    def failed(status: int, why: str) -> Response:
        return JSONResponse({"status": why, "payload": None}, status)

    async def itself(request: Request) -> Response:
        row = rows.get(caller(request))
        if row is None:
            return failed(401, "key needed")
        named = {
            "driverNo": "drv_no",
            "name": "drv_name",
            "licenceNo": "drv_licence",
            "home": "drv_home",
        }
        return fine({name: row[column] for name, column in named.items()})

    async def listed(request: Request) -> Response:
        if not caller(request):
            return failed(401, "key needed")
        return fine(
            [{"driverNo": each["drv_no"], "name": each["drv_name"]} for each in rows.values()]
        )

    async def card(request: Request) -> Response:
        if not caller(request):
            return failed(401, "key needed")
        row = rows.get(request.path_params["no"])
        if row is None:
            return failed(404, "no such driver")
        shown = {
            "driverNo": row["drv_no"],
            "name": row["drv_name"],
            "stars": row["drv_stars"],
            "minutesAway": random.randint(2, 9),
        }
        if mode == "leaky":
            shown["row"] = {key: row[key] for key in ("drv_licence", "drv_home")}
        return fine(shown)

    async def all_ranks(request: Request) -> Response:
        return fine(ranks)

    made = Starlette(
        routes=[
            Route("/drivers/self", itself),
            Route("/drivers", listed),
            Route("/drivers/{no}/card", card),
            Route("/ranks", all_ranks),
        ]
    )
    made.state.db = {"rows": rows, "ranks": ranks}
    return made


ENTRY = Entry(
    name="p04-drivers",
    pattern="P4",
    title="a card of four fields carries licence and home address in a part that no document declares",
    convention="padded numbers as text, {status, payload}, camelCase with columns, fixed API key, offset ignored, 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    # What no document and no line names is nobody's to see, the owner's neither; but that nobody
    # has spoken of it may be an oversight, and is no proof. What it holds is another matter: others
    # are told what the contract withholds from them by name.
    truth=(
        Truth("Driver", ("licenceNo", "home"), ("member",), "GET /drivers/{driverNo}/card"),
        Truth("Driver", COLUMNS, ("owner",), "GET /drivers/{driverNo}/card", "suspected"),
    ),
    decoys=(
        "`minutesAway` is drawn anew for every answer",
        "ranks are public and have a `home`",
        "drivers read their own papers by right; names and stars are for all of them",
        "`limit` and `offset` are declared and ignored",
    ),
)
