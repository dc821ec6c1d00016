"""nginx, alone: what it lets pass around a runtime that decides nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from oakum.errors import InputError, TargetError
from oakum.guard import nginx
from oakum.guard.engine_protocol import Deployment
from oakum.guard.nginx import Nginx
from oakum.openapi.model import Json
from oakum.routing.problem_details import problem
from tests.gateway import client, stub
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
    plain_body,
    serving,
    text,
    then_hangup,
)
from tests.patience import patient, wait
from tests.rsa_keys import rsa_key
from tests.tokens import HELD, REFUSED

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(
        shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin") is None,
        reason="nginx is not installed",
    ),
]

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
        patch.setattr(nginx, "bundle", stubbed)
        for name, way in GRAMMAR.items():
            patch.setitem(WAYS, name, way)
        yield


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def engine(upstream: Upstream) -> Iterator[Engine]:
    with start(Nginx(), plan(), upstream.url, timeout=PATIENT) as found:
        yield found


@pytest.fixture(scope="module")
def hasty(upstream: Upstream) -> Iterator[Engine]:
    """For who tests that an API is given up."""
    with start(Nginx(), plan(), upstream.url, timeout=1.0) as found:
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
    assert headers == {
        "content-type": "application/problem+json",
        "cache-control": "no-store",
        "content-length": str(len(reply.body)),
    }


# ---------------------------------------------------------------- answers


def test_an_answer_passes_and_nothing_is_added_to_it(engine: Engine) -> None:
    reply = ask(engine.listen, "GET", "/x")
    assert (reply.status, reply.body) == (200, GOOD)
    names = {"content-type", "content-length", "date", "connection"}
    assert {name for name, _ in reply.headers} == names


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
    assert {name for name, _ in reply.headers} == {"date", "connection"}


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


HEAD = "HTTP/1.1 200 OK\r\n"
CHUNKS = chunk(SECRET) + b"0\r\n\r\n"
BAD = {
    "name-space": answer("200 OK", SECRET, "x-a : b"),
    "folded": answer("200 OK", SECRET, "x-a: b\r\n c: d"),
    "no-colon": answer("200 OK", SECRET, "x-a"),
    "bare-cr": answer("200 OK", SECRET, "x-a: b\rcontent-length: 3"),
    "bare-lf": answer("200 OK", SECRET, "x-a: b\ncontent-length: 3"),
    "nul": answer("200 OK", SECRET, "x-a: b\0c"),
    "no-name": answer("200 OK", SECRET, ": b"),
    "same-length-twice": answer("200 OK", SECRET, f"content-length: {len(SECRET)}"),
    "list-of-lengths": answer("200 OK", SECRET, "content-length: 18, 18", length=-2),
    "signed-length": answer("200 OK", SECRET, "content-length: +18", length=-2),
    "hex-length": answer("200 OK", SECRET, "content-length: 0x12", length=-2),
    "two-codings": answer("200 OK", CHUNKS, "transfer-encoding: gzip, chunked"),
    "coding-twice": answer("200 OK", CHUNKS, CHUNKED, CHUNKED),
    "unknown-coding": answer("200 OK", SECRET, "transfer-encoding: identity"),
    "signed-chunk": answer("200 OK", b"+12\r\n" + SECRET + b"\r\n0\r\n\r\n", CHUNKED),
    "hex-chunk": answer("200 OK", b"0x12\r\n" + SECRET + b"\r\n0\r\n\r\n", CHUNKED),
    "huge-chunk": answer("200 OK", b"fffffffffffffffff\r\n" + SECRET, CHUNKED),
    "short-chunk": answer("200 OK", b"3\r\n" + SECRET + b"\r\n0\r\n\r\n", CHUNKED),
    "bare-chunk": answer("200 OK", b"12;\n" + SECRET + b"\r\n0\r\n\r\n", CHUNKED),
    "no-chunk": answer("200 OK", b"\r\n" + SECRET + b"\r\n0\r\n\r\n", CHUNKED),
    "endless-head": (HEAD + "x-a: b\r\n" * 20000).encode() + b"\r\n" + SECRET,
    "long-field": answer("200 OK", SECRET, "x-a: " + "b" * 100_000),
    "many-fields": (HEAD + "x-a: b\r\n" * 300).encode() + b"\r\n" + SECRET,
    "two-digits": b"HTTP/1.1 20 OK\r\ncontent-length: 18\r\n\r\n" + SECRET,
    "four-digits": b"HTTP/1.1 2000 OK\r\ncontent-length: 18\r\n\r\n" + SECRET,
    "status-cr": answer("200 OK\rx: y", SECRET),
    "status-lf": answer("200 OK\nx: y", SECRET),
    "http-2": b"HTTP/2.0 200 OK\r\ncontent-length: 18\r\n\r\n" + SECRET,
    "http-10-chunked": b"HTTP/1.0 200 OK\r\n" + CHUNKED.encode() + b"\r\n\r\n" + CHUNKS,
    "switching": b"HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n" + answer("200 OK", SECRET),
    "endless-hints": b"HTTP/1.1 103 Hints\r\n\r\n" * 20 + answer("200 OK", SECRET),
    "leading-line": b"\r\n" + answer("200 OK", SECRET),
}
GOOD_FORMS = {
    "extension": answer("200 OK", b'd;a="b"\r\n' + GOOD + b"\r\n0;x\r\n\r\n", CHUNKED),
    "capitals": answer("200 OK", chunk(GOOD) + b"0\r\n\r\n", "transfer-encoding: Chunked"),
    "no-reason": b"HTTP/1.1 200\r\ncontent-length: 13\r\n\r\n" + GOOD,
    "http-10": b"HTTP/1.0 200 OK\r\ncontent-length: 13\r\n\r\n" + GOOD,
    "zeros": answer("200 OK", b"0000d\r\n" + GOOD + b"\r\n000\r\n\r\n", CHUNKED),
}
GRAMMAR = {f"form-{n}": then_hangup(data) for n, data in (BAD | GOOD_FORMS).items()} | {
    f"drip-{n}": then_hangup(*(bytes((each,)) for each in data), pause=0.0005)
    for n, data in GOOD_FORMS.items()
}


@pytest.mark.parametrize("form", BAD)
def test_an_answer_that_could_be_read_in_two_ways_is_none(engine: Engine, form: str) -> None:
    denied(ask(engine.listen, "GET", f"/form-{form}"), 502)


@pytest.mark.parametrize("form", GOOD_FORMS)
@pytest.mark.parametrize("speed", ["form", "drip"])
def test_what_the_grammar_allows_is_read_whole_and_in_pieces(
    engine: Engine, form: str, speed: str
) -> None:
    reply = ask(engine.listen, "GET", f"/{speed}-{form}")
    assert (reply.status, reply.body) == (200, GOOD)


def test_a_connection_with_bytes_too_many_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The rest of one answer would be the next one's beginning."""
    more = answer("200 OK", SECRET)
    monkeypatch.setitem(WAYS, "more", text("200 OK", GOOD + more, length=len(GOOD)))
    with accepting() as (api, connections), start(Nginx(), plan(), api.url) as engine:
        for number in range(1, 4):
            assert ask(engine.listen, "GET", "/more").body == GOOD
            assert len(connections) == number


