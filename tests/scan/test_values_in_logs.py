"""A value that stands in a log of changes, too: a leak is told of the field that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, Api, path, schema, told

ROWS = [
    {"id": f"n-{name}-4d1e", "owner_id": id, "text": f"{name} wrote a line of 41{id[-1]}7"}
    for name, id in NAMES.items()
]
SHAPES = schema("Note", id="string", owner_id="string", text="string") + schema(
    "Change", id="string", owner_id="string", text="string"
)
PATHS = (
    path("/notes", "myNotes", "Note", many=True)
    + path("/notes/{noteId}", "getNote", "Note")
    + path("/changes", "myChanges", "Change", many=True)
)
POLICY = """\
  Change:
    key: id
    owner: owner_id
    fields: {"id, owner_id, text": [{see: [owner]}]}
  Note:
    key: id
    owner: owner_id
    fields: {"id, owner_id, text": [{see: [owner]}]}
operations:
  getNote: {params: {noteId: Note.id}}
"""


class Logged(Api):
    """`leaks`: a refusal carries the note that it refuses."""

    def __init__(self, *, leaks: bool) -> None:
        super().__init__({})
        self.leaks = leaks

    def __call__(self, call: Call) -> Reply:
        who = NAMES.get(KEYS.get(call.headers.get("x-key", ""), ""), "")
        own: list[dict[str, Any]] = [each for each in ROWS if each["owner_id"] == who]
        if not call.path.startswith(("/notes", "/changes")):
            return super().__call__(call)
        if not who:
            return Reply(401, {"error": "log in"})
        if call.path == "/notes":
            return Reply(200, own)
        if call.path == "/changes":
            return Reply(200, [{**each, "id": f"c-{each['id']}"} for each in own])
        row = next((each for each in ROWS if call.path == f"/notes/{each['id']}"), None)
        if row is None or row in own:
            return Reply(200 if row else 404, row or {"error": "none"})
        said = {"existing": {"text": row["text"]}} if self.leaks else {}
        return Reply(403, {"error": "no", **said})


@pytest.mark.parametrize("leaks", [True, False])
def test_a_refusal_that_carries_what_it_refuses(tmp_path: Path, leaks: bool) -> None:
    """The field of the change was told, and that of the note called closed."""
    found = told(tmp_path, SHAPES, PATHS, POLICY, Logged(leaks=leaks))
    every = [e for e in found.report.cells if (e.resource, e.viewer) == ("Note", "member")]
    at = [e for e in every if e.endpoint.operation == "getNote"]
    assert {e.result.value for e in at if e.field == "text"} == {"leak" if leaks else "closed"}
    assert (("Note.text", "member") in found.proven) is leaks
