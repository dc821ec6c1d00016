"""A music school's teachers set levels and discounts, at an endpoint that asks only for a login.

Nobody may mark themselves, but any pupil may mark any other.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Music school, version: "1"}
security: [{session: []}]
paths:
  /session:
    post:
      operationId: open_session
      security: []
      requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {user: {type: string}, password: {type: string}}}}}}
      responses: {"200": {description: a cookie}}
    get:
      operationId: show_session
      responses: {"200": {description: the caller, content: {application/json: {schema: {type: object, properties: {ok: {type: boolean}, result: {$ref: "#/components/schemas/account"}}}}}}}
  /pupils/{pupil_id}:
    parameters: [{name: pupil_id, in: path, required: true, schema: {type: integer}}]
    get:
      operationId: show_pupil
      responses: {"200": {description: "one, or `ok` is false", content: {application/json: {schema: {type: object, properties: {ok: {type: boolean}, error: {type: string}, result: {$ref: "#/components/schemas/pupil"}}}}}}}
  /pupils/{pupil_id}/nickname:
    put:
      operationId: set_nickname
      parameters: [{name: pupil_id, in: path, required: true, schema: {type: integer}}]
      requestBody: {content: {application/json: {schema: {type: object, properties: {nickname: {type: string}}}}}}
      responses: {"204": {description: set}}
  /pupils/{pupil_id}/marks:
    patch:
      operationId: mark_pupil
      parameters: [{name: pupil_id, in: path, required: true, schema: {type: integer}}]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/marks"}}}}
      responses: {"200": {description: "done, or `ok` is false", content: {application/json: {schema: {type: object, properties: {ok: {type: boolean}, error: {type: string}}}}}}}
  /staff/hours:
    get:
      operationId: list_hours
      responses: {"200": {description: when the teachers are there, content: {application/json: {schema: {type: object, properties: {ok: {type: boolean}, result: {type: array, items: {$ref: "#/components/schemas/hour"}}}}}}}}
components:
  securitySchemes: {session: {type: apiKey, in: cookie, name: sid}}
  schemas:
    account: {type: object, properties: {account_id: {type: integer}, user: {type: string}}}
    pupil:
      type: object
      properties:
        pupil_id: {type: integer}
        nickname: {type: string}
        level: {type: integer, minimum: 1, maximum: 8}
        discount: {type: integer, minimum: 0, maximum: 50}
        lodging: {type: string}
    marks: {type: object, properties: {level: {type: integer, minimum: 1, maximum: 8}, discount: {type: integer, minimum: 0, maximum: 50}}}
    hour: {type: object, properties: {day: {type: string}, teacher: {type: string}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: show_session, id: /result/account_id}
relations:
  member: {authenticated: true}
  staff: {claim: roles, has: staff}
  owner: {is: owner}
resources:
  Account:
    schemas: [account]
    owner: account_id
    main: show_session
    fields:
      account_id, user: [{see: [owner]}]
  Pupil:
    schemas: [pupil, marks]
    key: pupil_id
    owner: pupil_id
    main: show_pupil
    fields:
      pupil_id, lodging: [{see: [owner, staff]}]
      nickname: [{see: [owner, staff], set: [owner]}]
      level, discount: [{see: [owner, staff], set: [staff]}]
  Hour:
    schemas: [hour]
    owner: none
    fields:
      day, teacher: [{see: [member]}]
operations:
  show_pupil: {owner: pupil_id}
  set_nickname: {owner: pupil_id, sets: {Pupil: ""}}
  mark_pupil: {owner: pupil_id}
"""

PEOPLE = {"ann": "ann-lute-3yt", "bob": "bob-lute-6pd", "tia": "tia-lute-1ww"}
LIMITS = {"level": (1, 8), "discount": (0, 50)}


