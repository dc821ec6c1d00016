"""Writes to comments of notes: a refusal because of the note tells nothing of the comment."""

from __future__ import annotations

import copy
import itertools
import re
from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

POLICY = """\
  Note:
    key: id
    owner: user_id
    main: getNote
    states: {public: {field: public, open: true, missing: false}}
    fields:
      id, user_id, title, public:
        - {see: owner}
        MEMBERS
  Comment:
    key: id
    owner: author_id
    fields:
      id, note_id, author_id: [{see: member}]
      text: [{see: member, set: owner}]
operations:
  getNote: {params: {id: Note.id}}
  listComments: {params: {id: Note.id}}
  createComment: {sets: {Comment: ""}, call: [member], params: {id: Note.id}}
  updateComment: {sets: {Comment: ""}, call: [owner], params: {id: Note.id, cid: Comment.id}}
  deleteComment: {call: [owner], params: {id: Note.id, cid: Comment.id}}
"""
BODY = """content: {application/json: {schema: {
        type: object, required: [text], properties: {text: {type: string}}}}}"""
COMMENT = 'content: {application/json: {schema: {$ref: "#/components/schemas/Comment"}}}'
WRITES = f"""\
    post:
      operationId: createComment
      parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
      requestBody: {{required: true, {BODY}}}
      responses: {{"201": {{description: made, {COMMENT}}}}}
  /notes/{{id}}/comments/{{cid}}:
    parameters:
      - {{name: id, in: path, required: true, schema: {{type: string}}}}
      - {{name: cid, in: path, required: true, schema: {{type: string}}}}
    patch:
      operationId: updateComment
      requestBody: {{required: true, {BODY}}}
      responses: {{"200": {{description: ok}}}}
    delete: {{operationId: deleteComment, responses: {{"204": {{description: gone}}}}}}
"""


class Notes:
    """`open`: which notes are public: each owner's `second`, or `none`. `checks`: of a comment,
    its `author` and its note; its `note`, so anybody who sees that may write; or only that the note
    is the caller's, so its key is enough (`key`). `ids`: `global`, or `counted` in each note,
    of which a list shows the last."""

    def __init__(self, open: str, checks: str, ids: str) -> None:
        self.checks, self.ids, self.count = checks, ids, itertools.count(700)
        self.notes: dict[str, dict[str, Any]] = {}
        self.comments: dict[tuple[str, str], dict[str, Any]] = {}
        many = dict(zip(NAMES.values(), (2, 4, 6), strict=True))
        for who, number in itertools.product(NAMES.values(), (1, 2)):
            id = f"note-{who}-{number}"
            public = open == "second" and number == 2
            self.notes[id] = {"id": id, "user_id": who, "title": f"of {id}", "public": public}
            for _ in range(many[who]):
                self.add(id, who, f"said in {id}")

    def add(self, note: str, who: str, text: str) -> dict[str, Any]:
        inside = sum(at == note for at, _ in self.comments)
        id = str(inside + 1) if self.ids == "counted" else f"comment-{next(self.count)}-x"
        made = {"id": id, "note_id": note, "author_id": who, "text": text}
        self.comments[note, id] = made
        return made

    def state(self) -> Any:
        return copy.deepcopy((self.notes, self.comments))

    def __call__(self, call: Call) -> Reply:
        return logged_in(self._answer)(call)

    def _answer(self, name: str, call: Call) -> Reply:
        me = NAMES[name]
        parts = call.path.strip("/").split("/")
        note = self.notes.get(parts[1]) if len(parts) > 1 else None
        if parts == ["notes"]:
            return Reply(200, [n for n in self.notes.values() if self.sees(n, me)])
        if note is None or not self.sees(note, me):
            return Reply(404, {"error": "no such note"})
        if len(parts) == 2:
            return Reply(200, note)
        if len(parts) == 3 and call.method == "POST":
            return Reply(201, self.add(note["id"], me, call.json["text"]))
        if len(parts) == 3:
            here = [c for c in self.comments.values() if c["note_id"] == note["id"]]
            return Reply(200, here[-1:] if self.ids == "counted" else here)
        return self.written(call, note, parts[3], me)

    @staticmethod
    def sees(note: dict[str, Any], me: str) -> bool:
        return note["user_id"] == me or bool(note["public"])

    def written(self, call: Call, note: dict[str, Any], id: str, me: str) -> Reply:
        here = self.comments.get((note["id"], id))
        any_note = next((c for (_, k), c in self.comments.items() if k == id), None)
        found = here or (any_note if self.checks == "key" else None)
        if found is None:
            return Reply(404, {"error": "no such comment"})
        if self.checks == "author" and found["author_id"] != me:
            return Reply(403, {"error": "not yours"})
        if self.checks == "key" and me not in (note["user_id"], found["author_id"]):
            return Reply(403, {"error": "not yours"})
        if call.method == "DELETE":
            del self.comments[found["note_id"], found["id"]]
            return Reply(204)
        found["text"] = call.json["text"]
        return Reply(200, found)


