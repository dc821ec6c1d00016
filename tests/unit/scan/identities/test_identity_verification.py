"""Who is proven, who is not, and in what words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import InputError, TargetError
from oakum.exchange import Request, Response
from oakum.finding import IdentityState
from oakum.openapi.model import Operation, Parameter
from oakum.policy.model import Caller
from oakum.scan.identities.identities_file import load_identities
from oakum.scan.identities.identity_verification import Examination, examine
from oakum.scan.identities.session import Sessions
from oakum.scan.transport.client import HttpTransport
from oakum.scan.transport.rate_and_budget import Governor
from tests.scan import servers
from tests.scan.servers import serve
from tests.unit.scan.identities.test_session import TARGET, Fake, answer, document

FIXED = """
identities:
  ann: {header: "X-Who: ann"}
  bob: {header: "X-Who: bob"}
between: [ann is follower of bob]
"""
NOBODY = answer(401)


class Clinic:
    """An examination of identities with fixed credentials at a scripted target."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "identities.yaml"
        self.target = TARGET
        self.sessions: Sessions
        self.fake: Fake

    def examine(
        self, app: Callable[[str, Request], Response], text: str = FIXED, **more: Any
    ) -> Examination:
        self.path.write_text(text)
        found = load_identities(self.path, environ={"ANN": "ann-hunter2", "BOB": "wrong-1"})
        self.fake = Fake(lambda request: app(request.headers.get("x-who", ""), request))
        paper = more.get("document")
        self.sessions = Sessions(found, self.fake, paper, self.target)
        return examine(found, self.sessions, **more)

    def me(self, body: Callable[[str], Any], **more: Any) -> Examination:
        """Who-am-I answers this to everybody but the anonymous."""
        return self.examine(
            lambda who, _: answer(200, body(who)) if who else NOBODY, whoami="/me", **more
        )


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return Clinic(tmp_path)


def words(found: Examination) -> dict[str, str]:
    return {state.name: state.message for state in found.states}


def test_everybody_is_proven(clinic: Clinic) -> None:
    found = clinic.me(lambda who: {"data": {"id": len(who), "name": who}, "n": who})
    assert found.ok is False  # ann and bob have names of the same length
    found = clinic.me(lambda who: {"data": {"id": f"m-{who}"}})
    assert found.states == (
        IdentityState("ann", True, "", ("follower of bob",)),
        IdentityState("bob", True),
    )
    assert found.facts["ann"] == {"data": {"id": "m-ann"}}
    assert found.ids == {"ann": "m-ann", "bob": "m-bob"}
    assert (found.whoami, found.ok) == ("/me", True)
    assert "m-ann" not in repr(found)
    assert all(request.headers["cache-control"] == "no-cache" for request in clinic.fake.asked)


def test_the_same_account_twice(clinic: Clinic) -> None:
    found = clinic.me(lambda who: {"id": "m-1", "at": who})
    message = "`ann` and `bob` are the same account; the scan needs an owner and a stranger"
    assert words(found) == {"ann": message, "bob": message}
    assert not found.ok


def test_the_pointer_of_the_contract_says_where_the_id_is(clinic: Clinic) -> None:
    found = clinic.me(
        lambda who: {"id": "same-for-all", "me": {"no": who}},
        caller=Caller("getMe", "/me/no"),
    )
    assert found.ok
    assert found.ids == {"ann": "ann", "bob": "bob"}


def test_without_ids_the_whole_answer_counts(clinic: Clinic) -> None:
    assert clinic.me(lambda who: {"greeting": f"hello {who}"}).ok
    found = clinic.examine(lambda who, _: answer(200, {"greeting": "hello"}), whoami="/me")
    assert not found.ok


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (
            Response(400, {}, b"<h1>400 Bad Request</h1>The SSL certificate error"),
            "`/me` answers 400; the server refused the client certificate",
        ),
        (
            Response(400, {}, b"<center>No required SSL certificate was sent</center>"),
            "`/me` answers 400; the server requires a client certificate",
        ),
        (answer(401), "`/me` answers 401; check `send:`, or get new credentials"),
        (answer(403), "`/me` answers 403; check `send:`, or get new credentials"),
        (answer(404), "`/me` answers 404; is `whoami:` right?"),
        (
            Response(200, {"content-type": "text/html"}, b"<html>"),
            "`/me` returns HTML, as a front end does for every path; is `whoami:` right?",
        ),
        (Response(204), "`/me` returns 204 without identifying the caller"),
        (answer(200, {}), "`/me` returns 200 without identifying the caller"),
        (
            answer(200, {"id": "m-0"}),
            "`/me` returns the same without credentials; is `whoami:` right?",
        ),
        (
            answer(200, {"error": "log in"}),
            "`/me` returns the same without credentials; is `whoami:` right?",
        ),
    ],
)
def test_what_proves_nothing(clinic: Clinic, response: Response, message: str) -> None:
    found = clinic.examine(lambda who, _: response, whoami="/me")
    assert words(found) == {"ann": message, "bob": message}
    assert not found.ok
    assert found.facts == {}
    assert clinic.sessions.proof is None


