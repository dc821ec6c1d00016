"""A hostel whose guests change their profile by a form, and whose other endpoints do harm to whoever
tries them: an account that is switched off, an unfollowing that nothing takes back, a link that
nothing unties, a suspension that anybody may order, and a kitchen that always fails.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

KITCHEN = ("pans", "knives", "plates", "cups", "ovens", "fridges")
BROKEN = "".join(
    f"""\
  /kitchen/{each}:
    get:
      operationId: list{each.capitalize()}
      responses:
        "200": {{description: all, content: {{application/json: {{schema: {{type: array, items: {{$ref: "#/components/schemas/Tool"}}}}}}}}}}
"""
    for each in KITCHEN
)
DOCUMENT = f"""\
openapi: 3.0.3
info: {{title: Hostel, version: "2"}}
security: [{{key: []}}]
paths:
{BROKEN}\
  /me:
    get:
      operationId: whoAmI
      responses:
        "200": {{description: the caller, content: {{application/json: {{schema: {{$ref: "#/components/schemas/Guest"}}}}}}}}
    patch:
      operationId: changeMe
      requestBody:
        content: {{application/x-www-form-urlencoded: {{schema: {{$ref: "#/components/schemas/GuestForm"}}}}}}
      responses: {{"204": {{description: saved}}, "415": {{description: not a form}}}}
  /guests/{{guest_id}}:
    parameters: [{{name: guest_id, in: path, required: true, schema: {{type: integer}}}}]
    get:
      operationId: showGuest
      responses:
        "200": {{description: one, content: {{application/json: {{schema: {{$ref: "#/components/schemas/Guest"}}}}}}}}
  /guests/{{guest_id}}/standing:
    parameters: [{{name: guest_id, in: path, required: true, schema: {{type: integer}}}}]
    patch:
      operationId: suspendGuest
      summary: Suspend a guest, or let them in again
      tags: [Wardens]
      requestBody:
        content: {{application/json: {{schema: {{$ref: "#/components/schemas/Guest"}}}}}}
      responses: {{"204": {{description: done}}}}
  /wardens/guests/{{guest_id}}:
    parameters: [{{name: guest_id, in: path, required: true, schema: {{type: integer}}}}]
    put:
      operationId: setGuest
      security: [{{key: [staff]}}]
      requestBody:
        content: {{application/json: {{schema: {{$ref: "#/components/schemas/Guest"}}}}}}
      responses: {{"204": {{description: done}}}}
  /guests/{{guest_id}}/friends:
    parameters: [{{name: guest_id, in: path, required: true, schema: {{type: integer}}}}]
    get:
      operationId: listFriends
      responses:
        "200": {{description: ids, content: {{application/json: {{schema: {{type: array, items: {{type: integer}}}}}}}}}}
    put:
      operationId: befriend
      responses: {{"204": {{description: done}}, "409": {{description: not a second time}}}}
    delete:
      operationId: unfriend
      responses: {{"204": {{description: done}}}}
  /guests/{{guest_id}}/lockers:
    parameters: [{{name: guest_id, in: path, required: true, schema: {{type: integer}}}}]
    post:
      operationId: giveLocker
      requestBody:
        content: {{application/json: {{schema: {{$ref: "#/components/schemas/Guest"}}}}}}
      responses: {{"201": {{description: the two belong together from now on}}}}