def scan(folder: Path, api: Notes, *, members: bool = True) -> Told:
    shapes = schema("Note", id="string", user_id="string", title="string", public="boolean")
    shapes += schema("Comment", id="string", note_id="string", author_id="string", text="string")
    paths = (
        path("/notes", "listNotes", "Note", many=True)
        + path("/notes/{id}", "getNote", "Note")
        + path("/notes/{id}/comments", "listComments", "Comment", many=True)
        + WRITES
    )
    grant = "- {see: member, when: {public: true}}" if members else ""
    policy = re.sub(r" *MEMBERS\n", f"        {grant}\n" if grant else "", POLICY)
    return told(folder, shapes, paths, policy, api, allow_writes=True)


def written(run: Told) -> set[tuple[str, str, str]]:
    return {
        (each.rule, f"{each.resource}.{each.field}", each.viewer) for each in run.report.findings
    }


def untried(run: Told) -> set[str]:
    assert run.report.writes is not None
    return {
        each.endpoint.operation
        for each in run.report.writes.untried
        if "refused below a `Note`" in each.reason
    }


BOTH = {("bola-write", "Comment.id", "member"), ("bola-write", "Comment.text", "member")}


@pytest.mark.parametrize(("checks", "found"), [("note", BOTH), ("author", set())])
def test_a_comment_is_written_to_below_a_note_that_the_stranger_is_shown(
    checks: str, found: set[Any], tmp_path: Path
) -> None:
    """The first note of each owner is private: below it strangers are refused for the note."""
    api = Notes("second", checks, "global")
    before = api.state()
    run = scan(tmp_path, api)
    assert written(run) == found
    assert not untried(run)
    assert api.state() == before


@pytest.mark.parametrize(("checks", "found"), [("key", BOTH), ("author", set())])
def test_a_comment_is_written_to_below_the_strangers_own_note(
    checks: str, found: set[Any], tmp_path: Path
) -> None:
    """No note is ever shown to others; the key of the comment is enough (CWE-639)."""
    api = Notes("none", checks, "global")
    before = api.state()
    run = scan(tmp_path, api, members=False)
    assert written(run) == found
    assert not untried(run)
    assert api.state() == before


@pytest.mark.parametrize("checks", ["note", "author"])
def test_what_was_refused_because_of_the_note_alone_is_named(checks: str, tmp_path: Path) -> None:
    """The contract lets members see public notes, and there is none: nothing was tried."""
    api = Notes("none", checks, "global")
    before = api.state()
    run = scan(tmp_path, api)
    assert written(run) == set()
    assert untried(run) == {"updateComment", "deleteComment"}
    assert api.state() == before


@pytest.mark.parametrize("open", ["none", "second"])
def test_keys_that_count_in_each_note_lead_to_no_comment_that_was_there(
    open: str, tmp_path: Path
) -> None:
    """`/notes/{own}/comments/3` may be another comment, of the stranger's own."""
    api = Notes(open, "note", "counted")
    before = api.state()
    run = scan(tmp_path, api)
    assert api.state() == before
    assert run.report.writes is not None
    assert run.report.writes.changes and not run.report.writes.left
