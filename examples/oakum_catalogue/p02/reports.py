"""A music school where any account holder reads any pupil's report: the pupil is named in the body.

The page sends the code of the pupil who is logged in, and the server believes what the page sends.
Teachers read the reports of their own pupils, and are meant to.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Tokens, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Music school, version: "7"}
security: [{token: []}]
paths:
  /auth:
    post:
      operationId: authenticate
      security: []
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string}, secret: {type: string}}}}}}
      responses: {"200": {description: a token}}
  /whoami:
    get:
      operationId: whoami
      responses: {"200": {description: the caller, content: {application/json: {schema: {type: object, properties: {ok: {type: boolean}, result: {$ref: "#/components/schemas/Account"}}}}}}}
  /reports/mine:
    get:
      operationId: my_reports
      responses: {"200": {description: as a pupil or as a teacher, content: {application/json: {schema: {type: object, properties: {ok: {type: boolean}, result: {type: array, items: {$ref: "#/components/schemas/ReportHead"}}}}}}}}
  /reports/read:
    post:
      operationId: read_report
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [pupil_code], properties: {pupil_code: {type: string}, term: {type: string}}}}}
      responses:
        "200":
          description: one
          content:
            application/json:
              schema:
                type: object
                properties:
                  ok: {type: boolean}
                  asked: {type: object, properties: {pupil_code: {type: string}}}
                  result: {$ref: "#/components/schemas/Report"}
  /pieces:
    get:
      operationId: pieces
      responses: {"200": {description: the repertoire, content: {application/json: {schema: {type: object, properties: {ok: {type: boolean}, result: {type: array, items: {$ref: "#/components/schemas/Piece"}}}}}}}}
components:
  securitySchemes: {token: {type: apiKey, in: header, name: Authorization}}
  schemas:
    Account: {type: object, properties: {code: {type: string}, name: {type: string}}}
    ReportHead: {type: object, properties: {pupil_code: {type: string}, teacher_code: {type: string}}}
    Report:
      type: object
      properties:
        pupil_code: {type: string}
        teacher_code: {type: string}
        remarks: {type: string}
        fee_due: {type: number}
    Piece: {type: object, properties: {no: {type: integer}, remarks: {type: string}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: whoami, id: /result/code}
relations:
  anyone: {}
  member: {authenticated: true}
  teacher: {field: teacher_code}
  owner: {is: owner}
resources:
  Account:
    key: code
    owner: code
    main: whoami
    fields:
      code, name: [{see: [owner]}]
  Report:
    schemas: [Report, ReportHead]
    key: pupil_code
    owner: pupil_code
    main: read_report
    fields:
      pupil_code, teacher_code, remarks: [{see: [owner, teacher]}]
      fee_due: [{see: [owner]}]
  Piece:
    key: "no"
    owner: none
    fields:
      "no, remarks": [{see: [member]}]
operations:
  read_report: {reads: true, params: {pupil_code: Report.pupil_code}}
"""

PEOPLE = {"una": "una-pass-5gd", "vik": "vik-pass-8sk", "wim": "wim-pass-2lf"}
TEACHER = "wim"


def identities(seed: int) -> str:
    lines = "".join(f"  {name}: {{name: {name}, password: {p}}}\n" for name, p in PEOPLE.items())
    return (
        'login: {post: /auth, json: {name: $name, secret: $password}, token: /result/token, send: "Authorization: Token $token"}\n'
        f"identities:\n{lines}"
    )


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "reports")
    codes = {who: f"acc-{rng.getrandbits(32):08x}" for who in PEOPLE}
    fees = rng.sample(range(10_001, 90_000), len(PEOPLE))
    # Una is Wim's pupil; Vik has a teacher who has no account here.
    teachers = {"una": codes[TEACHER], "vik": f"acc-{rng.getrandbits(32):08x}"}
    reports: dict[str, Json] = {
        codes[who]: {
            "pupil_code": codes[who],
            "teacher_code": teacher,
            "remarks": words(rng, 4),
            "fee_due": fees[nth] / 100,
        }
        for nth, (who, teacher) in enumerate(teachers.items())
    }
    pieces = [{"no": nth, "remarks": words(rng, 2)} for nth in range(1, 5)]
    tokens = Tokens("Token")

    def answer(result: Json, **more: Json) -> Response:
        return JSONResponse({"ok": True, **more, "result": result})

    def failed(why: str, status: int = 200, **more: Json) -> Response:
        return JSONResponse({"ok": False, **more, "error": why}, status)

    async def authenticate(request: Request) -> Response:
        sent = await request.json()
        who = sent.get("name")
        if who not in PEOPLE or PEOPLE[who] != sent.get("secret"):
            return failed("wrong name or secret", 401)
        return answer({"token": tokens.give(who)})

    async def whoami(request: Request) -> Response:
        who = tokens.whose(request)
        return answer({"code": codes[who], "name": who}) if who else failed("log in", 401)

    async def mine(request: Request) -> Response:
        who = tokens.whose(request)
        if not who:
            return failed("log in", 401)
        own = [
            each
            for each in reports.values()
            if codes[who] in (each["pupil_code"], each["teacher_code"])
        ]
        return answer([{k: each[k] for k in ("pupil_code", "teacher_code")} for each in own])

    async def read(request: Request) -> Response:
        who = tokens.whose(request)
        if not who:
            return failed("log in", 401)
        sent = await request.json()
        asked = {"pupil_code": str(sent.get("pupil_code", ""))}
        found = reports.get(asked["pupil_code"])
        if (
            mode == "fixed"
            and found
            and codes[who] not in (found["pupil_code"], found["teacher_code"])
        ):
            found = None
        if found is None:
            return failed("no such report", asked=asked)
        if codes[who] == found["teacher_code"]:
            found = {k: v for k, v in found.items() if k != "fee_due"}
        return answer(found, asked=asked)

    async def repertoire(request: Request) -> Response:
        return answer(pieces) if tokens.whose(request) else failed("log in", 401)

    made = Starlette(
        routes=[
            Route("/auth", authenticate, methods=["POST"]),
            Route("/whoami", whoami),
            Route("/reports/mine", mine),
            Route("/reports/read", read, methods=["POST"]),
            Route("/pieces", repertoire),
        ]
    )
    made.state.db = {"reports": reports, "pieces": pieces}
    return made


ENTRY = Entry(
    name="p02-reports",
    pattern="P2",
    title="any account holder reads the report of the pupil whom the body of a reading POST names",
    convention="prefixed hex codes, {ok, result}, snake_case, `Token x`, id in a body, 200 with ok: false, 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth(
            "Report",
            ("pupil_code", "teacher_code", "remarks", "fee_due"),
            ("member",),
            "POST /reports/read",
        ),
    ),
    decoys=(
        "`asked` repeats what was sent, of reports that are refused as well",
        "a teacher reads the remarks of an own pupil by right, without the fee",
        "a refusal is 200 with `ok: false`",
        "pieces have `remarks` that are the same for every member",
    ),
)
