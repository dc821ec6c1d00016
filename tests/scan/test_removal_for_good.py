"""A removal that puts away, unless a flag that need not be sent says that it is for good."""

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


def scan(
    folder: Path, flag: str = "permanent", *, staff: bool = False, leaks: str = ""
) -> tuple[Told, dict[str, dict[str, Any]]]:
    """`staff`: nobody here may remove for good; `leaks`: strangers may remove so."""
    notes: dict[str, dict[str, Any]] = {}
    made = 500

    def add(by: str, text: str) -> dict[str, Any]:
        nonlocal made
        made += 1
        row = {"id": f"n-{made}", "by": by, "text": text, "status": "active", "deleted_at": None}
        return notes.setdefault(f"n-{made}", row)

    for who, id in NAMES.items():
        add(id, f"{who} keeps bees")

    @logged_in
    def api(name: str, call: Call) -> Reply:
        who = NAMES[name]
        _, *rest = call.path.strip("/").split("/")
        if call.method == "POST":
            return Reply(201, add(who, json.loads(call.body or b"{}").get("text", "")))
        if not rest:
            mine = [each for each in notes.values() if each["by"] == who]
            return Reply(200, [each for each in mine if each["status"] == "active"])
        note = notes.get(rest[0])
        for_good = call.query.get(flag) == "true"
        leak = call.method == "DELETE" and leaks == ("for good" if for_good else "plainly")
        if note is None or (note["by"] != who and not leak):
            return Reply(404, {"error": "none"})
        if call.method == "DELETE" and for_good:
            if staff:
                return Reply(403, {"error": "staff only"})
            del notes[note["id"]]
            return Reply(204)
        if call.method == "DELETE":
            note.update(status="deleted")
            return Reply(204)
        return Reply(200, note)

    declared = f", {{name: {flag}, in: query, schema: {{type: boolean, default: false}}}}]"
    paths = path("/notes", "listNotes", "Note", many=True) + WRITES
    paths += path("/notes/{id}", "getNote", "Note") + DELETE.replace("}]\n", "}" + declared + "\n")
    return told(folder, SHAPES, paths, POLICY, api, allow_writes=True), notes


@pytest.mark.parametrize("flag", ["permanent", "hardDelete"])
def test_what_the_run_has_made_is_gone_for_good(flag: str, tmp_path: Path) -> None:
    run, notes = scan(tmp_path, flag)
    assert (run.report.distrust, run.report.findings, run.code) == ((), (), ExitCode.CLEAN)
    assert {each["text"] for each in notes.values()} == {f"{who} keeps bees" for who in NAMES}
    assert run.report.writes is not None
    assert run.report.writes.changes and not run.report.writes.left


def test_where_only_others_may_remove_for_good_it_is_put_away(tmp_path: Path) -> None:
    run, notes = scan(tmp_path, staff=True)
    assert (run.report.findings, run.code) == ((), ExitCode.CLEAN)
    made = [each for each in notes.values() if "oakum" in each["text"]]
    assert made and all(each["status"] == "deleted" for each in made)
    assert run.report.writes is not None
    assert any("keeps what is deleted" in each for each in run.report.writes.left)


def test_a_flag_that_says_something_else_is_not_sent(tmp_path: Path) -> None:
    _, notes = scan(tmp_path, "skip_permanent")
    assert any(each["status"] == "deleted" for each in notes.values())


@pytest.mark.parametrize("leaks", ["for good", "plainly"])
def test_a_strangers_deletion_is_found_with_the_flag_and_without(
    leaks: str, tmp_path: Path
) -> None:
    run, notes = scan(tmp_path, leaks=leaks)
    assert ("Note.id", "member") in run.proven
    assert sum("bees" in each["text"] for each in notes.values()) == 3
