"""Logins as dialogues, and sessions that stay alive; no secret in anything that is said."""

from __future__ import annotations

import base64
import json
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oakum.errors import InputError, Location, OakumError, TargetError
from oakum.exchange import Request, Response
from oakum.openapi.model import Operation, Parameter, Shape
from oakum.scan.identities.identities_file import load_identities
from oakum.scan.identities.login import LoginPlaces, dialogue
from oakum.scan.identities.model import Identities
from oakum.scan.identities.session import LoginFailed, Proof, Sessions
from oakum.scan.transport.client import HttpTransport
from tests.scan import servers
from tests.scan.servers import serve

SECRETS = {"ANN": "ann-hunter2", "BOB": "bob-hunter2"}
TARGET = "http://t"
JSON_LOGIN = """
login: {post: /auth/login, json: {username: $username, password: $password}, token: /auth/token}
identities:
  ann: {username: ann, password: {env: ANN}}
  bob: {username: bob, password: {env: BOB}}
"""
FORM_LOGIN = """
login: {post: /login, form: {username: $username, password: $password}, cookie: sid}
identities:
  ann: {username: ann, password: {env: ANN}}
"""


def answer(status: int = 200, body: Any = None, **more: Any) -> Response:
    """A JSON answer."""
    headers = {"content-type": "application/json", **more.pop("headers", {})}
    return Response(status, headers, json.dumps(body).encode(), **more)


def document(*operations: Operation) -> Any:
    return SimpleNamespace(operations=operations)


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Identities]:
    def read(text: str, **environ: str) -> Identities:
        path = tmp_path / "identities.yaml"
        path.write_text(textwrap.dedent(text))
        path.chmod(0o600)
        return load_identities(path, environ={**SECRETS, **environ})

    return read


# --------------------------------------------------------------------------- the dialogue


class Play:
    """A login, step by step: what it asks next, and what it has in the end."""

    def __init__(
        self,
        identities: Identities,
        name: str = "ann",
        document: Any = None,
        target: str = TARGET,
    ) -> None:
        identity = identities.items[name]
        places = LoginPlaces(target, document)
        self._steps = dialogue(identity, identity.login, places)  # type: ignore[arg-type]
        self.asked = next(self._steps)
        self.granted: Any = None

    def reply(self, response: Response) -> Request:
        try:
            self.asked = self._steps.send(response)
        except StopIteration as done:
            self.granted = done.value
        return self.asked


def test_json_in_token_out(load) -> None:
    play = Play(load(JSON_LOGIN))
    assert (play.asked.method, play.asked.url) == ("POST", "http://t/auth/login")
    assert play.asked.headers == {
        "accept": "application/json, */*;q=0.5",
        "content-type": "application/json",
    }
    assert json.loads(play.asked.body) == {"username": "ann", "password": "ann-hunter2"}
    play.reply(answer(201, {"auth": {"token": "tok-1"}}, cookies={"tracking": "1"}))
    assert play.granted.token.reveal() == "tok-1"
    assert play.granted.cookies == {}


def test_form_in_cookie_out(load) -> None:
    play = Play(load(FORM_LOGIN))
    assert play.asked.body == b"username=ann&password=ann-hunter2"
    assert play.asked.headers["content-type"] == "application/x-www-form-urlencoded"
    home = {"location": "/home"}
    play.reply(Response(303, home, b"", {"sid": "s1", "theme": "dark", "old": ""}))
    assert {name: each.reveal() for name, each in play.granted.cookies.items()} == {"sid": "s1"}


def test_a_form_by_get_stands_in_the_query(load) -> None:
    text = FORM_LOGIN.replace("post:", "get:").replace("/login", "'/login?v=2'")
    assert Play(load(text)).asked.url == "http://t/login?v=2&username=ann&password=ann-hunter2"


