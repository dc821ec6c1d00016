"""Messages that others post into a room: what `call:` forbids is tried, else it is named."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

POLICY = """\
  Room:
    key: id
    owner: host_id
    main: getRoom
    fields:
      id, host_id, topic: [{see: [owner, guest]}]
      guest_ids: [{see: [owner, guest]}]
  Message:
    key: id
    owner: sender_id
    fields:
      id, room_id, sender_id: [{see: [owner, reader]}]
      text: [{see: [owner, reader], set: [owner]}]
      reader_ids: [{see: [owner, reader]}]
operations:
  getRoom: {params: {id: Room.id}}
  listMessages: {params: {id: Room.id}}
  sendMessage: {params: {id: Room.id}, sets: {Message: ""}CALL}
"""
RELATIONS = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
  guest: {field: guest_ids}
  reader: {field: reader_ids}
resources:
  Me: {key: id, owner: id, fields: {id: [{see: [member]}]}}
"""
_IDS = "{type: array, items: {type: string}}"
SCHEMAS = schema("Room", id="string", host_id="string", topic="string").replace(
    "topic: {type: string}", f"topic: {{type: string}}, guest_ids: {_IDS}"
) + schema("Message", id="string", room_id="string", sender_id="string", text="string").replace(
    "text: {type: string}", f"text: {{type: string}}, reader_ids: {_IDS}"
)
ID = "parameters: [{name: id, in: path, required: true, schema: {type: string}}]"
WRITES = f"""\
    post:
      operationId: sendMessage
      {ID}
      requestBody:
        required: true
        content:
          application/json:
            schema: {{type: object, required: [text], properties: {{text: {{type: string}}}}}}
      responses:
        "201":
          description: made
          content: {{application/json: {{schema: {{$ref: "#/components/schemas/Message"}}}}}}
  /messages/{{id}}:
    delete: {{operationId: deleteMessage, {ID}, responses: {{"204": {{description: gone}}}}}}
"""


class Rooms:
    """Everybody has a room with one guest. `lets`: what becomes of a stranger's message: it is
    refused (`none`) with `status`, posted (`all`), posted into the stranger's own room (`own`), or
    kept as a draft that nobody but its sender is shown (`draft`).
    `removers`: who may remove a message: its sender, or the `host` of the room alone."""

    def __init__(self, lets: str, removers: str = "sender", status: int = 404) -> None:
        self.lets, self.removers, self.status = lets, removers, status
        self.count = itertools.count(700)
        ids = list(NAMES.values())
        self.rooms: dict[str, dict[str, Any]] = {
            f"room-{host}": {
                "id": f"room-{host}", "host_id": host, "topic": f"lamps of {host}",
                "guest_ids": [ids[(at + 1) % 3]],
            }
            for at, host in enumerate(ids)
        }  # fmt: skip
        self.messages: dict[str, dict[str, Any]] = {}
        self.strangers: set[str] = set()
        """Who has posted into a room where they are nobody."""
        for room in self.rooms.values():
            for who in self.inside(room):
                self.add(room, who, f"said by {who} in {room['id']}")

    @staticmethod
    def inside(room: dict[str, Any]) -> list[str]:
        return [room["host_id"], *room["guest_ids"]]

    def add(self, room: dict[str, Any], who: str, text: str) -> dict[str, Any]:
        id = f"message-{next(self.count)}-x"
        self.messages[id] = {
            "id": id, "room_id": room["id"], "sender_id": who, "text": text,
            "reader_ids": room["guest_ids"] + [room["host_id"]],
        }  # fmt: skip
        return self.messages[id]

    def state(self) -> Any:
        return copy.deepcopy((self.rooms, self.messages))

    def __call__(self, call: Call) -> Reply:
        return logged_in(self._answer)(call)

    def _answer(self, name: str, call: Call) -> Reply:
        me, parts = NAMES[name], call.path.strip("/").split("/")
        if parts == ["rooms"]:
            return Reply(200, [r for r in self.rooms.values() if me in self.inside(r)])
        if parts == ["messages"]:
            return Reply(200, [m for m in self.messages.values() if m["sender_id"] == me])
        if parts[0] == "messages":
            return self.removed(self.messages.get(parts[1]), me)
        room = self.rooms.get(parts[1]) if len(parts) > 1 else None
        if room is not None and call.method == "POST":
            return self.posted(call, room, me)
        if room is None or me not in self.inside(room):
            return Reply(404, {"error": "no such room"})
        here = (
            [
                m
                for m in self.messages.values()
                if m["room_id"] == room["id"] and m["sender_id"] in (me, *self.inside(room))
            ]
            if self.lets == "draft"
            else [m for m in self.messages.values() if m["room_id"] == room["id"]]
        )
        return Reply(200, room if len(parts) == 2 else here)

    def posted(self, call: Call, room: dict[str, Any], me: str) -> Reply:
        if me not in self.inside(room):
            self.strangers.add(me)
            if self.lets == "none":
                return Reply(self.status, {"error": "no"})
            if self.lets == "own":
                room = self.rooms[f"room-{me}"]
        return Reply(201, self.add(room, me, call.json["text"]))

    def removed(self, message: dict[str, Any] | None, me: str) -> Reply:
        host = message and self.rooms[message["room_id"]]["host_id"]
        if message is None or me != (message["sender_id"] if self.removers == "sender" else host):
            return Reply(404, {"error": "no such message"})
        del self.messages[message["id"]]
        return Reply(204)


