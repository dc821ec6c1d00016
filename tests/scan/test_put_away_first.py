"""An API that removes only what was archived: the run archives its own object, and no other."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.killing import killing
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told, write

pytestmark = pytest.mark.server

POLICY = """\
  Note:
    key: id
    owner: by
    fields:
      id, by: [{see: [owner]}]
      text: [{see: [owner], set: [owner]}]
operations:
  addNote: {sets: {Note: ""}}
  getNote: {params: {id: Note.id}}
  dropNote: {call: [owner], params: {id: Note.id}}
  archiveNote: {CALL, params: {id: Note.id}}
"""
NOTE = 'content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}'
ID = "parameters: [{name: id, in: path, required: true, schema: {type: string}}]"
ADD = f"""\
    post:
      operationId: addNote
      requestBody:
        required: true
        content:
          application/json:
            schema: {{type: object, required: [text], properties: {{text: {{type: string}}}}}}
      responses: {{"201": {{description: made, {NOTE}}}}}
"""
DROP = f"""\
    delete: {{operationId: dropNote, {ID}, responses: {{"204": {{description: gone}}}}}}
  /notes/{{id}}/archive:
    post: {{operationId: archiveNote, {ID}, BODYresponses: {{"204": {{description: put away}}}}}}
"""
SHAPES = schema("Note", id="string", by="string", text="string")
BODY = (
    "requestBody: {required: true, content: {application/json: {schema: {type: object,"
    " required: [reason], properties: {reason: {type: string}}}}}}, "
)


class Notes:
    """`refuses`: with which a deletion of what is not archived is refused; 0: it is not. `lets`:
    anybody may delete what is archived."""

    def __init__(self, refuses: int = 409, *, lets: bool = False) -> None:
        self.refuses, self.lets = refuses, lets
        self.count = itertools.count(600)
        self.notes: dict[str, dict[str, Any]] = {}
        self.archived: set[str] = set()
        for who, id in NAMES.items():
            for nth in (1, 2):
                self.add(id, f"{who} keeps bees {nth}")

    def add(self, by: str, text: str) -> dict[str, Any]:
        id = f"note-{next(self.count)}-x"
        self.notes[id] = {"id": id, "by": by, "text": text}
        return self.notes[id]

    def __call__(self, name: str, call: Call) -> Reply:
        me, (_, *rest) = NAMES[name], call.path.strip("/").split("/")
        if not rest and call.method == "POST":
            return Reply(201, self.add(me, call.json["text"]))
        if not rest:
            return Reply(200, [each for each in self.notes.values() if each["by"] == me])
        found = self.notes.get(rest[0])
        mine = found is not None and found["by"] == me
        if found is None or not (mine or (self.lets and call.method == "DELETE")):
            return Reply(404, {"error": "none"})
        if call.method == "POST":
            self.archived.add(found["id"])
            return Reply(204)
        if call.method == "DELETE":
            if self.refuses and found["id"] not in self.archived:
                return Reply(self.refuses, {"error": "archive it first"})
            return Reply(204, self.notes.pop(found["id"]) and None)
        return Reply(200, found)


def parts(call: str = "call: [owner]", body: str = "") -> tuple[str, str, str]:
    paths = path("/notes", "listNotes", "Note", many=True) + ADD
    paths += path("/notes/{id}", "getNote", "Note") + DROP.replace("BODY", body)
    return SHAPES, paths, POLICY.replace("CALL", call)


def scan(folder: Path, api: Notes, *of: str) -> Told:
    return told(folder, *parts(*of), logged_in(api), allow_writes=True)


@pytest.mark.parametrize("status", [400, 409, 422, 423])
def test_the_run_archives_what_it_made_and_removes_it(status: int, tmp_path: Path) -> None:
    api = Notes(status)
    before = copy.deepcopy(api.notes)
    run = scan(tmp_path, api)
    assert (api.notes, run.report.distrust, run.code) == (before, (), ExitCode.CLEAN)
    assert api.archived and api.archived.isdisjoint(before)


@pytest.mark.parametrize("status", [0, 403])
def test_nothing_is_archived_where_the_state_is_not_what_is_refused(
    status: int, tmp_path: Path
) -> None:
    api = Notes(status)
    scan(tmp_path, api)
    assert not api.archived


@pytest.mark.parametrize("of", [("call: []",), ("call: [owner]", BODY)])
def test_what_the_owner_may_not_call_or_needs_a_body_is_not_sent(
    of: tuple[str, ...], tmp_path: Path
) -> None:
    api = Notes()
    run = scan(tmp_path, api, *of)
    assert not api.archived and run.code == ExitCode.NOT_TRUSTWORTHY


def test_who_might_delete_what_is_archived_is_not_called_refused(tmp_path: Path) -> None:
    run = scan(tmp_path, Notes(lets=True))
    assert run.report.writes is not None
    said = [each.reason for each in run.report.writes.untried if each.endpoint.method == "DELETE"]
    assert any(each.startswith("not tested as `member`") for each in said)


def test_a_restoration_archives_it_too(tmp_path: Path) -> None:
    api = Notes()
    before = copy.deepcopy(api.notes)
    write(tmp_path, *parts())
    with killing(tmp_path, logged_in(api)) as bench:
        bench.scan_killed(lambda call: call.method == "DELETE")
        done = bench.restore()
    assert (done.code, api.notes) == (0, before), done.out