def test_a_name_and_a_password_in_the_header(load) -> None:
    """RFC 7617, 2: the bytes of `Aladdin:open sesame`."""
    login = "login: {post: /tokens, basic: '$username:$password', token: /t}\n"
    people = "identities: {ann: {username: Aladdin, password: open sesame}}"
    asked = Play(load(login + people)).asked
    assert asked.headers["authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert (asked.body, "content-type" in asked.headers) == (b"", False)


def test_a_login_elsewhere_without_a_body(load) -> None:
    text = "login: {post: 'https://id.example/in', token: /0/t}\nidentities: {ann: {x: y}}"
    play = Play(load(text))
    assert (play.asked.url, play.asked.body) == ("https://id.example/in", b"")
    play.reply(answer(200, [{"t": 17}]))
    assert play.granted.token.reveal() == "17"


def test_a_raw_body_is_sent_as_it_is(load) -> None:
    text = """{"auth": [{"name": "ann", "loginEndpointAuth": {"endpoint": "/in", "verb": "POST",
        "payloadRaw": "<u>ann$</u>", "contentType": "text/xml", "expectCookies": true}}]}"""
    asked = Play(load(text)).asked
    assert (asked.headers["content-type"], asked.body) == ("text/xml", b"<u>ann$</u>")


def test_token_in_a_header_and_every_cookie(load) -> None:
    text = FORM_LOGIN.replace("cookie: sid", "token: {header: X-Auth}, cookies: true")
    play = Play(load(text))
    play.reply(Response(204, {"x-auth": "tok-2"}, b"", {"a": "1", "b": "2"}))
    assert play.granted.token.reveal() == "tok-2"
    assert set(play.granted.cookies) == {"a", "b"}


@pytest.mark.parametrize(
    ("csrf", "page", "value"),
    [
        ("cookie: xsrf", Response(200, {}, b"", {"xsrf": "a%2Fb", "sid": "pre"}), "a/b"),
        ("json: /csrf/value", answer(200, {"csrf": {"value": "from-json"}}), "from-json"),
        (
            "input: _token",
            Response(200, {}, b"<p><input value='a&amp;b' type=hidden name=_token>"),
            "a&b",
        ),
        ("input: csrf-token", Response(200, {}, b"<meta name=csrf-token content=meta />"), "meta"),
    ],
)
def test_csrf_is_fetched_and_echoed(load, csrf: str, page: Response, value: str) -> None:
    how = f"csrf: {{get: /page, {csrf}, header: X-CSRF, field: _csrf}}, cookie: sid"
    play = Play(load(FORM_LOGIN.replace("cookie: sid", how)))
    assert (play.asked.method, play.asked.url, play.asked.body) == ("GET", "http://t/page", b"")
    login = play.reply(page)
    assert login.headers["x-csrf"] == value
    assert login.headers["referer"] == "http://t/page"
    assert login.headers["origin"] == "http://t"
    assert b"_csrf=" in login.body
    assert ("cookie" in login.headers) == bool(page.cookies)
    play.reply(Response(302, {"location": "/"}, b"", {"sid": "s1"}))
    assert play.granted.csrf.reveal() == value
    assert play.granted.cookies["sid"].reveal() == "s1"


def test_the_login_is_an_operation(load) -> None:
    text = JSON_LOGIN.replace("post: /auth/login", "operation: logIn")
    operation = Operation("logIn", "PUT", "/v1/in", pointer="/paths/~1in/put")
    assert Play(load(text), document=document(operation)).asked.url == "http://t/v1/in"
    places = LoginPlaces("http://t/v2/", document(operation))
    assert places.find("logIn", "GET", None) == ("PUT", "http://t/v2/in")  # type: ignore[arg-type]
    with pytest.raises(InputError) as caught:
        Play(load(text), document=document(Operation("login", "PUT", "/in")))
    assert str(caught.value).endswith(
        "identities.yaml:2:8: the document has no operation `logIn`; did you mean `login`?"
    )
    with pytest.raises(InputError, match=r"operation `logIn` needs parameters: `/in/\{id\}`"):
        Play(load(text), document=document(Operation("logIn", "PUT", "/in/{id}")))


FAILURES = [
    (
        FORM_LOGIN.replace("/login", "'/login?key=hush'"),
        answer(404),
        "answered 404; is the path right?",
    ),
    (JSON_LOGIN, answer(401), "answered 401; wrong user name or password?"),
    (
        JSON_LOGIN,
        answer(403),
        "answered 403; wrong user name or password?, or does it need a `csrf:` value?",
    ),
    (JSON_LOGIN, answer(404), "answered 404; is the path right?"),
    (JSON_LOGIN, answer(405), "answered 405; is it another method?"),
    (
        JSON_LOGIN,
        answer(405, headers={"allow": "GET, HEAD"}),
        "answered 405; is it another method? it takes GET, HEAD",
    ),
    (
        JSON_LOGIN,
        answer(405, headers={"allow": "\x1b[31m, ann"}),
        "answered 405; is it another method?",
    ),
    (JSON_LOGIN, answer(415), "answered 415; it expects another body; try `form:`"),
    (JSON_LOGIN, answer(422), "answered 422; are the names in `json:` correct?"),
    (JSON_LOGIN, answer(500), "answered 500; the server failed"),
    (JSON_LOGIN, answer(418), "answered 418; a 2xx was expected"),
    (
        JSON_LOGIN,
        Response(302, {"location": "/welcome?u=ann"}),
        "answered 302; it redirects to `/welcome`; is the path correct?",
    ),
    (
        JSON_LOGIN,
        Response(200, {"content-type": "text/html"}, b"<html>"),
        "answered 200 with HTML, as a front end does for every path",
    ),
    (
        JSON_LOGIN,
        Response(200, {"content-type": "text/plain"}, b"tok-9"),
        "answered 200 with text/plain, but JSON was expected",
    ),
    (
        JSON_LOGIN,
        answer(200, {"access": "tok-9", "user_1": 1, "ann@example.com": 2}),
        "answered 200 without a token at `/auth/token`; it has `access`, `user_1`",
    ),
    (JSON_LOGIN, answer(200, [1]), "answered 200 without a token at `/auth/token`"),
    (
        FORM_LOGIN,
        Response(302, {"location": "/login?error=1"}, b"", {"sid": "x"}),
        "answered 302 with a redirect to the login page; wrong user name or password?",
    ),
    (
        FORM_LOGIN,
        Response(200, {}, b"", {"PHPSESSID": "x"}),
        "answered 200 and set no cookie `sid`; it set `PHPSESSID`",
    ),
    (
        FORM_LOGIN.replace("cookie: sid", "cookies: true"),
        Response(200, {}, b"", {"sid": ""}),
        "answered 200 and set no cookie",
    ),
    (
        FORM_LOGIN.replace("cookie: sid", "token: {header: X-Auth}"),
        answer(200),
        "answered 200 without a header `x-auth`",
    ),
]


@pytest.mark.parametrize(("text", "response", "words"), FAILURES)
def test_a_failed_login_says_why(load, text: str, response: Response, words: str) -> None:
    where = "/auth/login" if text is JSON_LOGIN else "/login"
    with pytest.raises(LoginFailed) as caught:
        Play(load(text)).reply(response)
    assert str(caught.value) == f"`ann` could not log in: `POST {where}` {words}"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (
            "http://t/auth",
            "`/auth/auth/login` was requested, since the target ends with `/auth` already; "
            "write `/login`",
        ),
        (
            "http://t/v1/auth/",
            "`/v1/auth/auth/login` was requested, since the target ends with `/auth` already; "
            "write `/login`",
        ),
        ("http://t/api", ""),
        ("http://t/auth/login", ""),
        ("http://t", ""),
    ],
)
@pytest.mark.parametrize(
    ("response", "seen"),
    [
        (answer(404), "answered 404"),
        (answer(405, headers={"allow": "GET"}), "answered 405"),
        (Response(302, {"location": "/welcome"}), "answered 302"),
        (
            Response(200, {"content-type": "text/html"}, b"<html>"),
            "answered 200 with HTML, as a front end does for every path",
        ),
    ],
)
def test_a_login_below_a_doubled_prefix_says_what_was_requested(
    load, target: str, words: str, response: Response, seen: str
) -> None:
    with pytest.raises(LoginFailed) as caught:
        Play(load(JSON_LOGIN), target=target).reply(response)
    said = str(caught.value)
    assert said.startswith(f"`ann` could not log in: `POST /auth/login` {seen}")
    assert ("was requested" in said) == bool(words)
    assert said.endswith(words)


