"""A request in and its answer out, on cadence's contract: what passes, what is asked on the way."""

from __future__ import annotations

import pytest

from tests.unit.guard.talk import Talk, answer, body, cadence

ANN = {"id": "ann", "roles": []}
PIA = {
    "id": "pia", "username": "pia", "image_url": "/p.png", "is_profile_private": True,
    "location": "Aarhus", "total_workouts": 3, "age_decade": "30s", "birthday": "1990-01-01",
    "email": "p@x.test", "weight": 60,
}  # fmt: skip


@pytest.fixture
def talk() -> Talk:
    made = cadence()
    made.answers |= {
        "GET /api/me": answer(200, ANN),
        "GET /api/user/pia": answer(200, PIA, etag='"1"', server="x", set_cookie="a=b"),
        "GET /api/user/pia/followers?limit=100": answer(200, {"data": [], "total": 0}),
        "GET /api/user/pia/blocked": answer(200, {"data": [], "total": 0}),
        "GET /api/user/pia/settings": answer(
            200, {"user_id": "pia", "is_profile_private": True, "hide_age": False}
        ),
    }
    return made


def test_a_member_sees_of_a_private_profile_what_the_contract_says(talk: Talk) -> None:
    sent = talk.get("/api/user/pia", "s-ann")
    assert sent.status == 200
    assert sorted(body(sent)) == ["id", "image_url", "is_profile_private", "username"]
    assert talk.questions[0] == "GET /api/me"
    assert set(talk.questions[1:]) == {
        "GET /api/user/pia/followers?limit=100",
        "GET /api/user/pia/blocked",
        "GET /api/user/pia/settings",
    }
