"""The authentication file of Web Fuzzing Commons, in both of its spellings."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import InputError
from oakum.scan.identities.identities_file import load_identities
from oakum.scan.identities.model import Identities, Login


def load(folder: Path, text: str, name: str = "auth.yaml") -> Identities:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return load_identities(path, environ={})


def test_template_payloads_and_cookies(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        """
schemaVersion: "0.2.0"
auth:
  - name: foo
    loginEndpointAuth: {payloadRaw: '{"username": "foo", "password": "pa$$foo"}'}
  - name: the bar
    loginEndpointAuth:
      payloadUserPwd:
        {username: bar, password: "4$56x", usernameField: user, passwordField: pass}
      contentType: application/x-www-form-urlencoded
authTemplate:
  loginEndpointAuth: {endpoint: /login, verb: POST, contentType: application/json,
                      expectCookies: true}
configs: {maxTime: 5m}
""",
    )
    foo, bar = found.items.values()
    assert isinstance(foo.login, Login)
    assert isinstance(bar.login, Login)
    assert (bar.name, foo.login.where, foo.login.cookie) == ("the_bar", "/login", "*")
    assert foo.fill(foo.login.body) == '{"username": "foo", "password": "pa$$foo"}'
    assert (foo.login.encoding, foo.login.content_type) == ("raw", "application/json")
    assert bar.login.encoding == "form"
    assert bar.fill(bar.login.body) == {"user": "bar", "pass": "4$56x"}
    assert {"pa$$foo", "4$56x"} <= found.secrets()
    assert "pa$$foo" not in repr(found)


@pytest.mark.parametrize(
    ("token", "login", "send"),
    [
        (
            "{extractFrom: body, extractSelector: /t/a, sendIn: header, sendName: Authorization,"
            " sendTemplate: 'JWT {token}'}",
            ("/t/a", ""),
            ("header", "Authorization", "JWT $token"),
        ),
        (
            "{extractFrom: header, extractSelector: X-Auth, sendIn: query, sendName: key}",
            ("", "x-auth"),
            ("query", "key", "$token"),
        ),
        (
            "{extractFromField: /t, httpHeaderName: X-T, headerPrefix: 'Bearer '}",
            ("/t", ""),
            ("header", "X-T", "Bearer $token"),
        ),
        (
            '{extractFromHeader: X-Auth, httpHeaderName: X-T, headerPrefix: "\'",'
            ' headerPostfix: "\'"}',
            ("", "x-auth"),
            ("header", "X-T", "'$token'"),
        ),
    ],
)
def test_token_in_both_spellings(
    tmp_path: Path, token: str, login: tuple[str, str], send: tuple[str, str, str]
) -> None:
    text = (
        '{"auth": [{"name": "a", "loginEndpointAuth": {"endpoint": "/in", "verb": "POST",'
        f' "headers": [{{name: Authorization, value: \'Basic QQ$==x\'}}], "token": {token}}}}}]}}'
    )
    a = load(tmp_path, text, "auth.json").items["a"]
    assert isinstance(a.login, Login)
    assert (a.login.token, a.login.token_header) == login
    assert [(each.where, each.name, each.value) for each in a.sends] == [send]
    assert a.fill(a.login.headers) == {"authorization": "Basic QQ$==x"}
    assert "Basic QQ" not in repr(a)


def test_a_raw_form_keeps_its_secrets_out_of_sight(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        """
auth:
  - name: a
    loginEndpointAuth: {endpoint: /in, verb: POST, payloadRaw: "user=annika&pwd=p4ss-w",
                        contentType: application/x-www-form-urlencoded, expectCookies: true}
""",
    )
    assert "p4ss-w" in found.secrets()
    assert "annika" not in found.secrets()


def test_fixed_headers_are_secrets(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        "auth: [{name: a, fixedHeaders: [{name: Authorization, value: ' tok$en1 '}]}]",
    )
    a = found.items["a"]
    assert a.login is None
    assert a.fill(a.sends[0].value) == "tok$en1"
    assert "tok$en1" in found.secrets()
    assert "tok$en1" not in repr(found)


def test_accounts_are_not_created(tmp_path: Path) -> None:
    text = "auth: [{name: a, fixedHeaders: [{name: X, value: y}], createUsers: {verb: POST}}]"
    assert "Oakum does not create accounts" in str(load(tmp_path, text).notes[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("auth: [{name: a}]", "1:8: `a` has no way to log in"),
        ("auth: [{name: a, fixedHeader: []}]", "1:18: an entry of `auth` has no key `fixedHeader`"),
        (
            "auth: [{name: a, loginEndpointAuth: {verb: POST, token: {extractFromField: t}}}]",
            "1:37: `loginEndpointAuth` has neither `endpoint` nor `externalEndpointURL`",
        ),
        (
            "auth: [{name: a, loginEndpointAuth: {verb: POST, token: {extractFromField: t}}}]",
            "1:57: `t` is not a JSON pointer; write `/t`",
        ),
        (
            "auth: [{name: a, loginEndpointAuth: {verb: SEND, endpoint: /x}}]",
            "1:37: `loginEndpointAuth` has neither `token` nor `expectCookies: true`",
        ),
        ("auth: [{name: a, fixedHeaders: [{name: X, value: 5}]}]", "1:50: `value` must be text"),
        (
            "auth: [{name: a, loginEndpointAuth: {verb: POST, endpoint: /x, expectCookies: true,"
            " contentType: text/xml, payloadUserPwd: {username: u, password: p,"
            " usernameField: a, passwordField: b}}}]",
            "`payloadUserPwd` is not supported for `text/xml`",
        ),
        (
            "auth: [{name: a, fixedHeaders: [{name: X, value: y}]},"
            " {name: a, fixedHeaders: [{name: X, value: y}]}]",
            "1:56: `a` stands here twice",
        ),
        ("auth: [{name: a, fixedHeaders: X}]", "1:32: headers must be a list of"),
        (
            "auth: [{name: a, loginEndpointAuth: {verb: POST, endpoint: /x,"
            " token: {sendTemplate: Bearer}}}]",
            "1:71: `sendTemplate` has no `{token}` in it",
        ),
        (
            "auth: [{name: a, loginEndpointAuth: {verb: POST, endpoint: /x,"
            " token: {sendTemplate: Bearer}}}]",
            "1:71: `token` does not say where to read it from; add `extractSelector`",
        ),
        (
            "auth: [{name: a, loginEndpointAuth: {verb: POST, endpoint: /x, payloadRaw: 5,"
            " expectCookies: true}}]",
            "1:76: `payloadRaw` must be text",
        ),
        ("auth: {name: a}", "1:7: `auth` must be a list, not a map"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, text)
    assert expected in str(caught.value)