def test_a_refused_password_is_not_put_down_to_the_prefix(load) -> None:
    with pytest.raises(LoginFailed, match="answered 401; wrong user name or password"):
        Play(load(JSON_LOGIN), target="http://t/auth").reply(answer(401))


def test_a_login_that_the_document_has_elsewhere_is_named(load) -> None:
    known = document(Operation("logIn", "POST", "/api/auth/login"), Operation("x", "GET", "/x"))
    words = "`/auth/login` was requested, and the document has `/api/auth/login`"
    with pytest.raises(LoginFailed, match=words):
        Play(load(JSON_LOGIN), document=known).reply(answer(405))
    other = document(Operation("logIn", "POST", "/auth/login"), Operation("y", "GET", "/y/auth"))
    with pytest.raises(LoginFailed, match="is it another method"):
        Play(load(JSON_LOGIN), document=other).reply(answer(405))


def test_a_missing_csrf_value(load) -> None:
    how = "csrf: {get: /page, cookie: xsrf, header: X}, cookie: sid"
    with pytest.raises(LoginFailed, match="`GET /page` answered 200 without the cookie `xsrf`"):
        Play(load(FORM_LOGIN.replace("cookie: sid", how))).reply(answer())


def test_an_oauth2_client_that_is_refused(load) -> None:
    text = "identities: {ann: {oauth2: {token_url: /t, client_id: c, client_secret: {env: ANN}}}}"
    with pytest.raises(LoginFailed, match=r"wrong credentials\? .* write `auth: body`"):
        Play(load(text)).reply(answer(401))