def test_a_body_of_exactly_the_limit_passes(engine: Engine) -> None:
    for way in ("big", "big-chunked"):
        assert len(ask(engine.listen, "GET", f"/{way}?16384").body) == 16384


def test_an_api_that_is_not_there_is_a_bad_gateway() -> None:
    with serving() as gone:
        url = gone.url
    with start(Nginx(), plan(), url) as engine:
        denied(ask(engine.listen, "GET", "/x"), 502)
        denied(ask(engine.listen, "POST", "/x", body=b"{}"), 502)
        denied(ask(engine.listen, "GET", "/raw"), 502)


def test_connections_to_the_api_are_kept_and_a_dead_one_is_noticed() -> None:
    with accepting() as (api, connections), start(Nginx(), plan(), api.url) as engine:
        for _ in range(3):
            assert ask(engine.listen, "GET", "/x").body == GOOD
        assert len(connections) == 1
        connections[0].shutdown(socket.SHUT_RDWR)
        for _ in range(3):
            assert ask(engine.listen, "GET", "/x").body == GOOD
        assert len(connections) == 2


@contextmanager
def accepting(
    wrap: Callable[[socket.socket], socket.socket] = lambda plain: plain,
) -> Iterator[tuple[Upstream, list[socket.socket]]]:
    """An API, and the connections that were made to it."""
    connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        api = Upstream(server.getsockname()[1], plain_body)

        def serve(plain: socket.socket) -> None:
            with suppress(OSError):
                connections.append(wrap(plain))
                api._serve(connections[-1])

        def accept() -> None:
            with suppress(OSError):
                while True:
                    plain, _ = server.accept()
                    threading.Thread(target=serve, args=(plain,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield api, connections
        server.shutdown(socket.SHUT_RDWR)


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
    assert asked.header("host") == went.header("host") == upstream.url.removeprefix("http://")
    assert went.header("x-answer") == "200:" + GOOD.decode()


def test_many_requests_that_ask_do_not_mix_up(engine: Engine) -> None:
    replies: list[client.Reply] = []

    def caller() -> None:
        replies.extend(ask(engine.listen, "GET", "/ask-response") for _ in range(10))

    together(caller, 8)
    assert len(replies) == 80
    assert {reply.body for reply in replies} == {b"|".join((b"200:" + GOOD,) * 2 + (GOOD,))}


def together(work: Callable[[], None], many: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# ---------------------------------------------------------------- requests


def test_a_denied_request_never_reaches_the_api(engine: Engine, upstream: Upstream) -> None:
    upstream.received.clear()
    denied(ask(engine.listen, "GET", "/deny"), 404)
    denied(ask(engine.listen, "POST", "/deny", body=b"a" * 9), 404)
    assert upstream.received == []


@pytest.mark.parametrize("way", ["raise-enter", "raise-after-ask"])
def test_a_write_whose_judge_fails_never_reaches_the_api(
    engine: Engine, upstream: Upstream, way: str
) -> None:
    upstream.received.clear()
    denied(ask(engine.listen, "POST", f"/{way}", body=b"{}"), 502)
    assert f"/{way}" not in upstream.paths()


def test_a_write_is_asked_once_whatever_comes_of_it(engine: Engine, upstream: Upstream) -> None:
    for way in ("hangup", "garbage", "cut-length"):
        for _ in range(2):
            assert ask(engine.listen, "GET", "/x").status == 200  # leaves a kept connection
            upstream.received.clear()
            denied(ask(engine.listen, "POST", f"/{way}", body=b"{}"), 502)
            assert upstream.paths() == [f"/{way}"]


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


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "QUERY", "REPORT"])
def test_a_body_goes_on_whatever_the_method(
    engine: Engine, got: Callable[[], Received], method: str
) -> None:
    assert ask(engine.listen, method, "/x", body=b"abc").status == 200
    assert (got().method, got().body) == (method, b"abc")


def test_headers_go_on_as_often_as_they_came_and_hops_end_here(
    engine: Engine, got: Callable[[], Received]
) -> None:
    sent = ("x-a: 1", "X-A: 2", "x_b: 3", "connection: close", "keep-alive: 1", "te: trailers")
    ask(engine.listen, "GET", "/x", *sent, "expect: 100-continue")
    assert [value for name, value in got().headers if name == "x-a"] == ["1", "2"]
    names = {name for name, _ in got().headers}
    assert "x_b" in names  # the runtime's to judge
    assert not names & {"connection", "keep-alive", "expect", "content-length"}


def test_a_body_longer_than_the_plan_allows_is_refused(
    engine: Engine, got: Callable[[], Received]
) -> None:
    assert ask(engine.listen, "POST", "/read", body=b"a" * 16384).status == 200
    assert got().header("x-length") == "16384"
    denied(ask(engine.listen, "POST", "/read", body=b"a" * 16385), 413)
    chunked = b"4001\r\n" + b"a" * 16385 + b"\r\n0\r\n\r\n"
    denied(ask(engine.listen, "POST", "/read", "transfer-encoding: chunked", body=chunked), 413)
    assert len(got().body) == 16384


@pytest.mark.parametrize(
    "target",
    ["//x", "/a/../b", "/a/%2e%2e/b", "/a%2fb", "/a%5cb", "/a\\b", "/a;b=c", "/a?b=%zz&c=/../"],
)
def test_the_runtime_sees_a_path_as_it_was_sent(
    engine: Engine, got: Callable[[], Received], target: str
) -> None:
    assert ask(engine.listen, "GET", target).status == 200
    assert got().target == target


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /a b HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (b"GET /a\x01b HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (b"GET /a%00b HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (b"GET /a%zz HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (b"GET /../a HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (b"GET x HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nhost: a b\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nhost: a\r\nx : b\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nhost: a\r\nx: b\0c\r\n\r\n", 400),
        (b'G"ET /x HTTP/1.1\r\nhost: a\r\n\r\n', 400),
        (b"\x16\x03\x01\x02\r\n\r\n", 400),
        (b"GET /x HTTP/3.0\r\nhost: a\r\n\r\n", 505),
        (b"CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n\r\n", 400),
        (b"TRACE /x HTTP/1.1\r\nhost: a\r\n\r\n", 404),
        (b"GET /x HTTP/1.1\r\nhost: a\r\nh: " + b"a" * 70000 + b"\r\n\r\n", 431),
        (b"GET /x HTTP/1.1\r\nhost: a\r\n" + b"h: a\r\n" * 200 + b"\r\n", 431),
        (b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nhost: a\r\n\r\n", 431),
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
        (b"GET /.oakum/problem HTTP/1.1\r\nhost: a\r\n\r\n", 404),
    ],
)
def test_what_is_no_sound_request_is_refused_before_the_runtime(
    engine: Engine, upstream: Upstream, data: bytes, status: int
) -> None:
    upstream.received.clear()
    denied(client.send(engine.listen, data), status)
    assert upstream.received == []


def test_a_client_that_never_ends_its_body_reaches_nobody(
    engine: Engine, upstream: Upstream
) -> None:
    upstream.received.clear()
    with socket.create_connection(engine.listen, patient(5)) as connection:
        connection.sendall(client.request("POST", "/x", "content-length: 5", body=b"abc"))
        connection.shutdown(socket.SHUT_WR)
        assert client.read(connection).status in (0, 400)
    assert upstream.received == []


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


def test_what_passes_unread_is_neither_buffered_nor_changed(
    engine: Engine, got: Callable[[], Received]
) -> None:
    reply = ask(engine.listen, "GET", "/raw/big?100000", "x-secret-header: a", "x-a: 1")
    assert (reply.status, len(reply.body), reply.whole) == (200, 100000, True)
    names = [name for name, _ in got().headers]
    assert "x-secret-header" not in names
    assert (names.count("host"), got().header("x-a")) == (1, "1")
    assert got().target == "/raw/big?100000"


@pytest.mark.parametrize("framed", ["content-length: 60", "transfer-encoding: chunked"])
def test_what_passes_unread_announces_no_body_that_stays_here(
    engine: Engine, got: Callable[[], Received], framed: str
) -> None:
    """The API would take the next request on the connection for it (RFC 9112, 11.2)."""
    body = b"x" * 60 if framed.startswith("content") else b"3c\r\n" + b"x" * 60 + b"\r\n0\r\n\r\n"
    for method in ("GET", "HEAD"):
        ask(engine.listen, method, "/raw/a", framed, body=body)
        assert (got().method, got().body) == (method, b"")
        assert got().header("content-length") is got().header("transfer-encoding") is None
        reply = ask(engine.listen, "GET", "/raw/big?10")
        assert (reply.status, len(reply.body), got().target) == (200, 10, "/raw/big?10")


def test_a_header_of_the_api_cannot_steer_nginx(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = text("200 OK", GOOD, "x-accel-redirect: /status", "x-accel-limit-rate: 1")
    monkeypatch.setitem(WAYS, "accel", way)
    for path in ("/accel", "/raw/accel"):
        assert ask(engine.listen, "GET", path).body == GOOD


# ---------------------------------------------------------------- over TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority, and certificates of its for `localhost` and another name."""
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    names = ("-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=a", *names)
    openssl("req", *curve, "-keyout", "key.pem", "-out", "csr.pem", "-subj", "/CN=b")
    for file, name in (("cert.pem", "localhost"), ("other.pem", "other.test")):
        (folder / "names").write_text(f"subjectAltName=DNS:{name}")
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-extfile", "names", "-out", file)
        openssl("x509", "-req", "-in", "csr.pem", *signed)
    return folder


def test_an_api_behind_tls_is_asked_by_its_name(authority: Path) -> None:
    with tls(authority) as api:
        url, ca = f"https://localhost:{api.port}", str(authority / "ca.pem")
        with start(Nginx(), plan(), url, ca=ca) as engine:
            for _ in range(3):
                for path in ("/x", "/ask-response", "/raw/x"):
                    assert ask(engine.listen, "GET", path).body.endswith(GOOD)
            assert {each.header("host") for each in api.received} == {f"localhost:{api.port}"}


def test_an_api_that_cannot_prove_its_name_is_not_asked(authority: Path) -> None:
    ca = str(authority / "ca.pem")
    for certificate, more in (("other.pem", {"ca": ca}), ("cert.pem", {})):
        with tls(authority, certificate) as api:
            with start(Nginx(), plan(), f"https://localhost:{api.port}", **more) as engine:
                denied(ask(engine.listen, "GET", "/x"), 502)
                denied(ask(engine.listen, "GET", "/raw/x"), 502)
            assert api.received == []


@contextmanager
def tls(folder: Path, certificate: str = "cert.pem") -> Iterator[Upstream]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / certificate, folder / "key.pem")
    with accepting(lambda plain: context.wrap_socket(plain, server_side=True)) as (api, _):
        yield api


# ---------------------------------------------------------------- tokens

KEY = rsa_key(1, kid="k1")
OTHER = rsa_key(2, kid="k2")
SUBJECT = "12345678901234567890123"
"""A number of more digits than a double holds."""
TOKENS = {
    "issuer": "https://issuer.example",
    "audiences": ["api"],
    "algorithms": ["RS256"],
    "keys": "keys.json",
    "jwks": {"keys": [KEY.as_dict(private=False)]},
}


def token(key: RSAKey = KEY, **claims: Json) -> str:
    every = {"iss": "https://issuer.example", "aud": "api", "exp": int(time.time()) + 60} | claims
    body = {name: value for name, value in every.items() if value is not None}
    head = {"alg": "RS256", "kid": key.kid}
    return jws.serialize_compact(head, json.dumps(body | {"uid": int(SUBJECT)}), key)


@pytest.fixture(scope="module")
def verifying(upstream: Upstream) -> Iterator[Engine]:
    with start(Nginx(), plan(tokens=TOKENS), upstream.url) as found:
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
    assert got().header("authorization") is None
    assert claimed(verifying, got, f"authorization: Bearer {good}") == SUBJECT
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
    bearer = f"authorization: Bearer {good}"
    assert claimed(verifying, got, "cookie: session.id=x", bearer) == SUBJECT


def test_authorization_comes_first_wherever_the_contract_names_it(
    upstream: Upstream, got: Callable[[], Received]
) -> None:
    made = json.loads(plan(tokens=TOKENS))
    made["credentials"].reverse()
    with start(Nginx(), json.dumps(made), upstream.url) as engine:
        cookie = f"cookie: session.id={token()}"
        assert claimed(engine, got, cookie) == SUBJECT
        assert claimed(engine, got, cookie, "authorization: Bearer x.y.z") == "false"


def test_a_token_of_two_readings_is_nobodys(verifying: Engine, got: Callable[[], Received]) -> None:
    base = {"iss": "https://issuer.example", "aud": "api", "exp": int(time.time()) + 600}
    base["uid"] = int(SUBJECT)
    for odds, said in ((HELD, SUBJECT), (REFUSED, "false")):
        for name, odd in odds.items():
            bearer = f"authorization: Bearer {odd.signed(KEY, 'RS256', base, kid='k1')}"
            assert claimed(verifying, got, bearer) == said, name


def test_no_token_is_told_from_a_bad_one(verifying: Engine, got: Callable[[], Received]) -> None:
    good = token()
    assert claimed(verifying, got) == "nil"
    assert claimed(verifying, got, "authorization: Basic eDp5") == "nil"
    assert claimed(verifying, got, f"cookie: xsession.id={good}; sessionxid={good}") == "nil"
    assert claimed(verifying, got, query=f"?access_token={good}") == "nil"
    bearer = f"authorization: Bearer {good}"
    for bad in (token(OTHER), token(exp=int(time.time()) - 1), token(exp=None), good + ".x", "x"):
        assert claimed(verifying, got, f"authorization: Bearer {bad}") == "false"
    denied(ask(verifying.listen, "GET", "/token", bearer, bearer), 400)  # nginx knows it as one


def test_keys_of_a_url_are_asked_for_and_asked_again(
    monkeypatch: pytest.MonkeyPatch, upstream: Upstream, got: Callable[[], Received]
) -> None:
    given = [KEY]

    def keys(connection: socket.socket, _: Received) -> None:
        public = {"keys": [key.as_dict(private=False) for key in given]}
        connection.sendall(answer("200 OK", json.dumps(public).encode()))

    monkeypatch.setitem(WAYS, "jwks", keys)
    source = nginx._source
    # Ten seconds between two questions are right in the world, and long in a test.
    monkeypatch.setattr(nginx, "_source", lambda name: source(name).replace("3600, 10", "3600, 1"))
    tokens = TOKENS | {"jwks": None, "keys": f"{upstream.url}/jwks?a=b"}
    with start(Nginx(), plan(tokens=tokens), upstream.url) as engine:
        old, new = f"authorization: Bearer {token()}", f"authorization: Bearer {token(OTHER)}"
        assert claimed(engine, got, old) == SUBJECT
        for _ in range(10):
            assert claimed(engine, got, new) == "false"
        assert len([each for each in upstream.received if each.path == "/jwks"]) <= 2
        given[:] = [OTHER]
        wait(lambda: claimed(engine, got, new) == SUBJECT)
        assert claimed(engine, got, old) == "false"  # believed before, and no more
        given.clear()
        # Keys are asked for when a token has none that fits.
        wait(lambda: (claimed(engine, got, old), claimed(engine, got, new)) == ("false", "false"))
    assert {each.target for each in upstream.received if each.path == "/jwks"} == {"/jwks?a=b"}


def test_without_keys_no_token_is_good(upstream: Upstream, got: Callable[[], Received]) -> None:
    tokens = TOKENS | {"jwks": None, "keys": f"{upstream.url}/500"}
    with start(Nginx(), plan(tokens=tokens), upstream.url) as engine:
        assert claimed(engine, got, f"authorization: Bearer {token()}") == "false"
        assert claimed(engine, got) == "nil"


# ---------------------------------------------------------------- only watching


@pytest.fixture(scope="module")
def watching(upstream: Upstream) -> Iterator[Engine]:
    with start(Nginx(), plan(), upstream.url, timeout=PATIENT, observe=True) as found:
        yield found


@pytest.mark.parametrize(
    ("method", "way"),
    [("GET", way) for way in ("gzip", "500", "403", "302", "204", "chunked")]
    + [("GET", "big?100000"), ("GET", "big-chunked?100000"), ("HEAD", "204"), ("HEAD", "length")],
)
def test_who_only_watches_changes_nothing(
    watching: Engine,
    upstream: Upstream,
    got: Callable[[], Received],
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    way: str,
) -> None:
    monkeypatch.setitem(WAYS, "length", text("200 OK", length=5))
    headers = ("accept-encoding: br", "x-secret-header: a", "range: bytes=0-1")
    wanted = ask(("127.0.0.1", upstream.port), method, f"/{way}", *headers)
    reply = ask(watching.listen, method, f"/{way}", *headers)
    assert (reply.status, reply.body, reply.whole) == (wanted.status, wanted.body, True)
    ours = {"date", "server", "connection"}
    assert sorted(h for h in reply.headers if h[0] not in ours) == sorted(wanted.headers)
    assert [got().header(name) for name in ("accept-encoding", "x-secret-header", "range")] == [
        "br",
        "a",
        "bytes=0-1",
    ]
    assert got().method == method


@pytest.mark.parametrize(
    "way", ["raise-enter", "raise-after-ask", "raise-leave", "raise-audit", "deny"]
)
def test_who_only_watches_fails_open(watching: Engine, way: str) -> None:
    assert ask(watching.listen, "GET", f"/{way}").body == GOOD


def test_who_only_watches_may_ask_and_writes_down(
    watching: Engine, upstream: Upstream, got: Callable[[], Received]
) -> None:
    assert ask(watching.listen, "GET", "/ask-response").body == GOOD
    # It is judged when the client has it, and the line is written after that.
    assert [line["status"] for line in watching.lines("/ask-response")] == [200]
    assert sorted(upstream.paths()) == ["/ask-response", "/one", "/two"]


def test_who_only_watches_lets_long_bodies_pass(
    watching: Engine, got: Callable[[], Received]
) -> None:
    assert ask(watching.listen, "POST", "/x", body=b"a" * 100000).status == 200
    assert len(got().body) == 100000
    coded = ("transfer-encoding: chunked",)
    chunked = b"186a0\r\n" + b"a" * 100000 + b"\r\n0\r\n\r\n"
    assert ask(watching.listen, "POST", "/x", *coded, body=chunked).status == 200
    assert len(got().body) == 100000


def test_who_only_watches_sends_an_answer_on_as_it_comes(
    watching: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = answer("200 OK", b"", CHUNKED, kind="text/event-stream")
    way, go = held(head + chunk(b'data: {"n":1}\n\n'), b"0\r\n\r\n")
    monkeypatch.setitem(WAYS, "held", way)
    with socket.create_connection(watching.listen, patient(5)) as connection:
        connection.sendall(client.request("GET", "/held"))
        seen = b""
        while b'{"n":1}' not in seen:
            seen += connection.recv(4096)
        go.set()


def test_what_is_cut_off_does_not_look_whole_to_who_watches(watching: Engine) -> None:
    for way in ("cut-length", "cut-chunked"):
        assert not ask(watching.listen, "GET", f"/{way}").whole


# ---------------------------------------------------------------- a new plan


def test_a_new_plan_is_taken_under_load_and_nobody_notices(upstream: Upstream) -> None:
    names = [f"{number:016x}" for number in range(6)]
    seen: set[bytes] = set()
    bad: list[client.Reply] = []
    with start(Nginx(), plan(names[0]), upstream.url, workers=2) as engine:
        done = threading.Event()

        def load() -> None:
            while not done.is_set():
                reply = ask(engine.listen, "GET", "/generation")
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


def test_what_began_with_the_old_plan_ends_with_it(upstream: Upstream) -> None:
    with (
        start(Nginx(), plan(), upstream.url) as engine,
        socket.create_connection(engine.listen, patient(5)) as connection,
    ):
        connection.sendall(client.request("GET", "/slow/generation?0.5"))
        wait(lambda: upstream.paths()[-1:] == ["/slow/generation?0.5"])
        engine.swap(replace(engine.deployment, plan=planned(plan("f" * 16))))
        wait(lambda: ask(engine.listen, "GET", "/generation").body == plan("f" * 16).encode())
        assert client.read(connection).status == 200


def test_a_connection_outlives_a_plan(upstream: Upstream) -> None:
    """A client may have sent its next request when the worker hears of the new plan."""
    with (
        start(Nginx(), plan(), upstream.url) as engine,
        socket.create_connection(engine.listen, patient(5)) as connection,
    ):
        before = workers(engine)
        wanted = plan("f" * 16)
        engine.swap(replace(engine.deployment, plan=planned(wanted)))

        def taken() -> bool:
            connection.sendall(client.request("GET", "/generation"))
            reply = client.read(connection)
            assert reply.status == 200
            return reply.body == wanted.encode()

        wait(taken)
        assert workers(engine) == before


@pytest.mark.parametrize("size", [0, 90, 5000, -40])
def test_a_file_that_is_not_whole_is_not_taken(upstream: Upstream, size: int) -> None:
    with start(Nginx(), plan(), upstream.url) as engine:
        new = replace(engine.deployment, plan=planned(plan("f" * 16)))
        whole = engine.target.render(new)["oakum.lua"]
        (engine.deployment.folder / "oakum.lua").write_bytes(whole[:size])
        time.sleep(0.4)
        assert ask(engine.listen, "GET", "/generation").body == plan().encode()
        assert size == 0 or "does not load, and the old one stays" in engine.log
        write(engine.deployment.folder, {"oakum.lua": whole})
        wait(lambda: ask(engine.listen, "GET", "/generation").body == plan("f" * 16).encode())


@pytest.mark.parametrize(
    "code", ["this is no Lua", "error 'the plan is bad'", "local PLAN = require 'nothing'"]
)
def test_a_policy_that_does_not_load_is_refused_and_the_old_one_stays(
    monkeypatch: pytest.MonkeyPatch, upstream: Upstream, code: str
) -> None:
    with start(Nginx(), plan(), upstream.url) as engine:
        monkeypatch.setattr(nginx, "bundle", lambda adapter, plan: code)
        with pytest.raises(
            TargetError, match=r"^nginx rejects the configuration that Oakum wrote: .*init_by_lua"
        ):
            write(engine.deployment.folder, engine.target.render(engine.deployment))
            engine.target.validate(engine.deployment.folder)
        before = workers(engine)
        engine.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert workers(engine) == before
        assert ask(engine.listen, "GET", "/x").body == GOOD


def test_a_name_without_an_address_is_told_before_anything_runs() -> None:
    with (
        pytest.raises(TargetError, match=r"no-such-name\.invalid"),
        start(Nginx(), plan(), "http://no-such-name.invalid:80"),
    ):
        pass


# ---------------------------------------------------------------- workers


def workers(engine: Engine) -> list[int]:
    path = Path(f"/proc/{engine.process.pid}/task/{engine.process.pid}/children")
    return [int(each) for each in path.read_text().split()]


def test_a_worker_that_dies_is_replaced_and_the_others_go_on(upstream: Upstream) -> None:
    with start(Nginx(), plan(), upstream.url, workers=2) as engine:
        victim = workers(engine)[0]
        os.kill(victim, signal.SIGKILL)
        replies = [ask(engine.listen, "GET", "/x") for _ in range(50)]
        assert sum(reply.status == 200 for reply in replies) >= 49  # one may have been its own
        wait(lambda: not (len(workers(engine)) < 2 or victim in workers(engine)))


def alive(process: int) -> bool:
    """A zombie is not, however long nobody asks for its end."""
    path = Path(f"/proc/{process}/stat")
    return path.exists() and path.read_text().rpartition(")")[2].split()[0] != "Z"


def test_workers_do_not_outlive_a_master_that_was_killed(upstream: Upstream) -> None:
    with start(Nginx(), plan(), upstream.url, workers=2) as engine:
        children = workers(engine)
        engine.process.kill()
        engine.process.wait()
        wait(lambda: not (any(alive(each) for each in children)))


def test_a_request_under_way_is_answered_when_the_engine_is_told_to_stop(
    upstream: Upstream,
) -> None:
    with (
        start(Nginx(), plan(), upstream.url) as engine,
        socket.create_connection(engine.listen, patient(5)) as connection,
    ):
        connection.sendall(client.request("GET", "/slow?0.5"))
        wait(lambda: upstream.paths()[-1:] == ["/slow?0.5"])
        engine.process.send_signal(Nginx.control.stop)
        assert client.read(connection).status == 200
        engine.process.wait(patient(5))


# ---------------------------------------------------------------- audit, admin


def test_the_audit_is_the_line_of_the_runtime_as_it_is(upstream: Upstream) -> None:
    with start(Nginx(), plan(), upstream.url) as engine:
        for path in ("/x", "/deny", "/hangup", "/raw"):
            ask(engine.listen, "GET", path)
        lines = [line for line in engine.audit(5) if line["op"]]
    assert [(line["op"], line["status"], line["upstream"]) for line in lines] == [
        ("/x", 200, 200),
        ("/deny", 404, None),
        ("/hangup", 502, None),
        ("/raw", 200, 200),
    ]
    assert {line["quote"] for line in lines} == {'a"b é %REQ(X)%'}


def test_what_never_got_a_line_of_the_runtime_gets_one_of_nginx(upstream: Upstream) -> None:
    unsound = b"GET /x HTTP/1.1\r\nhost: a\r\nh: " + b"a" * 70000 + b"\r\n\r\n"
    with start(Nginx(), plan(), upstream.url) as engine:
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
    assert all(began - 1 < line["time"] < time.time() + 1 for line in lines)


def test_nothing_of_a_request_stands_in_the_log(hasty: Engine) -> None:
    for path in ("/hangup", "/raise-leave", "/cut-length", "/slow?2", "/raw/hangup"):
        ask(hasty.listen, "GET", f"{path}#who-is-it"[:40], "x-a: who-is-it")
        ask(hasty.listen, "GET", f"{path}{'&' if '?' in path else '?'}who-is-it")
    assert "who-is-it" not in hasty.log


def test_admin_shows_figures_and_nothing_else(engine: Engine) -> None:
    assert admin(engine, "/status").startswith("200 Active connections: ")
    assert admin(engine, "/").startswith("404")


def admin(engine: Engine, path: str) -> str:
    connection = HTTPConnection(engine.deployment.admin, timeout=patient(5))
    connection.request("GET", path)
    with connection.getresponse() as response:
        return f"{response.status} {response.read().decode()}"


# ---------------------------------------------------------------- files and options


def deployment(**more: Json) -> Deployment:
    return deployed(plan(), **{"upstream": "http://127.0.0.1:1", "folder": Path("/run/o"), **more})


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"upstream": "127.0.0.1:80"}, "upstream `127.0.0.1:80` is not a URL"),
        ({"upstream": "ftp://a"}, "upstream `ftp://a` is not a URL"),
        ({"upstream": "http://a:b"}, "upstream `http://a:b` is not a URL"),
        ({"upstream": "http://a;b"}, "upstream `http://a;b` is not a URL"),
        ({"upstream": "http://u:p@a"}, "upstream `http://u:p@a` is not a URL"),
        ({"upstream": "http://a/api"}, "upstream `http://a/api` has a path"),
        ({"upstream": "https://127.0.0.1:1"}, "upstream `https://127.0.0.1:1` names an address"),
        ({"upstream": "https://[::1]"}, "upstream `https://[::1]` names an address"),
        ({"listen": "8080"}, "listen `8080` is not an address"),
        ({"admin": "a:99999"}, "admin `a:99999` is not an address"),
        ({"ca": '/a"b'}, '`/a"b` contains `"`, `\\`, `$` or a control character'),
    ],
)
def test_wrong_options_are_told(more: dict[str, Json], said: str) -> None:
    with pytest.raises(InputError) as caught:
        Nginx().render(deployment(**more))
    assert said in str(caught.value)


