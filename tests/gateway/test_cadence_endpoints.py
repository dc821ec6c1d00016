"""What cadence leaks otherwise than by a plain answer, closed by the guard in its first stage."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

import cadence
from cadence.people import catalogue
from oakum.cli.demo_scans import serve_stage
from oakum.guard.engine_protocol import EngineTarget
from oakum.guard.run import GuardOptions, run_engine
from tests.cadence.play import BY_ID, BY_TAG
from tests.gateway.test_running import ENGINES
from tests.patience import patient, unhurried

pytestmark = pytest.mark.server
COOKIE = "peloton_session_id"


class Member:
    """Somebody who has logged in through the guard; nobody without a name."""

    def __init__(self, address: str, name: str = "") -> None:
        self._address = address
        self._cookie = ""
        if name:
            username, password = cadence.personas(1)[name]
            login = {"username_or_email": username, "password": password}
            said = self.ask("POST", "/auth/login", login)[1]
            self.id, self._cookie = said["user_id"], f"{COOKIE}={said['session_id']}"

    def _send(self, method: str, path: str, body: Any) -> HTTPConnection:
        connection = HTTPConnection(self._address, timeout=patient(20))
        sent = None if body is None else json.dumps(body)
        headers = {"cookie": self._cookie, "content-type": "application/json"}
        connection.request(method, path, sent, headers)
        return connection

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self._send(method, path, body).getresponse()
        text = answer.read().decode()
        if answer.headers["content-type"].startswith("text/csv"):
            return answer.status, list(csv.DictReader(io.StringIO(text)))
        return answer.status, json.loads(text)

    def query(self, query: str, **variables: str) -> Any:
        return self.ask("POST", "/graphql", {"query": query, "variables": variables})[1]["data"]

    def hear(self, path: str) -> tuple[int, list[Any]]:
        """The events of a feed, until it has nothing more to tell."""
        answer = self._send("GET", path, None).getresponse()
        events = []
        while answer.status == 200 and not (line := answer.readline()).startswith(b":"):
            if line.startswith(b"data:"):
                events.append(json.loads(line[5:]))
        return answer.status, events


@pytest.fixture(scope="module", params=ENGINES)
def guarded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """(engine, address) of the guard in front of stage 1."""
    kit: Path = tmp_path_factory.mktemp("kit")
    cadence.write_kit(kit, 1)
    unhurried(kit / "exposure.yaml")
    engine: EngineTarget = request.param()
    environ = {**os.environ, "CADENCE_SERVICE_KEY": "made-up-for-this-test"}
    with serve_stage("1", 20, environ) as upstream:
        guard = GuardOptions(
            kit / "exposure.yaml", upstream, "127.0.0.1:0", engine, environ=environ
        )
        with run_engine(guard, lambda _: None) as behind:
            yield engine, behind.listen


def test_a_query_shows_of_a_private_member_what_the_contract_grants(guarded: Any) -> None:
    _, address = guarded
    pia = Member(address, "pia")
    own = pia.query(BY_ID, id=pia.id)["user"]
    assert own["location"] and own["protected_fields"]["total_workouts"]
    for name, whole in (("ann", False), ("pen", False), ("flo", True)):
        member = Member(address, name)
        shown = member.query(BY_ID, id=pia.id)["user"]
        assert shown["username"] == own["username"]
        assert ("location" in shown) is whole
        assert ("total_workouts" in shown.get("protected_fields", {})) is whole
    tags = "query ($id: ID!) { user(id: $id) { id user_tags { name } } }"
    tag = pia.query(tags, id=pia.id)["user"]["user_tags"][0]["name"]
    (edge,) = Member(address, "ann").query(BY_TAG, tag=tag)["tag"]["users"]["edges"]
    assert edge["node"]["id"] == pia.id
    assert "location" not in edge["node"]
    blocked = Member(address, "blo")
    for id in (pia.id, "nobody"):
        asked = {"query": BY_ID, "variables": {"id": id}}
        assert blocked.ask("POST", "/graphql", asked) == (200, {"data": {"user": None}})
    assert Member(address).ask("POST", "/graphql", {"query": "{ __typename }"})[0] == 401


def test_the_feed_tells_a_private_rider_to_followers_only(guarded: Any) -> None:
    engine, address = guarded
    path = f"/api/peloton/{catalogue(1).live_class}/feed?since=0"
    pia = Member(address, "pia").id
    if not engine.feeds:  # one that does not end is given up
        assert Member(address, "ann").hear(path) == (404, [])
        return
    for name, told in (("ann", False), ("exa", False), ("blo", False), ("flo", True)):
        status, events = Member(address, name).hear(path)
        assert status == 200
        assert events
        assert (pia in {each["user_id"] for each in events}) is told, name
    assert Member(address).hear(path)[0] == 401


def test_a_link_ends_when_its_owner_says_so(guarded: Any) -> None:
    _, address = guarded
    flo, nobody = Member(address, "flo"), Member(address)
    link = f"/api/user/{flo.id}/workout_history_link"
    url = flo.ask("GET", link)[1]["url"]
    assert len(nobody.ask("GET", url)[1]) == 2
    assert flo.ask("PUT", link, {"is_revoked": True})[0] == 200
    status, rows = nobody.ask("GET", url)
    assert status >= 400 or rows == []
    assert len(flo.ask("GET", url)[1]) == 2


def test_a_list_neither_filters_nor_sorts_by_what_is_hidden(guarded: Any) -> None:
    _, address = guarded
    pia, ann = Member(address, "pia"), Member(address, "ann")
    own = pia.ask("GET", "/api/me")[1]
    every = ann.ask("GET", "/api/user/browse")
    assert pia.id in str(every)
    asked = urlencode({"last_name": own["last_name"], "sort": "height", "limit": 40})
    assert ann.ask("GET", f"/api/user/browse?{asked}") == every


def test_a_login_does_not_tell_who_is_a_member(guarded: Any) -> None:
    _, address = guarded
    names = (cadence.personas(1)["ann"][0], "nobody_of_this_name")
    known, unknown = (
        Member(address).ask("POST", "/auth/login", {"username_or_email": name, "password": "wrong"})
        for name in names
    )
    assert known == unknown
    assert known[0] == 401


def test_an_overview_from_a_cache_shows_no_private_member(guarded: Any) -> None:
    _, address = guarded
    pia, ann = Member(address, "pia"), Member(address, "ann")
    assert pia.ask("GET", "/api/me/overview")[1]["user_id"] == pia.id
    assert pia.id not in str(ann.ask("GET", "/api/me/overview"))
