"""Envoy, alone: what it lets pass around a runtime that decides nothing."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from oakum.errors import InputError, TargetError
from oakum.guard import envoy
from oakum.guard.engine_protocol import Deployment
from oakum.openapi.model import Json
from oakum.routing.problem_details import problem
from tests.gateway import client
from tests.gateway.client import ask
from tests.gateway.engine import Engine, deployed, planned, start, write
from tests.gateway.stub import plan, stubbed
from tests.gateway.upstream import (
    CHUNKED,
    GOOD,
    SECRET,
    WAYS,
    Received,
    Upstream,
    answer,
    chunk,
    held,
    serving,
)
from tests.patience import patient, wait
from tests.ports import free_port
from tests.rsa_keys import rsa_key
from tests.tokens import HELD, REFUSED

pytestmark = pytest.mark.server

UPGRADE = (
    "upgrade: websocket",
    "connection: Upgrade",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
)


PATIENT = 60.0
"""Seconds that the API has where its slowness is not what is tested."""


@pytest.fixture(scope="module", autouse=True)
def core() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(envoy, "bundle", stubbed)
        yield


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def engine(upstream: Upstream) -> Iterator[Engine]:
    with start(envoy.Envoy(), plan(), upstream.url, timeout=PATIENT) as found:
        yield found


@pytest.fixture(scope="module")
def hasty(upstream: Upstream) -> Iterator[Engine]:
    """For who tests that an API is given up."""
    with start(envoy.Envoy(), plan(), upstream.url, timeout=1.0) as found:
        yield found


@pytest.fixture
def got(upstream: Upstream) -> Callable[[], Received]:
    """What the API was last asked in this test."""
    upstream.received.clear()
    return lambda: upstream.received[-1]


def denied(reply: client.Reply, status: int) -> None:
    """Exactly the guard's own words and nothing beside."""
    assert (reply.status, reply.body) == (status, problem(status).encode())
    headers = {name: value for name, value in reply.headers if name not in ("date", "connection")}
    assert headers.pop("retry-after", None) == ("1" if status == 503 else None)
    assert headers == {
        "content-type": "application/problem+json",
        "cache-control": "no-store",
        "content-length": str(len(reply.body)),
    }


def only_lua(code: str) -> Callable[..., str]:
    """Stands in for the whole policy."""
    return lambda adapter, plan, **_: code


# ---------------------------------------------------------------- answers


def test_an_answer_passes_and_nothing_is_added_to_it(engine: Engine) -> None:
    reply = ask(engine.listen, "GET", "/x")
    assert (reply.status, reply.body) == (200, GOOD)
    assert {name for name, _ in reply.headers} == {"content-type", "content-length", "date"}


@pytest.mark.parametrize(
    "way", ["chunked", "trailers", "close-delimited", "early-hints", "short-length", "forged"]
)
def test_however_an_answer_comes_it_goes_out_whole_with_its_length(
    engine: Engine, way: str
) -> None:
    reply = ask(engine.listen, "GET", f"/{way}")
    assert (reply.status, reply.body) == (200, GOOD)
    assert reply.header("content-length") == str(len(GOOD))
    assert not any(name.startswith(("x-", "trailer", "transfer")) for name, _ in reply.headers)


