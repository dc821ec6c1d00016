"""Messages whose room is named in the body: what `params:` and `call:` forbid is tried, else it is
named."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

POLICY = """\
  Room:
    key: id
    owner: host_id
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
  listMessages: {params: {room: Room.id}}
  sendMessage: {PARAMScall: [owner, guest], sets: {Message: ""}}
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
IDS = "{type: array, items: {type: string}}"
SCHEMAS = schema("Room", id="string", host_id="string", topic="string").replace(
    "topic: {type: string}", f"topic: {{type: string}}, guest_ids: {IDS}"
) + schema("Message", id="string", room_id="string", sender_id="string", text="string").replace(
    "text: {type: string}", f"text: {{type: string}}, reader_ids: {IDS}"
)
WRITES = """\
  /messages:
    post:
      operationId: sendMessage
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [room_id, text]
              properties: {room_id: {type: string}, text: {type: string}}
      responses:
        "201":
          description: made
          content: {application/json: {schema: {$ref: "#/components/schemas/Message"}}}
  /messages/{id}:
    delete:
      operationId: deleteMessage
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"204": {description: gone}}
"""


class Rooms:
    """Everybody has a room with one guest. `lets`: strangers may post too."""

    def __init__(self, lets: bool) -> None:
        self.lets, self.count = lets, itertools.count(700)
        self.strangers: set[str] = set()
        ids = list(NAMES.values())
        self.rooms: dict[str, dict[str, Any]] = {
            f"room-{host}": {
                "id": f"room-{host}", "host_id": host, "topic": f"lamps of {host}",
                "guest_ids": [ids[(at + 1) % 3]],
            }
            for at, host in enumerate(ids)
        }  # fmt: skip
        self.messages: dict[str, dict[str, Any]] = {}
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
            "reader_ids": self.inside(room),
        }  # fmt: skip
        return self.messages[id]

    def state(self) -> Any:
        return copy.deepcopy((self.rooms, self.messages))

    def __call__(self, name: str, call: Call) -> Reply:
        me, parts = NAMES[name], call.path.strip("/").split("/")
        if parts == ["rooms"]:
            return Reply(200, [r for r in self.rooms.values() if me in self.inside(r)])
        if call.method == "DELETE":
            found = self.messages.get(parts[1])
            if found is None or found["sender_id"] != me:
                return Reply(404, {"error": "no such message"})
            return Reply(204, self.messages.pop(parts[1]) and None)
        posts = call.method == "POST"
        room = self.rooms.get(call.json["room_id"] if posts else parts[1])
        stranger = room is not None and me not in self.inside(room)
        self.strangers |= {me} if posts and stranger else set()
        if room is None or (stranger and not (posts and self.lets)):
            return Reply(404, {"error": "no such room"})
        if posts:
            return Reply(201, self.add(room, me, call.json["text"]))
        return Reply(200, [m for m in self.messages.values() if m["room_id"] == room["id"]])


def scan(folder: Path, api: Rooms, params: str) -> Told:
    paths = (
        path("/rooms", "listRooms", "Room", many=True)
        + path("/rooms/{room}/messages", "listMessages", "Message", many=True)
        + WRITES
    )
    return told(
        folder, SCHEMAS, paths, POLICY.replace("PARAMS", params), logged_in(api),
        relations=RELATIONS, allow_writes=True,
    )  # fmt: skip


def untried(run: Told) -> list[str]:
    assert run.report.writes is not None
    return [
        each.reason
        for each in run.report.writes.untried
        if each.endpoint.operation == "sendMessage" and "not tested as `member`" in each.reason
    ]


SAID = "params: {room_id: Room.id}, "


@pytest.mark.parametrize("lets", [False, True])
def test_who_posts_into_a_room_that_the_body_names_is_tried(lets: bool, tmp_path: Path) -> None:
    api = Rooms(lets)
    before = api.state()
    run = scan(tmp_path, api, SAID)
    assert api.strangers and api.state() == before and not untried(run)
    found = {(f.rule, f.resource, f.viewer) for f in run.report.findings}
    assert found == ({("bola-write", "Room", "member")} if lets else set())


@pytest.mark.parametrize("lets", [False, True])
def test_where_no_line_says_what_the_body_names_it_is_named(lets: bool, tmp_path: Path) -> None:
    api = Rooms(lets)
    before = api.state()
    run = scan(tmp_path, api, "")
    assert not api.strangers and api.state() == before and not run.report.findings
    (said,) = untried(run)
    assert "no `params: {room_id: Room.id}` says that the body names the `Room`" in said