components:
  securitySchemes: {{key: {{type: apiKey, in: header, name: X-Key}}}}
  schemas:
    Tool: {{type: object, properties: {{tool_id: {{type: integer}}}}}}
    GuestForm: {{type: object, properties: {{motto: {{type: string}}, bunk: {{type: string}}}}}}
    Guest:
      type: object
      properties:
        guest_id: {{type: integer}}
        motto: {{type: string}}
        bunk: {{type: string}}
        tier: {{type: string, enum: [attic, garden, tower]}}
        is_active: {{type: boolean}}
        role: {{type: string, enum: [guest, warden]}}
        email: {{type: string, format: email}}
        suspended: {{type: boolean}}
        locker: {{type: integer}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: whoAmI, id: /guest_id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
  friend: {in: listFriends, id: /*, begin: [befriend], end: [unfriend]}
resources:
  Guest:
    schemas: [Guest, GuestForm]
    key: guest_id
    owner: guest_id
    main: showGuest
    fields:
      guest_id: [{see: [member]}]
      motto: [{see: [member], set: [owner]}]
      bunk: [{see: [owner, friend], set: [owner]}]
      tier, is_active, role, email, suspended, locker: [{see: [owner]}]
  Tool: {key: tool_id, owner: none, fields: {tool_id: [{see: [member]}]}}
operations:
  showGuest: {owner: guest_id, params: {guest_id: Guest.guest_id}}
  listFriends: {params: {guest_id: Guest.guest_id}}
  befriend: {call: [member], params: {guest_id: Guest.guest_id}}
  unfriend: {call: [member], params: {guest_id: Guest.guest_id}}
  suspendGuest: {owner: guest_id, params: {guest_id: Guest.guest_id}}
  setGuest: {owner: guest_id, params: {guest_id: Guest.guest_id}}
  giveLocker: {owner: guest_id, params: {guest_id: Guest.guest_id}}
  changeMe: {sets: {Guest: ""}}
"""

PEOPLE = {"ida": "ida-key-7c1e90", "jon": "jon-key-44b0ae", "kim": "kim-key-d9f213"}
FORM = "application/x-www-form-urlencoded"


def identities(seed: int) -> str:
    lines = "".join(f'  {who}: {{header: "X-Key: {key}"}}\n' for who, key in PEOPLE.items())
    return f"identities:\n{lines}between:\n  - jon is friend of ida\n"


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "wardens")
    ids = {who: rng.randint(10_000, 99_999) for who in PEOPLE}
    keys = {key: ids[who] for who, key in PEOPLE.items()}
    guests: dict[str, Json] = {
        str(id): {
            "guest_id": id,
            "motto": words(rng),
            "bunk": f"bunk {rng.randint(1000, 9999)}",
            "tier": "attic",
            "is_active": True,
            "role": "guest",
            "email": f"{who}.{rng.getrandbits(24):06x}@hostel.example",
            "suspended": False,
            "locker": rng.randint(100_000, 999_999),
        }
        for who, id in ids.items()
    }
    friends: dict[str, list[int]] = {str(ids[who]): [] for who in PEOPLE}
    friends[str(ids["ida"])].append(ids["jon"])
    once: list[list[int]] = [[ids["ida"], ids["jon"]]]
    links: list[list[int]] = []
    saved = ("motto", "bunk", "tier", "is_active", "role", "suspended")[
        : 6 if mode == "leaky" else 2
    ]

    def whose(request: Request) -> Json:
        own = guests.get(str(keys.get(request.headers.get("x-key", ""), "")))
        return own if own is not None and own["is_active"] and not own["suspended"] else None

    def set_members(own: Json, sent: dict[str, Json]) -> None:
        for name in saved:
            if name in sent:
                flag = name in ("is_active", "suspended")
                own[name] = sent[name] in (True, "true") if flag else sent[name]

    async def me(request: Request) -> Response:
        own = whose(request)
        if own is None:
            return JSONResponse({"error": "who is it?"}, 401)
        if request.method == "GET":
            return JSONResponse(own)
        if request.headers.get("content-type", "").split(";")[0] != FORM:
            own["motto"] = ""  # as some frameworks read a form that is none: all empty
            return Response(status_code=415)
        set_members(own, dict(parse_qsl((await request.body()).decode())))
        return Response(status_code=204)

    async def guest(request: Request) -> Response:
        own, found = whose(request), guests.get(request.path_params["id"])
        if own is None or found is None:
            return JSONResponse({}, 404 if own else 401)
        shown: tuple[str, ...] = ("guest_id", "motto")
        if own is found:
            return JSONResponse(found)
        if own["guest_id"] in friends[request.path_params["id"]]:
            shown = (*shown, "bunk")
        return JSONResponse({name: found[name] for name in shown})

    async def anybody_sets(request: Request) -> Response:
        if (own := whose(request)) is None or request.path_params["id"] not in guests:
            return JSONResponse({}, 401 if own is None else 404)
        found = guests[request.path_params["id"]]
        found.update({k: v for k, v in (await request.json()).items() if k in found})
        found["suspended"] = True  # whatever is sent: it is what this endpoint is for
        return Response(status_code=204)

    async def friend(request: Request) -> Response:
        own, other = whose(request), request.path_params["id"]
        if own is None or other not in guests:
            return JSONResponse({}, 404 if own else 401)
        if request.method == "GET":
            return JSONResponse(friends[other])
        pair = [int(other), own["guest_id"]]
        if request.method == "DELETE":
            friends[other] = [each for each in friends[other] if each != pair[1]]
            return Response(status_code=204)
        if pair in once:
            return JSONResponse({"error": "one friendship in a life"}, 409)
        friends[other] = [*friends[other], pair[1]]
        return Response(status_code=204)

    async def locker(request: Request) -> Response:
        if (own := whose(request)) is None:
            return JSONResponse({}, 401)
        links.append([own["guest_id"], int(request.path_params["id"])])
        return JSONResponse({}, 201)

    async def broken(request: Request) -> Response:
        return JSONResponse({"error": "the kitchen is on fire"}, 500)

    made = Starlette(
        routes=[
            *(Route(f"/kitchen/{each}", broken) for each in KITCHEN),
            Route("/me", me, methods=["GET", "PATCH"]),
            Route("/guests/{id}", guest),
            Route("/guests/{id}/standing", anybody_sets, methods=["PATCH"]),
            Route("/wardens/guests/{id}", anybody_sets, methods=["PUT"]),
            Route("/guests/{id}/friends", friend, methods=["GET", "PUT", "DELETE"]),
            Route("/guests/{id}/lockers", locker, methods=["POST"]),
        ]
    )
    made.state.db = {"guests": guests, "friends": friends, "links": links}
    return made


ENTRY = Entry(
    name="p12-wardens",
    pattern="P12",
    title="a guest sends the dearest tier along with the form, among endpoints that harm who tries them",
    convention="numbers, no envelope, snake_case, api key, forms, OpenAPI 3.0, no pagination",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Guest", ("tier",), ("owner",), "PATCH /me"),),
    decoys=(
        "anybody may suspend anybody, which words, tags and scopes make a matter of staff: not tried",
        "`is_active`, `role` and `suspended` are saved too: not set of an account that was there",
        "a friendship that is ended does not begin again: only one that the run begins is ended",
        "a locker that is given cannot be taken back: a POST that links is not sent",
        "six endpoints of the kitchen always answer 500",
    ),
    options=("--allow-own-settings", "--allow-writes"),
)
