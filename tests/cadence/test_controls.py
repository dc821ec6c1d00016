"""Endpoints that never leaked, in any stage; and the relations that they build."""

from __future__ import annotations

import pytest

from tests.cadence.play import Play, leaves

STAGES = pytest.mark.parametrize("stage", ["1", "2", "fixed"])


@STAGES
def test_the_catalogue_is_public_and_holds_nothing_of_a_member(stage: str) -> None:
    play = Play(stage)
    private = {
        value
        for name in play.ids
        for row in play.rows("SELECT * FROM members WHERE id = ?", play.ids[name])
        for values in leaves(row).values()
        for value in values
        if len(value) >= 8
    }
    for path in (
        "/api/v2/ride/archived",
        f"/api/ride/{play.places.rides[0]}/details",
        "/api/instructor",
        f"/api/instructor/{play.places.instructors[0]}",
    ):
        answer = play.get(None, path)
        assert answer.status_code == 200
        assert answer.content == play.get("ann", path).content
        assert "location" in answer.text  # of a studio: a look-alike
        assert not [value for value in private if value in answer.text]


@STAGES
def test_a_session_is_checked_for_its_owner_only(stage: str) -> None:
    play = Play(stage, members=0)
    assert play.get(None, "/auth/check_session").status_code == 401
    assert play.get(None, "/api/me").status_code == 401
    for name in ("ann", "pia", "sta"):
        assert play.get(name, "/auth/check_session").json()["user_id"] == play.ids[name]
        assert play.get(name, "/api/me").json()["id"] == play.ids[name]
    assert play.get("sta", "/api/me").json()["roles"] == ["staff"]
    assert "staff" not in play.get("ann", "/api/me").json()["roles"]


@STAGES
def test_only_the_owner_switches_and_sees_whom_they_blocked(stage: str) -> None:
    play = Play(stage, members=0)
    path = f"/api/user/{play.ids['pia']}"
    own = play.get("pia", f"{path}/settings").json()
    open_ = {**own, "is_profile_private": False}
    for name in (None, "ann", "flo", "sta"):
        assert play.clients[name].put(f"{path}/settings", json=open_).status_code in (401, 403)
        assert play.get(name, f"{path}/blocked").status_code in (401, 403)
    blocked = play.get("pia", f"{path}/blocked").json()
    assert [each["id"] for each in blocked["data"]] == [play.ids["blo"]]
    answer = play.clients["pia"].put(f"{path}/settings", json=open_)
    assert answer.json() == open_ == play.get("pia", f"{path}/settings").json()
    assert play.get("pia", "/api/me").json()["is_profile_private"] is False


@STAGES
def test_settings_are_shown_as_they_are_set(stage: str) -> None:
    """A switch that is not shown where others read it would make a test of it say nothing."""
    play = Play(stage, members=0)
    for value in (False, True):
        play.set("hida", {"private": value, "hide_age": value})
        settings = play.get("hida", f"/api/user/{play.ids['hida']}/settings").json()
        assert settings["is_profile_private"] is settings["hide_age"] is value
        assert (
            play.get("ann", f"/api/user/{play.ids['hida']}").json()["is_profile_private"] is value
        )


@STAGES
def test_relations_are_built_and_ended(stage: str) -> None:
    play = Play(stage, members=0)

    def change(name: str, action: str, other: str) -> dict[str, str]:
        body = {"user_id": play.ids[other], "action": action}
        return play.clients[name].post("/api/user/change_relationship", json=body).json()

    assert change("ann", "follow", "pia")["me_to_user"] == "pending"
    assert change("ann", "follow", "pia")["me_to_user"] == "pending"  # asking twice helps nobody
    assert change("ann", "approve", "pia")["me_to_user"] == "pending"
    assert change("pia", "approve", "ann")["user_to_me"] == "following"
    assert change("ann", "unfollow", "pia")["me_to_user"] == "none"
    assert change("sta", "follow", "flo")["me_to_user"] == "following"
    assert change("flo", "block", "sta")["me_to_user"] == "blocked"
    assert change("flo", "unblock", "sta")["me_to_user"] == "none"
    assert change("ann", "hug", "pia").keys() == {"detail"}


def test_a_follower_who_is_blocked_sees_nothing_any_more() -> None:
    play = Play("fixed", members=0)
    path = f"/api/user/{play.ids['pia']}"
    assert "location" in play.get("flo", path).json()
    body = {"user_id": play.ids["flo"], "action": "block"}
    assert play.clients["pia"].post("/api/user/change_relationship", json=body).status_code == 200
    assert play.get("flo", path).status_code == 404
