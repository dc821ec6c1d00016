"""What `fixed` refuses, and how."""

from __future__ import annotations

import pytest

from tests.cadence.play import Play


@pytest.fixture(scope="module")
def fixed() -> Play:
    return Play("fixed")


def test_whoever_has_not_logged_in_is_sent_away_except_from_the_catalogue(fixed: Play) -> None:
    document = fixed.app.openapi()
    filled = {"id": fixed.places.instructors[0], "rideId": fixed.places.rides[0]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if operation["operationId"] in ("login", "downloadSharedExport"):
                continue  # they ask for something else that proves who may
            url = path
            for parameter in operation.get("parameters", ()):
                name = parameter["name"]
                url = url.replace(f"{{{name}}}", filled.get(name, fixed.ids["ann"]))
            body = {"ids": [], "user_id": fixed.ids["pia"], "action": "follow", "query": "{x}"}
            answer = fixed.clients[None].request(
                method, f"{url}?user_query=ann_", None if method == "get" else body
            )
            wanted = 200 if operation.get("security") == [] else 401
            assert answer.status_code == wanted, (method, path)


def test_an_unknown_workout_and_a_forbidden_one_are_answered_alike(fixed: Play) -> None:
    forbidden = fixed.workouts("pia")[0]
    for part in ("", "/summary", "/performance_graph", "?joins=user"):
        one = fixed.get("ann", f"/api/workout/{forbidden}{part}")
        other = fixed.get("ann", f"/api/workout/{'0' * 32}{part}")
        assert (one.status_code, one.content) == (other.status_code, other.content)
        assert one.status_code == 404


def test_a_batch_drops_what_may_not_be_seen_without_a_trace(fixed: Play) -> None:
    ids = [*fixed.workouts("ann"), *fixed.workouts("pia"), "0" * 32]
    answer = fixed.clients["ann"].post("/stats/workouts/details", json={"ids": ids}).json()
    assert [each["id"] for each in answer["data"]] == fixed.workouts("ann")
    assert fixed.ids["pia"] not in str(answer)


def test_a_batch_takes_50_ids(fixed: Play) -> None:
    ids = fixed.workouts("ann")[:1] * 51
    post = fixed.clients["ann"].post
    assert post("/stats/workouts/details", json={"ids": ids[:50]}).status_code == 200
    assert post("/stats/workouts/details", json={"ids": ids}).status_code == 400


def test_a_search_takes_three_characters_and_shows_cards(fixed: Play) -> None:
    assert fixed.get("ann", "/api/user/search?user_query=an").status_code == 400
    assert fixed.get("ann", "/api/user/search/%25%25%25").json() == {"data": []}
    (card,) = fixed.get("ann", "/api/user/search?user_query=flo_").json()["data"]
    assert card.keys() == {
        "id", "username", "image_url", "is_profile_private", "tags",
        "relationship", "authed_user_follows", "category",
    }  # fmt: skip


def test_a_search_shows_at_most_40() -> None:
    play = Play("fixed", members=3000)
    answer = play.get("ann", "/api/user/search?user_query=bar&limit=100").json()
    assert len(answer["data"]) == 40


def test_lists_drop_the_one_who_has_blocked_the_caller(fixed: Play) -> None:
    for list_ in (f"{fixed.ids['ann']}/followers", f"{fixed.ids['flo']}/following"):
        ids = [each["id"] for each in fixed.get("blo", f"/api/user/{list_}").json()["data"]]
        assert ids
        assert fixed.ids["pia"] not in ids
        assert fixed.ids["pia"] in fixed.get("ann", f"/api/user/{list_}").text


def test_to_the_blocked_the_owner_does_not_exist(fixed: Play) -> None:
    for part in ("", "/overview", "/workouts", "/calendar", "/achievements", "/followers"):
        blocked = fixed.get("blo", f"/api/user/{fixed.ids['pia']}{part}")
        unknown = fixed.get("blo", f"/api/user/{'0' * 32}{part}")
        assert (blocked.status_code, blocked.content) == (404, unknown.content)
    follow = {"user_id": fixed.ids["pia"], "action": "follow"}
    answer = fixed.clients["blo"].post("/api/user/change_relationship", json=follow)
    assert answer.status_code == 404


def test_private_history_is_refused_to_strangers(fixed: Play) -> None:
    for viewer, status in (("ann", 403), ("pen", 403), ("exa", 403), ("sta", 403), ("flo", 200)):
        answer = fixed.get(viewer, f"/api/user/{fixed.ids['pia']}/workouts")
        assert answer.status_code == status, viewer


def test_a_login_says_who_and_nothing_more_and_does_not_tell_names(fixed: Play) -> None:
    username, password = fixed.accounts["ann"]
    login = fixed.clients[None].post
    good = login("/auth/login", json={"username_or_email": username, "password": password})
    assert good.json().keys() == {"session_id", "user_id"}
    bad = login("/auth/login", json={"username_or_email": username, "password": "wrong"})
    unknown = login("/auth/login", json={"username_or_email": "nobody-here", "password": "wrong"})
    assert bad.status_code == unknown.status_code == 401
    assert bad.content == unknown.content


@pytest.mark.parametrize("stage", ["1", "2"])
def test_the_leaking_stages_tell_who_is_a_member(stage: str) -> None:
    play = Play(stage, members=0)
    login = play.clients[None].post
    name = play.accounts["ann"][0]
    bad = login("/auth/login", json={"username_or_email": name, "password": "wrong"})
    unknown = login("/auth/login", json={"username_or_email": "nobody-here", "password": "wrong"})
    assert bad.content != unknown.content


@pytest.mark.parametrize(("stage", "written"), [("1", True), ("2", True), ("fixed", False)])
def test_a_member_may_write_groups_and_the_beta_flag_only_before_the_fix(
    stage: str, written: bool
) -> None:
    play = Play(stage, members=0)
    path = f"/api/user/{play.ids['ann']}"
    changes = {
        "member_groups": ["Board"],
        "location": "Elsewhere",
        "is_internal_beta_tester": False,
    }
    assert play.clients["ann"].put(path, json=changes).status_code == 200
    me = play.get("ann", "/api/me").json()
    assert (me["member_groups"] == ["Board"]) is written
    assert (me["is_internal_beta_tester"] is False) is written
    assert me["location"] == "Elsewhere"
    assert play.clients["pia"].put(path, json=changes).status_code == 403


def test_a_name_is_taken_once(fixed: Play) -> None:
    path = f"/api/user/{fixed.ids['ann']}"
    taken = fixed.clients["ann"].put(path, json={"username": fixed.accounts["pia"][0]})
    assert taken.status_code == 409


def test_a_bad_request_is_not_repeated_back(fixed: Play) -> None:
    answer = fixed.clients["ann"].post("/stats/workouts/details", json={"ids": "a-thing"})
    assert answer.status_code == 400
    assert "a-thing" not in answer.text
