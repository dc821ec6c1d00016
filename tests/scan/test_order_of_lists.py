"""A list that a write has put in another order holds what it held before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, logged_in, path, told

pytestmark = pytest.mark.server

SCHEMAS = """\
    Icon: {type: object, properties: {kind: {type: string}}}
    Note:
      type: object
      properties:
        id: {type: string, readOnly: true}
        by: {type: string, readOnly: true}
        text: {type: string}
        icon: {$ref: "#/components/schemas/Icon"}
"""
PATHS = path("/notes", "listNotes", "Note", many=True) + (
    """\
    post:
      operationId: addNote
      requestBody:
        content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}
      responses:
        "201":
          description: made
          content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}
"""
    + path("/notes/{id}", "getNote", "Note")
    + "    delete:\n      operationId: removeNote\n      parameters: [{name: id, in: path,"
    ' required: true, schema: {type: string}}]\n      responses: {"204": {description: gone}}\n'
)
POLICY = """\
  Note:
    key: id
    owner: by
    fields:
      id, by, icon: [{see: [owner]}]
      text: [{see: [owner], set: [owner]}]
  Icon:
    owner: {parent: true}
    fields: {kind: [{see: [owner]}]}
"""


def test_objects_without_a_key_are_not_told_apart_by_their_place(tmp_path: Path) -> None:
    notes: dict[str, dict[str, Any]] = {
        f"n-{who}-{n}": {
            "id": f"n-{who}-{n}",
            "by": id,
            "text": f"of {who} {n}",
            "icon": {"kind": f"{who} {n}"},
        }
        for who, id in NAMES.items()
        for n in (1, 2)
    }
    writes: list[str] = []

    @logged_in
    def api(who: str, call: Call) -> Reply:
        mine = [each for each in notes.values() if each["by"] == NAMES[who]]
        if call.path == "/notes" and call.method == "POST":
            id = f"n-new-{len(writes)}"
            writes.append(id)
            notes[id] = {
                "id": id,
                "by": NAMES[who],
                "text": call.json.get("text", ""),
                "icon": {"kind": id},
            }
            return Reply(201, notes[id])
        if call.path == "/notes":
            return Reply(200, mine[:: -1 if writes else 1])
        id = call.path.rpartition("/")[2]
        if id not in {each["id"] for each in mine}:
            return Reply(404, {"error": "no"})
        if call.method == "DELETE":
            del notes[id]
            return Reply(204, None)
        return Reply(200, notes[id])

    run = told(tmp_path, SCHEMAS, PATHS, POLICY, api, allow_writes=True)
    assert writes
    assert run.report.distrust == ()
    assert run.code is ExitCode.CLEAN


CHANGES = path("/notes", "listNotes", "Note", many=True) + (
    """\
  /notes/{id}:
    patch:
      operationId: changeNote
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      requestBody:
        content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}
      responses: {"200": {description: ok}}
"""
)


@pytest.mark.parametrize("leaks", [False, True])
def test_what_was_put_back_is_found_wherever_the_list_shows_it(leaks: bool, tmp_path: Path) -> None:
    """The list shows last what changed last, and is all that shows a note."""
    notes = [
        {"id": f"n-{who}-{n}", "by": id, "text": f"of {who} {n}"}
        for who, id in NAMES.items()
        for n in (1, 2, 3)
    ]
    before = sorted(map(str, notes))

    @logged_in
    def api(who: str, call: Call) -> Reply:
        if call.path == "/notes":
            return Reply(200, [each for each in notes if each["by"] == NAMES[who]])
        note = next((each for each in notes if call.path == f"/notes/{each['id']}"), None)
        if note is None or not (leaks or note["by"] == NAMES[who]):
            return Reply(404, {"error": "no"})
        note["text"] = call.json.get("text", note["text"])
        notes.remove(note)
        notes.append(note)
        return Reply(200, {})

    run = told(tmp_path, SCHEMAS, CHANGES, POLICY, api, allow_writes=True, allow_own_settings=True)
    assert sorted(map(str, notes)) == before
    assert run.report.distrust == ()
    found = {(each.rule, each.verdict) for each in run.report.findings}
    assert found == ({("bola-write", "proven")} if leaks else set())
