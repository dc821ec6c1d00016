"""The live class's feed: who joins, told to each listener under the rules of who joins."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from cadence.endpoints import classes
from tests.cadence.client import Answer
from tests.cadence.play import Play, body
from tests.patience import patient

STAGES = pytest.mark.parametrize("stage", ["1", "2", "fixed"])


def feed(play: Play, viewer: str | None, query: str = "?since=0") -> Answer:
    return play.get(viewer, f"/api/peloton/{play.places.live_class}/feed{query}")


def riders(play: Play, viewer: str | None) -> set[str]:
    return {each["user_id"] for each in body(feed(play, viewer))}


@STAGES
def test_the_feed_tells_what_the_list_of_participants_shows(stage: str) -> None:
    play = Play(stage)
    path = f"/api/peloton/{play.places.live_class}/participants"
    for viewer in ("ann", "pia", "flo", "blo", "sta"):
        answer = feed(play, viewer)
        assert answer.headers["content-type"].startswith("text/event-stream")
        listed = play.get(viewer, path).json()["data"]
        by_id = {each["workout_id"]: each for each in body(answer)}
        assert by_id == {each["workout_id"]: each for each in listed}


@pytest.mark.parametrize("stage", ["1", "2"])
def test_who_rides_without_being_seen_is_told_to_anybody(stage: str) -> None:
    play = Play(stage)
    (row,) = play.rows("SELECT location FROM members WHERE id = ?", play.ids["pia"])
    for viewer in ("ann", "exa", "blo"):
        assert play.ids["pia"] in riders(play, viewer)
        assert row["location"] in feed(play, viewer).text
    assert feed(play, None).status_code == (200 if stage == "1" else 401)


def test_fixed_tells_followers_and_nobody_else() -> None:
    play = Play("fixed")
    heard = {name: play.ids["pia"] in riders(play, name) for name in ("ann", "pen", "flo", "pia")}
    assert heard == {"ann": False, "pen": False, "flo": True, "pia": True}
    play.set("pia", {"private": False})
    assert play.ids["pia"] in riders(play, "ann")
    assert feed(play, None).status_code == 401


@STAGES
def test_a_listener_comes_back_where_they_were(stage: str) -> None:
    play = Play(stage)
    numbers = [int(each) for each in re.findall(r"^id: (\d+)$", feed(play, "pia").text, re.M)]
    assert numbers == sorted(numbers)
    assert len(numbers) > 20
    later = feed(play, "pia", f"?since={numbers[9]}").text
    assert re.findall(r"^id: (\d+)$", later, re.M) == [str(each) for each in numbers[10:]]
    assert feed(play, "pia", f"?since={numbers[-1]}").text.startswith(":")
    assert feed(play, "pia", "").text.startswith(":")  # what has been is asked for with `since`
    assert feed(play, "pia", "?since=-1").status_code == 400


@STAGES
def test_there_is_no_feed_of_no_class(stage: str) -> None:
    assert Play(stage, members=0).get("ann", f"/api/peloton/{'0' * 32}/feed").status_code == 404


@STAGES
def test_a_feed_stays_open_tells_who_joins_and_ends(
    stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the test client of Starlette, which waits for the end."""
    play = Play(stage)
    play.app.state.world.feed_seconds = patient(0.1)
    monkeypatch.setattr(classes, "KEEP_ALIVE", 0.05)
    client = TestClient(play.app, cookies=play.clients["ann"]._cookies)
    joining = iter(("exa", "hida"))

    def rows(query: str, *values: Any) -> list[Any]:
        """Somebody joins after each look."""
        found = play.app.state.world.db.execute(query, values).fetchall()
        if name := next(joining, ""):
            join(play, name)
        return found

    monkeypatch.setattr(play.app.state.world, "all", rows)
    text = client.get(f"/api/peloton/{play.places.live_class}/feed").text
    assert text.startswith(": nothing more yet\n\n")
    assert text.count(": nothing more yet\n\n") >= 3
    answer = Answer(200, {"content-type": "text/event-stream"}, text.encode())
    wanted = [play.ids["exa"], play.ids["hida"]] if stage != "fixed" else [play.ids["exa"]]
    assert [each["user_id"] for each in body(answer)] == wanted


def join(play: Play, name: str) -> None:
    play.db.execute(
        "INSERT INTO workouts (id, user_id, peloton_id) VALUES (?, ?, ?)",
        (f"{name} joins", play.ids[name], play.places.live_class),
    )