# --------------------------------------------------------------------------- sessions


@dataclass
class Fake:
    """A transport that is a function of the request."""

    app: Callable[[Request], Response]
    asked: list[Request] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        return self.app(request)

    def paths(self) -> list[str]:
        return [request.url.removeprefix(TARGET) for request in self.asked]


def sessions(identities: Identities, app: Callable[[Request], Response]) -> tuple[Sessions, Fake]:
    fake = Fake(app)
    return Sessions(identities, fake, None, TARGET), fake


def ask(path: str = "/x", method: str = "GET", **headers: str) -> Request:
    return Request(method, TARGET + path, headers)


def expiring(lasts: int) -> Callable[[Request], Response]:
    """Tokens that are good for so many requests; `/denied` is for nobody."""
    state = {"made": 0, "left": 0}

    def app(request: Request) -> Response:
        if request.url.endswith("/login"):
            state.update(made=state["made"] + 1, left=lasts)
            return answer(200, {"auth": {"token": f"tok-{state['made']:04}"}})
        live = request.headers.get("authorization") == f"Bearer tok-{state['made']:04}"
        if not live or not state["left"]:
            return answer(401)
        state["left"] -= 1
        return answer(401 if request.url.endswith("/denied") else 200, {"id": 1})

    return app


def proof() -> Proof:
    return Proof(ask("/me"), lambda name, response: response.status == 200)


def test_nobody_has_no_credentials(load) -> None:
    live, fake = sessions(load(JSON_LOGIN), lambda _: answer(401))
    assert live.send(None, ask()).status == 401
    assert fake.asked == [ask()]
    assert live.curl_credentials(None) == ()


def test_a_session_is_opened_once_and_used(load) -> None:
    live, fake = sessions(load(JSON_LOGIN), expiring(9))
    live.send("ann", ask(accept="a/b"))
    live.send("ann", ask())
    assert fake.paths() == ["/auth/login", "/x", "/x"]
    assert fake.asked[1].headers == {"accept": "a/b", "authorization": "Bearer tok-0001"}
    assert live.logins == 1
    assert live.curl_credentials("ann") == ("Authorization: Bearer $ANN_TOKEN",)
    endpoint = live.login_answers["ann"]
    assert json.loads(endpoint.response.body) == {"auth": {"token": "tok-0001"}}
    assert (endpoint.request.method, endpoint.request.body) == ("POST", b"")


def test_a_dead_session_is_renewed_and_the_question_asked_again(load) -> None:
    live, fake = sessions(load(JSON_LOGIN), expiring(2))
    assert [live.send("ann", ask()).status for _ in range(5)] == [200] * 5
    assert live.logins == 3
    assert fake.paths().count("/x") == 7  # two were refused


def test_a_denial_is_no_dead_session(load) -> None:
    live, fake = sessions(load(JSON_LOGIN), expiring(99))
    live.proof = proof()
    assert [live.send("ann", ask("/denied")).status for _ in range(9)] == [401] * 9
    assert live.logins == 1
    assert fake.paths().count("/me") == 9
    assert live.send("ann", ask()).status == 200


