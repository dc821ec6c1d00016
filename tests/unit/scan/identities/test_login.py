"""Logins of several requests, and logins with a one-time code."""

from __future__ import annotations

import re
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from oakum.errors import InputError
from oakum.scan.identities.identities_file import lines_sent, load_identities
from oakum.scan.identities.login_template import template
from oakum.scan.identities.model import Identities
from oakum.scan.identities.one_time_code import totp_of
from oakum.scan.identities.session import LoginFailed, Sessions
from oakum.scan.transport.client import HttpTransport
from tests.scan.servers import UNAUTHORIZED, Call, Reply, serve

KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
OTHER_KEY = "MZXW6YTBOJRGC6RAMZXW6YTBOJRGC6RA"
TOTP = totp_of(KEY)
PASSWORD_THEN_CODE = """
login:
  - {post: /login, json: {user: $username, pass: $password}, token: /ticket}
  - {post: /login/code, json: {ticket: $token, code: $otp}, token: /token}
identities:
  ann: {username: ann, password: {env: ANN}, otp: {totp: {env: ANN_TOTP}}}
"""


@dataclass
class Clock:
    now: float = field(default_factory=lambda: time.time() // 30 * 30 + 15)
    """The middle of the period of a code, close to what the server says in `Date`."""
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Api:
    """Takes a password, then a code, each code once; sessions end when it is told."""

    clock: Callable[[], float] = time.time
    used: set[str] = field(default_factory=set)
    over: set[str] = field(default_factory=set)

    def __call__(self, call: Call) -> Reply:
        if call.path == "/login":
            right = call.json == {"user": "ann", "pass": "ann-hunter2"}
            return Reply(200, {"ticket": "ticket-1"}) if right else UNAUTHORIZED
        if call.path == "/login/code":
            assert TOTP is not None
            code, ticket = call.json["code"], call.json["ticket"]
            fresh = code == TOTP.code(self.clock()) and code not in self.used
            if ticket != "ticket-1" or not fresh:
                return Reply(401, {"error": "no"})
            self.used.add(code)
            return Reply(200, {"token": f"token-{len(self.used)}"})
        token = call.headers.get("authorization", "")
        if not token.startswith("Bearer token-") or token in self.over:
            return UNAUTHORIZED
        return Reply(200, {"id": "m-1"})


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Identities]:
    def read(text: str, **environ: str) -> Identities:
        path = tmp_path / "identities.yaml"
        path.write_text(textwrap.dedent(text))
        path.chmod(0o600)
        return load_identities(path, environ={"ANN": "ann-hunter2", "ANN_TOTP": KEY, **environ})

    return read


def sessions(identities: Identities, url: str, clock: Clock) -> Sessions:
    for each in identities.items.values():
        for variable in each.variables.values():
            if hasattr(variable, "clock"):
                variable.clock = clock
    transport = HttpTransport(url)
    return Sessions(identities, transport, None, url, clock=clock, sleep=clock.sleep)


def test_a_step_sends_what_the_step_before_returned(load: Callable[..., Identities]) -> None:
    clock = Clock()
    with serve(Api(clock)) as api:
        found = sessions(load(PASSWORD_THEN_CODE), api.url, clock)
        assert found.login("ann") is not None
        assert [call.path for call in api.calls] == ["/login", "/login/code"]
        (line,) = found.curl_credentials("ann")
        assert line == "Authorization: Bearer $ANN_TOKEN"
        assert KEY in found.secrets()


def test_a_login_waits_for_a_code_that_was_not_used(load: Callable[..., Identities]) -> None:
    clock = Clock()
    with serve(Api(clock)) as api:
        found = sessions(load(PASSWORD_THEN_CODE), api.url, clock)
        found.login("ann")
        found.login("ann")
        assert clock.slept == [15.0]
        clock.now += 30
        found.login("ann")
        assert clock.slept == [15.0]


def test_a_wrong_secret_of_the_code_is_named_where_the_clocks_agree(
    load: Callable[..., Identities],
) -> None:
    clock = Clock()
    with serve(Api(clock)) as api:
        found = sessions(load(PASSWORD_THEN_CODE, ANN_TOTP=OTHER_KEY), api.url, clock)
        with pytest.raises(LoginFailed) as failed:
            found.login("ann")
    assert str(failed.value) == (
        "`ann` could not log in: `POST /login/code` answered 401; wrong password, or wrong secret"
        " of the one-time code? the clocks agree"
    )


