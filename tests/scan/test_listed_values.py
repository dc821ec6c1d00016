"""Members whose values only a request body lists: an API refuses a whole body for another one."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import NOT_FOUND, Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, told

pytestmark = pytest.mark.server
SHADES = ["red", "blue", None]
BODY = "{type: object, properties: {text: {type: string}, shade: {%s}}}"
LISTS = {
    "enum": "type: string, enum: [red, blue]",
    "or null": "nullable: true, type: string, enum: [null, red, blue]",
    "pattern": "type: string, pattern: '^(red|blue)$'",
}
DOCUMENT = """\
openapi: 3.0.3
info: {title: shades, version: "1"}
security: [{key: []}]
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  schemas:
    Me: {type: object, properties: {id: {type: string}}}
    Pot:
      type: object
      properties:
        {id: {type: string}, by: {type: string}, text: {type: string}, shade: {type: string}}
    PotIn: BODY
  responses:
    Me: {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Me"}}}}
    One:
      description: ok
      content: {application/json: {schema: {$ref: "#/components/schemas/Pot"}}}
    Many:
      description: ok
      content:
        application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Pot"}}}
  requestBodies:
    In: {content: {application/json: {schema: {$ref: "#/components/schemas/PotIn"}}}}
paths:
  /me: {get: {operationId: getMe, responses: {"200": {$ref: "#/components/responses/Me"}}}}
  /pots:
    get: {operationId: listPots, responses: {"200": {$ref: "#/components/responses/Many"}}}
    post:
      operationId: makePot
      requestBody: {$ref: "#/components/requestBodies/In"}
      responses: {"201": {$ref: "#/components/responses/One"}}
  /pots/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: getPot, responses: {"200": {$ref: "#/components/responses/One"}}}
    patch:
      operationId: editPot
      requestBody: {$ref: "#/components/requestBodies/In"}
      responses: {"200": {$ref: "#/components/responses/One"}}
    delete: {operationId: dropPot, responses: {"204": {description: gone}}}
"""
POLICY = """\
  Pot:
    key: id
    owner: by
    main: getPot
    fields:
      id, by: [{see: [owner]}]
      text: [{see: [owner]}, {set: [owner]}]
      shade: [{see: [owner]}]
operations:
  getPot: {params: {id: Pot.id}}
  editPot: {params: {id: Pot.id}, sets: {Pot: ""}}
  dropPot: {params: {id: Pot.id}}
  makePot: {sets: {Pot: ""}}
"""


def scan(folder: Path, leaks: Collection[str], listed: str) -> tuple[Told, bool]:
    """What a scan says, and whether all is as before."""
    pots: dict[str, dict[str, Any]] = {}
    for name, by in NAMES.items():
        id = str(uuid.uuid4())
        pots[id] = {"id": id, "by": by, "text": f"{name} keeps it", "shade": "red"}
    before = copy.deepcopy(pots)

    def answer(who: str, call: Call) -> Reply:
        me, id = NAMES[who], call.path.removeprefix("/pots").strip("/")
        if call.method in ("POST", "PATCH") and call.json.get("shade") not in SHADES:
            return Reply(422, {"error": "no such shade"})
        if not id and call.method == "GET":
            return Reply(200, [each for each in pots.values() if each["by"] == me])
        if not id:
            id = str(uuid.uuid4())
            shade = (call.json.get("shade") if "makes" in leaks else None) or "red"
            pots[id] = {"id": id, "by": me, "text": call.json.get("text", ""), "shade": shade}
            return Reply(201, pots[id])
        pot = pots.get(id)
        mine = pot is not None and pot["by"] == me
        if pot is None or not (mine or (call.method == "PATCH" and "anyone" in leaks)):
            return NOT_FOUND
        if call.method == "DELETE":
            del pots[id]
            return Reply(204, b"")
        if call.method == "PATCH" and call.json.get("shade", "red"):
            may = {"text", "shade"} if leaks and "makes" not in leaks else {"text"}
            pot |= {name: value for name, value in call.json.items() if name in may}
        return Reply(200, pot)

    document = DOCUMENT.replace("BODY", BODY % LISTS[listed])
    run = told(folder, "", "", POLICY, logged_in(answer), document=document, allow_writes=True)
    return run, pots == before


@pytest.mark.parametrize("listed", LISTS)
def test_an_api_that_lets_nobody_set_it_is_not_accused(listed: str, tmp_path: Path) -> None:
    run, same = scan(tmp_path, (), listed)
    assert same
    assert run.report.findings == ()
    assert run.code is ExitCode.CLEAN, run.report.distrust


@pytest.mark.parametrize("listed", LISTS)
@pytest.mark.parametrize(
    ("leak", "viewer", "rule"),
    [
        ("owners", "owner", "mass-assignment"),
        ("makes", "owner", "mass-assignment"),
        ("anyone", "member", "bola-write"),
    ],
)
def test_a_value_that_the_body_lists_is_sent(
    leak: str, viewer: str, rule: str, listed: str, tmp_path: Path
) -> None:
    run, same = scan(tmp_path, (leak,), listed)
    assert same
    assert ("Pot.shade", viewer) in run.proven
    assert run.finding("Pot.shade", viewer).rule == rule