def identities(seed: int) -> str:
    lines = "".join(
        f"  {name}: {{user: {name}, password: {p}{', claims: {roles: [staff]}' * (name == 'tia')}}}\n"
        for name, p in PEOPLE.items()
    )
    return (
        "login: {operation: open_session, form: {user: $user, password: $password}, cookie: sid}\n"
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "lessons")
    ids = dict(zip(PEOPLE, rng.sample(range(200, 900), len(PEOPLE)), strict=True))
    names = {id: who for who, id in ids.items()}
    levels = rng.sample(range(2, 8), 2)
    pupils: dict[int, Json] = {
        ids[who]: {
            "pupil_id": ids[who],
            "nickname": words(rng, 2),
            "level": level,
            "discount": level * 5 + 3,
            "lodging": words(rng),
        }
        for who, level in zip(("ann", "bob"), levels, strict=True)
    }
    hours = [{"day": "Monday", "teacher": "Tia"}, {"day": "Thursday", "teacher": "Tia"}]
    sessions: dict[str, str] = {}

    def caller(request: Request) -> str:
        return sessions.get(request.cookies.get("sid", ""), "")

    def refused(why: str, status: int = 200) -> Response:
        return JSONResponse({"ok": False, "error": why}, status)

    async def open_session(request: Request) -> Response:
        sent = dict(parse_qsl((await request.body()).decode()))
        user = sent.get("user", "")
        if user not in PEOPLE or PEOPLE[user] != sent.get("password"):
            return refused("wrong", 401)
        answer = JSONResponse({"ok": True})
        sid = f"{rng.getrandbits(128):032x}"
        sessions[sid] = user
        answer.set_cookie("sid", sid, httponly=True)
        return answer

    async def show_session(request: Request) -> Response:
        if not (who := caller(request)):
            return refused("log in", 401)
        return JSONResponse({"ok": True, "result": {"account_id": ids[who], "user": who}})

    async def show_pupil(request: Request) -> Response:
        if not (who := caller(request)):
            return refused("log in", 401)
        pupil = pupils.get(request.path_params["pupil_id"])
        if pupil is None or who not in ("tia", names[pupil["pupil_id"]]):
            return refused("no such pupil")
        return JSONResponse({"ok": True, "result": pupil})

    async def set_nickname(request: Request) -> Response:
        if not (who := caller(request)):
            return refused("log in", 401)
        nickname = (await request.json()).get("nickname")
        if ids[who] in pupils and isinstance(nickname, str):
            pupils[ids[who]]["nickname"] = nickname  # the path is not looked at
        return Response(status_code=204)

    async def mark_pupil(request: Request) -> Response:
        if not (who := caller(request)):
            return refused("log in", 401)
        pupil = pupils.get(request.path_params["pupil_id"])
        if pupil is None or pupil["pupil_id"] == ids[who] or (mode == "fixed" and who != "tia"):
            return refused("not yours to mark")
        sent = await request.json()
        for field, (least, most) in LIMITS.items():
            if type(sent.get(field)) is int and least <= sent[field] <= most:
                pupil[field] = sent[field]
        return JSONResponse({"ok": True})

    async def list_hours(request: Request) -> Response:
        if not caller(request):
            return refused("log in", 401)
        return JSONResponse({"ok": True, "result": hours})

    made = Starlette(
        routes=[
            Route("/session", open_session, methods=["POST"]),
            Route("/session", show_session),
            Route("/pupils/{pupil_id:int}", show_pupil),
            Route("/pupils/{pupil_id:int}/nickname", set_nickname, methods=["PUT"]),
            Route("/pupils/{pupil_id:int}/marks", mark_pupil, methods=["PATCH"]),
            Route("/staff/hours", list_hours),
        ]
    )
    made.state.db = {"pupils": pupils, "hours": hours}
    return made


ENTRY = Entry(
    name="p12-lessons",
    pattern="P12",
    title="any pupil sets another's level and discount at the teachers' endpoint",
    convention="integer ids, {ok, result} with 200 for refusals, snake_case, form login and cookie, a staff claim",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Pupil", ("level", "discount"), ("member",), "PATCH /pupils/{pupil_id}/marks"),),
    decoys=(
        "who may not is answered 200, with `ok: false`",
        "another's nickname can be PUT with 204, which changes the caller's own instead",
        "the hours under /staff/ are for every member",
        "nobody can mark themselves, in either mode",
    ),
    options=("--allow-writes",),
)
