"""A list that is filtered by a field of notes, and shows their authors beside them: where the
filter names a hidden note, the author is rightly missing too."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

NOTES = [
    {"id": f"n-{id}-{draft}", "by": id, "title": f"{draft} plans of {name}", "draft": draft}
    for name, id in NAMES.items()
    for draft in (True, False)
]
SHAPES = (
    schema("Note", id="string", by="string", title="string", draft="boolean")
    + schema("Author", id="string", name="string")
    + "    Notes: {type: object, properties: {data: {type: array, items: {$ref:"
    ' "#/components/schemas/Note"}}, included: {type: array, items: {$ref:'
    ' "#/components/schemas/Author"}}}}\n'
)
QUERY = (
    "{name: title, in: query, schema: {type: string}},"
    " {name: by, in: query, schema: {type: string}},"
    " {name: include, in: query, schema: {type: string, example: 'author,notes'}}"
)
POLICY = """\
  Author: {key: id, owner: id, fields: {"id, name": [{see: [member]}]}}
  Note:
    key: id
    owner: by
    main: getNote
    states: {draft: {field: draft, missing: true}}
    fields:
      id, by, title, draft: [{see: [owner]}, {see: [member], when: {draft: false}}]
operations:
  listNotes:
    params: {title: Note.title, by: Author.id}
    shows: {Note: "/data/*", Author: "/included/*"}
  getNote: {params: {id: Note.id}}
"""


def scan(folder: Path) -> Told:
    def answer(who: str, call: Call) -> Reply:
        me = NAMES[who]
        seen = [each for each in NOTES if each["by"] == me or not each["draft"]]
        if call.path == "/notes":
            rows = [e for e in seen if call.query.get("title", e["title"]) == e["title"]]
            rows = [e for e in rows if call.query.get("by", e["by"]) == e["by"]]
            by = {each["by"] for each in rows if call.query.get("include")}
            authors = [{"id": id, "name": f"{n} Moss"} for n, id in NAMES.items() if id in by]
            return Reply(200, {"data": rows, "included": authors})
        found = [each for each in seen if call.path == f"/notes/{each['id']}"]
        return Reply(200, found[0]) if found else Reply(404, {"error": "no such note"})

    notes = path("/notes", "listNotes", "Notes").replace("parameters: []", f"parameters: [{QUERY}]")
    paths = notes + path("/notes/{id}", "getNote", "Note")
    return told(folder, SHAPES, paths, POLICY, logged_in(answer))


def test_the_author_of_a_hidden_note_may_be_missing(tmp_path: Path) -> None:
    run = scan(tmp_path)
    assert run.report.findings == ()
    assert run.code is ExitCode.CLEAN
