"""Whoever an API shows the text that a creation has sent, and whomever it lets delete: the report
of a scan never claims fewer leftovers than the API has, and what was there before is all there."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import HEAD, KEYS, ME, NAMES, Told, told

OF = ("sender", "named", "room")
"""Whose a new note is: of who sends it, of whom its body names, or of the owner of its room."""
SHOWN = ("owner", "creator", "nobody")
"""Who is shown the text of a note."""
ANSWERS = ("echo", "201", "id", "204", "{}")
"""How a creation is answered: with what was sent, with what its sender is shown of the note, with
its id alone, with nothing."""
REMOVERS = ("owner", "creator", "nobody", "silent")
"""Whom the API lets delete a note; `silent`: it says that it has, to everybody."""
READS = ("both", "list", "one", "none", "held", "held list")
"""Which endpoints show notes: their list, the one of a single note; `held`: they show no new
one."""


@dataclass
class Notes:
    """Notes that their owner is shown, in rooms or not, and an account of each of them."""

    of: str = "sender"
    shown: str = "owner"
    answer: str = "201"
    removers: str = "owner"
    reads: str = "both"
    notes: list[dict[str, Any]] = field(default_factory=list)
    made: int = 0
    tried: set[str] = field(default_factory=set)
    """Who asked to delete which new note."""

    def __post_init__(self) -> None:
        for number, who in enumerate(NAMES):
            self.notes.append(
                self.new(f"n-{number}-c41f", NAMES[who], NAMES[who], f"by {who} {number}")
            )
        self.before = copy.deepcopy(self.notes)

    def new(self, id: str, owner: str, creator: str, text: str) -> dict[str, Any]:
        note = {"id": id, "user_id": owner, "creator_id": creator, "text": text}
        return note | ({"room_id": owner.replace("u-", "r-")} if self.of == "room" else {})

    @property
    def left(self) -> list[dict[str, Any]]:
        return [each for each in self.notes if each not in self.before]

    def __call__(self, call: Call) -> Reply:
        who = NAMES.get(KEYS.get(call.headers.get("x-key", ""), ""), "")
        if not who:
            return Reply(401, {"error": "log in"})
        parts = call.path.strip("/").split("/")
        if call.path == "/me":
            return Reply(200, {"id": who})
        if call.path == "/rooms":
            return Reply(200, [{"id": who.replace("u-", "r-"), "user_id": who}])
        if call.method == "POST":
            return self.make(call, who, parts)
        if call.path == "/notes" and self.reads in ("both", "list", "held", "held list"):
            return Reply(200, [self.show(each, who) for each in self.notes if self.sees(each, who)])
        found = next((e for e in self.notes if [e["id"]] == parts[1:]), None)
        if call.method == "GET" and found and self.reads in ("both", "one", "held"):
            return Reply(200, self.show(found, who)) if self.sees(found, who) else Reply(404, {})
        if call.method != "DELETE" or found is None:
            return Reply(404, {"error": "no such note"})
        return self.remove(found, who)

    def sees(self, note: dict[str, Any], who: str) -> bool:
        if self.reads.startswith("held") and note not in self.before:
            return False
        return who in (note["user_id"], note["creator_id"])

    def show(self, note: dict[str, Any], who: str) -> dict[str, Any]:
        whom = {"owner": note["user_id"], "creator": note["creator_id"]}.get(self.shown)
        return {n: v for n, v in note.items() if n != "text" or whom == who}

    def make(self, call: Call, who: str, parts: list[str]) -> Reply:
        said, self.made = call.json, self.made + 1
        owner = {"sender": who, "named": said.get("user_id", who), "room": parts[1:2]}[self.of]
        owner = owner[0].replace("r-", "u-") if isinstance(owner, list) else owner
        note = self.new(f"n-{self.made + 9}-{self.made * 7919:04x}", owner, who, said["text"])
        self.notes.append(note)
        return {
            "echo": Reply(201, note), "201": Reply(201, self.show(note, who)),
            "id": Reply(201, {"id": note["id"]}), "204": Reply(204, b""), "{}": Reply(200, {}),
        }[self.answer]  # fmt: skip

    def remove(self, note: dict[str, Any], who: str) -> Reply:
        if note not in self.before:
            self.tried.add(f"{note['id']} by {who}")
        if self.removers == "silent":
            return Reply(204, b"")
        if who != {"owner": note["user_id"], "creator": note["creator_id"]}.get(self.removers):
            return Reply(403, {"error": "not yours"})
        self.notes.remove(note)
        return Reply(204, b"")

    @property
    def policy(self) -> str:
        may = {"owner": "owner", "creator": "author"}.get(self.removers, "owner")
        seen = {
            "owner": "[{see: [owner], set: [owner]}]",
            "creator": "[{see: [author], set: [author]}]",
        }
        room = "\n  Room: {key: id, owner: user_id, fields: {'id, user_id': [{see: [owner]}]}}"
        makes = "{room: Room.id}" if self.of == "room" else "{}"
        fields = f"text: {seen.get(self.shown, seen['owner'])}"
        return f"""\
  Note:
    schemas: [Note, NewNote]
    key: id
    owner: user_id
    fields:
      id, user_id, creator_id{", room_id" if self.of == "room" else ""}: [{{see: [owner, author]}}]
      {fields}\
{room if self.of == "room" else ""}
operations:
  makeNote: {{params: {makes}, sets: {{Note: ""}}, call: [owner]}}
  removeNote: {{params: {{id: Note.id}}, call: [{may}]}}
