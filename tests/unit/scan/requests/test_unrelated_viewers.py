"""A text without a declared shape about an object that several people own."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, told

pytestmark = pytest.mark.server

ROOMS = {
    f"room-{n}-55": {
        "id": f"room-{n}-55",
        "people": [NAMES[who] for who in people],
        "topic": f"merger {n * 7919} of harbours",
    }
    for n, people in enumerate([("ann", "bob"), ("bob", "cat"), ("cat", "ann")], 1)
}
SHAPES = (
    "    Room: {type: object, properties: {id: {type: string}, topic: {type: string},"
    " people: {type: array, items: {type: string}}}}\n"
)
EXPORT = """\
  /rooms/{id}/export:
    get:
      operationId: export
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: ok, content: {text/plain: {schema: {type: string}}}}}
"""


def scan(folder: Path, to: str, *, says: str = "topic", call: str = ", call: [owner]") -> Told:
    """`to`: who gets the export, its people or any member; `says`: what the text says."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        mine = [each for each in ROOMS.values() if NAMES[who] in each["people"]]
        parts = call.path.split("/")
        if call.path == "/rooms":
            return Reply(200, mine)
        room = ROOMS.get(parts[2]) if len(parts) > 2 else None
        if room is None or (room not in mine and not (to == "members" and len(parts) == 4)):
            return Reply(404, {"error": "no such room"})
        if len(parts) == 3:
            return Reply(200, room)
        said = room["topic"] if says == "topic" else f"{room['id'][5]} words of {len(room)}"
        return Reply(200, f"they said: {said}", (("content-type", "text/plain"),))

    policy = f"""\
  Room: {{key: id, owner: people.*, main: getRoom, fields: {{"id, people, topic": [{{see: [owner]}}]}}}}
operations:
  getRoom: {{params: {{id: Room.id}}}}
  export: {{params: {{id: Room.id}}{call}}}
"""  # noqa: E501
    paths = path("/rooms", "listRooms", "Room", many=True) + path("/rooms/{id}", "getRoom", "Room")
    return told(folder, SHAPES, paths + EXPORT, policy, api)


@pytest.mark.parametrize("says", ["topic", "else"])
def test_a_stranger_who_gets_what_the_owners_get_is_a_leak(says: str, tmp_path: Path) -> None:
    run = scan(tmp_path, "members", says=says)
    assert ("*.*", "member") in run.proven
    assert run.code == ExitCode.FINDINGS


@pytest.mark.parametrize("says", ["topic", "else"])
def test_the_fixed_twin_is_clean(says: str, tmp_path: Path) -> None:
    run = scan(tmp_path, "people", says=says)
    assert run.report.findings == ()
    assert run.code == ExitCode.CLEAN, run.report.distrust


def test_who_may_call_is_no_leak(tmp_path: Path) -> None:
    run = scan(tmp_path, "members", says="else", call=", call: [member]")
    assert run.report.findings == ()