def test_an_anonymous_answer_that_differs_is_no_objection(clinic: Clinic) -> None:
    app = lambda who, _: answer(200, {"id": who} if who else None)  # noqa: E731
    assert clinic.examine(app, whoami="/me").ok


def test_the_file_says_who_it_means(clinic: Clinic) -> None:
    text = FIXED.replace('ann"}', 'ann", facts: {id: m-9}}')
    found = clinic.me(lambda who: {"id": who}, text=text)
    assert words(found) == {
        "ann": "`/me` returns a different id than `facts` of `ann`; is it the account that you"
        " mean? if this is another kind of id, give it another name under `facts`, such as"
        " `user_id`",
        "bob": "",
    }
    assert clinic.me(lambda who: {"id": "m-9" if who == "ann" else 2}, text=text).ok


def test_one_dead_identity_spoils_no_other(clinic: Clinic) -> None:
    text = """
    login: {post: /in, json: {u: $u, p: $p}, token: /t, send: "X-Who: $token"}
    identities:
      ann: {u: ann, p: {env: ANN}}
      bob: {u: bob, p: {env: BOB}}
    """

    def app(who: str, request: Request) -> Response:
        if request.url.endswith("/in"):
            sent = json.loads(request.body)
            good = sent["p"] == "ann-hunter2"
            return answer(200, {"t": sent["u"]}) if good else answer(401)
        return answer(200, {"id": who}) if who else NOBODY

    found = clinic.examine(app, text, whoami="/me")
    assert words(found) == {
        "ann": "",
        "bob": "could not log in: `POST /in` answered 401; wrong user name or password?",
    }
    assert "wrong-1" not in str(found)
    assert clinic.fake.paths() == ["/in", "/in", "/me", "/me"]  # nobody, then ann


def test_a_session_that_ends_while_it_is_examined(clinic: Clinic) -> None:
    text = "login: {post: /in, json: {}, token: /t}\nidentities: {ann: {u: ann}}"

    def app(who: str, request: Request) -> Response:
        first = clinic.fake.paths().count("/in") == 1
        return answer(200, {"t": "tok-1"}) if request.method == "POST" and first else answer(401)

    found = clinic.examine(app, text, whoami="/me")
    assert words(found)["ann"].startswith("could not log in: `POST /in` answered 401")


def test_what_the_login_gave_is_not_taken(clinic: Clinic) -> None:
    text = "login: {post: /in, json: {}, token: /t}\nidentities: {ann: {u: ann}}"
    app = lambda who, request: answer(200 if request.method == "POST" else 401, {"t": "tok-1"})  # noqa: E731
    found = clinic.examine(app, text, whoami="/me")
    assert (
        "does not accept what the login returned; check `send:` and `cookie:`"
        in words(found)["ann"]
    )


# --------------------------------------------------------------------------- which question


def test_the_question_is_stated_in_many_places(clinic: Clinic) -> None:
    paper = document(
        Operation("getMe", "GET", "/v1/me"),
        Operation("other", "GET", "/v1/other"),
    )
    caller = Caller("getMe", "/id")
    app = lambda who, _: answer(200, {"id": who}) if who else NOBODY  # noqa: E731
    ask = lambda **more: clinic.examine(app, document=paper, **more).whoami  # noqa: E731
    assert ask(whoami="other", text=FIXED + "whoami: /x", caller=caller) == "other"
    assert clinic.fake.paths()[0] == "/v1/other"
    assert ask(text=FIXED + "whoami: /x", caller=caller) == "/x"
    assert ask(caller=caller) == "getMe"
    assert ask() == "getMe"
    with pytest.raises(InputError, match="who-am-I: the document has no operation `getMee`"):
        ask(whoami="getMee")


