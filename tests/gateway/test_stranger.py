"""An API that leaks in every way is sealed from outside, and whoever uses it well notices nothing.

Each attack is made twice: straight, where it must succeed, and through the guard. Each request of
normal use as well, and it must do the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from oakum.guard.compiled.compiled_contract import compile_for_gateway
from oakum.guard.engine_protocol import EngineTarget
from oakum.guard.plan.render import render_plan
from oakum.policy.contract import load
from tests.gateway.engine import start
from tests.gateway.stranger import Lockers, written
from tests.gateway.test_running import ENGINES
from tests.patience import patient
from tests.scan.servers import serve

pytestmark = pytest.mark.server

Ask = Callable[..., tuple[int, Any]]


def asking(address: str) -> Ask:
    """A client of one address; head and body of a request go out apart, as most clients send."""

    def ask(method: str, path: str, who: str = "", **body: object) -> tuple[int, Any]:
        connection = HTTPConnection(address, timeout=patient(10))
        headers = {"authorization": f"Bearer token-{who}"} if who else {}
        if body:
            headers["content-type"] = "application/json"
        connection.request(method, path, json.dumps(body).encode() if body else None, headers)
        answer = connection.getresponse()
        status, text = answer.status, answer.read()
        connection.close()
        return status, json.loads(text) if text else None

    return ask


@pytest.fixture(scope="module", params=ENGINES)
def ways(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The API itself, straight to it, and through an engine."""
    folder: Path = tmp_path_factory.mktemp("stranger")
    plan = render_plan(compile_for_gateway(load(written(folder))), folder).text
    engine: EngineTarget = request.param()
    api = Lockers()
    with serve(api) as server, start(engine, plan, server.url) as guard:
        host, port = guard.listen
        straight = asking(server.url.removeprefix("http://"))
        yield api, straight, asking(f"{host}:{port}")


@pytest.fixture
def sealed(ways: tuple[Lockers, Ask, Ask]) -> tuple[Lockers, Ask, Ask]:
    ways[0].reset()
    return ways


# ------------------------------------------------------------ what is closed


@pytest.mark.parametrize("who", ["", "ann", "sue"])
def test_a_debug_endpoint_is_not_there(sealed: tuple[Lockers, Ask, Ask], who: str) -> None:
    _, straight, guarded = sealed
    assert straight("GET", "/accounts/dump", who)[1][1]["password"] == "bob-hunter2"
    assert guarded("GET", "/accounts/dump", who)[0] == 404


def test_nobody_empties_the_database_by_asking(sealed: tuple[Lockers, Ask, Ask]) -> None:
    api, straight, guarded = sealed
    api.lockers.clear()
    assert guarded("GET", "/reset")[0] == 404
    assert not api.lockers
    straight("GET", "/reset")
    assert api.lockers


@pytest.mark.parametrize("who", ["", "ann"])
def test_what_is_a_members_own_is_shown_to_them_alone(
    sealed: tuple[Lockers, Ask, Ask], who: str
) -> None:
    _, straight, guarded = sealed
    assert straight("GET", "/accounts/bob", who)[1]["phone"] == "phone-of-bob"
    assert guarded("GET", "/accounts/bob", who) == (200, {"handle": "bob"})
    own = {"handle": "ann", "phone": "phone-of-ann"} if who else {"handle": "ann"}
    assert guarded("GET", "/accounts", who) == (200, [own, {"handle": "bob"}, {"handle": "sue"}])


def test_a_secret_is_its_owners(sealed: tuple[Lockers, Ask, Ask]) -> None:
    _, straight, guarded = sealed
    assert straight("GET", "/lockers/7", "ann")[1]["code"] == "code-of-bob"
    assert guarded("GET", "/lockers/7", "ann") == (200, {"number": "7", "holder": "bob"})
    assert guarded("GET", "/lockers/7", "bob")[1]["code"] == "code-of-bob"


def test_nobody_sets_the_password_of_another(sealed: tuple[Lockers, Ask, Ask]) -> None:
    api, straight, guarded = sealed
    assert guarded("PUT", "/accounts/bob/password", "ann", password="stolen")[0] == 403
    assert api.accounts["bob"]["password"] == "bob-hunter2"
    assert straight("PUT", "/accounts/bob/password", "ann", password="stolen")[0] == 204
    assert api.accounts["bob"]["password"] == "stolen"


