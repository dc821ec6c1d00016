"""What is said of cells of which nothing is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.scan.verdicts import NAMES, RELATIONS, Api, path, schema, told

NOTE = """\
  Note:
    key: id
    owner: by
    fields: {"id, by, shared_with": [{see: [owner, shared]}], text: [{see: [owner]}]}
operations:
  listNotes: {params: {userId: Me.id}}
"""


def test_a_relation_that_objects_tell_is_missed_in_objects_and_not_in_identities(
    tmp_path: Path,
) -> None:
    notes = {id: {"id": f"n-{id}", "by": id, "shared_with": "", "text": f"text of {id}"}
             for id in NAMES.values()}  # fmt: skip

    def listed(who: str, id: str) -> Any:
        return [notes[id]] if NAMES.get(who) == id else []

    run = told(
        tmp_path, schema("Note", id="string", by="string", shared_with="string", text="string"),
        path("/users/{userId}/notes", "listNotes", "Note", many=True), NOTE,
        Api({"/users/([^/]+)/notes": listed}),
        relations=RELATIONS.replace("owner: {is", "shared: {field: shared_with}, owner: {is"),
    )  # fmt: skip
    reasons = {each.reason for each in run.report.cells if each.viewer == "shared"}
    assert any("no `Note` that was shown names another identity in `shared_with`" in each
               for each in reasons), reasons  # fmt: skip
    assert not any("no identity is `shared`" in each for each in reasons)
