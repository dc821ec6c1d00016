"""Events about what is concealed are as if they had not happened, whatever stands beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.exchange_lua import LuaGuard, lua_guard
from tests.conformance.exchanges import Case, Request

LINES = "application/x-ndjson"


@pytest.fixture
def guard(tmp_path: Path) -> Iterator[LuaGuard]:
    note = {"request": {"target": "/notes/7"}, "answer": {"body": '{"id":"7","by":"ann"}'}}
    people = [
        {
            "request": {"target": "/me", "headers": {"cookie": f"sid={who}"}},
            "answer": {"body": f'{{"id":"{who}"}}'},
        }
        for who in ("ann", "bob")
    ]
    said: dict[str, Any] = {"upstream": [note, *people]}
    with lua_guard(Case("feeds", "unit", said, {"contract": "logs.yaml"}).setup(tmp_path)) as made:
        yield made


def heard(guard: LuaGuard, who: str, *events: Any, at: str = "/feed") -> tuple[int, list[Any]]:
    sent = Request("GET", at, (("cookie", f"sid={who}"),))
    status, found = guard.listen(sent, LINES, [json.dumps(each).encode() for each in events])
    return status, [json.loads(each) for each in found]


MINE = {"id": "7", "by": "ann", "text": "t"}
ABOUT = {"type": "note.changed", "id": "7", "note": MINE}


def test_an_event_of_a_concealed_object_is_as_if_it_had_not_been(guard: LuaGuard) -> None:
    assert heard(guard, "ann", ABOUT) == (200, [ABOUT])
    assert heard(guard, "bob", ABOUT) == (200, [])


def test_what_stands_beside_a_concealed_object_tells_nothing_of_it(guard: LuaGuard) -> None:
    beside = {**ABOUT, "actor": {"id": "eve", "name": "E"}}
    assert heard(guard, "bob", beside) == (200, [])
    remark = {"id": "1", "by": "eve", "text": "r"}
    assert heard(guard, "bob", {**beside, "remark": remark}) == (200, [{"remark": remark}])
    assert heard(guard, "ann", beside) == (200, [beside])


def test_an_event_of_which_nobody_can_tell_whose_it_is_is_closed(guard: LuaGuard) -> None:
    assert heard(guard, "ann", {**ABOUT, "note": {"id": "7"}}, {**ABOUT, "note": {}}) == (200, [])


def test_an_event_without_an_object_goes_to_whoever_may_listen(guard: LuaGuard) -> None:
    assert heard(guard, "bob", {"type": "pause"}) == (200, [{"type": "pause"}])


def test_a_feed_of_a_concealed_object_is_not_there(guard: LuaGuard) -> None:
    at, bare = "/notes/7/feed", {"type": "note.read", "id": "7"}
    assert heard(guard, "ann", bare, at=at) == (200, [bare])
    assert heard(guard, "bob", bare, at=at) == (404, [])
    assert heard(guard, "ann", bare, at="/notes/8/feed") == (404, [])
