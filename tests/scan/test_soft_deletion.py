"""An API that keeps what is deleted, and marks it so: for the run it is removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

POLICY = """\
  Note:
    key: id
    owner: by
    fields:
      id, by, status, deleted_at: [{see: [owner]}]
      text: [{see: [owner], set: [owner]}]
operations:
  createNote: {sets: {Note: ""}}
  getNote: {params: {id: Note.id}}
  deleteNote: {params: {id: Note.id}, call: [owner]}
"""
SHAPES = schema(
    "Note", id="string", by="string", text="string", status="string", deleted_at="string"
) + schema("NewNote", text="string").replace("{type: object,", "{type: object, required: [text],")
WRITES = """\
    post:
      operationId: createNote
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/NewNote"}}}}
      responses:
        "201":
          description: made
          content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}
"""
DELETE = """\
    delete:
      operationId: deleteNote
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"204": {description: done}}
"""
MARKS: dict[str, dict[str, Any]] = {
    "status": {"status": "deleted"}, "time": {"deleted_at": "2026-11-29T04:00:00Z"},
}  # fmt: skip


def scan(folder: Path, mark: str, leaks: bool) -> tuple[Told, dict[str, dict[str, Any]]]:
    notes: dict[str, dict[str, Any]] = {}

    def add(by: str, text: str) -> dict[str, Any]:
        id = f"n-{len(notes) + 501}"
        notes[id] = {"id": id, "by": by, "text": text, "status": "active", "deleted_at": None}
        return notes[id]

    for who, id in NAMES.items():
        add(id, f"{who} keeps bees")

    @logged_in
    def api(name: str, call: Call) -> Reply:
        who = NAMES[name]
        _, *rest = call.path.strip("/").split("/")
        if call.method == "POST":
            return Reply(201, add(who, json.loads(call.body or b"{}").get("text", "")))
        if not rest:
            return Reply(200, [each for each in notes.values() if each["by"] == who])
        note = notes.get(rest[0], {})
        may = note and (note["by"] == who or (leaks and call.method == "DELETE"))
        if not may:
            return Reply(404, {"error": "none"})
        if call.method == "DELETE":
            note.update(MARKS[mark])
            return Reply(204)
        return Reply(200, note)

    paths = path("/notes", "listNotes", "Note", many=True) + WRITES
    paths += path("/notes/{id}", "getNote", "Note") + DELETE
    return told(folder, SHAPES, paths, POLICY, api, allow_writes=True), notes


@pytest.mark.parametrize("mark", MARKS)
def test_a_correct_api_is_clean_and_what_it_keeps_is_told(tmp_path: Path, mark: str) -> None:
    run, notes = scan(tmp_path, mark, leaks=False)
    assert (run.report.distrust, run.report.findings, run.code) == ((), (), ExitCode.CLEAN)
    made = [each for each in notes.values() if "oakum" in each["text"]]
    assert made and all(each.items() >= MARKS[mark].items() for each in made)
    assert any("keeps what is deleted" in each for each in run.report.writes.left)
    assert run.report.writes.undone == run.report.writes.changes


@pytest.mark.parametrize("mark", MARKS)
def test_a_strangers_deletion_is_found(tmp_path: Path, mark: str) -> None:
    run, notes = scan(tmp_path, mark, leaks=True)
    assert ("Note.id", "member") in run.proven
    assert all(each["status"] == "active" for each in notes.values() if "bees" in each["text"])