def test_without_proof_a_row_of_denials_does_not_log_in_for_ever(load) -> None:
    live, _ = sessions(load(JSON_LOGIN), expiring(99))
    assert [live.send("ann", ask("/denied")).status for _ in range(20)] == [401] * 20
    assert live.logins == 1 + Sessions.RELOGINS
    assert len(live.notes) == 1
    assert live.send("ann", ask()).status == 200
    live.send("ann", ask("/denied"))
    assert live.logins == 2 + Sessions.RELOGINS  # an answer in between: counted anew


def test_a_session_that_never_lives_ends_it(load) -> None:
    live, _ = sessions(load(JSON_LOGIN), expiring(0))
    live.proof = proof()
    with pytest.raises(LoginFailed, match="`ann` does not stay logged in: 5 logins in a row"):
        for _ in range(20):
            live.send("ann", ask())


def test_a_failed_login_is_not_tried_over_and_over(load) -> None:
    live, fake = sessions(load(JSON_LOGIN), lambda _: answer(401))
    for _ in range(5):
        with pytest.raises(LoginFailed, match="wrong user name or password"):
            live.send("ann", ask())
    assert fake.paths() == ["/auth/login"]
    with pytest.raises(LoginFailed):
        live.login("ann")  # but on request
    assert live.logins == 2
    fake.app = expiring(9)
    live.login("ann")
    assert live.send("ann", ask()).status == 200


def test_fixed_credentials_that_die_end_it_once_they_were_proven(load) -> None:
    text = 'identities: {bob: {header: "Authorization: Bearer ${BOB}"}}'
    live, fake = sessions(load(text), lambda _: answer(401))
    assert live.login("bob") is None
    assert live.alive("bob")  # for all one can know
    assert live.send("bob", ask()).status == 401
    assert fake.asked[0].headers["authorization"] == "Bearer bob-hunter2"
    live.proof = proof()
    with pytest.raises(LoginFailed, match="the credentials of `bob` no longer work"):
        live.send("bob", ask())
    assert not live.alive("bob")
    assert live.curl_credentials("bob") == ("Authorization: Bearer $BOB",)
    assert live.logins == 0


def test_a_redirect_to_the_login_page_is_a_dead_session(load) -> None:
    def app(request: Request) -> Response:
        if request.method == "POST":
            return Response(303, {"location": "/"}, b"", {"sid": f"sess-{len(fake.asked):04}"})
        if request.headers.get("cookie") == "sid=sess-0001":
            return Response(302, {"location": "http://t/accounts/signin?next=%2Fx"})
        return answer(200)

    live, fake = sessions(load(FORM_LOGIN), app)
    assert live.send("ann", ask()).status == 200
    assert live.logins == 2


def test_another_sign_of_a_dead_session(load) -> None:
    live, _ = sessions(load(JSON_LOGIN), lambda r: answer(403, {"auth": {"token": "tok-9"}}))
    live.proof = Proof(ask("/me"), lambda name, response: True, refusals=(403,))
    with pytest.raises(LoginFailed):
        live.send("ann", ask())


def test_cookies_are_renewed_and_dropped(load) -> None:
    steps = iter(
        [
            Response(200, {}, b"", {"sid": "sess-1"}),
            Response(200, {}, b"", {"sid": "sess-2", "ad": "x"}),
            Response(200, {}, b"", {"sid": ""}),
            Response(200, {}, b"", {"sid": "sess-3"}),
            Response(200),
        ]
    )
    live, fake = sessions(load(FORM_LOGIN), lambda _: next(steps))
    for _ in range(4):
        live.send("ann", ask())
    sent = [request.headers.get("cookie") for request in fake.asked]
    assert sent == [None, "sid=sess-1", "sid=sess-2", None, "sid=sess-3"]
    assert {"sess-1", "sess-2"} <= live.secrets()


def test_another_address_of_the_api_takes_no_session_away(load) -> None:
    """It is sent the cookies, since the user named it; what it says of them is its own affair."""
    answers = {"http://t/login": "sess-1", "http://old.t/x": "", "http://t/x": "sess-1"}
    fake = Fake(lambda request: Response(200, {}, b"", {"sid": answers[request.url]}))
    live = Sessions(load(FORM_LOGIN), fake, None, TARGET, also=("http://old.t/legacy",))
    for url in ("http://t/x", "http://old.t/x", "http://t/x"):
        live.send("ann", Request("GET", url))
    assert [each.headers.get("cookie") for each in fake.asked][1:] == ["sid=sess-1"] * 3


