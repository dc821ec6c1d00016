"""Who a login and the key of an application name: the reference and the runtime of the engines.

Both laws are those of `test_callers.py`, for what is no credential of a caller. The answer of a
login says whose it is, and not what came with the request; and a key that all callers of an
application send says nothing of anybody, whatever it is and whatever stands beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.exchange_lua import WORKERS, LuaGuard
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import Headers, Outcome, Request, Response, Upstream
from tests.properties.pool import LAW
from tests.properties.test_callers import FINE, SAID, case


class Api(Upstream):
    """Answers by a function that each example sets."""

    def __init__(self) -> None:
        super().__init__([])
        self.told: Callable[[Request], Response] = lambda request: Response(404)

    def answer(self, request: Request) -> Response | None:
        return self.told(request)


class Pair:
    """Both guards of one contract, before one API."""

    def __init__(self, name: str, folder: str, **policy: Any) -> None:
        self.api = Api()
        self.setup = case(name, guard={"ttl": "1ms"}, **policy).setup(Path(folder))
        object.__setattr__(self.setup, "upstream", self.api)
        self._guards = (
            PythonGuard(self.setup),
            LuaGuard(self.setup, f"{folder}/state", worker=WORKERS.next()),
        )

    def ask(self, request: Request, told: Callable[[Request], Response]) -> Outcome:
        """What both answer; what they believed before is too old."""
        self.api.told = told
        found = []
        for guard in self._guards:
            self.setup.clock.now += 10
            found.append(guard.exchange(request))
        one, other = found
        assert one.response == other.response
        assert one.audit["who"] == other.audit["who"]
        return one


@pytest.fixture(scope="module")
def desk() -> Iterator[Pair]:
    with TemporaryDirectory() as folder:
        yield Pair("logins", folder, operations={"login": {"login": "/user/id"}})


@pytest.fixture(scope="module")
def app() -> Iterator[Pair]:
    with TemporaryDirectory() as folder:
        yield Pair("clients", folder)


def answer(value: Any, status: int = 200, headers: Headers = FINE) -> Response:
    return Response(status, headers, json.dumps(value).encode())


def sent(headers: Headers, name: str) -> list[str]:
    return [value for each, value in headers if each == name]


IDS = (
    "ann",
    "ann",
    "ann",
    "eve",
    "eve",
    "ANN",
    "",
    None,
    True,
    1.5,
    ["ann"],
    {"id": "ann"},
    "\0",
    "ann\0",
    7,
)
SESSIONS = st.lists(
    st.tuples(
        st.sampled_from(("x-session", "x-session", "cookie", "authorization", "x-user")),
        st.sampled_from(("ann", "eve", "old", "")),
    ),
    max_size=3,
).map(tuple)


@LAW
@given(
    id=st.sampled_from(IDS),
    status=st.sampled_from((200, 200, 200, 201, 206, 302, 400, 400, 401, 401, 403, 500)),
    worse=st.one_of(st.just([]), st.just([]), st.lists(SAID, max_size=1)),
    cut=st.sampled_from((0, 0, 0, 0, 0, 1)),
    truncated=st.sampled_from((False, False, False, False, True)),
    headers=SESSIONS,
    news=st.lists(st.sampled_from(("ann", "eve", "bob", 7)), max_size=3),
)
def test_a_login_shows_what_is_of_the_account_that_its_good_answer_names(
    desk: Pair,
    id: Any,
    status: int,
    worse: list[tuple[str, str]],
    cut: int,
    truncated: bool,
    headers: Headers,
    news: list[Any],
) -> None:
    """Nothing of anybody else, whoever sent the request; where it names nobody, what is of the
    caller that a session of this request names."""
    said = {"token": "t", "user": {"id": id, "name": "secret", "email": "e"}}
    said["news"] = [{"id": n, "by": by, "text": "t"} for n, by in enumerate(news)]
    names = {name for name, _ in worse}
    about = (*(pair for pair in FINE if pair[0] not in names), *worse)
    whole = json.dumps(said).encode()
    login = Response(status, about, whole[: len(whole) - cut], truncated)
    sessions = sent(headers, "x-session")

    def told(request: Request) -> Response:
        if request.target == "/login":
            return login
        who = sent(request.headers, "x-session")
        return answer({"id": who[0]}) if who in (["ann"], ["eve"]) else answer({}, 401)

    about_body = ("content-type", "application/json")
    found = desk.ask(Request("POST", "/login", (*headers, about_body), b"{}"), told)
    sound = 200 <= status < 300 and not (worse or cut or truncated)
    named = sound and (id == 7 or id in ("ann", "eve", "ANN")) and id is not True
    theirs = {str(id)} if named else {*sessions} & {"ann", "eve"} if len(sessions) == 1 else set()
    try:
        shown = json.loads(found.response.body)
    except ValueError:
        shown = {}
    account = shown.get("user") or {}
    assert {str(each["by"]) for each in shown.get("news", ())} <= theirs
    assert not {"name", "email"} & {*account} or str(id) in theirs
    assert not named or sessions[1:] or account.get("name") == "secret"


KEYS = st.lists(
    st.tuples(
        st.sampled_from(("x-app", "x-app", "x-session", "x-session", "authorization", "cookie")),
        st.sampled_from(("a", "b", "ann", "eve", "", "ann, eve")),
    ),
    max_size=4,
).map(tuple)


@LAW
@given(headers=KEYS, shared=st.sampled_from(("", "", "by key", "by all")))
def test_the_key_of_an_application_names_nobody(app: Pair, headers: Headers, shared: str) -> None:
    """Whoever is named has a session; and where who-am-I tells the same to those who have none, be
    it to those with this key alone, nobody is."""
    sessions, keys = sent(headers, "x-session"), sent(headers, "x-app")
    one_for_all = shared == "by all" or (shared == "by key" and any(keys))  # an empty key is none

    def told(request: Request) -> Response:
        if request.target != "/me":
            return answer({"id": "ann", "name": "Ann", "email": "a@x.test", "open": True})
        who = sent(request.headers, "x-session")
        if shared == "by all" or (shared == "by key" and any(sent(request.headers, "x-app"))):
            return answer({"id": "ann"}, headers=FINE[:1])  # nothing says that it is theirs alone
        return answer({"id": who[0]}) if who in (["ann"], ["eve"]) else answer({}, 401)

    found = app.ask(Request("GET", "/accounts/ann", headers), told)
    named = found.audit["who"] != "anonymous"
    assert not named or (sessions in (["ann"], ["eve"]) and not one_for_all)
    seen = b"a@x.test" in found.response.body
    assert not seen or sessions == ["ann"]
    fair = (
        sessions == ["ann"] and len(keys) <= 1 and {n for n, _ in headers} <= {"x-app", "x-session"}
    )
    assert seen or not fair or one_for_all