def test_nobody_makes_themselves_staff(sealed: tuple[Lockers, Ask, Ask]) -> None:
    api, straight, guarded = sealed
    eve = {"handle": "eve", "password": "x", "phone": "1", "staff": True}
    assert guarded("POST", "/accounts", **eve)[0] == 422
    assert guarded("PUT", "/accounts/ann/password", "ann", password="x", staff=True)[0] == 422
    assert "eve" not in api.accounts
    assert straight("POST", "/accounts", **eve)[0] == 200
    assert api.accounts["eve"]["staff"] is True


def test_a_secret_is_put_into_nobody_elses_name(sealed: tuple[Lockers, Ask, Ask]) -> None:
    api, straight, guarded = sealed
    theirs = {"number": "9", "code": "trap", "holder": "bob"}
    assert guarded("POST", "/lockers", "ann", **theirs)[0] == 422
    assert "9" not in api.lockers
    straight("POST", "/lockers", "ann", **theirs)
    assert api.lockers["9"]["holder"] == "bob"


def test_a_login_does_not_tell_which_names_there_are(sealed: tuple[Lockers, Ask, Ask]) -> None:
    _, straight, guarded = sealed
    tries = [{"handle": name, "password": "guess"} for name in ("bob", "nobody")]
    one, other = (straight("POST", "/login", **each) for each in tries)
    assert one != other
    one, other = (guarded("POST", "/login", **each) for each in tries)
    assert one == other == (200, {"ok": False})


# ------------------------------------------------------------ what goes on


def test_normal_use_does_what_it_did(sealed: tuple[Lockers, Ask, Ask]) -> None:
    api, straight, guarded = sealed
    zoe = {"handle": "zoe", "password": "zoe-hunter2", "phone": "phone-of-zoe"}
    locker = {"number": "8", "code": "code-of-zoe"}
    use: list[tuple[tuple[str, ...], dict[str, object]]] = [
        (("POST", "/accounts"), zoe),
        (("POST", "/accounts"), zoe),
        (("POST", "/login"), {"handle": "zoe", "password": "zoe-hunter2"}),
        (("POST", "/login"), {"handle": "zoe", "password": "a slip"}),
        (("GET", "/me", "zoe"), {}),
        (("GET", "/me"), {}),
        (("GET", "/accounts/zoe", "zoe"), {}),
        (("POST", "/lockers", "zoe"), locker),
        (("POST", "/lockers", "zoe"), locker),
        (("GET", "/lockers/8", "zoe"), {}),
        (("GET", "/lockers/none", "zoe"), {}),
        (("PUT", "/accounts/zoe/password", "zoe"), {"password": "new"}),
        (("PUT", "/accounts/zoe/password", "zoe"), {"password": "newer"}),
        (("POST", "/login"), {"handle": "zoe", "password": "newer"}),
        (("GET", "/accounts", "sue"), {}),
        (("DELETE", "/accounts/zoe", "sue"), {}),
    ]
    expected = []
    for request, body in use:
        status, answer = straight(*request, **body)
        if isinstance(answer, dict):
            answer.pop("why", None)
        expected.append((status, answer if status == 200 else None))
    left = json.dumps([api.accounts, api.lockers])
    api.reset()
    for (request, body), (status, answer) in zip(use, expected, strict=True):
        got = guarded(*request, **body)
        assert (got[0], got[1] if status == 200 else None) == (status, answer), request
    assert json.dumps([api.accounts, api.lockers]) == left


def test_guesses_come_to_an_end(sealed: tuple[Lockers, Ask, Ask]) -> None:
    """The last test of an engine: its address has no calls left then."""
    _, straight, guarded = sealed
    guess = {"handle": "bob", "password": "guess"}
    assert {straight("POST", "/login", **guess)[0] for _ in range(60)} == {200}
    answers = [guarded("POST", "/login", **guess)[0] for _ in range(60)]
    assert answers == sorted(answers)
    assert answers[-1] == 429
    assert guarded("GET", "/lockers/7", "bob")[0] == 200
