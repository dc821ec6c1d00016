"""Whatever an API refuses or accepts: after a scan that writes, each object that was there before
has the values that it had, or is named; and nothing is written back to one that has them."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import HEAD, KEYS, ME, NAMES, Told, told

KEY_AT = ("path", "query", "body", "header", "list", "board")
"""Where a write names its object; `list`: in a list of keys in its body; `board`: by a number that
counts in each board, whose key stands before it in the path."""
REFUSALS = ("404", "403", "ok", "code", "object", "204")
"""How the API refuses a write, or ignores a member: by a status, by 200 and a word or a number, by
showing the object, or not at all."""
FOLDER = ("no", "optional", "required")
"""Whether the body has a member that moves an object, which the contract fills."""
LEAKS = ("", "theirs", "comment")
"""`theirs`: whoever asks writes to anybody's; `comment`: owners set it, though nobody may."""


@dataclass
class Notes:
    """Notes in folders, which no one can make or remove."""

    key_at: str = "path"
    refusal: str = "404"
    folder: str = "no"
    leak: str = ""
    newest_first: bool = False
    method: str = "patch"
    cut: bool = False
    """Whether the list shows the beginning of a title."""
    notes: list[dict[str, Any]] = field(default_factory=list)
    back: list[Any] = field(default_factory=list)
    """Writes that were carried out and held nothing else than there was."""

    def __post_init__(self) -> None:
        for number, who in enumerate(2 * [*NAMES]):
            for board in ("b1", "b2") if self.key_at == "board" else ("b1",):
                id = str(1 + number // len(NAMES)) if self.key_at == "board" else f"n-{number}-c41f"
                self.notes.append({
                    "id": id, "board_id": f"{board}-{NAMES[who]}", "user_id": NAMES[who],
                    "title": f"what {who} wrote in {board} as {number}",
                    "comment": f"a remark on {who} in {board}, the one of {number}",
                    "folder_id": f"f{number // len(NAMES)}-{NAMES[who]}",
                })  # fmt: skip
        self.before = copy.deepcopy(self.notes)

    def __call__(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if not who:
            return self.refuse({}) if call.method != "GET" else Reply(401, {"error": "log in"})
        own = [each for each in self.notes if each["user_id"] == NAMES[who]]
        own.sort(key=lambda each: (each["board_id"], each["id"]), reverse=self.newest_first)
        if call.path == "/me":
            return Reply(200, {"id": NAMES[who]})
        if call.path == "/folders":
            made = sorted({e["folder_id"] for e in own}, reverse=not self.newest_first)
            return Reply(200, [{"id": each, "user_id": NAMES[who]} for each in made])
        if call.path == "/boards":
            made = sorted({each["board_id"] for each in own})
            return Reply(200, [{"id": each, "user_id": NAMES[who]} for each in made])
        if call.path == "/notes" and call.method == "GET":
            shown = own
            if "q" in call.query:
                shown = [each for each in own if call.query["q"] in each["title"]]
            return Reply(200, [self.show(each) for each in shown])
        return self.write(call, own) if call.method != "GET" else Reply(404, {"error": "no"})

    def show(self, note: dict[str, Any]) -> dict[str, Any]:
        hidden = {"board_id"} if self.key_at != "board" else set()
        hidden |= {"folder_id"} if self.folder == "no" else set()
        shown = {name: value for name, value in note.items() if name not in hidden}
        return shown | ({"title": f"{note['title'][:15]}…"} if self.cut else {})

    def write(self, call: Call, own: list[dict[str, Any]]) -> Reply:
        said = call.json if call.body else {}
        parts = call.path.strip("/").split("/")
        keys = {
            "path": parts[1:], "query": [call.query.get("note", "")],
            "header": [call.headers.get("x-note", "")], "body": [said.get("id")],
            "list": said.get("ids", []), "board": parts[3:],
        }[self.key_at]  # fmt: skip
        there = self.notes if self.leak == "theirs" else own
        found = [e for e in there if e["id"] in keys]
        if self.key_at == "board":
            found = [each for each in found if each["board_id"] == parts[1]]
        if not found or len(found) != len(keys):
            return self.refuse({})
        names = ("title", "folder_id", *(("comment",) if self.leak == "comment" else ()))
        for each in found:
            sent = {name: said[name] for name in names if name in said}
            same = all(each[name] == value for name, value in sent.items())
            if same and sent and "oakum-" not in str(said):  # what is tried is written, once
                self.back.append((call.path, said))
            each |= sent
        if not {*names} & said.keys():
            return self.refuse(found[0])
        return Reply(200, {"ok": True, "note": self.show(found[0])})

    def refuse(self, note: dict[str, Any]) -> Reply:
        return {
            "404": Reply(404, {"error": "no such note"}), "403": Reply(403, {"error": "no"}),
            "ok": Reply(200, {"ok": False, "error": "no_such_note"}),
            "code": Reply(200, {"code": 40301, "msg": "kein Zugriff", "data": None}),
            "object": Reply(200, {"ok": True, "note": self.show(note)} if note else {"note": None}),
            "204": Reply(204, None),
        }[self.refusal]  # fmt: skip

    @property
    def policy(self) -> str:
        params = {"list": "ids", "path": "id", "board": "n", "body": "id"}.get(self.key_at, "note")
        params = "X-Note" if self.key_at == "header" else params
        filled = {params: "Note.id"}
        filled |= {"b": "Board.id"} if self.key_at == "board" else {}
        filled |= {"folder_id": "Folder.id"} if self.folder != "no" else {}
        board = "\n  Board: {key: id, owner: user_id, fields: {'id, user_id': [{see: [owner]}]}}"
        return f"""\
  Note:
    key: id
    owner: user_id
    fields:
      id, user_id, comment, board_id: [{{see: [owner]}}]
      title, folder_id: [{{see: [owner], set: [owner]}}]
  Folder: {{key: id, owner: user_id, fields: {{"id, user_id": [{{see: [owner]}}]}}}}\
{board if self.key_at == "board" else ""}
operations:
  changeNote: {{params: {json.dumps(filled)}, sets: {{Note: ""}}, call: [owner]}}
"""

    @property
    def document(self) -> str:
        path = {"path": "/notes/{id}", "board": "/boards/{b}/notes/{n}"}.get(self.key_at, "/change")
        where = {"query": "note", "header": "X-Note"}.get(self.key_at)
        named = [{"name": where, "in": self.key_at, "required": True}] if where else []
        named += [
            {"name": each, "in": "path", "required": True}
            for each in {"path": ["id"], "board": ["b", "n"]}.get(self.key_at, ())
        ]
        text = {"type": "string"}
        members: dict[str, Any] = {"title": text}
        members |= {"id": text} if self.key_at == "body" else {}
        members |= {"ids": {"type": "array", "items": text}} if self.key_at == "list" else {}
        members |= {"folder_id": text} if self.folder != "no" else {}
        required = [each for each in ("id", "ids") if each in members]
        required += ["folder_id"] if self.folder == "required" else []
        shape = {"type": "object", "properties": members, "required": required}
        write = {
            "operationId": "changeNote",
            "parameters": [{**each, "schema": text} for each in named],
            "requestBody": {"required": True, "content": {"application/json": {"schema": shape}}},
            "responses": {"200": {"description": "done", "content": {"application/json": {
                "schema": {"type": "object", "properties": {
                    "note": {"$ref": "#/components/schemas/Note"}
                }}
            }}}},
        }  # fmt: skip
        shown = dict.fromkeys(("id", "user_id", "board_id", "title", "comment", "folder_id"), text)
        kept = {"id": text, "user_id": text}
        q = {"parameters": [{"name": "q", "in": "query", "schema": text}]}
        lists = {
            f"/{name.lower()}s": {"get": {
                "operationId": f"list{name}s", **(q if name == "Note" else {}),
                "responses": {"200": {"description": "ok", "content": {"application/json": {
                    "schema": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}
                }}}},
            }}
            for name in ("Note", "Folder", "Board")
        }  # fmt: skip
        paths = {**lists, path: {self.method: write}}
        schemas = {
            "Note": {"type": "object", "properties": shown},
            "Folder": {"type": "object", "properties": kept},
            "Board": {"type": "object", "properties": kept},
        }
        said = "".join(f"    {n}: {json.dumps(each)}\n" for n, each in schemas.items())
        return f"{HEAD}{said}paths:\n{ME}" + "".join(
            f"  {each}: {json.dumps(does)}\n" for each, does in paths.items()
        )


def scan(folder: Path, api: Notes) -> Told:
    return told(folder, "", "", api.policy, api, document=api.document, allow_writes=True)


def untried(run: Told) -> str:
    assert run.report.writes is not None
    return " ".join(each.reason for each in run.report.writes.untried)


def samples(number: int, seed: int) -> list[Notes]:
    every = [*product(KEY_AT, REFUSALS, FOLDER, LEAKS, (False, True), ("patch", "put", "post"))]
    return [Notes(*each) for each in Random(seed).sample(every, number)]


@pytest.mark.parametrize("api", samples(36, 47), ids=lambda api: "-".join(
    map(str, (api.key_at, api.refusal, api.folder, api.leak, api.newest_first, api.method))
))  # fmt: skip
def test_what_was_there_before_has_its_values_or_is_named(tmp_path: Path, api: Notes) -> None:
    run = scan(tmp_path, api)
    lost = [each for each, was in zip(api.notes, api.before, strict=True) if each != was]
    assert not lost, (lost, run.report.distrust)
    assert run.report.distrust == ()
    assert not api.back or api.refusal == "204"
    if api.leak == "" and api.refusal != "204":
        assert run.report.findings == ()


def test_a_value_of_which_only_the_beginning_is_shown_is_not_written_over(tmp_path: Path) -> None:
    api = Notes(leak="theirs", cut=True)
    run = scan(tmp_path, api)
    assert api.notes == api.before
    assert "`title`, for its owner may not be shown the whole value" in untried(run)


def test_an_object_that_no_response_tells_from_another_is_not_written_to(tmp_path: Path) -> None:
    """Numbers count up in each board, and no list says on which one a note is."""

    class Unplaced(Notes):
        def show(self, note: dict[str, Any]) -> dict[str, Any]:
            return {n: value for n, value in super().show(note).items() if n != "board_id"}

    api = Unplaced("board", leak="theirs")
    run = scan(tmp_path, api)
    assert (api.notes, api.back) == (api.before, [])
    assert run.report.writes is not None and run.report.writes.sent == 0
    assert "not written to: no response shows for certain what the object holds" in untried(run)


@pytest.mark.parametrize("folder", ["optional", "required"])
def test_what_a_write_moves_is_named_and_is_the_apis_doing_only_if_it_was_not_sent(
    folder: str, tmp_path: Path
) -> None:
    class Moving(Notes):
        def write(self, call: Call, own: list[dict[str, Any]]) -> Reply:
            held = copy.deepcopy(own)
            reply = super().write(call, own)
            for each, was in zip(own, held, strict=True):
                each["folder_id"] = "f9-moved" if each != was else was["folder_id"]
            return reply

    api = Moving(leak="comment", folder=folder)
    run = scan(tmp_path, api)
    assert api.notes != api.before and run.report.writes is not None
    (said,) = (
        each for each in run.report.writes.left if each.startswith("`Note` of ann: `folder_id`")
    )
    assert ("sets it itself" in said) is (folder == "optional")
    assert ("which sent it beside" in said) is (folder == "required")
    assert any("`Note` of ann differs" in each for each in run.report.distrust)