def test_a_header_may_stand_twice(engine: Engine) -> None:
    reply = ask(engine.listen, "GET", "/many-headers")
    assert [value for name, value in reply.headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert reply.header("etag") is None


@pytest.mark.parametrize(("way", "status"), [("204", 204), ("304", 304)])
def test_what_has_no_body_gets_none(engine: Engine, way: str, status: int) -> None:
    reply = ask(engine.listen, "GET", f"/{way}")
    assert reply.status == status
    assert {name for name, _ in reply.headers} == {"date"}


def test_an_empty_body_may_be_replaced(engine: Engine) -> None:
    reply = ask(engine.listen, "GET", "/fill/403-empty")
    assert (reply.status, reply.body) == (200, b"filled")


def test_head_is_asked_as_get_and_does_not_tell_a_length(
    engine: Engine, got: Callable[[], Received]
) -> None:
    with socket.create_connection(engine.listen, patient(5)) as connection:
        connection.sendall(client.request("HEAD", "/x"))
        first = client.read(connection, head=True)
        connection.sendall(client.request("GET", "/x"))
        second = client.read(connection)
    assert got().method == "GET"
    assert (first.status, first.header("content-length")) == (200, None)
    assert second.body == GOOD  # no byte of a body stood between the two


@pytest.mark.parametrize(
    ("way", "status"),
    [
        ("cut-length", 502),
        ("cut-chunked", 502),
        ("two-lengths", 502),
        ("both-lengths", 502),
        ("gzip", 502),
        ("brotli", 502),
        ("garbage", 502),
        ("hangup", 502),
        ("big?16385", 502),
        ("big-chunked?50000", 502),
        ("raise-enter", 502),
        ("raise-after-ask", 502),
        ("raise-leave", 502),
        ("blind-raise-leave", 404),
        ("raise-after-ask-response", 502),
        ("raise-audit", 502),
    ],
)
def test_whatever_goes_wrong_is_one_of_our_own_replies(
    engine: Engine, way: str, status: int
) -> None:
    denied(ask(engine.listen, "GET", f"/{way}"), status)


@pytest.mark.parametrize("way", ["slow?600", "stalled?600"])
def test_an_api_that_takes_longer_than_it_may_is_given_up(hasty: Engine, way: str) -> None:
    denied(ask(hasty.listen, "GET", f"/{way}"), 504)


def test_a_body_of_exactly_the_limit_passes(engine: Engine) -> None:
    for way in ("big", "big-chunked"):
        assert len(ask(engine.listen, "GET", f"/{way}?16384").body) == 16384


def test_an_api_that_is_not_there_is_a_bad_gateway() -> None:
    with serving() as gone:
        url = gone.url
    with start(envoy.Envoy(), plan(), url) as engine:
        denied(ask(engine.listen, "GET", "/x"), 502)
        denied(ask(engine.listen, "POST", "/x", body=b"{}"), 502)


# ---------------------------------------------------------------- questions of the runtime


def test_the_runtime_may_ask_the_api_when_it_has_the_answer(engine: Engine) -> None:
    reply = ask(engine.listen, "GET", "/ask-response")
    assert reply.body == b"200:" + GOOD + b"|200:" + GOOD + b"|" + GOOD


def test_the_runtime_may_ask_the_api_before_the_request_goes_on(
    engine: Engine, upstream: Upstream, got: Callable[[], Received]
) -> None:
    assert ask(engine.listen, "GET", "/ask-request", "cookie: a=1").status == 200
    asked, went = upstream.received
    assert (asked.method, asked.target, asked.header("cookie")) == ("GET", "/asked", None)
    assert {name for name, _ in asked.headers} == {"host", "x-asked-by"}
    assert asked.header("host") == went.header("host") == upstream.url.removeprefix("http://")
    assert went.header("x-answer") == "200:" + GOOD.decode()


@pytest.mark.parametrize("length", [0, 1, 16384])
def test_the_runtime_may_read_a_body_after_it_has_asked(
    engine: Engine, got: Callable[[], Received], length: int
) -> None:
    body = b"a" * length
    chunked = f"{length:x}\r\n".encode() + body + b"\r\n0\r\n\r\n" if length else b"0\r\n\r\n"
    for headers, sent in (((), body), (("transfer-encoding: chunked",), chunked)):
        assert ask(engine.listen, "POST", "/ask-then-read", *headers, body=sent).status == 200
        assert (got().header("x-length"), got().body) == (str(length), body)
        assert (got().header("x-answer") or "").startswith("200:")


def test_many_requests_that_ask_do_not_mix_up(engine: Engine) -> None:
    replies: list[client.Reply] = []

    def caller() -> None:
        replies.extend(ask(engine.listen, "GET", "/ask-response") for _ in range(10))

    threads = [threading.Thread(target=caller) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(replies) == 80
    assert {reply.body for reply in replies} == {b"|".join((b"200:" + GOOD,) * 2 + (GOOD,))}


def test_the_answer_of_a_question_may_be_as_long_as_any_other(
    upstream: Upstream, got: Callable[[], Received]
) -> None:
    with start(envoy.Envoy(), plan(max_body=1 << 20), upstream.url) as engine:
        assert ask(engine.listen, "GET", "/ask-big").status == 200
        assert got().header("x-answer") == str(len("200:") + 1000000)
    with start(envoy.Envoy(), plan(), upstream.url) as engine:
        assert ask(engine.listen, "GET", "/ask-big").status == 200
        assert got().header("x-answer") == str(len("too long"))


def test_clients_that_leave_leave_nothing_behind(engine: Engine, upstream: Upstream) -> None:
    for way in ("/ask-response", "/slow?0.3", "/stalled?0.3", "/read"):
        for _ in range(20):
            with socket.create_connection(engine.listen, patient(5)) as connection:
                connection.sendall(client.request("POST", way, "content-length: 9"))
    assert ask(engine.listen, "GET", "/ask-response").status == 200


# ---------------------------------------------------------------- requests


def test_a_denied_request_never_reaches_the_api(engine: Engine, upstream: Upstream) -> None:
    upstream.received.clear()
    denied(ask(engine.listen, "GET", "/deny"), 404)
    denied(ask(engine.listen, "POST", "/deny", body=b"a" * 9), 404)
    assert upstream.received == []


def test_the_headers_of_a_refusal_have_the_order_of_what_stands_for_a_concealed_object(
    engine: Engine,
) -> None:
    """A table of Lua has an order that is drawn when Envoy starts."""
    for way in ("/deny", "/raise-enter"):
        names = [name for name, _ in ask(engine.listen, "GET", way).headers]
        ours = [name for name in names if name not in ("date", "server", "connection")]
        assert ours == ["content-type", "cache-control", "content-length", *ours[3:]]


@pytest.mark.parametrize("way", ["raise-enter", "raise-after-ask"])
def test_a_write_whose_judge_fails_never_reaches_the_api(
    engine: Engine, upstream: Upstream, way: str
) -> None:
    upstream.received.clear()
    denied(ask(engine.listen, "POST", f"/{way}", body=b"{}"), 502)
    assert f"/{way}" not in upstream.paths()


@pytest.mark.parametrize(
    ("headers", "body"), [((), b"abc"), (("transfer-encoding: chunked",), b"3\r\nabc\r\n0\r\n\r\n")]
)
def test_the_runtime_may_replace_method_target_headers_and_body(
    engine: Engine, got: Callable[[], Received], headers: tuple[str, ...], body: bytes
) -> None:
    reply = ask(engine.listen, "POST", "/shout?x", "x-secret-header: a", *headers, body=body)
    assert reply.status == 200
    assert (got().target, got().body) == ("/shouted?really", b"ABC")
    assert got().header("x-secret-header") is None
    assert got().header("accept-encoding") == "identity"


def test_a_body_longer_than_the_plan_allows_is_refused(
    engine: Engine, got: Callable[[], Received]
) -> None:
    assert ask(engine.listen, "POST", "/read", body=b"a" * 16384).status == 200
    assert got().header("x-length") == "16384"
    denied(ask(engine.listen, "POST", "/read", body=b"a" * 16385), 413)
    assert len(got().body) == 16384


@pytest.mark.parametrize(
    "target",
    ["//x", "/a/../b", "/a/%2e%2e/b", "/a%2fb", "/a%5cb", "/a%00b", "/a\\b", "/a;b=c", "/a%zz"],
)
def test_the_runtime_sees_a_path_as_it_was_sent(
    engine: Engine, got: Callable[[], Received], target: str
) -> None:
    assert ask(engine.listen, "GET", target).status == 200
    assert got().target == target


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /a#b HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (b"GET /a b HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (b"GET /a\x01b HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (b"GET /caf\xe9 HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (b"GET x HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nhost: a b\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nhost: a\r\nx : b\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nhost: a\r\nx: b\0c\r\n\r\n", 400),
        (b"GET /x HTTP/1.0\r\nhost: a\r\n\r\n", 426),
        (b'G"ET /x HTTP/1.1\r\nhost: a\r\n\r\n', 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\r\n\r\n", 400),
        (b"GET https://a/x HTTP/1.1\r\nhost: a\r\n\r\n", 502),  # TLS ended before the guard
        (b"GET http:///x HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (b"CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n\r\n", 404),
        (b"GET /x HTTP/1.1\r\nhost: a\r\nh: " + b"a" * 100000 + b"\r\n\r\n", 431),
        (b"GET /x HTTP/1.1\r\nhost: a\r\n" + b"h: a\r\n" * 200 + b"\r\n", 431),
        (
            b"POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n"
            b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            b"POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcde",
            400,
        ),
        (b"POST /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    ],
)
def test_what_is_no_sound_request_is_refused_before_the_runtime(
    engine: Engine, upstream: Upstream, data: bytes, status: int
) -> None:
    upstream.received.clear()
    denied(client.send(engine.listen, data), status)
    assert upstream.received == []


def test_a_read_is_asked_once_more_when_the_connection_ends_and_a_write_is_not(
    engine: Engine, upstream: Upstream
) -> None:
    upstream.received.clear()
    denied(ask(engine.listen, "POST", "/hangup", body=b"{}"), 502)
    assert upstream.paths() == ["/hangup"]
    denied(ask(engine.listen, "GET", "/hangup"), 502)
    assert upstream.paths() == ["/hangup"] * 3


def test_nothing_is_added_to_a_request_beside_what_the_runtime_says(
    engine: Engine, got: Callable[[], Received]
) -> None:
    ask(engine.listen, "GET", "/x", "x-request-id: mine")
    names = ["host", "x-request-id", "x-forwarded-proto", "accept-encoding"]
    assert [name for name, _ in got().headers] == names
    assert got().header("x-request-id") == "mine"
    ask(engine.listen, "GET", "/x")
    assert got().header("x-request-id") is None


def test_a_client_cannot_steer_envoy(engine: Engine, got: Callable[[], Received]) -> None:
    reply = ask(
        engine.listen,
        "GET",
        "/slow?0.2",
        "x-envoy-upstream-rq-timeout-ms: 1",
        "x-envoy-internal: true",
        "x-envoy-original-path: /admin",
    )
    assert reply.status == 200
    assert not [name for name, _ in got().headers if name.startswith("x-envoy-")]


def test_the_address_is_the_peer(engine: Engine, got: Callable[[], Received]) -> None:
    ask(engine.listen, "GET", "/address", "x-forwarded-for: 203.0.113.9")
    assert got().header("x-address") == "127.0.0.1"
    assert got().header("x-forwarded-for") == "203.0.113.9"  # the runtime's to judge


# ---------------------------------------------------------------- raw


def test_a_websocket_passes_both_ways_where_the_runtime_says_so(engine: Engine) -> None:
    with socket.create_connection(engine.listen, patient(5)) as connection:
        connection.sendall(client.request("GET", "/websocket", *UPGRADE))
        assert client.read(connection).status == 101
        connection.sendall(b"\x81\x02hi")
        assert connection.recv(4) == b"\x81\x02hi"


def test_an_upgrade_that_the_runtime_would_read_goes_nowhere(
    engine: Engine, upstream: Upstream
) -> None:
    upstream.received.clear()
    denied(ask(engine.listen, "GET", "/x", *UPGRADE), 502)
    assert upstream.received == []


def test_no_websocket_without_one_in_the_plan(upstream: Upstream) -> None:
    with start(envoy.Envoy(), plan(websockets=[]), upstream.url) as engine:
        denied(ask(engine.listen, "GET", "/websocket", *UPGRADE), 404)


def test_what_passes_unread_is_neither_buffered_nor_changed(engine: Engine) -> None:
    reply = ask(engine.listen, "GET", "/raw/big?100000")
    assert (reply.status, len(reply.body), reply.whole) == (200, 100000, True)


# ---------------------------------------------------------------- tokens

KEY = rsa_key(1, kid="k1")
OTHER = rsa_key(2, kid="k1")
SUBJECT = "12345678901234567890123"
"""A number of more digits than a double holds."""


def token(key: RSAKey = KEY, alg: str = "RS256", head: Json = None, **claims: Json) -> str:
    now = int(time.time())
    every = {"iss": "https://issuer.example", "aud": "api", "exp": now + 60} | claims
    body = {name: value for name, value in every.items() if value is not None}
    text = json.dumps(body | {"uid": int(SUBJECT)})
    return jws.serialize_compact(
        {"alg": alg, "kid": "k1", **(head or {})}, text, key, algorithms=["RS256", "RS512"]
    )


@pytest.fixture(scope="module")
def verifying(upstream: Upstream) -> Iterator[Engine]:
    tokens = {
        "issuer": "https://issuer.example",
        "audiences": ["api"],
        "algorithms": ["RS256"],
        "keys": "keys.json",
        "jwks": {"keys": [KEY.as_dict(private=False)]},
    }
    with start(envoy.Envoy(), plan(tokens=tokens), upstream.url) as found:
        yield found


def claimed(engine: Engine, got: Callable[[], Received], *headers: str, query: str = "") -> str:
    """What the runtime was told: the subject, `false` or `nil`."""
    assert ask(engine.listen, "GET", f"/token{query}", *headers).status == 200
    return got().header("x-claims") or ""


def test_a_token_is_believed_wherever_the_contract_puts_it(
    verifying: Engine, got: Callable[[], Received]
) -> None:
    good = token()
    for header in (
        f"authorization: Bearer {good}",
        f"authorization: bearer {good}",
        f"cookie: a=b; session.id={good}; c=d",
    ):
        assert claimed(verifying, got, header) == SUBJECT
    assert claimed(verifying, got, query=f"?a=b&key={good}") == SUBJECT
    assert claimed(verifying, got, f"authorization: Bearer {token(aud=['x', 'api'])}") == SUBJECT
    assert got().header("authorization") is not None  # the API wants it too


def test_one_place_does_not_speak_for_another(
    verifying: Engine, got: Callable[[], Received]
) -> None:
    good = token()
    cookie = f"cookie: session.id={good}"
    assert claimed(verifying, got, cookie, "authorization: Bearer x.y.z") == "false"
    assert claimed(verifying, got, cookie, "authorization: Basic eDp5") == "false"
    assert claimed(verifying, got, cookie, f"authorization: Bearer {token(jti='x')}") == "false"
    assert claimed(verifying, got, cookie, f"authorization: Bearer {good}") == SUBJECT
    assert (
        claimed(verifying, got, "cookie: session.id=x", f"authorization: Bearer {good}") == SUBJECT
    )


def test_no_token_is_none(verifying: Engine, got: Callable[[], Received]) -> None:
    good = token()
    assert claimed(verifying, got) == "nil"
    assert claimed(verifying, got, "authorization: Basic eDp5") == "nil"
    assert claimed(verifying, got, f"cookie: xsession.id={good}; sessionxid={good}") == "nil"
    assert claimed(verifying, got, query=f"?access_token={good}") == "nil"


def test_a_bad_token_is_told_from_none(verifying: Engine, got: Callable[[], Received]) -> None:
    now, good = int(time.time()), token()
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    for bad in (
        token(OTHER),
        token(alg="RS512"),
        token(head={"crit": ["b64"], "b64": True}),
        token(exp=now),
        token(exp=now - 1),
        token(exp=None),
        token(exp="99999999999"),
        token(nbf=now + 30),
        token(iss="https://elsewhere.example"),
        token(iss=None),
        token(aud="x"),
        token(aud=None),
        token(aud="https://api"),
        token(aud="api/"),
        f"{none}.{good.split('.')[1]}.",
        good[:-4] + "AAAA",
        good + ".x",
        good + ", x",
        "x",
    ):
        assert claimed(verifying, got, f"authorization: Bearer {bad}") == "false"
    twice = (f"authorization: Bearer {good}", f"authorization: Bearer {good}")
    assert claimed(verifying, got, *twice) == "false"


def test_a_token_of_two_readings_is_nobodys(verifying: Engine, got: Callable[[], Received]) -> None:
    base = {"iss": "https://issuer.example", "aud": "api", "exp": int(time.time()) + 600}
    base["uid"] = int(SUBJECT)
    for odds, said in ((HELD, SUBJECT), (REFUSED, "false")):
        for name, odd in odds.items():
            bearer = f"authorization: Bearer {odd.signed(KEY, 'RS256', base, kid='k1')}"
            assert claimed(verifying, got, bearer) == said, name


# ---------------------------------------------------------------- when the policy itself is broken

BEFORE_BODY = "function envoy_on_response(handle) error 'before' end"
AFTER_BODY = "function envoy_on_response(handle) local all = handle:body(true) error 'after' end"
CHANGED_FIRST = """
function envoy_on_response(handle)
  handle:headers():replace(":status", "201")
  handle:headers():remove("proxy-connection")
  error "changed"
end"""
ENTERED = """
function envoy_on_request(handle)
  handle:streamInfo():dynamicMetadata():set("oakum", "x", 1)
end
"""


@pytest.mark.parametrize("code", [BEFORE_BODY, AFTER_BODY, CHANGED_FIRST, ""])
def test_the_sentinel_answers_for_a_policy_that_fails_on_an_answer(
    monkeypatch: pytest.MonkeyPatch, upstream: Upstream, code: str
) -> None:
    monkeypatch.setattr(envoy, "bundle", only_lua(ENTERED + code))
    with start(envoy.Envoy(), plan(), upstream.url) as engine:
        for way in ("x", "403", "500", "chunked", "403-empty", "302"):
            denied(ask(engine.listen, "GET", f"/{way}"), 502)
        assert ask(engine.listen, "HEAD", "/x").status == 502


@pytest.mark.parametrize("code", ["function envoy_on_request(handle) error 'in' end", ""])
def test_the_gate_stops_a_request_that_the_policy_did_not_pass(
    monkeypatch: pytest.MonkeyPatch, upstream: Upstream, code: str
) -> None:
    upstream.received.clear()
    monkeypatch.setattr(envoy, "bundle", only_lua(code))
    with start(envoy.Envoy(), plan(), upstream.url) as engine:
        denied(ask(engine.listen, "POST", "/x", body=b"{}"), 502)
    assert upstream.received == []


# ---------------------------------------------------------------- only watching


@pytest.fixture(scope="module")
def watching(upstream: Upstream) -> Iterator[Engine]:
    with start(envoy.Envoy(), plan(), upstream.url, timeout=PATIENT, observe=True) as found:
        yield found


@pytest.mark.parametrize(
    "way",
    [
        "gzip",
        "500",
        "403",
        "302",
        "204",
        "chunked",
        "big?100000",
        "big-chunked?100000",
        "big?20000000",
    ],
)
def test_who_only_watches_changes_nothing(
    watching: Engine, upstream: Upstream, got: Callable[[], Received], way: str
) -> None:
    direct = ("127.0.0.1", upstream.port)
    headers = ("accept-encoding: br", "x-secret-header: a", "range: bytes=0-1")
    wanted = ask(direct, "GET", f"/{way}", *headers)
    reply = ask(watching.listen, "GET", f"/{way}", *headers)
    assert (reply.status, reply.body, reply.whole) == (wanted.status, wanted.body, True)
    ours = {"date", "server"}
    assert [h for h in reply.headers if h[0] not in ours] == list(wanted.headers)
    assert [got().header(name) for name in ("accept-encoding", "x-secret-header", "range")] == [
        "br",
        "a",
        "bytes=0-1",
    ]


@pytest.mark.parametrize(
    "way", ["raise-enter", "raise-after-ask", "raise-leave", "raise-audit", "deny"]
)
def test_who_only_watches_fails_open(watching: Engine, way: str) -> None:
    assert ask(watching.listen, "GET", f"/{way}").body == GOOD


def test_who_only_watches_may_ask_and_writes_down(
    watching: Engine, upstream: Upstream, got: Callable[[], Received]
) -> None:
    assert ask(watching.listen, "GET", "/ask-response").body == GOOD
    assert sorted(upstream.paths()) == ["/ask-response", "/one", "/two"]
    assert [line["status"] for line in watching.lines("/ask-response")] == [200]
    assert ask(watching.listen, "POST", "/ask-then-read", body=b"abc").body == GOOD
    assert (got().target, got().body) == ("/ask-then-read", b"abc")
    assert [line["status"] for line in watching.lines("/ask-then-read")] == [200]


def test_who_only_watches_does_not_hold_up_a_stream(
    watching: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = answer("200 OK", b"", CHUNKED, kind="text/event-stream")
    way, go = held(head + chunk(b'data: {"n":1}\n\n'), b"0\r\n\r\n")
    monkeypatch.setitem(WAYS, "held", way)
    with socket.create_connection(watching.listen, patient(5)) as connection:
        connection.sendall(client.request("GET", "/held"))
        seen = b""
        while b'"n":1' not in seen:
            seen += connection.recv(4096)
        go.set()


def test_who_only_watches_lets_long_bodies_pass(
    watching: Engine, got: Callable[[], Received]
) -> None:
    assert ask(watching.listen, "POST", "/read", body=b"a" * 100000).status == 200
    assert len(got().body) == 100000
    chunked = b"186a0\r\n" + b"a" * 100000 + b"\r\n0\r\n\r\n"
    assert (
        ask(watching.listen, "POST", "/read", "transfer-encoding: chunked", body=chunked).status
        == 200
    )
    assert len(got().body) == 100000


# ---------------------------------------------------------------- a new plan


def test_a_new_plan_is_taken_under_load_and_nobody_notices(upstream: Upstream) -> None:
    names = [f"{number:016x}" for number in range(10)]
    seen: set[bytes] = set()
    bad: list[client.Reply] = []
    with start(envoy.Envoy(), plan(names[0]), upstream.url, workers=2) as engine:
        done = threading.Event()

        def load() -> None:
            with socket.create_connection(engine.listen, patient(5)) as connection:
                while not done.is_set():
                    connection.sendall(client.request("GET", "/generation"))
                    reply = client.read(connection)
                    if reply.status != 200 or not reply.whole:
                        bad.append(reply)
                        return
                    seen.add(reply.body)

        threads = [threading.Thread(target=load) for _ in range(3)]
        for thread in threads:
            thread.start()
        for name in names[1:]:
            wanted = plan(name)
            engine.swap(replace(engine.deployment, plan=planned(wanted)))
            wait(lambda wanted=wanted: wanted.encode() in seen)
        done.set()
        for thread in threads:
            thread.join()
    assert bad == []


def test_a_policy_that_is_no_lua_is_refused_and_the_old_one_stays(
    monkeypatch: pytest.MonkeyPatch, upstream: Upstream
) -> None:
    with start(envoy.Envoy(), plan(), upstream.url) as engine:
        monkeypatch.setattr(envoy, "bundle", only_lua("this is no Lua"))
        with pytest.raises(
            TargetError,
            match=r"^envoy rejects the configuration that Oakum wrote: .*script load error",
        ):
            write(engine.deployment.folder, engine.target.render(engine.deployment))
            engine.target.validate(engine.deployment.folder)
        refused = "http_filter.oakum.policy.update_rejected"
        wait(lambda: not (f"{refused}: 1" not in admin(engine, "GET", f"/stats?filter={refused}")))
        assert ask(engine.listen, "GET", "/x").body == GOOD


# ---------------------------------------------------------------- audit, admin, end


def test_the_audit_is_the_line_of_the_runtime_as_it_is(upstream: Upstream) -> None:
    with start(envoy.Envoy(), plan(), upstream.url) as engine:
        ask(engine.listen, "GET", "/x")
        ask(engine.listen, "GET", "/deny")
        ask(engine.listen, "GET", "/hangup")
        ask(engine.listen, "GET", "/raw")
        lines = [line for line in engine.audit(5) if line["op"]]
    assert [(line["op"], line["status"], line["upstream"]) for line in lines] == [
        ("/x", 200, 200),
        ("/deny", 404, None),
        ("/hangup", 502, None),
        ("/raw", 200, 200),
    ]
    assert {line["quote"] for line in lines} == {'a"b é %REQ(X)%'}


def test_what_never_got_a_line_of_the_runtime_gets_one_of_envoy(upstream: Upstream) -> None:
    unsound = b"GET /x HTTP/1.1\r\nhost: a\r\nh: " + b"a" * 200_000 + b"\r\n\r\n"
    with start(envoy.Envoy(), plan(), upstream.url) as engine:
        began = time.time()
        for data in (
            client.request("GET", "/raise-leave"),
            client.request("POST", "/read", body=b"a" * 20000),
            b'G"T /x HTTP/1.1\r\nhost: a\r\n\r\n',
            unsound,
        ):
            client.send(engine.listen, data)
        lines = engine.audit(5)[1:]  # the first is of the knock at the endpoint
    assert [(line["op"], line["status"], line["denied"]) for line in lines] == [
        (None, 502, "error"),
        (None, 413, "too-long"),
        (None, 400, "unreadable"),
        (None, 431, "unreadable"),
    ]
    assert {line["contract"] for line in lines} == {None}
    assert all(began - 1 < line["time"] < time.time() + 1 for line in lines)


def admin(engine: Engine, method: str, path: str) -> str:
    connection = HTTPConnection(engine.deployment.admin, timeout=patient(5))
    connection.request(method, path)
    with connection.getresponse() as response:
        return f"{response.status} {response.read().decode()}"


def test_admin_shows_figures_and_ends_nothing(engine: Engine) -> None:
    assert admin(engine, "GET", "/ready").startswith("200 LIVE")
    assert "envoy_http_lua_errors" in admin(engine, "GET", "/stats/prometheus")
    for method, path in (("POST", "/quitquitquit"), ("GET", "/config_dump"), ("POST", "/logging")):
        assert admin(engine, method, path).startswith("403")


def test_more_clients_than_there_is_room_for_are_turned_away(upstream: Upstream) -> None:
    with start(envoy.Envoy(), plan(), upstream.url, connections=2) as engine:
        wait(
            lambda: (
                not (admin(engine, "GET", "/stats?filter=downstream_cx_active").count(": 0") < 2)
            )
        )
        first, second = (socket.create_connection(engine.listen, patient(5)) for _ in range(2))
        with first, second:
            for connection in (first, second):
                connection.sendall(client.request("GET", "/x"))
                assert client.read(connection).status == 200
            assert ask(engine.listen, "GET", "/x").status == 0
            assert admin(engine, "GET", "/ready").startswith("200")
        wait(lambda: ask(engine.listen, "GET", "/x").status == 200)


def test_two_engines_stand_on_one_machine_and_one_listens_on_ipv6(
    engine: Engine, upstream: Upstream
) -> None:
    with start(envoy.Envoy(), plan(), upstream.url, listen=f"[::1]:{free_port()}") as other:
        assert ask(other.listen, "GET", "/address").status == 200
        assert upstream.received[-1].header("x-address") == "::1"
        assert ask(engine.listen, "GET", "/address").status == 200


def test_a_request_under_way_is_counted_while_the_engine_drains(upstream: Upstream) -> None:
    control = envoy.Envoy.control
    with (
        start(envoy.Envoy(), plan(), upstream.url) as engine,
        socket.create_connection(engine.listen, patient(5)) as connection,
    ):
        connection.sendall(client.request("GET", "/slow?2"))
        wait(lambda: upstream.paths()[-1:] == ["/slow?2"])
        assert admin(engine, "POST", control.drain).startswith("200")
        assert admin(engine, "GET", control.busy).split()[-1] == "1"
        reply = client.read(connection)
        assert reply.status == 200
        assert admin(engine, "GET", control.busy).split()[-1] == "0"


# ---------------------------------------------------------------- files and options


def deployment(**more: Json) -> Deployment:
    return deployed(plan(), **{"upstream": "http://127.0.0.1:1", "folder": Path("/run/o"), **more})


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"upstream": "127.0.0.1:80"}, "upstream `127.0.0.1:80` is not a URL"),
        ({"upstream": "ftp://a"}, "upstream `ftp://a` is not a URL"),
        ({"upstream": "http://a:b"}, "upstream `http://a:b` is not a URL"),
        ({"upstream": "http://a/api"}, "upstream `http://a/api` has a path"),
        ({"listen": "8080"}, "listen `8080` is not an address"),
        ({"admin": "a:99999"}, "admin `a:99999` is not an address"),
    ],
)
def test_wrong_options_are_told(more: dict[str, Json], said: str) -> None:
    with pytest.raises(InputError) as caught:
        envoy.Envoy().render(deployment(**more))
    assert said in str(caught.value)


def test_no_secret_stands_in_a_file(monkeypatch: pytest.MonkeyPatch, upstream: Upstream) -> None:
    monkeypatch.setenv("GUARD_KEY", "hush")
    more = {"service_env": "GUARD_KEY", "audit_key_env": "GUARD_KEY"}
    rendered = envoy.Envoy().render(deployment(**more))
    assert not any(b"hush" in content for content in rendered.values())
    environ = {"GUARD_KEY": "hush"}
    with start(envoy.Envoy(), plan(), upstream.url, environ, **more) as engine:
        assert ask(engine.listen, "GET", "/secrets").body == b"hush hush"


def test_a_new_plan_of_the_same_limits_changes_the_policy_alone() -> None:
    given = deployment()
    one = envoy.Envoy().render(given)
    other = envoy.Envoy().render(replace(given, plan=planned(plan("f" * 16))))
    assert {name for name in one if one[name] != other[name]} == envoy.Envoy.control.swapped


def test_secret_is_in_no_reply(engine: Engine) -> None:
    """The bad ways do send it, or the tests above would prove nothing."""
    assert SECRET in ask(engine.listen, "GET", "/raw/500").body
