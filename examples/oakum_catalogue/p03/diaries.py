"""Reading diaries that can be closed: the entries then come with `hidden: true`, and come all the same.

The setting is the reader's and the data are the entries'; the app was to bring the two together.
"""

from __future__ import annotations

import base64
import random

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.0.3
info: {title: Reading diaries, version: "2.3"}
security: [{readerKey: []}]
paths:
  /v2/me:
    get:
      operationId: getMyself
      responses: {"200": {description: the caller, content: {application/json: {schema: {type: object, properties: {result: {$ref: "#/components/schemas/Reader"}, tookMs: {type: number}}}}}}}
  /v2/me/settings:
    get:
      operationId: getSettings
      responses: {"200": {description: as set, content: {application/json: {schema: {type: object, properties: {result: {$ref: "#/components/schemas/Settings"}, tookMs: {type: number}}}}}}}
    put:
      operationId: putSettings
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Settings"}}}}
      responses: {"200": {description: as set, content: {application/json: {schema: {type: object, properties: {result: {$ref: "#/components/schemas/Settings"}, tookMs: {type: number}}}}}}}
  /v2/readers:
    get:
      operationId: listReaders
      parameters: [{name: cursor, in: query, schema: {type: string}}]
      responses: {"200": {description: two at a time, content: {application/json: {schema: {type: object, properties: {result: {type: array, items: {$ref: "#/components/schemas/ReaderCard"}}, nextCursor: {type: string, nullable: true}, tookMs: {type: number}}}}}}}
  /v2/readers/{readerId}:
    get:
      operationId: getReader
      parameters: [{name: readerId, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: one, content: {application/json: {schema: {type: object, properties: {result: {$ref: "#/components/schemas/Reader"}, tookMs: {type: number}}}}}}}
  /v2/readers/{readerId}/friends:
    get:
      operationId: listFriends
      parameters: [{name: readerId, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: whom the reader lets in, content: {application/json: {schema: {type: object, properties: {result: {type: array, items: {$ref: "#/components/schemas/ReaderCard"}}, tookMs: {type: number}}}}}}}
  /v2/readers/{readerId}/entries:
    get:
      operationId: listEntries
      parameters: [{name: readerId, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: all, content: {application/json: {schema: {type: object, properties: {result: {type: array, items: {$ref: "#/components/schemas/Entry"}}, tookMs: {type: number}}}}}}}