"""

    @property
    def relations(self) -> str:
        return """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  {anyone: {}, member: {authenticated: true}, owner: {is: owner}, author: {field: creator_id}}
resources:
  Me: {key: id, owner: id, fields: {id: [{see: [member]}]}}
"""

    @property
    def document(self) -> str:
        text = {"type": "string"}
        members = [
            "id",
            "user_id",
            "creator_id",
            "text",
            *(["room_id"] if self.of == "room" else []),
        ]
        fresh = {"text": text, **({"user_id": text} if self.of == "named" else {})}
        schemas: dict[str, Any] = {
            "Note": {"type": "object", "properties": dict.fromkeys(members, text)},
            "NewNote": {"type": "object", "properties": fresh, "required": ["text"]},
            "Room": {"type": "object", "properties": {"id": text, "user_id": text}},
        }
        paths: dict[str, Any] = {}

        def add(path: str, method: str, operation: str, body: str, shown: Any) -> None:
            names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
            says = {"content": {"application/json": {"schema": shown}}} if shown else {}
            sent = {"schema": {"$ref": f"#/components/schemas/{body}"}}
            takes = {"requestBody": {"required": True, "content": {"application/json": sent}}}
            paths.setdefault(path, {})[method] = {
                "operationId": operation,
                "parameters": [
                    {"name": n, "in": "path", "required": True, "schema": text} for n in names
                ],
                **(takes if body else {}),
                "responses": {"200": {"description": "ok", **says}},
            }  # fmt: skip

        note = {"$ref": "#/components/schemas/Note"}
        add(
            "/rooms/{room}/notes" if self.of == "room" else "/notes",
            "post",
            "makeNote",
            "NewNote",
            note,
        )
        add("/notes/{id}", "delete", "removeNote", "", None)
        if self.reads in ("both", "list", "held", "held list"):
            add("/notes", "get", "listNotes", "", {"type": "array", "items": note})
        if self.reads in ("both", "one", "held"):
            add("/notes/{id}", "get", "getNote", "", note)
        if self.of == "room":
            room = {"type": "array", "items": {"$ref": "#/components/schemas/Room"}}
            add("/rooms", "get", "listRooms", "", room)
        said = "".join(f"    {n}: {json.dumps(each)}\n" for n, each in schemas.items())
        return f"{HEAD}{said}paths:\n{ME}" + "".join(
            f"  {each}: {json.dumps(does)}\n" for each, does in paths.items()
        )


def scan(folder: Path, api: Notes) -> Told:
    return told(
        folder, "", "", api.policy, api, document=api.document, relations=api.relations,
        allow_writes=True,
    )  # fmt: skip


def claimed(run: Told) -> int:
    """How many changes the report does not call undone."""
    assert run.report.writes is not None
    return run.report.writes.changes - run.report.writes.undone


def samples(number: int, seed: int) -> list[Notes]:
    every = [*product(OF, SHOWN, ANSWERS, REMOVERS, READS)]
    return [Notes(*each) for each in Random(seed).sample(every, number)]


@pytest.mark.parametrize("api", samples(48, 53), ids=lambda api: "-".join(
    (api.of, api.shown, api.answer, api.removers, api.reads)
))  # fmt: skip
def test_no_fewer_leftovers_are_claimed_than_there_are(tmp_path: Path, api: Notes) -> None:
    run = scan(tmp_path, api)
    assert [each for each in api.notes if each in api.before] == api.before
    assert claimed(run) >= len(api.left), (api.left, run.report.writes)
    if api.left:
        named = [each for each in run.report.distrust if "a new `Note`" in each]
        assert len(named) >= len(api.left)
        assert run.code is ExitCode.NOT_TRUSTWORTHY