@pytest.mark.parametrize(
    ("operations", "guessed"),
    [
        ([Operation("a", "GET", "/users/me"), Operation("b", "GET", "/profile")], "a"),
        ([Operation("b", "GET", "/api/profile"), Operation("c", "GET", "/x")], "b"),
        ([Operation("whoAmI", "GET", "/session")], "whoAmI"),
        ([Operation("getCurrentUser", "GET", "/user")], "getCurrentUser"),
        ([Operation("get_my_account", "GET", "/x")], "get_my_account"),
        ([Operation("long", "GET", "/a/b/me"), Operation("short", "GET", "/a/me")], "short"),
        ([Operation("a", "POST", "/me")], ""),
        ([Operation("a", "GET", "/users/{id}/profile")], ""),
        ([Operation("a", "GET", "/me", (Parameter("v", "query", True),))], ""),
        ([Operation("a", "GET", "/me/devices"), Operation("names", "GET", "/names")], ""),
    ],
)
def test_the_question_is_guessed(clinic: Clinic, operations: list[Any], guessed: str) -> None:
    app = lambda who, _: answer(200, {"id": who}) if who else NOBODY  # noqa: E731
    assert clinic.examine(app, document=document(*operations)).whoami == guessed


def test_no_question_is_known(clinic: Clinic) -> None:
    found = clinic.examine(lambda who, _: answer())
    assert found.ok
    assert words(found)["ann"] == (
        "logged in, but not verified: no who-am-I endpoint is known; write `whoami: /path` into"
        " the identities file; its account is unknown, so its findings are at most suspected:"
        " add `facts: {id: …}` to it, or `whoami: /path` to the file"
    )
    assert clinic.fake.asked == []


@pytest.mark.parametrize(("status", "ok"), [(404, True), (500, True), (401, False), (403, False)])
def test_a_guess_that_leads_nowhere(clinic: Clinic, status: int, ok: bool) -> None:
    paper = document(Operation("getMe", "GET", "/me"))
    found = clinic.examine(lambda who, _: answer(status), document=paper)
    assert found.ok is ok
    assert ("not verified: `getMe` answers" in words(found)["ann"]) is ok


def test_ids_by_claim_and_by_file(clinic: Clinic) -> None:
    text = """
    identities:
      ann: {header: "X-Who: ann", claims: {sub: m-1}}
      bob: {header: "X-Who: bob", facts: {id: m-1}}
      eve: {header: "X-Who: eve"}
    """
    found = clinic.examine(lambda who, _: answer(), text, caller=Caller(claim="sub"))
    assert found.ids == {"ann": "m-1", "bob": "m-1"}
    assert [state.ok for state in found.states] == [False, False, True]
    assert "add `facts: {id: …}`" in words(found)["eve"]


class Cached:
    """Who-am-I behind a cache that takes the address alone for its key; `deaf`: not the query."""

    def __init__(self, *, deaf: bool = False, headers: tuple[str, ...] = ()) -> None:
        self.kept: dict[str, Response] = {}
        self.deaf = deaf
        self.headers = headers

    def __call__(self, who: str, request: Request) -> Response:
        url = request.url.partition("?")[0] if self.deaf else request.url
        if url in self.kept:
            said = dict(each.split(": ") for each in self.headers)
            return replace(self.kept[url], headers={**self.kept[url].headers, **said})
        if not who:
            return NOBODY
        return self.kept.setdefault(url, answer(200, {"id": f"m-{who}"}))


def test_a_shared_cache_is_told_from_one_account_by_asking_past_it(clinic: Clinic) -> None:
    found = clinic.examine(Cached(), whoami="/me")
    assert (found.ok, found.ids) == (True, {"ann": "m-ann", "bob": "m-bob"})
    assert found.mixed == (("bob", "ann"),)
    assert found.notes == (
        "a shared cache returned to `bob` the account of `ann` when it requested `/me`; without"
        " the cache, `bob` is verified",
    )
    assert clinic.sessions.alive("ann") and clinic.sessions.alive("bob")  # past it, too


def test_a_cache_that_kept_somebodys_answer_before_the_run_proves_nobody_wrong(
    clinic: Clinic,
) -> None:
    app = Cached()
    app.kept[f"{TARGET}/me"] = answer(200, {"id": "m-somebody-else"})
    found = clinic.examine(app, whoami="/me")
    assert (found.ok, found.ids) == (True, {"ann": "m-ann", "bob": "m-bob"})
    assert found.mixed == (("ann", ""), ("bob", ""))


@pytest.mark.parametrize(
    "header", ["age: 12", "x-cache: HIT from edge", 'cache-status: "edge"; hit; ttl=30']
)
def test_a_cache_that_nothing_gets_past_is_named(clinic: Clinic, header: str) -> None:
    found = clinic.examine(Cached(deaf=True, headers=(header,)), whoami="/me")
    assert not found.ok
    assert "from a shared cache" in words(found)["bob"]
    assert "itself a leak" in words(found)["bob"]


# --------------------------------------------------------------------------- afterwards