def test_no_secret_stands_in_a_file(monkeypatch: pytest.MonkeyPatch, upstream: Upstream) -> None:
    monkeypatch.setenv("GUARD_KEY", "hush")
    more = {"service_env": "GUARD_KEY", "audit_key_env": "GUARD_KEY"}
    rendered = Nginx().render(deployment(**more))
    assert not any(b"hush" in content for content in rendered.values())
    with start(Nginx(), plan(), upstream.url, {"GUARD_KEY": "hush"}, **more) as engine:
        assert ask(engine.listen, "GET", "/secrets").body == b"hush hush"


def test_a_missing_nginx_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path: None)
    with pytest.raises(InputError, match="nginx is not installed"):
        Nginx().program()


def test_secret_is_in_no_reply(engine: Engine) -> None:
    """The bad ways do send it, or the tests above would prove nothing."""
    assert SECRET in ask(engine.listen, "GET", "/raw/500").body


# ---------------------------------------------------------------- many questions, streams

MANY = """
  if x.path == "/ask-many" then
    local questions = {}
    for i = 1, 40 do
      local slow = i % 4 == 0
      local target = (slow and "/slow?600" or "/met") .. "?" .. i
      questions[i] = { method = "GET", target = target, headers = {}, timeout = slow and 0.2 or 60 }
    end
    local answers = self.host.ask_all(questions, 120)
    local words = {}
    for i = 1, 40 do words[i] = answers[i] and answers[i].status or tostring(answers[i]) end
    body = table.concat(words, " ")
  end
"""
EVENT = """
local enter = Guard.enter
function Guard:enter(req)
  local x = enter(self, req)
  x.stream = x.path == "/stream" and {}
  return x
end
function Guard:event(x, data)
  if data == "raise" then error "event" end
  return data:find "hidden" == nil and data or nil
end
return M
"""


