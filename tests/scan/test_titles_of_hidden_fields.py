"""A field that leaks to whoever may see the rest of the object is a hidden field of it, and not an
object that they may not see: also if they see the rest by a member of the object, or in one of its
states alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, RELATIONS, logged_in, path, schema, told

pytestmark = pytest.mark.server

GUESTS = RELATIONS.replace("owner: {is: owner}", "owner: {is: owner}, guest: {field: guest_id}")
SHAPES = schema(
    "Note", id="string", by="string", guest_id="string", level="string", text="string",
    place="string",
)  # fmt: skip
POLICY = """\
  Note:
    key: id
    owner: by
    states: {level: {field: level, levels: [public, private], missing: private}}
    fields:
      id, by, guest_id, level, text:
        - {see: [owner, guest]}
        - {see: [member], when: {level: public}}
      place: [{see: [owner]}]
operations:
  getNote: {params: {id: Note.id}}
"""


def test_a_field_is_a_hidden_one_to_whoever_may_see_the_rest(tmp_path: Path) -> None:
    ids = list(NAMES.values())
    notes = {
        f"n-{n}": {
            "id": f"n-{n}", "by": id, "guest_id": ids[(n + 1) % 3], "level": "public",
            "text": f"{name} keeps bees", "place": f"{n} Mill Lane, Corby",
        }
        for n, (name, id) in enumerate(NAMES.items())
    }  # fmt: skip

    @logged_in
    def api(who: str, call: Call) -> Reply:
        if call.path == "/notes":
            return Reply(200, [e for e in notes.values() if e["by"] == NAMES[who]])
        note = notes.get(call.path.removeprefix("/notes/"))
        return Reply(200, note) if note else Reply(404, {"error": "none"})

    paths = path("/notes", "listNotes", "Note", many=True)
    paths += path("/notes/{id}", "getNote", "Note")
    run = told(tmp_path, SHAPES, paths, POLICY, api, relations=GUESTS)
    assert {each.title for each in run.report.findings} == {
        "Any member can read hidden fields of other users' notes (`Note.place`)",
        "Any guest gets hidden fields of other users' notes (`Note.place`)",
    }
    assert {each.field for each in run.report.findings} == {"place"}
