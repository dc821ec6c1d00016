"""An API that keeps a ciphertext of what is sent, and shows no value: what the run creates there is
found again by its name, and removed."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import NOT_FOUND, Call, Reply
from tests.scan.verdicts import HEAD, ME, NAMES, logged_in, told

pytestmark = pytest.mark.server

PARTS = """\
    Text:
      type: object
      properties:
        id: {type: string}
        owner: {type: string}
        name: {type: string}
        value: {type: string, nullable: true}
    NewText:
      type: object
      required: [name, value]
      properties: {value: {type: string}, name: {type: string}}
    Texts: {type: array, items: {$ref: "#/components/schemas/Text"}}
paths:
"""
PATHS = """\
  /texts:
    get:
      operationId: listTexts
      responses:
        "200":
          description: ok
          content: {application/json: {schema: {$ref: "#/components/schemas/Texts"}}}
    post:
      operationId: makeText
      requestBody:
        content: {application/json: {schema: {$ref: "#/components/schemas/NewText"}}}
      responses:
        "201":
          description: ok
          content: {application/json: {schema: {$ref: "#/components/schemas/Text"}}}
  /texts/{id}:
    delete:
      operationId: dropText
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"204": {description: gone}}
"""
POLICY = """\
  Text:
    key: id
    owner: owner
    fields:
      id, owner: [{see: [owner]}]
      name, value: [{see: [owner], set: [owner]}]
operations:
  makeText: {sets: {Text: ""}}
  dropText: {params: {id: Text.id}}
"""


def test_what_was_created_is_removed(tmp_path: Path) -> None:
    texts: dict[str, dict[str, Any]] = {}
    for name, who in NAMES.items():
        texts[f"t-{who}"] = {"id": f"t-{who}", "owner": who, "name": f"{name}_KEY", "value": None}
    before = copy.deepcopy(texts)
    made: list[Any] = []

    def answer(who: str, call: Call) -> Reply:
        me, id = NAMES[who], call.path.removeprefix("/texts").strip("/")
        if not id and call.method == "GET":
            return Reply(200, [each for each in texts.values() if each["owner"] == me])
        if not id:
            made.append(call.json)
            id = f"t-new{len(made)}"
            texts[id] = {"id": id, "owner": me, "name": call.json["name"], "value": None}
            return Reply(201, texts[id] | {"value": "gAAAAA-8Uf7"})
        if call.method != "DELETE" or texts.get(id, {}).get("owner") != me:
            return NOT_FOUND
        del texts[id]
        return Reply(204, b"")

    document = f"{HEAD}{PARTS}{ME}{PATHS}"
    run = told(tmp_path, "", "", POLICY, logged_in(answer), document=document, allow_writes=True)
    assert made
    assert (texts, run.report.distrust) == (before, ())
    assert run.code is ExitCode.CLEAN