@pytest.fixture(scope="module")
def richer(upstream: Upstream) -> Iterator[Engine]:
    """The runtime that decides nothing, and a bit."""
    marks = 'if x.path == "/raise-after-ask-response"', "return M\n"
    core = stub.CORE.replace(marks[0], MANY + marks[0]).removesuffix(marks[1]) + EVENT
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stub, "CORE", core)
        with start(Nginx(), plan(), upstream.url, timeout=PATIENT) as found:
            yield found


def test_many_questions_are_asked_together_and_a_slow_one_is_given_up(
    richer: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(4)
    met = threading.Event()

    def meet(connection: socket.socket, _: Received) -> None:
        """Answers nobody before four are there at once."""
        if not met.is_set():
            together.wait(patient(10))
            met.set()
        connection.sendall(answer("200 OK", GOOD))

    monkeypatch.setitem(WAYS, "met", meet)
    words = ask(richer.listen, "GET", "/ask-many").body.decode().split()
    assert words == ["false" if number % 4 == 0 else "200" for number in range(1, 41)]


def streamed(richer: Engine, patch: pytest.MonkeyPatch, kind: str, *pieces: bytes) -> client.Reply:
    data = answer("200 OK", b"", CHUNKED, kind=kind), *map(chunk, pieces), b"0\r\n\r\n"
    patch.setitem(WAYS, "stream", then_hangup(*data, pause=0.005))
    return ask(richer.listen, "GET", "/stream")


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
def test_events_go_out_one_by_one_cut_down(
    richer: Engine, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    events = (
        b"\xef\xbb\xbf: a secret\n\nevent: new\r\nid: 7\r\nother: secret\r\ndata: 1\r\n\r\n"
        b"id: 8\ndata: hidden\n\ndata: a\rdata:b\r\rretry: 10\nretry: x\n\ndata\n\ndata: half"
    )
    pieces = [events[at : at + size] for at in range(0, len(events), size)]
    reply = streamed(richer, monkeypatch, "text/event-stream; charset=utf-8", *pieces)
    assert (reply.status, reply.whole) == (200, True)
    assert reply.body.decode() == (
        ":\n\nevent: new\nid: 7\ndata: 1\n\ndata: a\ndata: b\n\nretry: 10\n\ndata: \n\n"
    )


@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_lines_go_out_one_by_one_cut_down(
    richer: Engine, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    lines = b'{"a":1}\n{"hidden":1}\n\n{"b":2}'
    pieces = [lines[at : at + size] for at in range(0, len(lines), size)]
    reply = streamed(richer, monkeypatch, "application/x-ndjson", *pieces)
    assert reply.body == b'{"a":1}\n{"b":2}\n'


def test_an_event_comes_as_soon_as_it_was_judged(
    richer: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = answer("200 OK", b"", CHUNKED, kind="text/event-stream")
    way, go = held(head + chunk(b"data: 1\n\n"), chunk(b"data: 2\n\n"))
    monkeypatch.setitem(WAYS, "stream", way)
    with socket.create_connection(richer.listen, patient(5)) as connection:
        connection.sendall(client.request("GET", "/stream"))
        seen = b""
        while b"data: 1" not in seen:
            seen += connection.recv(4096)
        assert b"data: 2" not in seen
        go.set()


@pytest.mark.parametrize(
    "bad", [b"data: raise\n\n", b"data: " + b"a" * 20000, (b"data: " + b"a" * 2000 + b"\n") * 10]
)
def test_what_goes_wrong_in_a_stream_ends_it(
    richer: Engine, monkeypatch: pytest.MonkeyPatch, bad: bytes
) -> None:
    good = b"data: 1\n\n"
    for end in (b"\n\ndata: " + SECRET, b"a"):
        reply = streamed(richer, monkeypatch, "text/event-stream", good, bad, end)
        assert (reply.body, reply.whole) == (good, False)


def test_a_stream_that_was_cut_off_does_not_look_whole(
    richer: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = answer("200 OK", b"", CHUNKED, kind="text/event-stream")
    monkeypatch.setitem(WAYS, "stream", then_hangup(head + chunk(b"data: 1\n\n")))
    reply = ask(richer.listen, "GET", "/stream")
    assert (reply.body, reply.whole) == (b"data: 1\n\n", False)


def test_a_stream_that_is_none_is_an_answer_like_any_other(
    richer: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = streamed(richer, monkeypatch, "application/json", GOOD)
    assert (reply.body, reply.header("content-length")) == (GOOD, "13")
    monkeypatch.setitem(WAYS, "stream", WAYS["403-empty"])
    assert ask(richer.listen, "GET", "/stream").status == 403
