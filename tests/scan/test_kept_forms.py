"""APIs that keep a text in another form than it was sent: the run knows what it has made."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

POLICY = """\
  Note:
    key: id
    owner: owner_id
    main: getNote
    fields:
      id, owner_id: [{see: owner}]
      title, text: [{see: owner, set: owner}]
operations:
  getNote: {params: {id: Note.id}}
  createNote: {sets: {Note: ""}}
  patchNote: {sets: {Note: ""}, params: {id: Note.id}}
"""
ID = "parameters: [{name: id, in: path, required: true, schema: {type: string}}]"
NOTE = 'content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}'
BODY = """content: {application/json: {schema: {type: object, REQUIRED properties: {
        title: {type: string}, text: {type: string, nullable: true}}}}}"""
WRITES = f"""\
    patch:
      operationId: patchNote
      {ID}
      requestBody: {{required: true, {BODY.replace("REQUIRED", "")}}}
      responses: {{"200": {{description: ok, {NOTE}}}}}
    delete: {{operationId: deleteNote, {ID}, responses: {{"204": {{description: gone}}}}}}
"""
CREATE = f"""\
    post:
      operationId: createNote
      requestBody: {{required: true, {BODY.replace("REQUIRED", "required: [title],")}}}
      responses: {{"201": {{description: made, {NOTE}}}}}
"""
FORMS: dict[str, Callable[[str], str]] = {
    "as sent": str,
    "first letter": lambda text: text[:1].upper() + text[1:],
    "capitals": str.upper,
    "a slug": lambda text: text.replace(" ", "-"),
    "cut": lambda text: text[:12],
    "marked up": lambda text: text if text.startswith("<p>") else f"<p>{text}</p>",
}


class Notes:
    """`form`: how a title is kept. `open`: anybody may write to a note. `nulls`: an empty text is
    shown as null, and null changes nothing."""

    def __init__(self, form: str, open: bool = False, nulls: bool = False) -> None:
        self.kept, self.open, self.nulls = FORMS[form], open, nulls
        self.count = itertools.count(900)
        self.written: set[str] = set()
        self.notes: dict[str, dict[str, Any]] = {}
        for who, number in itertools.product(NAMES.values(), (1, 2)):
            self.add(who, self.kept(f"pier {number}{who[-3:]}"), f"text {number} of {who}")

    def add(self, who: str, title: str, text: str) -> dict[str, Any]:
        id = f"note-{next(self.count)}-q"
        self.notes[id] = {"id": id, "owner_id": who, "title": title, "text": text}
        return self.notes[id]

    def shown(self, note: dict[str, Any]) -> dict[str, Any]:
        return {**note, "text": note["text"] or None} if self.nulls else note

    def __call__(self, name: str, call: Call) -> Reply:
        me, id = NAMES[name], call.path.removeprefix("/notes").strip("/")
        if not id and call.method == "POST":
            made = self.add(me, self.kept(call.json["title"]), call.json.get("text") or "")
            return Reply(201, self.shown(made))
        if not id:
            mine = [self.shown(n) for n in self.notes.values() if n["owner_id"] == me]
            return Reply(200, mine)
        note = self.notes.get(id)
        may = note is not None and (
            note["owner_id"] == me or (self.open and call.method == "PATCH")
        )
        if note is None or not may:
            return Reply(404, {"error": "no such note"})
        if call.method == "DELETE":
            del self.notes[id]
            return Reply(204)
        if call.method == "PATCH":
            self.written.add(id)
            if isinstance(call.json.get("title"), str):
                note["title"] = self.kept(call.json["title"])
            if isinstance(call.json.get("text"), str):
                note["text"] = call.json["text"]
        return Reply(200, self.shown(note))


def scan(folder: Path, api: Notes) -> Told:
    shapes = schema("Note", id="string", owner_id="string", title="string", text="string")
    paths = (
        path("/notes", "listNotes", "Note", many=True)
        + CREATE
        + path("/notes/{id}", "getNote", "Note")
        + WRITES
    )
    return told(folder, shapes, paths, POLICY, logged_in(api), allow_writes=True)


@pytest.mark.parametrize("form", FORMS)
def test_what_the_run_made_is_removed_in_whatever_form_it_is_kept(
    form: str, tmp_path: Path
) -> None:
    api = Notes(form)
    before = copy.deepcopy(api.notes)
    run = scan(tmp_path, api)
    assert api.notes == before and not api.written & before.keys()
    assert (run.code, run.report.findings, run.report.distrust) == (ExitCode.CLEAN, (), ())


@pytest.mark.parametrize("form", FORMS)
def test_a_strangers_write_is_found_in_whatever_form_it_is_kept(form: str, tmp_path: Path) -> None:
    api = Notes(form, open=True)
    before = copy.deepcopy(api.notes)
    run = scan(tmp_path, api)
    assert ("Note.title", "member") in run.proven
    assert api.notes == before and not run.report.distrust


def test_a_value_that_could_not_be_restored_is_gone_with_the_object(tmp_path: Path) -> None:
    """The restoration to null changes nothing; then the run removes the note that it made."""
    api = Notes("as sent", nulls=True)
    before = copy.deepcopy(api.notes)
    run = scan(tmp_path, api)
    assert api.written and api.notes == before
    assert run.report.writes is not None and not run.report.writes.left
    assert (run.code, run.report.distrust) == (ExitCode.CLEAN, ())
