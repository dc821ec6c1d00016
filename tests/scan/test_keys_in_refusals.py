"""A refusal that carries the object that it refuses, with the key that the request named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scan.servers import Reply
from tests.scan.verdicts import NAMES, RELATIONS, Api, Told, path, schema, told

pytestmark = pytest.mark.server

READS = path("/hooks/{id}", "getHook", "Hook") + path("/hooks", "listHooks", "Hook", many=True)
POLICY = """\
  Hook:
    key: id
    owner: creator
    main: getHook
    fields: {"id, creator, url": [{see: [owner]}]}
operations:
  getHook: {params: {id: Hook.id}}
"""
HOOKS = {
    f"{at}": {"id": at, "creator": id, "url": f"https://hooks.example/of-{who}/8841"}
    for at, (who, id) in enumerate(NAMES.items(), 3)
}


def scanned(folder: Path, *, carries: bool) -> Told:
    def hook(who: str, id: str) -> object:
        found = HOOKS.get(id)
        if not who or found is None:
            return 404
        if found["creator"] == NAMES[who]:
            return found
        return Reply(
            404, {"error": "not yours", "id": found["id"], **({"of": found} if carries else {})}
        )

    def own(who: str) -> object:
        return [each for each in HOOKS.values() if each["creator"] == NAMES.get(who)] or 401

    shape = schema("Hook", id="integer", creator="string", url="string")
    return told(folder, shape, READS, POLICY, Api({r"/hooks/([^/]+)": hook, "/hooks": own}))


def test_a_key_beside_what_leaks_of_its_object_is_not_closed(tmp_path: Path) -> None:
    run = scanned(tmp_path, carries=True)
    assert ("Hook.url", "member") in run.proven
    assert "closed" not in run.results("Hook.id", "member", "/hooks/{id}")


def test_a_key_that_a_refusal_only_repeats_is_closed(tmp_path: Path) -> None:
    run = scanned(tmp_path, carries=False)
    assert run.report.findings == ()
    assert run.results("Hook.id", "member", "/hooks/{id}") == {"closed"}


ROOMS = {
    name: {"id": name, "title": title, "plan": plan}
    for name, title, plan in (("room-north-1", "Attic", "n4"), ("room-south-2", "Lobby", "s9"))
}
IN_ROOM = {"ann": "room-north-1", "bob": "room-north-1", "cat": "room-south-2"}
INSIDE = "inside: {field: id, in: listRooms, of: caller, id: /*/id}"
ROOM = """\
  Room:
    key: id
    owner: none
    main: getRoom
    fields: {"id, title, plan": [{see: [inside]}]}
operations:
  getRoom: {params: {id: Room.id}}
"""


@pytest.mark.parametrize("carries", [True, False])
def test_of_what_is_nobodys_a_refusal_that_carries_it_closes_nothing(
    carries: bool, tmp_path: Path
) -> None:
    def room(who: str, id: str) -> object:
        if not who or id not in ROOMS:
            return 404
        if IN_ROOM[who] == id:
            return ROOMS[id]
        return Reply(403, {"error": "no", **({"object": ROOMS[id]} if carries else {})})

    run = told(
        tmp_path,
        schema("Room", id="string", title="string", plan="string"),
        path("/rooms/{id}", "getRoom", "Room") + path("/rooms", "listRooms", "Room", many=True),
        ROOM,
        Api({
            "/rooms/([^/]+)": room,
            "/rooms": lambda who: [ROOMS[IN_ROOM[who]]] if who else 401,
        }),
        relations=RELATIONS.replace("owner: {is: owner}}", f"owner: {{is: owner}}, {INSIDE}}}"),
    )  # fmt: skip
    results = run.results("Room.title", "member", "/rooms/{id}")
    assert results == ({"untested"} if carries else {"closed"})