def test_from_then_on_a_denial_is_told_from_a_dead_session(clinic: Clinic) -> None:
    alive = {"ann", "bob"}

    def app(who: str, request: Request) -> Response:
        if who not in alive or request.url.endswith("/secret"):
            return answer(403)
        return answer(200, {"id": who, "now": len(clinic.fake.asked)})

    clinic.examine(app, whoami="/me")
    secret = Request("GET", f"{TARGET}/secret")
    assert clinic.sessions.proof is not None
    assert clinic.sessions.proof.refusals == {401, 403}  # 403 is what nobody gets here
    assert clinic.sessions.send("ann", secret).status == 403
    assert clinic.sessions.alive("ann")
    alive.clear()
    assert not clinic.sessions.alive("ann")
    with pytest.raises(TargetError, match="the credentials of `ann` no longer work"):
        clinic.sessions.send("ann", secret)


def test_another_account_is_a_dead_session(clinic: Clinic) -> None:
    became = {"ann": "ann", "bob": "bob"}
    clinic.examine(lambda who, _: answer(200, {"id": became[who]}) if who else NOBODY, whoami="/me")
    assert clinic.sessions.alive("ann")
    became["ann"] = "guest"
    assert not clinic.sessions.alive("ann")


def test_absent_is_no_sign_of_a_dead_session(clinic: Clinic) -> None:
    app = lambda who, _: answer(200, {"id": who}) if who else answer(404)  # noqa: E731
    clinic.examine(app, whoami="/me")
    assert clinic.sessions.proof is not None
    assert clinic.sessions.proof.refusals == {401}


def test_a_real_target_in_few_requests(tmp_path: Path) -> None:
    path = tmp_path / "identities.yaml"
    path.write_text(
        "login: {post: /auth/login, json: {username: $username, password: $password},"
        " token: /auth/token}\nwhoami: /me\nidentities:\n"
        "  ann: {username: ann, password: ann-hunter2}\n"
        "  bob: {username: bob, password: bob-hunter2}\n"
        "  eve: {username: bob, password: guessed-1}\n"
    )
    found = load_identities(path, environ={})
    with serve(servers.JsonLogin()) as server, HttpTransport(server.url) as http:
        governor = Governor(http, 10_000, 100)
        result = examine(found, Sessions(found, governor, None, server.url))
    assert [state.ok for state in result.states] == [True, True, False]
    assert result.ids == {"ann": "m-4711", "bob": "m-4712"}
    assert governor.sent == 3 + 1 + 2


def test_html_everywhere_is_no_login(tmp_path: Path) -> None:
    path = tmp_path / "identities.yaml"
    path.write_text(
        "login: {post: /in, json: {}, token: /t}\nwhoami: /me\n"
        'identities: {ann: {u: u}, bob: {header: "X-Key: kk-1"}}\n'
    )
    found = load_identities(path, environ={})
    with serve(servers.html_everywhere) as server, HttpTransport(server.url) as http:
        result = examine(found, Sessions(found, http, None, server.url))
    assert not result.ok
    assert all("HTML, as a front end does" in state.message for state in result.states)


PARTNER = """
identities:
  ann: {header: "X-Who: ann"}
  lab: {header: "X-Who: lab", account: none, whoami: /status}
"""


@pytest.mark.parametrize(
    ("mine", "nobodys", "said"),
    [
        (200, 401, ""),
        (204, 403, ""),
        (404, 401, "`/status` answers 404; is `whoami:` right?"),
        (200, 200, "`/status` also answers without credentials; is `whoami:` right?"),
    ],
)
def test_a_caller_without_an_account_is_known_by_what_answers_it_alone(
    mine: int, nobodys: int, said: str, clinic: Clinic
) -> None:
    def app(who: str, request: Request) -> Response:
        if request.url.endswith("/status"):
            return answer(mine if who == "lab" else nobodys, {"plan": 1})
        return answer(200, {"id": 7}) if who == "ann" else NOBODY

    found = clinic.examine(app, PARTNER, whoami="/me")
    assert words(found) == {"ann": "", "lab": said}
    assert [state.ok for state in found.states] == [True, not said]
    assert "lab" not in found.ids
    if not said:  # a denial elsewhere is no end of its session
        assert clinic.sessions.send("lab", Request("GET", f"{TARGET}/me")).status == 401


OWN = """\
whoami: /users/$username
identities:
  ann: {send: "X-Who: $username", username: ann}
  bob: {send: "X-Who: $username", username: bob}
"""


def of_path(show: Callable[[str, str], Response]) -> Callable[[str, Request], Response]:
    """A target whose accounts are at a path of their own: whose it is, and who asks."""
    return lambda who, request: show(request.url.rpartition("/")[2], who)


