"""Paths that name a tenant above an object."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import ExitCode
from oakum.scan.dry_run import plan
from oakum.scan.options import Options
from oakum.scan.preparation import Preparation, prepare
from oakum.scan.techniques.own_tenants import outer_places
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, logged_in, path, schema, told, write

SHAPES = (
    schema("Club", id="string")
    + schema("Room", id="string")
    + schema("Song", id="string", user_id="string")
)
PATHS = (
    path("/clubs/{club}/songs", "listSongs", "Song", many=True)
    + path("/clubs/{club}/songs/{song}", "getSong", "Song")
    + path("/clubs/{club}/rooms/{room}/songs/{song}", "getSongInRoom", "Song")
    + path("/clubs/{club}/rooms/{room}", "getRoom", "Room")
    + path("/users/{user}/songs/{song}", "getSongOfUser", "Song")
)
POLICY = """\
  Club: {key: id, owner: none, fields: {id: [{see: [member]}]}}
  Room: {key: id, owner: none, fields: {id: [{see: [member]}]}}
  Song: {key: id, owner: user_id, fields: {"id, user_id": [{see: [owner]}]}}
operations:
  listSongs: {params: {club: Club.id}}
  getSong: {params: {club: Club.id, song: Song.id}}
  getSongInRoom: {params: {club: Club.id, room: Room.id, song: Song.id}}
  getRoom: {params: {club: Club.id, room: Room.id}}
  getSongOfUser: {params: {user: Me.id, song: Song.id}}
"""


def options(folder: Path) -> Options:
    write(folder, SHAPES, PATHS, POLICY)
    return Options(folder / "exposure.yaml", "http://127.0.0.1:9", folder / "identities.yaml")


def prepared(folder: Path) -> Preparation:
    return prepare(options(folder))


@pytest.mark.parametrize(
    ("operation", "outer"),
    [
        ("listSongs", ()),
        ("getSong", ("club",)),
        ("getSongInRoom", ("club", "room")),
        ("getRoom", ()),  # everybody may see all of it
        ("getSongOfUser", ()),
    ],
)
def test_places_above_an_object_that_name_what_nobody_owns(
    tmp_path: Path, operation: str, outer: tuple[str, ...]
) -> None:
    made = prepared(tmp_path)
    (probe,) = (each for each in made.probes if each.id == operation)
    assert outer_places(made.model, probe) == outer


def test_a_dry_run_names_them(tmp_path: Path) -> None:
    said = str(plan(prepared(tmp_path)))
    assert "GET /clubs/{club}/songs/{song}  with `club` of its own" in said
    assert "GET /users/{user}/songs/{song}  with `club`" not in said


SONGS = {
    f"song-{club}-{room}": {
        "id": f"song-{club}-{room}", "user_id": NAMES[who], "club_id": club, "room_id": room,
        "text": f"verses of {room}, no. 5513",
    }
    for who, club, room in (
        ("ann", "jazz", "attic"), ("bob", "jazz", "barn"), ("cat", "folk", "cellar"),
    )
}  # fmt: skip
IN_ROOMS = SHAPES.replace(
    "user_id: {type: string}",
    "user_id: {type: string}, club_id: {type: string}"
    ", room_id: {type: string}, text: {type: string}",
)


@pytest.mark.server
@pytest.mark.parametrize("checks", ["club", "room", "all"])
def test_each_place_is_the_viewers_own_in_turn(tmp_path: Path, checks: str) -> None:
    """`checks`: which place has to be the caller's, or, with `all`, where their song has to be."""

    def answer(who: str, call: Call) -> Reply:
        mine = [each for each in SONGS.values() if each["user_id"] == NAMES[who]]
        if call.path == "/songs":
            return Reply(200, mine)
        _, _, club, _, room, _, id = call.path.split("/")
        song = SONGS.get(id, {})
        at_own = {each["club_id"] if checks == "club" else each["room_id"] for each in mine}
        is_there = (song.get("club_id"), song.get("room_id")) == (club, room)
        passes = song in mine if checks == "all" or is_there else {club, room} & at_own
        passes = passes and (checks != "all" or is_there)
        return Reply(200, song) if song and passes else Reply(404, {"error": "no"})

    paths = path("/songs", "listOwn", "Song", many=True) + path(
        "/clubs/{club}/rooms/{room}/songs/{song}", "getSong", "Song"
    )
    fields = '"id, user_id, club_id, room_id, text"'
    policy = POLICY.partition("operations:")[0].replace('"id, user_id"', fields)
    policy += "operations:\n  getSong: {params: {club: Club.id, room: Room.id, song: Song.id}}\n"
    run = told(tmp_path, IN_ROOMS, paths, policy, logged_in(answer))
    assert (("Song.text", "member") in run.proven) is (checks != "all")
    assert run.code is (ExitCode.CLEAN if checks == "all" else ExitCode.FINDINGS)