def test_fixed_cookies_are_renewed_too(load) -> None:
    text = 'identities: {eve: {cookie: "sid=${ANN}; lang=en"}}'
    live, fake = sessions(load(text), lambda _: Response(200, {}, b"", {"sid": "sess-2", "z": "1"}))
    live.send("eve", ask(cookie="own=1"))
    live.send("eve", ask())
    assert fake.asked[0].headers["cookie"] == "own=1; sid=ann-hunter2; lang=en"
    assert fake.asked[1].headers["cookie"] == "sid=sess-2; lang=en"
    assert live.curl_credentials("eve") == ("Cookie: sid=$ANN; lang=$EVE_LANG",)


@pytest.mark.parametrize("how", ["cookie: xsrf", "json: /v"])
def test_writes_carry_the_csrf_header(load, how: str) -> None:
    text = FORM_LOGIN.replace(
        "cookie: sid", f"csrf: {{get: /page, {how}, header: X-CSRF}}, cookie: sid"
    )
    page = answer(200, {"v": "a/b"}, cookies={"xsrf": "a%2Fb", "sid": "s"})
    live, fake = sessions(load(text), lambda _: page)
    live.send("ann", ask())
    live.send("ann", ask(method="PATCH"))
    read, write = fake.asked[-2:]
    assert "x-csrf" not in read.headers
    assert write.headers["x-csrf"] == "a/b"
    assert write.headers["referer"] == "http://t/"


def test_writes_carry_the_csrf_cookie_that_the_login_itself_sets_and_each_answer_renews(
    load,
) -> None:
    text = FORM_LOGIN.replace("cookie: sid", "csrf: {cookie: xsrf, header: X-CSRF}, cookie: sid")
    numbers = iter(range(9))
    live, fake = sessions(
        load(text), lambda _: answer(200, cookies={"xsrf": f"v{next(numbers)}", "sid": "s"})
    )
    for _ in range(2):
        live.send("ann", ask(method="PATCH"))
    login, *writes = fake.asked
    assert login.method == "POST" and "x-csrf" not in login.headers
    assert [each.headers["x-csrf"] for each in writes] == ["v0", "v1"]
    assert "xsrf=v1" in writes[1].headers["cookie"]


def test_a_login_that_does_not_set_the_csrf_cookie_is_told(load) -> None:
    text = FORM_LOGIN.replace("cookie: sid", "csrf: {cookie: xsrf, header: X-CSRF}, cookie: sid")
    live, _ = sessions(load(text), lambda _: answer(200, cookies={"sid": "s"}))
    with pytest.raises(LoginFailed, match="set no cookie `xsrf`, which `csrf` names"):
        live.send("ann", ask())


def test_a_key_in_the_query(load) -> None:
    text = "identities: {key: {send: '?api key=$k', k: 'a&b'}}"
    live, fake = sessions(load(text.replace("api key", "api_key")), lambda _: answer())
    live.send("key", ask())
    live.send("key", ask("/x?q=1"))
    assert fake.paths() == ["/x?api_key=a%26b", "/x?q=1&api_key=a%26b"]
    assert live.curl_credentials("key") == ("?api_key=$KEY_K",)


def test_a_command_gives_the_token_and_a_new_one_when_it_is_over(load, tmp_path: Path) -> None:
    ran: list[tuple[str, ...]] = []

    def run(argv: Any, folder: Path) -> str:
        ran.append(tuple(argv))
        if len(ran) == 3:
            raise TargetError("`print-token` failed with exit code 1")
        return f"tok-{len(ran):04}"

    found = load("identities: {cmd: {command: [print-token, cmd]}}")
    fake = Fake(lambda r: answer(200 if r.headers["authorization"].endswith("2") else 401))
    live = Sessions(found, fake, None, TARGET, run)
    assert live.login("cmd") is None
    assert live.send("cmd", ask()).status == 200
    assert ran == [("print-token", "cmd")] * 2
    assert live.curl_credentials("cmd") == ("Authorization: Bearer $CMD_TOKEN",)
    with pytest.raises(LoginFailed, match="`cmd` could not log in: `print-token` failed"):
        live.login("cmd")