def test_a_clock_that_is_off_is_named(load: Callable[..., Identities]) -> None:
    clock = Clock(time.time() // 30 * 30 + 15 + 90)
    with serve(Api()) as api:
        found = sessions(load(PASSWORD_THEN_CODE), api.url, clock)
        with pytest.raises(LoginFailed) as failed:
            found.login("ann")
    assert re.sub(r"\d+ s ", "N s ", str(failed.value)) == (
        "`ann` could not log in: `POST /login/code` answered 401; this machine's clock is N s"
        " ahead of the server's, and a one-time code needs the right time; set the clock"
    )


def test_a_redirect_to_the_next_step_is_no_refusal(load: Callable[..., Identities]) -> None:
    text = """
    login:
      - {post: /login, form: {user: $username, pass: $password}}
      - post: /login/code
        form: {code: $otp}
        csrf: {get: /login/code, input: t, field: t}
        cookie: sid
    identities:
      ann: {username: ann, password: {env: ANN}, otp: {totp: {env: ANN_TOTP}}}
    """

    def app(call: Call) -> Reply:
        if call.path == "/login" and call.method == "POST":
            where = "/login/code" if call.form["pass"] == "ann-hunter2" else "/login"
            return Reply(302, b"", (("location", where), ("set-cookie", "half=h-1")))
        if call.method == "GET":
            return Reply(200, b"<input name=t value=t-1>", (("content-type", "text/html"),))
        right = call.form.get("t") == "t-1" and call.cookies == {"half": "h-1"}
        if not right:
            return Reply(302, b"", (("location", "/login"),))
        return Reply(302, b"", (("location", "/"), ("set-cookie", "sid=s-1")))

    clock = Clock()
    with serve(app) as api:
        found = sessions(load(text), api.url, clock)
        found.login("ann")
        (line,) = found.curl_credentials("ann")
        assert line == "Cookie: sid=$ANN_SESSION"
        wrong = sessions(load(text, ANN="wrong"), api.url, clock)
        with pytest.raises(LoginFailed, match=r"`POST /login` answered 302 .* wrong user name"):
            wrong.login("ann")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "identities:\n  ann: {username: ann, otp: {totp: 'not base32!'},"
            " login: {post: /l, json: {o: $otp}, token: /t}}\n",
            "the secret of `totp` is not in base32",
        ),
        (
            "login:\n- {post: /a, json: {}, token: /t, send: 'X: $token'}\n"
            "- {post: /b, json: {}, token: /t}\nidentities:\n  ann: {u: a}\n",
            "`send` is of the whole login",
        ),
        (
            "login:\n- {post: /a, json: {x: $token}}\n- {post: /b, token: /t}\n"
            "identities:\n  ann: {u: a}\n",
            "none before it returned one",
        ),
        (
            "login:\n- {post: /a}\n- {post: /b}\nidentities:\n  ann: {u: a}\n",
            "`login` does not say what it returns",
        ),
    ],
)
def test_mistakes_are_named_without_the_secret(
    load: Callable[..., Identities], text: str, expected: str
) -> None:
    with pytest.raises(InputError) as failed:
        load(text)
    assert expected in str(failed.value)
    assert "not base32!" not in str(failed.value)


def test_accounts_are_not_made_for_a_login_of_several_steps(
    load: Callable[..., Identities],
) -> None:
    assert template(load(PASSWORD_THEN_CODE).items["ann"]) is None


def test_what_is_sent_is_known_without_the_secret_of_a_code(tmp_path: Path) -> None:
    path = tmp_path / "identities.yaml"
    path.write_text(PASSWORD_THEN_CODE)
    found = [(who, name) for who, _, name, _ in lines_sent(path, (), {})]
    assert found == [("ann", "Authorization")]


def test_the_csrf_header_of_a_recorded_session_is_sent_as_well(tmp_path: Path) -> None:
    path = tmp_path / "identities.yaml"
    csrf = "{get: /login, cookie: xsrf, header: X-CSRF-Token}"
    path.write_text(f"identities:\n  ann: {{storage_state: {{file: ann.json, csrf: {csrf}}}}}\n")
    assert [(who, name) for who, _, name, _ in lines_sent(path, (), {})] == [
        ("ann", "X-CSRF-Token")
    ]
