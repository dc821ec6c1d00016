"""Keys that an API shows and its own document does not allow in a path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scan.verdicts import NAMES, Api, path, schema, told

pytestmark = pytest.mark.server
SCHEMAS = schema("Note", id="string", by="string", title="string")
POLICY = """\
  Note:
    key: id
    owner: by
    fields:
      id, by, title: [{see: [owner]}]
operations:
  getNote: {params: {noteId: Note.id}}
"""
NOTES = {
    f"n{turn}k{id[2:]}": {"id": f"n{turn}k{id[2:]}", "by": id, "title": f"Title {turn} of {who}"}
    for who, id in NAMES.items()
    for turn in (1, 2)
}


@pytest.mark.parametrize(
    ("pattern", "named"), [("^[0-9a-f]{8}-[0-9a-f]{4}$", True), ("^n[0-9]k", False), ("", False)]
)
def test_they_are_named_since_a_gateway_would_refuse_them(
    pattern: str, named: bool, tmp_path: Path
) -> None:
    def items(who: str) -> Any:
        return [each for each in NOTES.values() if each["by"] == NAMES[who]] if who else 401

    def one(who: str, id: str) -> Any:
        found = NOTES.get(id)
        return found if found and found["by"] == NAMES.get(who) else 404

    declared = f'{{type: string, pattern: "{pattern}"}}' if pattern else "{type: string}"
    paths = path("/notes", "listNotes", "Note", many=True) + path(
        "/notes/{noteId}", "getNote", "Note"
    ).replace("schema: {type: string}", f"schema: {declared}")
    api = Api({"/notes": items, "/notes/([^/]+)": one})
    run = told(tmp_path, SCHEMAS, paths, POLICY, api)
    said = [each for each in run.report.notes if "a gateway would answer 404" in each]
    assert len(said) == named
    assert all("`noteId` of GET /notes/{noteId}" in each for each in said)
