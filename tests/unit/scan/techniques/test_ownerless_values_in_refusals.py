"""Values of what is nobody's in the text of a refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, logged_in, path, told

pytestmark = pytest.mark.server

ROOMS = {
    f"r-{n}": {
        "id": f"r-{n}",
        "topic": f"merger of harbour {n} and quay {n * 7919}",
        "members": [NAMES[who] for who in who_is_in],
    }
    for n, who_is_in in enumerate([("ann", "bob"), ("cat", "ann"), ("bob", "cat")], 1)
}
SHAPES = (
    "    Room: {type: object, properties: {id: {type: string}, topic: {type: string},"
    " members: {type: array, items: {type: string}}}}\n"
    "    One: {type: object, properties: {error: {type: string}, data:"
    ' {$ref: "#/components/schemas/Room"}}}\n'
)
RELATIONS = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
  inside: {field: members}
resources:
  Me: {key: id, owner: id, fields: {id: [{see: [member]}]}}
"""
POLICY = """\
  Room: {key: id, owner: none, fields: {"id, topic, members": [{see: [inside]}]}}
operations:
  listRooms: {call: [member]}
  getRoom: {params: {id: Room.id}}
"""


@pytest.mark.parametrize("status", [403, 200])
@pytest.mark.parametrize("says", ["no", "topic", "sent", "all"])
def test_a_value_of_what_is_nobodys_is_a_leak_in_the_text_of_a_refusal(
    says: str, status: int, tmp_path: Path
) -> None:
    @logged_in
    def api(who: str, call: Call) -> Reply:
        mine = [each for each in ROOMS.values() if NAMES[who] in each["members"]]
        if call.path == "/rooms":
            return Reply(200, mine)
        room = ROOMS.get(call.path.rpartition("/")[2])
        if room is None:
            return Reply(404, {"error": "no such room"})
        if room in mine:
            return Reply(200, {"data": room})
        one = f"rooms are closed, such as {ROOMS['r-1']['topic']}"
        text = {
            "all": one,
            "no": "no",
            "topic": f"not in: {room['topic']}",
            "sent": f"no {room['id']} for you",
        }
        return Reply(status, {"error": text.get(says, "no")})

    paths = path("/rooms", "listRooms", "Room", many=True) + path("/rooms/{id}", "getRoom", "One")
    run = told(tmp_path, SHAPES, paths, POLICY, api, relations=RELATIONS)
    assert run.proven == ({("Room.topic", "member")} if says == "topic" else set())
    assert run.code == (ExitCode.FINDINGS if says == "topic" else ExitCode.CLEAN)
