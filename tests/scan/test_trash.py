"""An API that moves what is deleted to a list: the run leaves nothing there, or says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.test_soft_deletion import DELETE, POLICY, SHAPES, WRITES
from tests.scan.verdicts import NAMES, Told, logged_in, path, told

pytestmark = pytest.mark.server

PURGE = """\
  /trash/{id}:
    delete:
      operationId: purgeNote
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"204": {description: gone for good}}
"""


def scan(
    folder: Path, *, purges: bool, marks: bool, leaks: bool = False
) -> tuple[Told, dict[str, dict[str, Any]]]:
    """`leaks`: anybody may delete what is another's."""
    notes: dict[str, dict[str, Any]] = {}
    trash: dict[str, dict[str, Any]] = {}

    def row(by: str, text: str) -> dict[str, Any]:
        id = f"n-{len(notes) + len(trash) + 501}"
        return {"id": id, "by": by, "text": text, "status": "active", "deleted_at": None}

    for who, id in NAMES.items():
        for into, word in ((notes, "keeps"), (trash, "kept")):
            made = row(id, f"{who} {word} bees")
            into[made["id"]] = made

    @logged_in
    def api(name: str, call: Call) -> Reply:
        who = NAMES[name]
        first, *rest = call.path.strip("/").split("/")
        kept = trash if first == "trash" else notes
        if call.method == "POST":
            made = row(who, json.loads(call.body or b"{}").get("text", ""))
            notes[made["id"]] = made
            return Reply(201, made)
        if not rest:
            return Reply(200, [each for each in kept.values() if each["by"] == who])
        note = kept.get(rest[0])
        if note is None or (note["by"] != who and not (leaks and call.method == "DELETE")):
            return Reply(404, {"error": "none"})
        if call.method == "DELETE":
            del kept[note["id"]]
            if kept is notes:
                gone = {"deleted_at": "2026-11-29T04:00:00Z"} if marks else {}
                trash[note["id"]] = {**note, **gone}
            return Reply(204)
        return Reply(200, note)

    paths = path("/notes", "listNotes", "Note", many=True) + WRITES
    paths += path("/notes/{id}", "getNote", "Note") + DELETE
    paths += path("/trash", "listTrash", "Note", many=True) + (PURGE if purges else "")
    policy = POLICY + ("  purgeNote: {params: {id: Note.id}}\n" if purges else "")
    return told(folder, SHAPES, paths, policy, api, allow_writes=True), trash


def oakums(trash: dict[str, dict[str, Any]]) -> int:
    return sum("oakum" in each["text"] for each in trash.values())


@pytest.mark.parametrize("marks", [True, False])
def test_what_the_run_deletes_is_removed_from_the_trash_and_nothing_else(
    marks: bool, tmp_path: Path
) -> None:
    run, trash = scan(tmp_path, purges=True, marks=marks)
    assert (run.report.distrust, run.report.findings, run.code) == ((), (), ExitCode.CLEAN)
    assert oakums(trash) == 0
    assert {each["text"] for each in trash.values()} == {f"{who} kept bees" for who in NAMES}
    assert run.report.writes is not None
    assert run.report.writes.changes and not run.report.writes.left


@pytest.mark.parametrize("marks", [True, False])
def test_what_another_deletes_is_removed_from_the_trash_of_its_owner(
    marks: bool, tmp_path: Path
) -> None:
    run, trash = scan(tmp_path, purges=True, marks=marks, leaks=True)
    assert {each.rule for each in run.report.findings} == {"bola-write"}
    assert oakums(trash) == 0
    assert {each["text"] for each in trash.values()} == {f"{who} kept bees" for who in NAMES}
    assert run.report.writes is not None
    assert run.report.writes.changes and not run.report.writes.left


@pytest.mark.parametrize("marks", [True, False])
def test_what_another_deletes_and_nothing_purges_is_told_with_its_reason(
    marks: bool, tmp_path: Path
) -> None:
    run, trash = scan(tmp_path, purges=False, marks=marks, leaks=True)
    assert oakums(trash) > 0
    assert run.report.writes is not None
    words = "keeps what is deleted" if marks else "a list shows it and its own URL does not"
    assert any(words in each for each in run.report.writes.left)
    assert not any("no response shows" in each for each in run.report.writes.left)


@pytest.mark.parametrize("marks", [True, False])
def test_what_stays_in_the_trash_is_told(marks: bool, tmp_path: Path) -> None:
    run, trash = scan(tmp_path, purges=False, marks=marks)
    assert (run.report.findings, oakums(trash) > 0) == ((), True)
    word = "keeps what is deleted" if marks else "still shows what is deleted"
    assert run.report.writes is not None
    assert any(word in each for each in run.report.writes.left)
