"""Sessions of a browser, saved by Playwright."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import InputError
from oakum.exchange import Request
from oakum.scan.identities.identities_file import load_identities
from oakum.scan.identities.identity_verification import examine
from oakum.scan.identities.login import LoginFailed
from oakum.scan.identities.model import StorageState
from oakum.scan.identities.session import Sessions
from oakum.scan.identities.storage_state import session_of
from oakum.scan.transport.client import HttpTransport
from tests.scan.servers import UNAUTHORIZED, Call, Reply, serve

NOW = 1_770_000_000.0


def cookie(name: str, value: str, domain: str = "127.0.0.1", **more: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "domain": domain, "path": "/", "expires": -1, **more}


def state(folder: Path, *cookies: dict[str, Any], store: dict[str, str] | None = None) -> Path:
    entries = [{"name": name, "value": value} for name, value in (store or {}).items()]
    origins = [{"origin": "https://app.example.com", "localStorage": entries}]
    path = folder / "ann.json"
    path.write_text(json.dumps({"cookies": cookies, "origins": origins if store else []}))
    return path


def cookies_for(target: str, *cookies: dict[str, Any], folder: Path) -> dict[str, str]:
    found = session_of("ann", StorageState(state(folder, *cookies)), target, NOW).cookies
    return {name: value.reveal() for name, value in found.items()}


def test_cookies_of_the_target_are_sent_and_no_others(tmp_path: Path) -> None:
    found = cookies_for(
        "https://api.example.com/v1",
        cookie("host", "1", "api.example.com"),
        cookie("all", "2", ".example.com"),
        cookie("page", "3", "example.com"),
        cookie("other", "4", ".other.example"),
        cookie("suffix", "5", ".ample.com"),
        cookie("over", "6", "api.example.com", expires=NOW - 1),
        cookie("live", "7", "api.example.com", expires=NOW + 1, secure=True),
        folder=tmp_path,
    )
    assert found == {"host": "1", "all": "2", "live": "7"}


def test_a_secure_cookie_is_not_sent_in_the_clear(tmp_path: Path) -> None:
    own = (cookie("a", "1", "h.example", secure=True), cookie("b", "2", "h.example"))
    assert cookies_for("http://h.example", *own, folder=tmp_path) == {"b": "2"}
    assert cookies_for("https://h.example", *own, folder=tmp_path) == {"a": "1", "b": "2"}


PATHS = ("/v1/me", "/v1/billing/{id}", "/v1/{tenant}/notes")


def paths_of(target: str, *cookies: dict[str, Any], folder: Path) -> dict[str, tuple[str, ...]]:
    login = StorageState(state(folder, *cookies))
    found = session_of("ann", login, target, NOW, PATHS)
    return {name: found.cookie_paths.get(name, ()) for name in found.cookies}


def test_a_cookie_for_a_part_of_the_target_is_for_that_part_alone(tmp_path: Path) -> None:
    host = {"domain": "h.example"}
    assert paths_of(
        "https://h.example/v1",
        cookie("root", "1", **host),
        cookie("base", "2", **host, path="/v1"),
        cookie("slash", "3", **host, path="/v1/"),
        cookie("part", "4", **host, path="/v1/billing"),
        cookie("filled", "5", **host, path="/v1/acme"),
        cookie("nothing", "6", **host, path="/admin"),
        cookie("beside", "7", **host, path="/v1/bill"),
        folder=tmp_path,
    ) == {
        "root": (), "base": (), "slash": ("/v1/",), "part": ("/v1/billing",),
        "filled": ("/v1/acme",), "beside": ("/v1/bill",),
    }  # fmt: skip


def test_of_several_cookies_the_one_for_the_most_of_the_path_counts(tmp_path: Path) -> None:
    own = (cookie("sid", "1", "h.example", path="/v1"), cookie("sid", "2", "h.example"))
    for cookies in (own, own[::-1]):
        assert cookies_for("https://h.example/v1", *cookies, folder=tmp_path) == {"sid": "1"}
        assert cookies_for("https://h.example/v2", *cookies, folder=tmp_path) == {"sid": "2"}


def test_a_cookie_of_a_place_where_no_operation_is_counts_for_nothing(tmp_path: Path) -> None:
    own = (cookie("sid", "1", "h.example"), cookie("sid", "2", "h.example", path="/admin"))
    login = StorageState(state(tmp_path, *own))
    found = session_of("ann", login, "https://h.example/v1", NOW, PATHS)
    assert {name: each.reveal() for name, each in found.cookies.items()} == {"sid": "1"}
    login = StorageState(state(tmp_path, own[1]))
    with pytest.raises(LoginFailed, match="only cookies for `/admin`, where nothing of"):
        session_of("ann", login, "https://h.example/v1", NOW, PATHS)


def test_two_sessions_at_one_target_are_refused_unless_they_are_one(tmp_path: Path) -> None:
    first = cookie("sid", "secret-1", "h.example")
    same = cookie("sid", "secret-1", "h.example", path="/v1/billing")
    assert paths_of("https://h.example/v1", first, same, folder=tmp_path) == {"sid": ()}
    other = {**same, "value": "secret-2"}
    with pytest.raises(LoginFailed) as failed:
        paths_of("https://h.example/v1", first, other, folder=tmp_path)
    assert "has two values of the cookie `sid`, for `/` and `/v1/billing`" in str(failed.value)
    assert "secret" not in str(failed.value)


def test_a_cookie_is_sent_where_a_browser_sends_it(tmp_path: Path) -> None:
    def app(call: Call) -> Reply:
        if call.cookies.get("sid") != "s-1":
            return UNAUTHORIZED
        renewed = (("set-cookie", "pay=p-2; Path=/billing"),) if "pay" in call.cookies else ()
        return Reply(200, {"id": "m-1"}, renewed)

    state(tmp_path, cookie("sid", "s-1"), cookie("pay", "p-1", path="/billing"))
    (tmp_path / "ids.yaml").write_text(
        "whoami: /me\nidentities:\n  ann: {storage_state: ann.json}\n"
    )
    with serve(app) as server:
        identities = load_identities(tmp_path / "ids.yaml")
        sessions = Sessions(identities, HttpTransport(server.url), None, server.url)
        for path in ("/me", "/billing", "/billing/7?of=2", "/billings"):
            assert sessions.send("ann", Request("GET", f"{server.url}{path}")).status == 200
    assert [call.cookies for call in server.calls] == [
        {"sid": "s-1"}, {"sid": "s-1", "pay": "p-1"}, {"sid": "s-1", "pay": "p-2"}, {"sid": "s-1"},
    ]  # fmt: skip
    assert sessions.curl_credentials("ann") == ("Cookie: sid=$ANN_SESSION",)


@pytest.mark.parametrize("taken", ["guest-7", ""])
def test_a_cookie_that_is_set_for_a_part_of_the_api_replaces_no_session(
    tmp_path: Path, taken: str
) -> None:
    """A browser keeps both: the session stays where who-am-I is."""

    def app(call: Call) -> Reply:
        if call.path == "/shop":
            return Reply(200, {}, (("set-cookie", f"sid={taken}; Path=/shop"),))
        if call.cookies.get("sid") not in ("s-1", "s-2"):
            return UNAUTHORIZED
        renewed = (("set-cookie", "sid=s-2; Path=/"),) if call.path == "/renew" else ()
        return Reply(200, {"id": "m-1"}, renewed)

    state(tmp_path, cookie("sid", "s-1"))
    (tmp_path / "ids.yaml").write_text(
        "whoami: /me\nidentities:\n  ann: {storage_state: ann.json}\n"
    )
    with serve(app) as server:
        identities = load_identities(tmp_path / "ids.yaml")
        sessions = Sessions(identities, HttpTransport(server.url), None, server.url)
        assert examine(identities, sessions).ok
        for path in ("/shop", "/me", "/renew", "/me"):
            assert sessions.send("ann", Request("GET", f"{server.url}{path}")).status == 200
    assert [call.cookies["sid"] for call in server.calls if call.cookies][-2:] == ["s-1", "s-2"]


@pytest.mark.parametrize("where", ["/auth/tokens/access", "/plain"])
def test_a_token_is_read_from_the_local_storage_of_a_neighbouring_page(
    tmp_path: Path, where: str
) -> None:
    entries = {"auth": json.dumps({"tokens": {"access": "made-up"}}), "plain": "made-up"}
    login = StorageState(state(tmp_path, store=entries), where)
    found = session_of("ann", login, "https://api.example.com", NOW)
    assert found.token is not None
    assert found.token.reveal() == "made-up"
    with pytest.raises(LoginFailed):
        session_of("ann", login, "https://api.other.example", NOW)


@pytest.mark.parametrize(
    ("cookies", "expected"),
    [
        ([], "has no cookie for `h.example`"),
        ([cookie("s", "secret-1", "localhost")], "it has some for `localhost`"),
        (
            [cookie("s", "secret-1", "h.example", expires=NOW - 86400)],
            "expired, the last on 2026-02-01 02:40 UTC; record the login again",
        ),
    ],
)
def test_what_is_no_session_is_named_without_a_value(
    tmp_path: Path, cookies: list[dict[str, Any]], expected: str
) -> None:
    with pytest.raises(LoginFailed) as failed:
        session_of("ann", StorageState(state(tmp_path, *cookies)), "https://h.example", NOW)
    assert expected in str(failed.value)
    assert "secret-1" not in str(failed.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("[]", "is not a storage state"), ("{", "is not JSON"), (None, "no such file")],
)
def test_another_file_is_named(tmp_path: Path, text: str | None, expected: str) -> None:
    path = tmp_path / "ann.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(LoginFailed, match=expected):
        session_of("ann", StorageState(path), "https://h.example", NOW)


def test_a_session_of_a_browser_goes_on_and_its_end_is_told(tmp_path: Path) -> None:
    live = {"sid": "sid-1"}

    def app(call: Call) -> Reply:
        if call.cookies.get("sid") != live["sid"]:
            return UNAUTHORIZED
        if call.method == "POST":
            right = call.headers.get("x-xsrf-token") == call.cookies.get("XSRF-TOKEN") == "x-1"
            return Reply(200 if right else 403, {})
        live["sid"] = (
            f"sid-{int(live['sid'][4:]) + 1}"  # a session that is renewed with each answer
        )
        return Reply(200, {"id": "m-1"}, (("set-cookie", f"sid={live['sid']}"),))

    state(tmp_path, cookie("sid", "sid-1"), cookie("XSRF-TOKEN", "x-1"))
    path = tmp_path / "identities.yaml"
    path.write_text(
        "whoami: /me\nidentities:\n  ann: {storage_state: {file: ann.json,"
        " csrf: {cookie: XSRF-TOKEN, header: X-XSRF-TOKEN}}}\n"
    )
    with serve(app) as server:
        identities = load_identities(path)
        sessions = Sessions(identities, HttpTransport(server.url), None, server.url)
        assert examine(identities, sessions).ok
        assert sessions.send("ann", Request("POST", f"{server.url}/x")).status == 200
        assert {"sid-1", live["sid"]} <= sessions.secrets()
        assert sessions.curl_credentials("ann") == (
            "Cookie: sid=$ANN_SID; XSRF-TOKEN=$ANN_XSRF_TOKEN",
        )
        live["sid"] = "sid-99"
        with pytest.raises(LoginFailed, match="the credentials of `ann` no longer work"):
            sessions.send("ann", Request("GET", f"{server.url}/me"))


def test_mistakes_in_the_file_have_their_place(tmp_path: Path) -> None:
    path = tmp_path / "identities.yaml"
    path.write_text("identities:\n  ann: {storage_state: {fil: ann.json}}\n")
    with pytest.raises(InputError, match="did you mean `file`"):
        load_identities(path)


def test_a_session_that_has_ended_is_to_be_recorded_again(tmp_path: Path) -> None:
    state(tmp_path, cookie("sid", "sid-1"))
    path = tmp_path / "identities.yaml"
    path.write_text("whoami: /me\nidentities:\n  ann: {storage_state: ann.json}\n")
    with serve(lambda call: UNAUTHORIZED) as server:
        identities = load_identities(path)
        sessions = Sessions(identities, HttpTransport(server.url), None, server.url)
        (said,) = examine(identities, sessions).states
    assert not said.ok
    assert said.message == (
        "`/me` answers 401; the session in `ann.json` has ended; record the login again"
    )
