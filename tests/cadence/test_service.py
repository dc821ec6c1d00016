"""The gateway in front of the API reads what its look-ups need of anybody, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

import cadence
from cadence.rules import MEMBER_FIELDS, WORKOUT_FIELDS, Group, Trusted
from tests.cadence.client import Client
from tests.cadence.play import Play

KEY = "made-up-key"
STAGES = ("1", "2", "fixed")
READS = {
    "listFollowers": "/api/user/{userId}/followers",
    "listFollowing": "/api/user/{userId}/following",
    "listBlocked": "/api/user/{userId}/blocked",
    "getSettings": "/api/user/{userId}/settings",
    "getUser": "/api/user/{userNameOrId}",
    "getWorkout": "/api/workout/{workoutId}",
    "getClass": "/api/peloton/{pelotonId}",
    "getExportLink": "/api/user/{userId}/workout_history_link",
}


class Guarded(Play):
    """A stage that knows a gateway, and the gateway."""

    def __init__(self, stage: str) -> None:
        super().__init__(stage, members=30)
        self.app.state.world = type(self.app.state.world)(self.db, stage, KEY)
        self.gateway = Client(self.app, {"x-service-key": KEY})

    def told(self, path: str) -> Any:
        answer = self.gateway.get(path)
        assert answer.status_code == 200, path
        return answer.json()


@pytest.fixture(scope="module", params=STAGES)
def play(request: pytest.FixtureRequest) -> Guarded:
    made = Guarded(request.param)
    everything = ("private", "hide_age", "effort_zones_private", "workout_maps_private")
    for owner in ("pia", "flo", "ann"):
        made.set(owner, dict.fromkeys(everything, True))
    return made


def test_all_followers_and_all_who_are_followed_are_listed(play: Guarded) -> None:
    for owner in ("pia", "ann", "flo"):
        for list_, one, other in (
            ("followers", "follower", "followed"),
            ("following", "followed", "follower"),
        ):
            query = f"SELECT {one} FROM follows WHERE {other} = ? AND status = 'approved'"
            wanted = {row[one] for row in play.rows(query, play.ids[owner])}
            assert wanted
            page = play.told(f"/api/user/{play.ids[owner]}/{list_}?limit=100")
            assert {card["id"] for card in page["data"]} == wanted
            assert page["total"] == len(wanted)


def test_blocks_and_settings_are_told_of_anybody(play: Guarded) -> None:
    pia = play.ids["pia"]
    (blocked,) = play.told(f"/api/user/{pia}/blocked")["data"]
    assert blocked["id"] == play.ids["blo"]
    assert play.told(f"/api/user/{play.ids['ann']}/blocked")["total"] == 0
    settings = f"/api/user/{pia}/settings"
    assert play.told(settings) == play.get("pia", settings).json()


def test_members_and_workouts_are_told_in_full_without_edges_and_secrets(play: Guarded) -> None:
    for name in (play.ids["pia"], play.accounts["pia"][0]):
        shown = play.told(f"/api/user/{name}")
        kept = {f for f, group in MEMBER_FIELDS.items() if group not in (Group.EDGE, Group.SECRET)}
        assert shown.keys() == kept
        assert shown["id"] == play.ids["pia"]
    assert not Trusted(known=True).of(Group.SECRET)  # also of an endpoint that would serve it
    workout = play.told(f"/api/workout/{play.workouts('pia')[0]}")
    assert workout["user_id"] == play.ids["pia"]
    shared = {"heart_rate", "route"}  # of the graph, which is another endpoint
    assert WORKOUT_FIELDS.keys() - shared <= workout.keys()


def test_what_is_not_there_is_not_there_for_the_gateway_either(play: Guarded) -> None:
    nobody = "0" * 32
    for path in READS.values():
        url = path.replace("{userId}", nobody).replace("{userNameOrId}", nobody)
        assert play.gateway.get(url.replace("{workoutId}", nobody)).status_code == 404


def test_every_other_endpoint_takes_it_for_nobody(play: Guarded) -> None:
    """The same answer as without the header, at every method and path of the document."""
    filled = {
        "id": play.places.instructors[0],
        "rideId": play.places.rides[0],
        "pelotonId": play.places.live_class,
        "workoutId": play.workouts("pia")[0],
        "q": "pia",
    }
    asked = 0
    for path, operations in play.app.openapi()["paths"].items():
        for method, operation in operations.items():
            if operation["operationId"] in READS:
                assert READS[operation["operationId"]] == path
                continue
            url = path
            for parameter in operation.get("parameters", ()):
                name = parameter["name"]
                url = url.replace(f"{{{name}}}", filled.get(name, play.ids["pia"]))
            body = {"ids": [filled["workoutId"]], "user_id": play.ids["pia"], "action": "block"}
            sent = (method, f"{url}?user_query=pia_", None if method == "get" else body)
            one, other = (each.request(*sent) for each in (play.gateway, play.clients[None]))
            assert (one.status_code, one.content) == (other.status_code, other.content), sent
            asked += 1
    assert asked > 18


@pytest.mark.parametrize("sent", [None, "", "made-up", KEY.upper(), f"{KEY}x", "k\xe9y"])
@pytest.mark.parametrize("key", ["", KEY])
def test_without_the_right_key_there_is_no_gateway(key: str, sent: str | None) -> None:
    app = cadence.create_app("fixed", members=0, service_key=key)
    client = Client(app, {} if sent is None else {"x-service-key": sent})
    pia = Play("fixed", members=0).ids["pia"]
    for path in ("followers", "following", "blocked", "settings", ""):
        assert client.get(f"/api/user/{pia}/{path}".rstrip("/")).status_code == 401, path


def test_the_key_comes_from_the_environment_unless_it_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    apps: list[Any] = []
    monkeypatch.setattr("uvicorn.Server.run", lambda server, _: apps.append(server.config.app))
    monkeypatch.setenv("CADENCE_SERVICE_KEY", KEY)
    with cadence.bound(0) as listening:
        for given in (None, "another", ""):
            cadence.serve("fixed", listening, members=0, service_key=given)
    monkeypatch.delenv("CADENCE_SERVICE_KEY")
    with cadence.bound(0) as listening:
        cadence.serve("fixed", listening, members=0)
    pia = Play("fixed", members=0).ids["pia"]
    path = f"/api/user/{pia}/settings"
    clients = [Client(app, {"x-service-key": KEY}) for app in apps]
    assert [each.get(path).status_code for each in clients] == [200, 401, 401, 401]


def test_the_document_does_not_mention_it(play: Guarded) -> None:
    assert "service" not in str(play.app.openapi())
