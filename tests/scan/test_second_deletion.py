"""An API that hides from its owner what is deleted, and deletes it for good once its editor, who
is shown it, deletes it again: nothing of the run stays, or the report says what may."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.test_soft_deletion import DELETE, WRITES
from tests.scan.verdicts import NAMES, RELATIONS, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

POLICY = """\
  Note:
    key: id
    owner: by
    fields:
      id, by, editor_id, deleted_at: [{see: [owner, editor]}]
      text: [{see: [owner, editor], set: [owner]}]
operations:
  createNote: {sets: {Note: ""}}
  getNote: {params: {id: Note.id}}
  deleteNote: {params: {id: Note.id}, call: CALL}
"""
SHAPES = schema(
    "Note", id="string", by="string", editor_id="string", text="string", deleted_at="string"
) + schema("NewNote", text="string").replace("{type: object,", "{type: object, required: [text],")
EDITORS = RELATIONS.replace("owner: {is: owner}", "owner: {is: owner}, editor: {field: editor_id}")
EDITOR = NAMES["cat"]
Notes = dict[str, dict[str, Any]]


def scan(folder: Path, *, call: str = "[owner, editor]", twice: bool = True) -> tuple[Told, Notes]:
    """`call`: who may delete by the contract; `twice`: whether a second deletion is for good."""
    notes: Notes = {}

    def add(by: str, text: str) -> dict[str, Any]:
        id = f"n-{len(notes) + 501}"
        notes[id] = {"id": id, "by": by, "editor_id": EDITOR, "text": text, "deleted_at": None}
        return notes[id]

    for who, id in NAMES.items():
        add(id, f"{who} keeps bees")

    def sees(note: dict[str, Any], who: str) -> bool:
        return who == EDITOR or (note["by"] == who and not note["deleted_at"])

    @logged_in
    def api(name: str, asked: Call) -> Reply:
        who = NAMES[name]
        _, *rest = asked.path.strip("/").split("/")
        if asked.method == "POST":
            return Reply(201, add(who, json.loads(asked.body or b"{}").get("text", "")))
        if not rest:
            mine = [each for each in notes.values() if sees(each, who)]
            return Reply(200, [each for each in mine if not each["deleted_at"]])
        note = notes.get(rest[0])
        if note is None or not sees(note, who):
            return Reply(404, {"error": "none"})
        if asked.method == "GET":
            return Reply(200, note)
        if note["by"] != who and "editor" not in call:
            return Reply(403, {"error": "not yours"})
        if note["deleted_at"] is None:
            note["deleted_at"] = "2026-11-29T04:00:00Z"
        elif twice:
            del notes[rest[0]]
        return Reply(204)

    paths = path("/notes", "listNotes", "Note", many=True) + WRITES
    paths += path("/notes/{id}", "getNote", "Note") + DELETE
    policy = POLICY.replace("CALL", call)
    return told(folder, SHAPES, paths, policy, api, relations=EDITORS, allow_writes=True), notes


def test_what_the_run_has_made_is_deleted_again_by_whoever_is_still_shown_it(
    tmp_path: Path,
) -> None:
    run, notes = scan(tmp_path)
    assert (run.report.findings, run.code) == ((), ExitCode.CLEAN)
    assert [each["text"] for each in notes.values()] == [f"{who} keeps bees" for who in NAMES]
    assert all(each["deleted_at"] is None for each in notes.values())
    assert run.report.writes is not None
    assert run.report.writes.changes and run.report.writes.left == ()


@pytest.mark.parametrize(
    ("call", "twice", "said"),
    [
        ("[owner, editor]", False, "the API keeps what is deleted, and marks it so"),
        ("[owner]", True, "the API may keep what is deleted"),
    ],
)
def test_where_it_stays_the_report_says_so(
    tmp_path: Path, call: str, twice: bool, said: str
) -> None:
    run, notes = scan(tmp_path, call=call, twice=twice)
    assert run.report.findings == ()
    assert any("oakum" in each["text"] and each["deleted_at"] for each in notes.values())
    assert run.report.writes is not None
    assert [each for each in run.report.writes.left if said in each]
