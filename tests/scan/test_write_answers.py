"""What a write is answered with is judged like what a read is: it may hold another's values."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from oakum.finding import Report
from oakum.scan.options import Options
from oakum.scan.run import Scan
from tests.catalogue.play import hasty
from tests.scan.servers import Call, Reply, serve
from tests.scan.verdicts import HEAD, IDENTITIES, KEYS, ME, NAMES, RELATIONS, Told, path, schema

pytestmark = pytest.mark.server

NOTE = schema(
    "Note", id="string", by="string", title="string", secret="string", team="string", pin="string"
)
NOTE += schema("NoteIn", title="string", extra="string")
_BODY = '{content: {application/json: {schema: {$ref: "#/components/schemas/NoteIn"}}}}'
PATHS = (
    path("/people/{id}/guests", "listGuests", "Me", many=True)
    + path("/notes", "listNotes", "Note", many=True)
    + f"""\
    post:
      operationId: createNote
      requestBody: {_BODY}
      responses: {{"201": {{description: made}}}}
"""
    + path("/notes/{id}", "getNote", "Note")
    + f"""\
    patch:
      operationId: updateNote
      parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
      requestBody: {_BODY}
      responses: {{"200": {{description: ok}}}}
    delete:
      operationId: deleteNote
      parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
      responses: {{"204": {{description: gone}}}}
"""
)
POLICY = """\
  Note:
    key: id
    owner: by
    main: getNote
    fields:
      id, by: [{see: [member]}]
      title: [{see: [member]}, {set: [owner]}]
      secret: [{see: [owner]}]
operations:
  listGuests: {owner: id, params: {id: Me.id}, untested: ids alone}
  createNote: {sets: {Note: ""}}
  updateNote: {sets: {Note: ""}}
