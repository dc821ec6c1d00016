"""Settings that null leaves to the owner's account, `field` beside `of`, in a running API."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry
from tests.catalogue.play import play
from tests.scan.keys import identities, sender, told

pytestmark = pytest.mark.server

DOCUMENT = """\
openapi: 3.0.3
info: {title: Notes, version: "1"}
security: [{bearer: []}]
paths:
  /me:
    get:
      operationId: me
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/User"}}}}
    patch:
      operationId: updateMe
      requestBody:
        content: {application/json: {schema: {type: object, properties: {private: {type: boolean}}}}}
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/User"}}}}
  /notes:
    get:
      operationId: listNotes
      responses:
        "200":
          description: the caller's
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Note"}}}}
  /notes/{id}:
    get:
      operationId: getNote
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    User:
      type: object
      properties: {id: {type: string}, private: {type: boolean}}
    Note:
      type: object
      properties:
        id: {type: string}
        by: {type: string}
        private: {type: boolean, nullable: true}
        text: {type: string}
"""  # noqa: E501
EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  User:
    key: id
    owner: id
    main: me
    states: {private: {field: private, missing: true, switch: {operation: updateMe, set: /private}}}
    fields:
      id: [{see: [owner]}]
      private: [{see: [owner], set: [owner]}]
  Note:
    key: id
    owner: by
    main: getNote
    states: {private: {field: private, of: User.private}}
    fields:
      id, by: [{see: [owner, member]}]
      private: [{see: [owner%s]}]
      text:
        - see: [owner]
        - {see: [member], when: {private: false}}
"""
NAMES = ("ann", "bob", "cas")
LEAKS = {"": set(), "null": {("text", "member", "proven")}, "own": {("text", "member", "proven")}}
"""`null`: null is read as public, whatever the account says. `own`: only the account counts."""


def entry(leak: str, *, seed: int = 1, options: tuple[str, ...] = (), terse: bool = False) -> Entry:
    """`terse`: strangers are not shown the setting of a note."""
    draw = random.Random(seed)
    ids = {name: f"{draw.getrandbits(64):016x}" for name in NAMES}
    accounts = dict(
        zip(NAMES, draw.choice([(True, False, True), (False, True, False)]), strict=True)
    )
    notes = {
        key: {"id": key, "by": ids[name], "private": own, "text": f"{name} writes {key[::-1]}"}
        for name in NAMES for own in draw.sample([None, True, False, None], 4)
        for key in [f"{draw.getrandbits(64):016x}"]
    }  # fmt: skip

    def app(mode: str, seed: int) -> Starlette:
        state = dict(accounts)

        def hidden(row: dict[str, Any]) -> bool:
            owner = next(name for name, id in ids.items() if id == row["by"])
            if row["private"] is None:
                return leak != "null" and state[owner]
            return state[owner] if leak == "own" else bool(row["private"])

        async def me(request: Request) -> Response:
            who = sender(request)
            if who not in ids:
                return Response(status_code=401)
            if request.method == "PATCH":
                state[who] = (await request.json()).get("private", state[who])
            return JSONResponse({"id": ids[who], "private": state[who]})

        async def listed(request: Request) -> Response:
            who = sender(request)
            mine = [row for row in notes.values() if row["by"] == ids.get(who)]
            return JSONResponse(mine) if who in ids else Response(status_code=401)

        async def one(request: Request) -> Response:
            who, row = sender(request), notes.get(request.path_params["id"])
            if who not in ids:
                return Response(status_code=401)
            if row is None:
                return Response(status_code=404)
            mine = row["by"] == ids[who]
            left_out = {"text"} if hidden(row) else set()
            left_out |= {"private"} if terse else set()
            return JSONResponse({n: v for n, v in row.items() if mine or n not in left_out})

        routes = [Route("/notes", listed), Route("/notes/{id}", one)]
        made = Starlette(routes=[*routes, Route("/me", me, methods=["GET", "PATCH"])])
        made.state.db = state
        return made

    return Entry(
        name="notes", pattern="P3", title="notes with settings of their own", convention="",
        document=DOCUMENT, exposure=EXPOSURE % ("" if terse else ", member"), app=app,
        identities=lambda seed: identities(NAMES),
        truth=(), decoys=(), options=options,
    )  # fmt: skip


@pytest.mark.parametrize("terse", [False, True])
@pytest.mark.parametrize("options", [(), ("--allow-own-settings",)])
@pytest.mark.parametrize("leak", LEAKS)
def test_a_setting_that_is_inherited_wrongly_is_found(
    leak: str, options: tuple[str, ...], terse: bool, tmp_path: Path
) -> None:
    played = play(entry(leak, options=options, terse=terse), "leaky", 1, tmp_path)
    assert told(played) == LEAKS[leak]
    assert {dict(each.state).get("private") for each in played.report.findings} <= {"true"}
    assert played.before == played.after


@pytest.mark.parametrize("options", [(), ("--allow-own-settings",)])
@pytest.mark.parametrize("seed", range(2, 8))
def test_an_api_that_inherits_right_is_clean(
    seed: int, options: tuple[str, ...], tmp_path: Path
) -> None:
    made = entry("", seed=seed, options=options, terse=seed % 2 == 0)
    played = play(made, "fixed", seed, tmp_path)
    assert (told(played), played.report.distrust) == (set(), ())
    shown = [each for each in played.report.cells if each.field == "text"]
    assert {str(each.result) for each in shown if each.viewer == "member"} >= {"open", "closed"}
