"""Tenants that an API lists as the caller's own, where nothing else tells their ids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scan.verdicts import NAMES, RELATIONS, Api, Told, path, schema, told

MATE = "mate: {field: room, in: myRooms, of: caller, id: /rooms/*}"
MATES = RELATIONS.replace("owner: {is: owner}}", f"owner: {{is: owner}}, {MATE}}}")
POST = """\
  Post:
    key: id
    owner: by
    fields:
      id, room, by, words: [{see: [mate]}]
operations:
  myRooms: {call: [member]}
  listPosts: {params: {roomId: Post.room}}
"""
ROOMS = {"room-north-1": ("ann", "bob"), "room-south-2": ("bob", "cat")}
POSTS = {
    room: [
        {"id": f"p-{room}-{who}", "room": room, "by": NAMES[who], "words": f"{who} says {room} 77"}
        for who in theirs
    ]
    for room, theirs in ROOMS.items()
}


def scan(folder: Path, *, leaks: bool) -> Told:
    def rooms(who: str) -> Any:
        return {"rooms": [room for room, theirs in ROOMS.items() if who in theirs]} if who else 401

    def posts(who: str, room: str) -> Any:
        if not who or room not in ROOMS:
            return 404
        return POSTS[room] if leaks or who in ROOMS[room] else 404

    listed = (
        "    Rooms: {type: object, properties: {rooms: {type: array, items: {type: string}}}}\n"
    )
    return told(
        folder,
        schema("Post", id="string", room="string", by="string", words="string") + listed,
        path("/my/rooms", "myRooms", "Rooms")
        + path("/rooms/{roomId}/posts", "listPosts", "Post", many=True),
        POST,
        Api({"/my/rooms": rooms, "/rooms/([^/]+)/posts": posts}),
        relations=MATES,
    )


@pytest.mark.parametrize("leaks", [True, False])
def test_what_is_below_the_callers_own_tenants_is_read(tmp_path: Path, leaks: bool) -> None:
    run = scan(tmp_path, leaks=leaks)
    fields = ("id", "room", "by", "words")
    assert run.proven == ({(f"Post.{each}", "member") for each in fields} if leaks else set())
    assert run.report.distrust == ()