"""
Say = Callable[[str, dict[str, Any], list[dict[str, Any]], dict[str, Any]], Any]
"""Caller, the note, all notes, what was sent → the body of an answer."""


class Notes:
    """Notes of three people. `made`, `kept_out`: what a creation, and a refused change, says."""

    status = 403

    def __init__(self, *, made: Say | None = None, kept_out: Say | None = None) -> None:
        self.made, self.kept_out = made, kept_out
        self.calls: list[tuple[str, str]] = []
        self.notes: dict[str, dict[str, Any]] = {}
        for name in NAMES:
            self.add(name, f"title of {name}")

    def add(self, who: str, title: str) -> dict[str, Any]:
        note = {"id": str(uuid.uuid4()), "by": NAMES[who], "title": title}
        self.notes[note["id"]] = note | {"secret": f"secret {uuid.uuid4().hex}"}
        return self.notes[note["id"]]

    def __call__(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        self.calls.append((call.method, call.path))
        if not who:
            return Reply(401, {"error": "log in"})
        if call.path == "/me":
            return Reply(200, {"id": NAMES[who]})
        everybodys = list(self.notes.values())
        if call.path.endswith("/guests"):
            return Reply(200, [])
        if call.path == "/notes" and call.method == "POST":
            note = self.add(who, str(call.json.get("title")))
            told = self.made(who, note, everybodys, call.json) if self.made else note
            return Reply(201, told)
        if call.path == "/notes":
            return Reply(200, [self.seen(who, each) for each in everybodys])
        note = self.notes.get(call.path.rpartition("/")[2], {})
        if not note:
            return Reply(404, {"error": "none"})
        if call.method == "GET":
            return Reply(200, self.seen(who, note))
        if note["by"] != NAMES[who]:
            said = self.kept_out(who, note, everybodys, call.json if call.body else {})
            return Reply(self.status, said)
        if call.method == "DELETE":
            del self.notes[note["id"]]
            return Reply(204)
        note["title"] = call.json.get("title", note["title"])
        return Reply(200, note)

    @staticmethod
    def seen(who: str, note: dict[str, Any]) -> dict[str, Any]:
        hidden = () if note["by"] == NAMES[who] else ("secret",)
        if hidden and note.get("team", NAMES[who]) != NAMES[who]:
            hidden = ("secret", "pin")
        return {name: value for name, value in note.items() if name not in hidden}


def scan(
    folder: Path,
    api: Notes,
    policy: str = POLICY,
    *,
    relations: str = RELATIONS,
    writes: bool = True,
) -> Told:
    (folder / "openapi.yaml").write_text(f"{HEAD}{NOTE}paths:\n{ME}{PATHS}")
    (folder / "exposure.yaml").write_text(relations + policy)
    (folder / "identities.yaml").write_text(IDENTITIES)
    before = copy.deepcopy(api.notes)
    with serve(api) as server:
        options = Options(
            folder / "exposure.yaml", server.url, folder / "identities.yaml", budget=2000,
            rate=10_000, allow_writes=writes,
        )  # fmt: skip
        report: Report = Scan(options, lambda event: None, sleep=hasty).report()
    assert api.notes == before, "a trial has changed what it tests"
    return Told(report)


def no(who: str, note: dict[str, Any], every: list[dict[str, Any]], sent: dict[str, Any]) -> Any:
    return {"error": "not yours"}


def test_a_refused_change_that_returns_anothers_object_is_proven(tmp_path: Path) -> None:
    run = scan(tmp_path, Notes(kept_out=lambda who, note, every, sent: {"current": note}))
    assert ("Note.secret", "member") in run.proven
    found = run.finding("Note.secret", "member")
    assert {(each.method, each.path) for each in found.endpoints} >= {("PATCH", "/notes/{id}")}
    assert found.evidence is not None and found.evidence.curl.startswith("curl -s -X PATCH")
    assert run.code is ExitCode.FINDINGS


def test_a_creation_that_is_answered_with_everybodys_is_proven(tmp_path: Path) -> None:
    api = Notes(made=lambda who, note, every, sent: {**note, "related": every}, kept_out=no)
    run = scan(tmp_path, api)
    assert run.proven == {("Note.secret", "member")}
    assert [(e.method, e.path) for e in run.finding("Note.secret", "member").endpoints] == [
        ("POST", "/notes")
    ]


def test_what_a_write_sends_is_no_leak_when_it_comes_back(tmp_path: Path) -> None:
    """To its owner neither: nobody may see `extra`, and its maker has just sent it."""
    policy = POLICY.replace("secret:", "extra: []\n      secret:")
    echo = Notes(
        made=lambda who, note, every, sent: {**note, **sent},
        kept_out=lambda who, note, every, sent: {"error": "not yours", "you sent": sent},
    )
    run = scan(tmp_path, echo, policy)
    assert run.report.findings == ()


def test_what_the_answer_to_a_write_lacks_closes_nothing(tmp_path: Path) -> None:
    run = scan(tmp_path, Notes(kept_out=no))
    assert run.code is ExitCode.CLEAN
    reads = {"/me", "/notes", "/notes/{id}"}
    assert {cell.endpoint.path for cell in run.report.cells} <= reads
    assert {cell.endpoint.method for cell in run.report.cells} == {"GET"}


def test_without_leave_nothing_is_written_to_be_answered(tmp_path: Path) -> None:
    api = Notes(kept_out=lambda who, note, every, sent: {"current": note})
    run = scan(tmp_path, api, writes=False)
    assert run.code is ExitCode.CLEAN
    assert {method for method, _ in api.calls} == {"GET"}


def test_what_a_write_may_have_made_its_caller_to_another_is_not_held_against_its_answer(
    tmp_path: Path,
) -> None:
    """Who has just become a guest is shown what guests are shown, in that very answer."""
    policy = POLICY.replace("see: [owner]}]\noper", "see: [owner, guest]}]\noper")
    guests = "relations: {anyone: {}, guest: {in: listGuests, id: '/*/id'}, "
    api = Notes(made=lambda who, note, every, sent: {**note, "related": every}, kept_out=no)
    run = scan(
        tmp_path, api, policy, relations=RELATIONS.replace("relations: {anyone: {}, ", guests)
    )
    assert run.report.findings == ()
    refused = Notes(kept_out=lambda who, note, every, sent: {"current": note})
    run = scan(
        tmp_path, refused, policy, relations=RELATIONS.replace("relations: {anyone: {}, ", guests)
    )
    assert ("Note.secret", "member") in run.proven, "what was refused has made nobody a guest"


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The document says that a change is answered with the note."""
    note = '{$ref: "#/components/schemas/Note"}'
    said = f"{{description: ok, content: {{application/json: {{schema: {note}}}}}}}"
    whole = PATHS.replace('{"200": {description: ok}}', f'{{"200": {said}}}')
    assert whole != PATHS
    monkeypatch.setattr(f"{__name__}.PATHS", whole)


