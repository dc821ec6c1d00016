"""Keys that end with `/`, as one of 64 in base64 does: removed where the URL shows whose it is.

A server that decodes a path before it routes reads `/notes/600%2F` as `/notes/600`.
"""

from __future__ import annotations

import copy
import itertools
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.test_put_away_first import ADD, DROP, ID, NOTE, POLICY, SHAPES
from tests.scan.verdicts import NAMES, Told, logged_in, path, told

pytestmark = pytest.mark.server
KEYS = ["{}/", "/{}", "{}//x", "{}\\"]


class Notes:
    """A new note has the key of one that is there, and a `/`. `merges`: the server decodes a path
    before it routes. `refuses`: with which a removal is refused before the note is archived."""

    def __init__(self, form: str, *, merges: bool = False, refuses: int = 0) -> None:
        self.form, self.merges, self.refuses = form, merges, refuses
        self.count = itertools.count(600)
        self.notes: dict[str, dict[str, Any]] = {}
        self.archived: set[str] = set()
        for _ in range(6):
            for who, id in NAMES.items():
                self.add(id, f"{who} keeps bees {next(self.count)}", str(next(self.count)))
        self.new = itertools.cycle([*self.notes])

    def add(self, by: str, text: str, id: str) -> dict[str, Any]:
        self.notes[id] = {"id": id, "by": by, "text": text}
        return self.notes[id]

    def named(self, path: str) -> list[str]:
        if not self.merges:
            return [unquote(each) for each in path.strip("/").split("/")]
        return [each for each in re.split(r"[/\\]", unquote(path)) if each not in ("", "x")]

    def __call__(self, name: str, call: Call) -> Reply:
        me, (_, *rest) = NAMES[name], self.named(call.path)
        if not rest and call.method == "POST":
            new = next(self.form.format(each) for each in self.new)
            return Reply(201, self.add(me, call.json["text"], new))
        if not rest:
            return Reply(200, [each for each in self.notes.values() if each["by"] == me])
        found = self.notes.get(rest[0])
        if found is None or found["by"] != me:
            return Reply(404, {"error": "none"})
        if call.method == "POST":
            self.archived.add(found["id"])
            return Reply(204)
        if call.method == "DELETE":
            if self.refuses and found["id"] not in self.archived:
                return Reply(self.refuses, {"error": "archive it first"})
            return Reply(204, self.notes.pop(found["id"]) and None)
        if call.method == "PATCH":
            found["text"] = call.json.get("text", found["text"])
        return Reply(200, found)


def scan(folder: Path, api: Notes) -> Told:
    edit = f"""\
    patch:
      operationId: editNote
      {ID}
      requestBody:
        content:
          application/json: {{schema: {{type: object, properties: {{text: {{type: string}}}}}}}}
      responses: {{"200": {{description: ok, {NOTE}}}}}
"""
    paths = path("/notes", "listNotes", "Note", many=True) + ADD
    paths += path("/notes/{id}", "getNote", "Note") + edit + DROP.replace("BODY", "")
    policy = POLICY.replace("CALL", "call: [owner]")
    policy += "  editNote: {call: [owner], params: {id: Note.id}}\n"
    return told(folder, SHAPES, paths, policy, logged_in(api), allow_writes=True, budget=2000)


@pytest.mark.parametrize("form", KEYS)
def test_what_the_run_has_made_is_removed(form: str, tmp_path: Path) -> None:
    api = Notes(form)
    before = copy.deepcopy(api.notes)
    run = scan(tmp_path, api)
    assert (run.report.findings, run.report.writes and run.report.writes.left) == ((), ())
    assert run.code is ExitCode.CLEAN
    assert api.notes == before
    assert next(api.new) != "601"  # something was made


@pytest.mark.parametrize("refuses", [0, 409])
@pytest.mark.parametrize("form", KEYS)
def test_nothing_is_removed_where_the_url_names_another(
    form: str, refuses: int, tmp_path: Path
) -> None:
    api = Notes(form, merges=True, refuses=refuses)
    before = copy.deepcopy(api.notes)
    run = scan(tmp_path, api)
    assert {each: api.notes[each] for each in before} == before
    assert api.archived == set()
    assert run.code is ExitCode.NOT_TRUSTWORTHY
    assert run.report.writes is not None and len(run.report.writes.left) == len(api.notes) - len(
        before
    )


@pytest.mark.parametrize("form", KEYS)
def test_nothing_is_archived_by_a_url_of_which_nothing_is_known(form: str, tmp_path: Path) -> None:
    api = Notes(form, refuses=409)
    run = scan(tmp_path, api)
    assert api.archived == set()
    assert run.code is ExitCode.NOT_TRUSTWORTHY
