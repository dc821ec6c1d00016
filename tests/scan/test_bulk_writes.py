"""Writes of many objects by their keys; and whose objects trial writes change: the run's own."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import HEAD, KEYS, ME, NAMES, Told, told

NOTE = "    Note: {type: object, properties: {id: {type: string}, user_id: {type: string},"
NOTE += " title: {type: string}, body: {type: string}, stars: {type: integer}}}\n"
ONE = (
    '{description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}'
)
MANY = ONE.replace("{$ref", "{type: array, items: {$ref").replace('Note"}', 'Note"}}')
TITLED = "{type: object, required: [title], properties: {title: {type: string}}}"
PATHS = f"""\
  /notes:
    get: {{operationId: listNotes, responses: {{"200": {MANY}}}}}
    post:
      operationId: createNote
      requestBody: {{content: {{application/json: {{schema: {TITLED}}}}}}}
      responses: {{"201": {ONE}}}
    METHOD:
      operationId: bulkNotes
      requestBody: {{content: {{TYPE: {{schema: BULK}}}}}}
      responses: {{"200": {{description: done}}}}
  /notes/{{noteId}}:
    parameters: [{{name: noteId, in: path, required: true, schema: {{type: string}}}}]
    get: {{operationId: getNote, responses: {{"200": {ONE}}}}}
    patch:
      operationId: changeNote
      requestBody:
        content: {{application/json: {{schema: {{$ref: "#/components/schemas/Note"}}}}}}
      responses: {{"200": {ONE}}}
    delete: {{operationId: deleteNote, responses: {{"204": {{description: gone}}}}}}
"""
LIST = '{type: array, items: {$ref: "#/components/schemas/Note"}}'
WRAPPED = f"{{type: object, properties: {{notes: {LIST}}}}}"
POLICY = """\
  Note:
    key: id
    owner: user_id
    main: getNote
    fields:
      id, user_id, stars: [{see: [owner]}]
      title, body: [{see: [owner], set: [owner]}]
"""


@dataclass
class Notes:
    """Notes that their owners make, change and remove. `leaks`: `bulk` and `one` write to
    anybody's, `stars` lets an owner set those; `makes`: whether anybody may make one."""

    leaks: frozenset[str] = frozenset()
    makes: bool = True
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    """Keys of notes that were written to."""

    def __post_init__(self) -> None:
        self.numbers = count(1)
        for who in NAMES:
            for _ in range(2):
                self.add(who, f"what {who} knows", "hardly anything")
        self.before = copy.deepcopy(self.notes)

    def add(self, who: str, title: str, body: str | None = None) -> dict[str, Any]:
        id = f"n-{next(self.numbers)}-c41f"
        self.notes[id] = {
            "id": id, "user_id": NAMES[who], "title": title, "body": body, "stars": 3,
        }  # fmt: skip
        return self.notes[id]

    def __call__(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if not who:
            return Reply(401, {"error": "log in"})
        if call.path == "/me":
            return Reply(200, {"id": NAMES[who]})
        mine = {id for id, each in self.notes.items() if each["user_id"] == NAMES[who]}
        if call.path == "/notes":
            return self.all(call, who, mine)
        id = call.path.removeprefix("/notes/")
        may = id in mine or (call.method == "PATCH" and "one" in self.leaks)
        if id not in self.notes or not may:
            return Reply(404, {"error": "no such note"})
        if call.method == "DELETE":
            del self.notes[id]
            return Reply(204, {})
        return Reply(200, self.change(id, call.json) if call.method == "PATCH" else self.notes[id])

    def all(self, call: Call, who: str, mine: set[str]) -> Reply:
        if call.method == "GET":
            return Reply(200, [self.notes[id] for id in sorted(mine)])
        if call.method == "POST":
            made = self.add(who, call.json["title"]) if self.makes else None
            return Reply(201, made) if made else Reply(403, {"error": "you have enough"})
        said = call.json if isinstance(call.json, list) else call.json.get("notes", [])
        for each in said:
            if each.get("id") in (self.notes if "bulk" in self.leaks else mine):
                self.change(each["id"], each)
        return Reply(200, {"ok": True})

    def change(self, id: str, said: dict[str, Any]) -> dict[str, Any]:
        self.changed.add(id)
        names = ("title", "body", *(("stars",) if "stars" in self.leaks else ()))
        self.notes[id] |= {name: said[name] for name in names if name in said}
        return self.notes[id]


def scan(
    folder: Path,
    api: Notes,
    bulk: str = WRAPPED,
    method: str = "patch",
    type: str = "application/json",
) -> Told:
    paths = PATHS.replace("METHOD", method).replace("TYPE", type).replace("BULK", bulk)
    run = told(
        folder, "", "", POLICY, api, document=f"{HEAD}{NOTE}paths:\n{ME}{paths}", allow_writes=True
    )
    assert api.notes == api.before
    return run


def untried(run: Told, operation: str) -> str:
    assert run.report.writes is not None
    return " ".join(
        e.reason for e in run.report.writes.untried if e.endpoint.operation == operation
    )


@pytest.mark.parametrize("body", [WRAPPED, LIST], ids=["in a member", "bare"])
@pytest.mark.parametrize("leaks", [True, False])
def test_a_write_of_many_that_takes_anybodys_is_told(
    tmp_path: Path, body: str, leaks: bool
) -> None:
    run = scan(tmp_path, Notes(frozenset({"bulk"}) if leaks else frozenset()), body)
    found = {(each.rule, each.endpoints[0].path, each.field) for each in run.report.findings}
    told_of = {("bola-write", "/notes", "title"), ("bola-write", "/notes", "body")}
    assert found == (told_of if leaks else set())
    if leaks:
        line = run.report.findings[0].evidence
        assert line is not None and "$ANN_NOTE_ID" in line.curl


@pytest.mark.parametrize(
    ("method", "type", "why"),
    [
        ("put", "application/json", "replaces the existing list"),
        ("patch", "application/merge-patch+json", "RFC 7396"),
    ],
)
def test_a_list_that_may_take_the_place_of_all_is_not_sent_and_that_is_said(
    tmp_path: Path, method: str, type: str, why: str
) -> None:
    api = Notes(frozenset({"bulk"}))
    run = scan(tmp_path, api, method=method, type=type)
    assert why in untried(run, "bulkNotes")
    assert run.report.findings == ()


@pytest.mark.parametrize("leak", ["one", "bulk", "stars"])
def test_trials_write_to_objects_that_the_run_has_made(tmp_path: Path, leak: str) -> None:
    api = Notes(frozenset({leak}))
    run = scan(tmp_path, api)
    assert any(each.rule in ("bola-write", "mass-assignment") for each in run.report.findings)
    assert api.changed and api.changed.isdisjoint(api.before)
    assert not any("did not create" in each for each in run.report.notes)


def test_where_none_can_be_made_an_existing_one_is_written_to_and_that_is_said(
    tmp_path: Path,
) -> None:
    api = Notes(frozenset({"one"}), makes=False)
    run = scan(tmp_path, api)
    assert ("Note.title", "member") in run.proven
    assert api.changed <= api.before.keys()
    (said,) = (each for each in run.report.notes if "the run could not use its own" in each)
    assert "`Note`, since POST /notes made none: it answered 403" in said