@pytest.mark.usefixtures("declared")
@pytest.mark.parametrize("status", [403, 409, 200])
def test_what_may_be_seen_is_no_leak_in_the_answer_of_a_write_that_may_not_be_sent(
    status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Notes, "status", status)
    closed = POLICY.replace("updateNote: {", "updateNote: {call: [owner], ")
    api = Notes(kept_out=lambda who, note, every, sent: Notes.seen(who, note))
    assert scan(tmp_path, api, closed).report.findings == ()


@pytest.mark.usefixtures("declared")
@pytest.mark.parametrize("status", [403, 200])
def test_nor_is_what_those_see_whom_the_object_names(
    status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Notes, "status", status)
    monkeypatch.setattr(Notes, "add", _with_team)
    policy = POLICY.replace("updateNote: {", "updateNote: {call: [owner], ").replace(
        "title: [{see: [member]}",
        "team: [{see: [member]}]\n      pin: [{see: [owner, mate]}]\n      title: [{see: [member]}",
    )
    relations = RELATIONS.replace("relations: {", "relations: {mate: {field: team}, ")
    api = Notes(kept_out=lambda who, note, every, sent: Notes.seen(who, note))
    assert scan(tmp_path, api, policy, relations=relations).report.findings == ()


def _next(who: str) -> str:
    names = [*NAMES]
    return NAMES[names[(names.index(who) + 1) % len(names)]]


def _with_team(notes: Notes, who: str, title: str) -> dict[str, Any]:
    note = {"id": str(uuid.uuid4()), "by": NAMES[who], "title": title, "team": _next(who)}
    note["pin"] = f"pin {uuid.uuid4().hex}"
    notes.notes[note["id"]] = note | {"secret": f"secret {uuid.uuid4().hex}"}
    return notes.notes[note["id"]]


class Open(Notes):
    """Anybody logged in may change a note, and is answered with all of it."""

    def __call__(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        note = self.notes.get(call.path.rpartition("/")[2], {})
        if who and note and call.method == "PATCH":
            note["title"] = call.json.get("title", note["title"])
            return Reply(200, {each: note[each] for each in ("id", "by", "title")})
        return super().__call__(call)

    @staticmethod
    def seen(who: str, note: dict[str, Any]) -> dict[str, Any]:
        return note if note["by"] == NAMES[who] else {"id": note["id"]}


@pytest.mark.usefixtures("declared")
def test_what_a_stranger_puts_back_is_no_leak_when_it_comes_back(tmp_path: Path) -> None:
    """The run restores as whom it changed it, and so sends the owner's own value."""
    policy = POLICY.replace(
        "id, by: [{see: [member]}]", "id: [{see: [member]}]\n      by: [{see: [owner]}]"
    ).replace("title: [{see: [member]}", "title: [{see: [owner]}")
    run = scan(tmp_path, Open(kept_out=no), policy)
    assert ("Note.title", "member") in run.proven  # it can be written
    assert {each.rule for each in run.report.findings if each.field == "title"} == {"bola-write"}
    assert run.named("suspected") == set()
    assert ("Note.by", "member") in run.proven  # what the answer adds to what was sent