def scan(folder: Path, api: Rooms, call: str = "owner, guest", more: str = "") -> Told:
    """`more`: further paths."""
    paths = more + (
        path("/rooms", "listRooms", "Room", many=True)
        + path("/rooms/{id}", "getRoom", "Room")
        + path("/rooms/{id}/messages", "listMessages", "Message", many=True)
        + WRITES
    )
    policy = POLICY.replace("CALL", f", call: [{call}]" if call else "")
    return told(folder, SCHEMAS, paths, policy, api, relations=RELATIONS, allow_writes=True)


def untried(run: Told) -> set[str]:
    assert run.report.writes is not None
    return {
        each.reason
        for each in run.report.writes.untried
        if each.endpoint.operation == "sendMessage" and "not tested as `member`" in each.reason
    }


@pytest.mark.parametrize("removers", ["sender", "host"])
def test_whoever_posts_into_a_room_that_is_not_theirs_is_found(
    removers: str, tmp_path: Path
) -> None:
    api = Rooms("all", removers)
    before = api.state()
    run = scan(tmp_path, api)
    assert {(f.rule, f.viewer, f.title) for f in run.report.findings} == {
        ("bola-write", "member", "`member` can add to another user's `Room`")
    }
    assert (run.proven, run.code) == ({("Room.id", "member")}, ExitCode.FINDINGS)
    assert api.state() == before


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_no_finding_and_leaves_nothing_to_name(status: int, tmp_path: Path) -> None:
    api = Rooms("none", status=status)
    before = api.state()
    run = scan(tmp_path, api)
    assert api.strangers
    assert (run.report.findings, untried(run), run.code) == ((), set(), ExitCode.CLEAN)
    assert api.state() == before


@pytest.mark.parametrize("status", [409, 422])
def test_a_refusal_of_the_content_is_named(status: int, tmp_path: Path) -> None:
    run = scan(tmp_path, Rooms("none", status=status))
    (said,) = untried(run)
    assert f"answered with {status}" in said and not run.report.findings


def test_what_lands_in_the_strangers_own_room_is_no_finding_and_is_removed(tmp_path: Path) -> None:
    """The API takes the room of the caller, whatever the path names."""
    api = Rooms("own")
    before = api.state()
    run = scan(tmp_path, api)
    assert api.strangers and not run.report.findings and untried(run)
    assert (api.state(), run.code) == (before, ExitCode.CLEAN)


@pytest.mark.parametrize("lets", ["all", "none"])
def test_where_no_line_says_who_may_post_nobody_is_accused_and_it_is_named(
    lets: str, tmp_path: Path
) -> None:
    api = Rooms(lets)
    run = scan(tmp_path, api, call="")
    assert not api.strangers and not run.report.findings
    (said,) = untried(run)
    assert said.endswith("no `call:` says who may make a `Message` below a `Room`")


@pytest.mark.parametrize("call", ["member", "anyone"])
def test_whom_the_contract_lets_post_is_not_tried(call: str, tmp_path: Path) -> None:
    api = Rooms("all")
    run = scan(tmp_path, api, call=call)
    assert not api.strangers and not run.report.findings and not untried(run)


MINE = path("/messages", "listMine", "Message", many=True)


@pytest.mark.parametrize(
    ("more", "verdict"), [(MINE, "proven"), ("", "suspected")], ids=["listed", "answered"]
)
def test_a_draft_in_the_room_of_another_is_found_though_its_owner_is_not_shown_it(
    more: str, verdict: str, tmp_path: Path
) -> None:
    """An answer alone may repeat what was sent."""
    api = Rooms("draft")
    before = api.state()
    run = scan(tmp_path, api, more=more)
    assert api.strangers
    assert {(f.rule, f.field, f.viewer, f.verdict) for f in run.report.findings} == {
        ("bola-write", "id", "member", verdict)
    }
    assert api.state() == before or not more


def test_a_message_that_its_sender_sees_in_their_own_room_is_no_finding(tmp_path: Path) -> None:
    api = Rooms("own")
    before = api.state()
    run = scan(tmp_path, api, more=MINE)
    assert api.strangers and not run.report.findings and untried(run)
    assert (api.state(), run.code) == (before, ExitCode.CLEAN)