def test_credentials_go_to_the_target_only(load) -> None:
    live, fake = sessions(load(JSON_LOGIN), expiring(9))
    live.login("ann")
    with pytest.raises(TargetError, match="the credentials of `ann` are sent only to `http://t`"):
        live.send("ann", Request("GET", "http://elsewhere/x"))
    assert len(fake.asked) == 1


def test_claims_of_a_token(load) -> None:
    payload = base64.urlsafe_b64encode(b'{"sub": "m-1", "roles": []}').rstrip(b"=").decode()
    text = JSON_LOGIN.replace("{env: ANN}", "{env: ANN}, claims: {roles: [staff]}")
    live, _ = sessions(load(text), lambda _: answer(200, {"auth": {"token": f"h.{payload}.s"}}))
    live.login("ann")
    assert live.claims("ann") == {"sub": "m-1", "roles": ["staff"]}
    assert live.claims("bob") == {}
    live, _ = sessions(load(JSON_LOGIN), lambda _: answer(200, {"auth": {"token": "a.b.c"}}))
    live.login("ann")
    assert live.claims("ann") == {}
    fixed = 'identities: {bob: {header: "Authorization: Bearer ${JWT}"}, x: {header: "X: a.b.c"}}'
    live, _ = sessions(load(fixed, JWT=f"h.{payload}.s"), lambda _: answer())
    assert live.claims("bob")["sub"] == "m-1"


@pytest.mark.parametrize(
    "sent",
    [
        'header: "Authorization: Bearer ${%s}"',
        'header: ["X-Client: ${CLIENT}", "Authorization: Bearer ${%s}"]',
        'cookie: "session=${%s}"',
        'token: {env: %s}, send: "X-Token: $token"',
    ],
)
def test_the_token_of_an_identity_is_no_other_identitys(load, sent: str) -> None:
    def token(sub: str) -> str:
        payload = base64.urlsafe_b64encode(f'{{"sub": "{sub}"}}'.encode()).rstrip(b"=").decode()
        return f"h.{payload}.s"

    lines = "".join(f"  {name.lower()}: {{{sent % name}}}\n" for name in ("ADA", "BEA", "CAT"))
    text = f"identities:\n{lines}  dan: {{header: 'X-Key: k'}}\n"
    secrets = {name: token(name) for name in ("ADA", "BEA", "CAT", "CLIENT")}
    live, _ = sessions(load(text, **secrets), lambda _: answer())
    names = ("ada", "bea", "cat", "dan")
    for name in names:
        live.login(name)
    subs = [live.claims(name).get("sub") for name in names]
    assert subs == ["ADA", "BEA", "CAT", None]
    held = {name: {each for who, each in live.tokens() if who == name} for name in names}
    assert all(secrets[name.upper()] in held[name] for name in names[:3])
    assert secrets["BEA"] not in held["ada"] | held["cat"] | held["dan"]


@pytest.mark.parametrize(
    ("cookie", "line"),
    [
        ("cookie: sid", "Cookie: sid=$ANN_SESSION"),
        ("cookies: true", "Cookie: sid=$ANN_SID; ad=$ANN_AD"),
    ],
)
def test_curl_lines_of_cookies(load, cookie: str, line: str) -> None:
    text = FORM_LOGIN.replace("cookie: sid", cookie)
    live, _ = sessions(load(text), lambda _: Response(200, {}, b"", {"sid": "s", "ad": "1"}))
    live.login("ann")
    assert live.curl_credentials("ann") == (line,)


def test_curl_lines_are_safe_between_double_quotes(load) -> None:
    text = """identities: {a: {header: 'Authorization: Digest "`$$x`" $k', k: v}}"""
    live, _ = sessions(load(text), lambda _: answer())
    assert live.curl_credentials("a") == ('Authorization: Digest \\"\\`\\$x\\`\\" $A_K',)


# --------------------------------------------------------------------------- real servers


