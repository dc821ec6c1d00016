"""The made-up people: one seed, one world; no value twice; many of them soon."""

from __future__ import annotations

import time

import pytest

import cadence
from tests.cadence.play import Play, leaves

SHARED = {
    "is_profile_private", "hide_age", "effort_zones_private", "workout_maps_private",
    "is_internal_beta_tester", "in_studio", "roles.*", "password", "status",
    "peloton_id", "ride_id",
}  # fmt: skip


def test_no_two_personas_share_a_value_and_none_turns_up_by_chance() -> None:
    play = Play("1", members=0)
    whose: dict[str, str] = {}
    for name, id in play.ids.items():
        rows = play.rows("SELECT * FROM members WHERE id = ?", id)
        workouts = play.rows("SELECT * FROM workouts WHERE user_id = ?", id)
        assert len(workouts) == 2
        for path, values in ((p, v) for row in rows + workouts for p, v in leaves(row).items()):
            for value in () if path in SHARED else values:
                assert whose.setdefault(value, name) == name, (path, value)
                plain = value.lstrip("-")
                is_number = plain.replace(".", "").isdigit()
                assert len(plain.replace(".", "")) >= 4 if is_number else len(value) >= 8, path
                assert value not in ("0", "false", "null", "")


def test_nobody_in_the_crowd_has_a_value_of_a_persona() -> None:
    play = Play("1", members=400)
    for table, owner in (("members", "id"), ("workouts", "user_id")):
        held: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
        for row in play.rows(f"SELECT * FROM {table}"):
            values = {(path, value) for path, found in leaves(row).items() for value in found}
            held[row[owner] in play.ids.values()] |= values
        assert {path for path, _ in held[True] & held[False]} <= SHARED


def test_the_personas_are_grown_up() -> None:
    for row in Play("1", members=0).rows("SELECT age FROM members"):
        assert 18 <= row["age"] < 100


def test_one_seed_one_world() -> None:
    one, other, third = (cadence.create_app("1", 50, seed).state.world.db for seed in (7, 7, 8))
    for table in ("members", "workouts", "follows", "blocks", "rides", "pelotons", "instructors"):
        dumps = [
            [tuple(map(str, row)) for row in db.execute(f"SELECT * FROM {table} ORDER BY 1")]
            for db in (one, other, third)
        ]
        assert dumps[0] == dumps[1]
        assert dumps[0] != dumps[2]


def test_the_live_class_holds_four_personas_and_some_of_the_crowd() -> None:
    play = Play("1")
    answer = play.get(None, f"/api/peloton/{play.places.live_class}/participants").json()
    ids = {each["user_id"] for each in answer["data"]}
    assert {play.ids[name] for name in ("ann", "pia", "hida", "flo")} <= ids
    assert 20 < len(ids) <= 100
    workouts = {each["workout_id"] for each in answer["data"]}
    assert set(play.workouts("pia")) & workouts


def test_whoever_is_private_is_gone_from_the_fixed_class_but_for_followers() -> None:
    play = Play("fixed")
    path = f"/api/peloton/{play.places.live_class}/participants"
    for viewer in ("ann", "flo", "sta"):
        followed = play.rows(
            "SELECT followed FROM follows WHERE follower = ? AND status = 'approved'",
            play.ids[viewer],
        )
        rows = play.get(viewer, path).json()["data"]
        private = {each["user_id"] for each in rows if each["is_profile_private"]}
        assert len(rows) > 20
        assert private <= {each["followed"] for each in followed}
        assert (play.ids["pia"] in private) is (viewer == "flo")


@pytest.fixture(scope="module")
def crowded() -> tuple[Play, float]:
    started = time.process_time()
    return Play("1", members=100_000), time.process_time() - started


def test_100_000_members_are_there_in_a_few_seconds(crowded: tuple[Play, float]) -> None:
    assert crowded[1] < 12


def test_answers_stay_bounded_however_many_there_are(crowded: tuple[Play, float]) -> None:
    play, _ = crowded
    started = time.process_time()
    assert len(play.get("ann", "/api/user/search?user_query=%25&limit=100").json()["data"]) == 100
    assert play.get("ann", "/api/user/search?user_query=%25&limit=101").status_code == 400
    name = play.accounts["pia"][0]
    assert len(play.get("ann", f"/api/user/search?user_query={name}").json()["data"]) == 1
    past = play.get("ann", f"/api/peloton/{play.places.past_class}/participants?limit=100")
    assert len(past.json()["data"]) == 100
    assert time.process_time() - started < 2