def profile(whose: str, who: str) -> Response:
    private = {"email": f"{whose}@club.test"} if whose == who else {}
    return answer(200, {"login": whose, "city": "Brest", **private})


def refused(whose: str, who: str) -> Response:
    return profile(whose, who) if whose == who else answer(403 if who else 401)


@pytest.mark.parametrize("show", [profile, refused])
def test_what_only_the_caller_is_shown_at_a_path_of_theirs_proves_them(
    clinic: Clinic, show: Callable[[str, str], Response]
) -> None:
    found = clinic.examine(of_path(show), OWN)
    assert found.ok
    assert words(found) == {"ann": "", "bob": ""}
    assert found.ids == {"ann": "ann", "bob": "bob"}
    assert clinic.sessions.alive("ann")
    assert clinic.sessions.alive("bob")
    assert {request.url.rpartition("/")[2] for request in clinic.fake.asked} == {"ann", "bob"}
    proof = clinic.sessions.proof
    assert proof is not None
    assert not proof.holds("ann", show("ann", "bob"))


STAFFED = OWN + '  sue: {send: "X-Who: $username", username: sue}\n'


def overseen(whose: str, who: str) -> Response:
    return profile(whose, whose if who == "sue" else who)


def kept(whose: str, who: str) -> Response:
    """Others are refused the page of a caller, as if it had been there once (410)."""
    return profile(whose, whose) if who in (whose, "sue") else answer(410)


def befriended(whose: str, who: str) -> Response:
    """Sue is a friend of ann, and is shown the same of nobody else."""
    return profile(whose, whose if (whose, who) == ("ann", "sue") else who)


def mixed_up(whose: str, who: str) -> Response:
    """What the file says of ann is sent by staff, too."""
    return profile(whose, whose if who in ("ann", "sue") else who)


@pytest.mark.parametrize(
    ("show", "proven"),
    [
        (overseen, {"ann", "bob", "sue"}),
        (kept, {"ann", "bob", "sue"}),
        (befriended, {"bob", "sue"}),
        (mixed_up, {"bob"}),
    ],
)
def test_staff_who_are_shown_everybody_do_not_hide_who_a_caller_is(
    clinic: Clinic, show: Callable[[str, str], Response], proven: set[str]
) -> None:
    found = clinic.examine(of_path(show), STAFFED)
    assert {state.name for state in found.states if state.ok} == proven


@pytest.mark.parametrize(
    ("show", "says"),
    [
        (lambda whose, who: answer(200, {"login": whose}), "shows `ann` only what others"),
        (lambda whose, who: profile(whose, whose) if who else NOBODY, "shows `ann` only what"),
        (lambda whose, who: answer(404), "answers 404"),
    ],
    ids=["public", "any login", "missing"],
)
def test_a_path_that_shows_others_the_same_proves_nobody(
    clinic: Clinic, show: Callable[[str, str], Response], says: str
) -> None:
    found = clinic.examine(of_path(show), OWN)
    assert not found.ok
    assert says in words(found)["ann"]
    assert clinic.sessions.proof is None


@pytest.mark.parametrize(
    ("whoami", "says"),
    [
        ("/users/$name", "not every identity defines `$name`"),
        ("/users/$password", "`password` would be part of a URL"),
        ("users/$username", "`users/$username` is not a path"),
    ],
)
def test_a_path_of_ones_own_takes_what_each_identity_has(
    clinic: Clinic, whoami: str, says: str
) -> None:
    text = OWN.replace("/users/$username", whoami).replace(
        "username: ann", "username: ann, name: a"
    )
    text = text.replace("username: ann", "username: ann, password: a-1").replace(
        "username: bob", "username: bob, password: b-1"
    )
    with pytest.raises(InputError, match=re.escape(says)):
        clinic.examine(of_path(profile), text)


@pytest.mark.parametrize(
    ("response", "seen"),
    [
        (answer(404), "`/me/now` answers 404; "),
        (answer(405), "`/me/now` answers 405; "),
        (
            Response(200, {"content-type": "text/html"}, b"<html>"),
            "`/me/now` returns HTML, as a front end does for every path; ",
        ),
        (answer(401), ""),
    ],
)
def test_a_who_am_i_below_a_doubled_prefix_says_what_was_requested(
    clinic: Clinic, response: Response, seen: str
) -> None:
    clinic.target = "http://t/me"
    found = clinic.examine(lambda who, _: response, whoami="/me/now")
    said = words(found)["ann"]
    twice = "`/me/me/now` was requested, since the target ends with `/me` already; write `/now`"
    assert said == seen + twice if seen else "was requested" not in said