components:
  securitySchemes: {readerKey: {type: apiKey, in: header, name: X-Reader-Key}}
  schemas:
    Settings: {type: object, properties: {diaryOpen: {type: boolean}, weeklyDigest: {type: boolean}}}
    ReaderCard: {type: object, properties: {readerId: {type: string}, pseudonym: {type: string}}}
    Reader: {type: object, properties: {readerId: {type: string}, pseudonym: {type: string}, diaryOpen: {type: boolean}, nowReading: {type: string}}}
    Entry: {type: object, properties: {entryId: {type: string}, readerId: {type: string}, hidden: {type: boolean}, bookTitle: {type: string}, thoughts: {type: string}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMyself, id: /result/readerId}
relations:
  anyone: {}
  reader: {authenticated: true}
  friend: {in: listFriends, id: /result/*/readerId}
  owner: {is: owner}
order: [anyone, reader, friend, owner]
resources:
  Reader:
    schemas: [Reader, ReaderCard]
    key: readerId
    owner: readerId
    main: getReader
    promise: "A closed diary is read by you and your friends"
    states:
      diary: {field: diaryOpen, open: true, missing: false, switch: {operation: putSettings, set: /diaryOpen}}
    fields:
      readerId, pseudonym, diaryOpen: [{see: [reader]}]
      nowReading:
        - see: [friend, owner]
        - {see: [reader], when: {diary: true}}
  Entry:
    key: entryId
    owner: readerId
    main: listEntries
    promise: "A closed diary is read by you and your friends"
    states:
      diary: {of: Reader.diary, missing: false}
    fields:
      entryId, readerId, hidden: [{see: [reader]}]
      bookTitle, thoughts:
        - see: [friend, owner]
        - {see: [reader], when: {diary: true}}
  Settings:
    owner: {caller: true}
    fields:
      diaryOpen, weeklyDigest: [{see: [owner], set: [owner]}]
"""

PEOPLE = {"ines": "rk-ines-4t8vz2", "joel": "rk-joel-7m3xq9", "kaja": "rk-kaja-2b6hd5"}
OPEN = ("joel",)
FRIENDS = {"ines": ["kaja"], "joel": ["ines", "kaja"], "kaja": []}


def identities(seed: int) -> str:
    lines = "".join(
        f"  {name}: {{header: 'X-Reader-Key: {key}'}}\n" for name, key in PEOPLE.items()
    )
    between = "kaja is friend of ines, ines is friend of joel, kaja is friend of joel"
    return f"identities:\n{lines}between: [{between}]\n"


def global_id(kind: str, number: int) -> str:
    return base64.urlsafe_b64encode(f"{kind}:{number}".encode()).decode().rstrip("=")


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "diaries")
    ids = {who: global_id("Reader", rng.getrandbits(48)) for who in PEOPLE}
    readers: dict[str, Json] = {
        ids[who]: {
            "readerId": ids[who],
            "pseudonym": words(rng, 1),
            "diaryOpen": who in OPEN,
            "nowReading": words(rng).title(),
        }
        for who in PEOPLE
    }
    entries: list[Json] = [
        {
            "entryId": global_id("Entry", rng.getrandbits(48)),
            "readerId": reader,
            "bookTitle": words(rng).title(),
            "thoughts": words(rng, 5),
        }
        for reader in [*readers] * 2
    ]
    digests = {ids[who]: rng.random() < 0.5 for who in PEOPLE}

    def caller(request: Request) -> str:
        sent = request.headers.get("x-reader-key")
        return next((ids[who] for who, key in PEOPLE.items() if key == sent), "")

    def answer(result: Json, **more: Json) -> Response:
        return JSONResponse({"result": result, **more, "tookMs": random.uniform(1, 40)})

    def failed(status: int, why: str) -> Response:
        return JSONResponse({"result": None, "problem": why}, status)

    def closed(reader: str, me: str) -> bool:
        name = next(who for who, each in ids.items() if each == reader)
        let_in = {reader, *(ids[each] for each in FRIENDS[name])}
        return not readers[reader]["diaryOpen"] and me not in let_in

    def card(reader: str) -> Json:
        return {key: readers[reader][key] for key in ("readerId", "pseudonym")}

    async def settings(request: Request) -> Response:
        me = caller(request)
        if not me:
            return failed(401, "key?")
        if request.method == "PUT":
            sent = await request.json()
            if not all(isinstance(sent.get(key), bool) for key in ("diaryOpen", "weeklyDigest")):
                return failed(422, "all settings, please")
            readers[me]["diaryOpen"], digests[me] = sent["diaryOpen"], sent["weeklyDigest"]
        return answer({"diaryOpen": readers[me]["diaryOpen"], "weeklyDigest": digests[me]})

    async def listed(request: Request) -> Response:
        if not caller(request):
            return failed(401, "key?")
        order = [*readers]
        after = request.query_params.get("cursor")
        start = order.index(after) + 1 if after in order else 0
        page = order[start : start + 2]
        more = page[-1] if page and page[-1] != order[-1] else None
        return answer([card(each) for each in page], nextCursor=more)

    async def one(request: Request) -> Response:
        me = caller(request)
        reader = request.path_params.get("readerId", me)
        if not me:
            return failed(401, "key?")
        if reader not in readers:
            return failed(404, "no such reader")
        unseen = {"nowReading": "(hidden)"} if closed(reader, me) else {}
        return answer({**readers[reader], **unseen})

    async def friends(request: Request) -> Response:
        reader = request.path_params["readerId"]
        if not caller(request):
            return failed(401, "key?")
        if reader not in readers:
            return failed(404, "no such reader")
        those = next(FRIENDS[who] for who, each in ids.items() if each == reader)
        return answer([card(ids[each]) for each in random.sample(those, len(those))])

    async def diary(request: Request) -> Response:
        me, reader = caller(request), request.path_params["readerId"]
        if not me:
            return failed(401, "key?")
        if reader not in readers:
            return failed(404, "no such reader")
        hidden = closed(reader, me)
        shown = [{**each, "hidden": hidden} for each in entries if each["readerId"] == reader]
        if mode == "fixed" and hidden:
            stub = ("entryId", "readerId", "hidden")
            shown = [{key: each[key] for key in stub} for each in shown]
        return answer(shown)

    made = Starlette(
        routes=[
            Route("/v2/me", one),
            Route("/v2/me/settings", settings, methods=["GET", "PUT"]),
            Route("/v2/readers", listed),
            Route("/v2/readers/{readerId}", one),
            Route("/v2/readers/{readerId}/friends", friends),
            Route("/v2/readers/{readerId}/entries", diary),
        ]
    )
    made.state.db = {"readers": readers, "entries": entries, "digests": digests}
    return made


ENTRY = Entry(
    name="p03-diaries",
    pattern="P3",
    title="entries of a closed diary come to every reader, marked as hidden for the app to leave out",
    convention="base64 global ids, {result}, camelCase, API key in a header, setting in the owner's account, cursor, 3.0",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth(
            "Entry", ("bookTitle", "thoughts"), ("reader",), "GET /v2/readers/{readerId}/entries"
        ),
    ),
    decoys=(
        "that there is an entry is no secret: its stub with `hidden: true` stays in the fixed twin",
        "`nowReading` of a closed diary is the placeholder `(hidden)` for strangers",
        "Joel's diary is open, and Kaja is a friend of Ines: what they show and see is meant to be",
        "`tookMs` differs in every answer, and friends come in any order",
    ),
)
