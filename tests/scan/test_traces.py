"""What an API writes down by itself when the run writes: it is left, and the report says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oakum.report.grouping import writes_said
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, logged_in, path, schema, told

pytestmark = pytest.mark.server

POLICY = """\
  Note: {key: id, owner: by, fields: {"id, by": [{see: [owner]}], text: [{see: [owner], set: [owner]}]}}
  Notification: {key: id, owner: by, fields: {"id, by, text": [{see: [owner]}]}}
operations:
  getNote: {params: {id: Note.id}}
  patchNote: {params: {id: Note.id}}
"""  # noqa: E501
SHAPES = schema("Note", id="string", by="string", text="string") + schema(
    "Notification", id="string", by="string", text="string"
)
PATCH = """\
    patch:
      operationId: patchNote
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
      responses: {"204": {description: done}}
"""


@pytest.mark.parametrize("notifies", [True, False])
def test_what_the_api_adds_by_itself_is_told_among_what_is_left(
    tmp_path: Path, notifies: bool
) -> None:
    notes = {
        f"n-{who}": {"id": f"n-{who}", "by": id, "text": f"{who} keeps bees"}
        for who, id in NAMES.items()
    }
    bells = [
        {"id": f"b-{who}", "by": id, "text": f"welcome {who}, says the app"}
        for who, id in NAMES.items()
    ]

    @logged_in
    def api(name: str, call: Call) -> Reply:
        who = NAMES[name]
        first, *rest = call.path.strip("/").split("/")
        if first == "bells":
            return Reply(200, [each for each in bells if each["by"] == who])
        if not rest:
            return Reply(200, [each for each in notes.values() if each["by"] == who])
        note: dict[str, Any] = notes.get(rest[0], {})
        if not note or (note["by"] != who and call.method == "GET"):
            return Reply(404, {"error": "none"})
        if call.method == "PATCH":  # of anybody's, so that the run does write
            note["text"] = json.loads(call.body or b"{}").get("text", note["text"])
            if notifies:
                bells.append(
                    {"id": f"b-{len(bells)}", "by": note["by"], "text": "a note was changed"}
                )
            return Reply(204)
        return Reply(200, note)

    paths = (
        path("/notes", "listNotes", "Note", many=True)
        + path("/notes/{id}", "getNote", "Note")
        + PATCH
        + path("/bells", "listBells", "Notification", many=True)
    )
    before = json.dumps(notes)
    run = told(tmp_path, SHAPES, paths, POLICY, api, allow_writes=True)
    writes = run.report.writes
    assert writes.changes and writes.undone == writes.changes and json.dumps(notes) == before
    assert any("more `Notification` of" in each for each in writes.left) == notifies
    assert not run.report.distrust
    assert (("left", "nothing") in writes_said(run.report)) != notifies


def test_what_the_run_wrote_and_the_api_keeps_is_not_called_the_apis(tmp_path: Path) -> None:
    """An API that takes no second change of a note: the mark of the run stays in it."""
    notes = {
        f"n-{who}": {"id": f"n-{who}", "by": id, "text": f"{who} keeps bees"}
        for who, id in NAMES.items()
    }

    @logged_in
    def api(name: str, call: Call) -> Reply:
        who = NAMES[name]
        _, *rest = call.path.strip("/").split("/")
        if not rest:
            return Reply(200, [each for each in notes.values() if each["by"] == who])
        note: dict[str, Any] = notes.get(rest[0], {})
        if not note or (note["by"] != who and call.method == "GET"):
            return Reply(404, {"error": "none"})
        if call.method == "PATCH" and not note["text"].startswith("oakum"):
            note["text"] = json.loads(call.body or b"{}").get("text", note["text"])
        return Reply(200, note)

    paths = (
        path("/notes", "listNotes", "Note", many=True)
        + path("/notes/{id}", "getNote", "Note")
        + PATCH
    )
    policy = POLICY.replace(POLICY.splitlines()[1] + "\n", "")
    shape = schema("Note", id="string", by="string", text="string")
    run = told(tmp_path, shape, paths, policy, api, allow_writes=True)
    assert any("could not be undone" in each for each in run.report.writes.left)
    assert not any("itself" in each for each in run.report.writes.left)
    assert run.report.distrust