@pytest.mark.parametrize(
    ("app", "how"),
    [
        (servers.JsonLogin(), ""),
        (servers.JsonLogin(lasts=2), ""),
        (servers.FormLogin(), "cookie: sid"),
        (
            servers.CsrfLogin(),
            "csrf: {get: /login, cookie: csrftoken, header: X-CSRF-Token}, cookie: sid",
        ),
        (servers.CsrfLogin(), "csrf: {get: /login, input: csrf, field: csrf}, cookie: sid"),
    ],
    ids=["json", "token of 2 requests", "form, Secure, rotating", "csrf header", "csrf field"],
)
def test_real_servers(load, app: Any, how: str) -> None:
    text = FORM_LOGIN.replace("cookie: sid", how) if how else JSON_LOGIN
    with serve(app) as server, HttpTransport(server.url) as http:
        live = Sessions(load(text), http, None, server.url)
        got = [live.send("ann", Request("GET", f"{server.url}/me")) for _ in range(5)]
        anonymous = live.send(None, Request("GET", f"{server.url}/me"))
    assert [json.loads(each.body)["id"] for each in got] == ["m-4711"] * 5
    assert anonymous.status in (401, 302)
    assert live.logins == (3 if "2" in str(getattr(app, "lasts", "")) else 1)


def test_real_oauth2(load) -> None:
    text = """
    identities:
      svc: {oauth2: {token_url: /oauth/token, client_id: cli, client_secret: "s/ecret"}}
    """
    with serve(servers.OAuth2()) as server, HttpTransport(server.url) as http:
        live = Sessions(load(text), http, None, server.url)
        assert live.send("svc", Request("GET", f"{server.url}/me")).status == 200
        assert live.curl_credentials("svc") == ("Authorization: Bearer $SVC_TOKEN",)


def test_dying_midway_is_a_target_error(load) -> None:
    text = 'identities: {bob: {header: "X-Key: ${BOB}"}}'
    with serve(servers.Dies(3)) as server, HttpTransport(server.url) as http:
        live = Sessions(load(text), http, None, server.url)
        for _ in range(3):
            live.send("bob", Request("GET", server.url))
        with pytest.raises(TargetError, match="closed the connection") as caught:
            live.send("bob", Request("GET", server.url))
    assert not isinstance(caught.value, LoginFailed)


# --------------------------------------------------------------------------- no secret is said


GOOD = '{"auth": {"token": "S3CR3T"}}'


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    status=st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 415, 419, 422, 429, 500]),
    kind=st.sampled_from(["application/json", "text/html", "text/plain", ""]),
    body=st.sampled_from([GOOD, '{"t": "S3CR3T"}', '["S3CR3T"]', '"S3CR3T"', "S3CR3T"]),
    location=st.sampled_from(["/login?t=S3CR3T", "/x?t=S3CR3T", ""]),
    cookie=st.sampled_from(["sid", "other"]),
    text=st.sampled_from([JSON_LOGIN, FORM_LOGIN]),
)
def test_no_secret_in_what_is_said(load, status, kind, body, location, cookie, text) -> None:
    found = load(text, ANN="S3CR3T", BOB="S3CR3T")
    response = Response(
        status, {"content-type": kind, "location": location}, body.encode(), {cookie: "S3CR3T"}
    )
    live, _ = sessions(found, lambda _: response)
    said: list[Any] = [found, response]
    try:
        live.send("ann", ask())
    except OakumError as error:
        said += [error, error.args, error.__cause__]
    said += [live.login_answers, live.notes, vars(live), live.curl_credentials("ann")]
    assert "S3CR3T" in live.secrets()
    assert "S3CR3T" not in f"{said} {said!r}"


def test_who_am_i_is_asked_with_what_the_document_says_that_each_call_needs() -> None:
    """An example is no such value: it may name somebody, and then everybody would be them."""
    parameters = (
        Parameter("context", "query", True, Shape(enum=("edit all",))),
        Parameter("deep", "query", True, default=True),
        Parameter("user", "query", True, Shape(example="bob"), example="bob"),
        Parameter("links", "query", False, Shape(enum=("yes",))),
        Parameter("v", "query", True, Shape(enum=(1, 2))),
    )
    places = LoginPlaces("http://t", document(Operation("getMe", "GET", "/me", parameters)))
    found = places.find("getMe", "GET", Location("identities.yaml", 1, 1))
    assert found == ("GET", "http://t/me?context=edit+all&deep=true")
