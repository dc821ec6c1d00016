"""Creations whose path names two objects, one in the other: the innermost is written to."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, told

POLICY = """\
  House:
    key: id
    owner: owner_id
    fields:
      id, owner_id, keeper_ids, street: [{see: [owner, keeper]}]
  Room:
    key: id
    owner: host_id
    fields:
      id, number, house_id, host_id, guest_ids: [{see: [owner, guest]}]
  Message:
    key: id
    owner: sender_id
    fields:
      id, room_id, sender_id, reader_ids: [{see: [owner, reader]}]
      text: [{see: [owner, reader], set: [owner]}]
operations:
  listRooms: {params: {house: House.id}}
  listMessages: {params: {house: House.id, number: Room.number}}
  sendMessage: {params: {house: House.id, number: Room.number}, call: [owner, guest], sets: {Message: ""}}
"""  # noqa: E501
RELATIONS = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
  keeper: {field: keeper_ids}
  guest: {field: guest_ids}
  reader: {field: reader_ids}
resources:
  Me: {key: id, owner: id, fields: {id: [{see: [member]}]}}
"""
IDS = "{type: array, items: {type: string}}"
TEXT = "{type: string}"
SCHEMAS = f"""\
    House: {{type: object, properties: {{id: {TEXT}, owner_id: {TEXT}, street: {TEXT}, keeper_ids: {IDS}}}}}
    Room: {{type: object, properties: {{id: {TEXT}, number: {{type: integer}}, house_id: {TEXT}, host_id: {TEXT}, guest_ids: {IDS}}}}}
    Message: {{type: object, properties: {{id: {TEXT}, room_id: {TEXT}, sender_id: {TEXT}, text: {TEXT}, reader_ids: {IDS}}}}}
"""  # noqa: E501
AT = """\
parameters:
        - {name: house, in: path, required: true, schema: {type: string}}
        - {name: number, in: path, required: true, schema: {type: integer}}
"""
WRITES = f"""\
    post:
      operationId: sendMessage
      {AT.strip()}
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
    delete:
      operationId: deleteMessage
      parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
      responses: {{"204": {{description: gone}}}}
"""


class Houses:
    """Everybody has a house with a keeper, and rooms numbered within it, of which the keeper is a
    guest in the first. `lets`: who posts into a room: its people (`guests`), or every keeper of
    the house (`keepers`), or `all`. `names`: a room names its house."""

    def __init__(self, lets: str, names: bool = True) -> None:
        self.lets, self.names = lets, names
        self.count = itertools.count(700)
        self.houses: dict[str, dict[str, Any]] = {}
        self.rooms: dict[str, dict[str, Any]] = {}
        self.messages: dict[str, dict[str, Any]] = {}
        ids = list(NAMES.values())
        for at, owner in enumerate(ids):
            keeper = ids[(at + 1) % 3]
            house = f"house-{owner}"
            self.houses[house] = {
                "id": house, "owner_id": owner, "keeper_ids": [keeper],
                "street": f"{at + 3} Lamp Street",
            }  # fmt: skip
            for number, guests in ((1, [keeper]), (2, [])):
                self.rooms[f"{house}/{number}"] = {
                    "id": f"r-{next(self.count)}", "number": number, "house_id": house,
                    "host_id": owner, "guest_ids": guests,
                }  # fmt: skip
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

    def shown(self, room: dict[str, Any]) -> dict[str, Any]:
        return room if self.names else {k: v for k, v in room.items() if k != "house_id"}

    def state(self) -> Any:
        return copy.deepcopy((self.houses, self.rooms, self.messages))

    def __call__(self, call: Call) -> Reply:
        return logged_in(self._answer)(call)

    def _answer(self, name: str, call: Call) -> Reply:
        me, (first, *rest) = NAMES[name], call.path.strip("/").split("/")
        if first == "messages":
            found = self.messages.get(rest[0])
            if found is None or found["sender_id"] != me:
                return Reply(404, {"error": "no such message"})
            return Reply(204, self.messages.pop(rest[0]) and None)
        if not rest:
            mine = [h for h in self.houses.values() if me in (h["owner_id"], *h["keeper_ids"])]
            return Reply(200, mine)
        house = self.houses.get(rest[0])
        if house is None:
            return Reply(404, {"error": "no such house"})
        if len(rest) == 2:
            here = [r for at, r in self.rooms.items() if at.startswith(house["id"])]
            return Reply(200, [self.shown(r) for r in here if me in self.inside(r)])
        room = self.rooms.get(f"{house['id']}/{rest[2]}")
        may = room is not None and (
            me in self.inside(room)
            or (call.method == "POST" and self.lets == "all")
            or (call.method == "POST" and self.lets == "keepers" and me in house["keeper_ids"])
        )
        if room is None or not may:
            return Reply(404, {"error": "no such room"})
        if call.method == "POST":
            return Reply(201, self.add(room, me, call.json["text"]))
        return Reply(200, [m for m in self.messages.values() if m["room_id"] == room["id"]])


def scan(folder: Path, api: Houses) -> Told:
    paths = (
        path("/houses", "listHouses", "House", many=True)
        + path("/houses/{house}/rooms", "listRooms", "Room", many=True)
        + path("/houses/{house}/rooms/{number}/messages", "listMessages", "Message", many=True)
        .replace("name: number, in: path, required: true, schema: {type: string}",
                 "name: number, in: path, required: true, schema: {type: integer}")
        + WRITES
    )  # fmt: skip
    return told(folder, SCHEMAS, paths, POLICY, api, relations=RELATIONS, allow_writes=True)


@pytest.mark.parametrize("names", [True, False])
def test_whoever_may_post_into_the_room_is_not_accused_of_the_house(
    names: bool, tmp_path: Path
) -> None:
    api = Houses("guests", names)
    before = api.state()
    run = scan(tmp_path, api)
    assert (run.report.findings, api.state()) == ((), before)
    assert run.code == ExitCode.CLEAN, run.report.distrust


@pytest.mark.parametrize("lets", ["all", "keepers"])
def test_whoever_posts_without_being_let_in_is_found(lets: str, tmp_path: Path) -> None:
    """A keeper of the house who is no guest of the room is a `member` to it."""
    api = Houses(lets)
    before = api.state()
    run = scan(tmp_path, api)
    assert api.state() == before
    found = {(f.resource, f.viewer) for f in run.report.findings if f.rule == "bola-write"}
    assert found == {("Room", "member")}
    assert run.code == ExitCode.FINDINGS
