"""A list whose rows withhold their owner from whom the contract hides the member."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

POLICY = """\
  Room:
    key: id
    owner: by
    main: getRoom
    fields: {"id, label": [{see: [member]}], "by, topic": [{see: [owner]}]}
operations:
  getRoom: {params: {id: Room.id}}
"""
ROOMS = [
    {"id": f"r-{who}-{n}", "by": id, "label": f"room {n} {who}", "topic": f"bees {n} of {who} 1x9"}
    for who, id in {**NAMES, "zoe": "u-9999"}.items()
    for n in (1, 2)
]


def scan(folder: Path, leaks: bool, more: tuple[str, ...] = (), item: bool = True) -> Told:
    """`more`: members that the list shows everybody; zoe is none of the identities."""

    def shown(who: str, room: dict[str, Any], leaking: bool) -> dict[str, Any]:
        names = ("id", "label", *more, *(("topic",) if leaking else ()))
        return room if room["by"] == NAMES[who] else {name: room[name] for name in names}

    def listed(who: str) -> Any:
        return [shown(who, each, leaks) for each in ROOMS] if who else 401

    def one(who: str, key: str) -> Any:
        room = next((each for each in ROOMS if each["id"] == key), None)
        return 401 if not who else shown(who, room, False) if room else 404

    shape = schema("Room", id="string", by="string", label="string", topic="string")
    paths = path("/rooms", "listRooms", "Room", many=True)
    paths += path("/rooms/{id}", "getRoom", "Room")
    return told(folder, shape, paths, POLICY, Api({"/rooms": listed, "/rooms/([^/]+)": one}))


def test_the_key_tells_whose_the_rows_are(tmp_path: Path) -> None:
    run = scan(tmp_path, leaks=False)
    assert (run.report.findings, run.report.distrust, run.code) == ((), (), ExitCode.CLEAN)
    for name, results in (("Room.label", {"open"}), ("Room.topic", {"closed"})):
        assert run.results(name, "member", "/rooms") == results


def test_what_leaks_in_such_a_row_is_proven(tmp_path: Path) -> None:
    run = scan(tmp_path, leaks=True)
    assert run.proven == {("Room.topic", "member")} and run.code is ExitCode.FINDINGS


def test_the_owner_is_a_finding_where_the_contract_hides_it(tmp_path: Path) -> None:
    run = scan(tmp_path, leaks=False, more=("by",))
    assert run.proven == {("Room.by", "member")}


@pytest.mark.parametrize("leaks", [True, False])
def test_rows_that_differ_from_the_owners_are_nobodys(tmp_path: Path, leaks: bool) -> None:
    """Rooms are numbered for each owner: one key names several."""
    rooms = [
        {"id": f"room-{n}", "by": id, "label": f"the room {n} of {who}", "topic": f"{who} {n} 7x1"}
        for who, id in NAMES.items()
        for n in (1, 2)
    ]

    def listed(who: str) -> Any:
        if not who:
            return 401
        mine = [each for each in rooms if each["by"] == NAMES[who]]
        strange = {"id": "room-1", "label": "a room of somebody else", "topic": "of the day 9z"}
        return [*mine, strange] if leaks else mine

    shape = schema("Room", id="string", by="string", label="string", topic="string")
    paths = path("/rooms", "listRooms", "Room", many=True)
    policy = POLICY[: POLICY.index("operations:")].replace("    main: getRoom\n", "")
    run = told(tmp_path, shape, paths, policy, Api({"/rooms": listed}))
    assert run.report.findings == ()
