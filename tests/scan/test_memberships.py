"""`PUT /me/starred/{id}` makes a link and sets no member: it is not sent, for the old values, sent
again, would not end the link."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, Told, path, schema, told

pytestmark = pytest.mark.server

PEOPLE = schema("Person", id="string", nick="string", bio="string")
NOTES = schema("Note", id="string", by="string", text="string", memo="string")
POLICY = """\
  Person: {key: id, owner: id, fields: {"id, nick": [{see: [member]}], bio: [{see: [owner]}]}}
  Note:
    key: id
    owner: by
    fields:
      id, by: [{see: [owner]}]
      text: [{see: [owner], set: [owner]}]
      memo: [{see: [owner]}]
operations:
  getPerson: {params: {id: Me.id}}
  link: {params: {id: %s.id}}
  unlink: {params: {id: %s.id}}
  createNote: {sets: {Note: ""}}
  getNote: {params: {id: Note.id}}
  deleteNote: {params: {id: Note.id}, call: [owner]}
"""
WRITES = """\
  /me/starred/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    put:
      operationId: link%s
      responses: {"204": {description: done}}
    delete:
      operationId: unlink
      responses: {"204": {description: done}}
  /notes/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    delete:
      operationId: deleteNote
      responses: {"204": {description: done}}
    get:
      operationId: getNote
      responses:
        "200":
          description: ok
          content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}
"""
MAKES = """\
    post:
      operationId: createNote
      requestBody:
        content:
          application/json:
            schema: {type: object, required: [text], properties: {text: {type: string}}}
      responses:
        "201":
          description: ok
          content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}
"""
BODY = """
      requestBody:
        content:
          application/json: {schema: {type: object, properties: {remark: {type: string}}}}"""


class Stars:
    def __init__(self) -> None:
        self.starred: dict[str, list[str]] = {id: [] for id in NAMES.values()}
        self.notes: dict[str, dict[str, Any]] = {
            f"n-{id}-5": {"id": f"n-{id}-5", "by": id, "text": f"text of {id}", "memo": f"m {id}"}
            for id in NAMES.values()
        }
        self.sent: list[tuple[str, str]] = []

    def __call__(self, call: Call) -> Reply:
        who = NAMES.get(KEYS.get(call.headers.get("x-key", ""), ""), "")
        if not who:
            return Reply(401, {"error": "log in"})
        self.sent.append((call.method, call.path))
        where, _, id = call.path.strip("/").rpartition("/")
        people = {
            id: {"id": id, "nick": f"{name} Leighton", "bio": f"{name} was born in {id}"}
            for name, id in NAMES.items()
        }
        if call.path == "/me":
            return Reply(200, {"id": who})
        if where == "people" and id in people:
            row = people[id]
            return Reply(200, row if id == who else {"id": id, "nick": row["nick"]})
        if where == "me/starred":
            self.starred[who] = sorted(
                {*self.starred[who], id} - ({id} & {call.method == "DELETE"})
            )
            return Reply(204, None)
        if call.path == "/notes" and call.method == "POST":
            said = json.loads(call.body)
            made = f"n-{who}-{len(self.sent)}"
            self.notes[made] = {"id": made, "by": who, "text": said.get("text"), "memo": None}
            return Reply(201, self.notes[made])
        if call.path == "/notes":
            return Reply(200, [each for each in self.notes.values() if each["by"] == who])
        note = self.notes.get(id)
        if where != "notes" or note is None or note["by"] != who:
            return Reply(404, {"error": "no"})
        if call.method == "DELETE":
            del self.notes[id]
            return Reply(204, None)
        return Reply(200, note)


def scan(folder: Path, api: Stars, resource: str, body: str) -> Told:
    listed = path("/notes", "notes", "Note", many=True) + MAKES
    paths = path("/people/{id}", "getPerson", "Person") + WRITES % body + listed
    policy = POLICY % (resource, resource)
    return told(folder, PEOPLE + NOTES, paths, policy, api, allow_writes=True)


@pytest.mark.parametrize("resource", ["Person", "Note"])
@pytest.mark.parametrize("body", ["", BODY], ids=["no body", "a remark"])
def test_a_put_that_links_and_sets_nothing_is_not_sent(
    resource: str, body: str, tmp_path: Path
) -> None:
    api = Stars()
    before = copy.deepcopy((api.starred, api.notes))
    run = scan(tmp_path, api, resource, body)
    assert ("PUT", "/me/starred") not in {(how, at.rpartition("/")[0]) for how, at in api.sent}
    assert (api.starred, api.notes) == before
    assert any(each.endpoint.operation == "link" for each in run.report.skipped)
    assert ("POST", "/notes") in api.sent
