"""Answers that are written to hang, to lead astray or to break whoever reads them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import orjson
import pytest
from httpx2 import Client

from oakum.authz.strict_json import MAX_DEPTH
from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.exposure.json_depth import DEEPEST, not_too_deep
from oakum.scan.identities.login import sent_to_login
from oakum.scan.requests.next_page import next_page
from oakum.scan.transport.client import HttpTransport
from oakum.scan.transport.connection_errors import Unreachable
from oakum.scan.transport.rate_and_budget import Governor
from oakum.scan.transport.set_cookie import cookies_of
from oakum.scan.undo.own_writes import marked_objects
from tests.patience import patient
from tests.ports import free_port


@contextmanager
def speaking(speak: Callable[[socket.socket], None], port: int = 0) -> Iterator[str]:
    """A server that reads a question and then says what it likes, until nobody listens."""
    endpoint = socket.create_server(("127.0.0.1", port))

    def serve() -> None:
        try:
            caller, _ = endpoint.accept()
            with caller:
                caller.recv(65536)
                speak(caller)
        except OSError:
            pass  # hung up

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{endpoint.getsockname()[1]}"
    finally:
        with suppress(OSError):  # wakes who accepts
            endpoint.shutdown(socket.SHUT_RDWR)
        endpoint.close()
        thread.join(patient(5))


def drip(begin: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def speak(caller: socket.socket) -> None:
        caller.sendall(begin)
        while True:
            caller.sendall(piece)
            time.sleep(0.02)

    return speak


@pytest.mark.parametrize(
    "speak",
    [
        drip(b"HTTP/1.1 200 OK\r\nx: ", b"y"),
        drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"0"),
    ],
    ids=["a head", "heads before the head", "a length"],
)
def test_what_does_not_end_is_given_up(speak: Callable[[socket.socket], None]) -> None:
    with speaking(speak) as url, HttpTransport(url, timeout=0.5) as transport:
        began = time.monotonic()
        with pytest.raises(TargetError):
            transport.send(Request("GET", url))
        assert time.monotonic() - began < patient(5)


def test_after_one_that_was_given_up_the_next_is_asked() -> None:
    port = free_port()  # nobody else is given it between the two
    with speaking(drip(b"HTTP/1.1 200 OK\r\nx: ", b"y"), port) as bad:
        transport = HttpTransport(bad, timeout=patient(0.2))
        with pytest.raises(TargetError):
            transport.send(Request("GET", bad))
    with socket.create_server(("127.0.0.1", port)) as endpoint, transport:

        def serve() -> None:
            caller, _ = endpoint.accept()
            with caller:
                caller.recv(65536)
                caller.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

        threading.Thread(target=serve, daemon=True).start()
        assert transport.send(Request("GET", bad)).status == 204


@pytest.mark.parametrize(("method", "again"), [("GET", True), ("POST", False)])
def test_who_is_about_to_ask_when_another_is_given_up_may_ask_again(
    method: str, again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with speaking(lambda caller: None) as url, HttpTransport(url) as transport:
        exchange = transport._exchange

        def late(client: Client, *rest: Any) -> Response:
            transport._give_up(client)
            return exchange(client, *rest)

        monkeypatch.setattr(transport, "_exchange", late)
        with pytest.raises(Unreachable, match="was closed") as told:
            transport.send(Request(method, url))
    assert told.value.again is again


def test_what_is_not_cut_off_is_judged_to_the_last() -> None:
    assert DEEPEST < MAX_DEPTH


@pytest.mark.parametrize("depth", [DEEPEST, DEEPEST + 1, 5000])
def test_a_body_is_read_down_to_a_depth(depth: int) -> None:
    body = b'{"a": "[[[\\"[[", "b": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"
    assert (not_too_deep(body) == body) is (depth <= DEEPEST)


@pytest.mark.parametrize(
    "body",
    [
        b'["' + b"[" * 5000 + b'"]',
        b"{" * 3 + b'"' + b'\\"' * 100_000,
        b"var a = " + b"[" * 5000,
        b'["\\',
        b"",
    ],
)
def test_what_is_not_deep_is_left_as_it_is(body: bytes) -> None:
    assert not_too_deep(body) == body


@pytest.mark.parametrize("said", ["Max-Age=--1", "Max-Age=\xb2", "Max-Age=" + "9" * 5000])
def test_a_strange_age_of_a_cookie_is_read_somehow(said: str) -> None:
    assert set(cookies_of([f"a=b; {said}"])) == {"a"}


def test_a_strange_time_to_wait_is_no_number() -> None:
    slow = [Response(429, {"retry-after": "\xb2"}), Response(200)]
    waited: list[float] = []

    class Slow:
        def send(self, request: Request) -> Response:
            return slow.pop(0)

    governor = Governor(Slow(), 1000, 10, sleep=waited.append)
    assert governor.send(Request("GET", "http://a.example/")).status == 200
    assert waited


def test_an_address_that_is_none_leads_nowhere() -> None:
    assert not sent_to_login(Response(302, {"location": "http://[x"}), None)


@pytest.mark.parametrize(
    "address",
    ["http://[x", "http://a.example:99999999/notes", "/logout", "/notes/7", "/notes/all/wipe"],
)
def test_a_next_page_is_a_page_of_the_same_list(address: str) -> None:
    body = orjson.dumps({"data": [1], "next": address})
    found = next_page(Request("GET", "http://a.example/notes"), Response(200, {}, body), ())
    assert (found is not None) is (address == "/notes/7")


def test_what_lists_an_object_is_not_that_object() -> None:
    whole = {"id": 1, "of": [{"text": "oakum 7"}], "in": {"id": 2, "more": {"text": "oakum 7"}}}
    assert marked_objects(whole, "oakum 7", "id") == [whole["in"]]
    assert marked_objects({"id": 1, "of": [{"text": "oakum 7"}]}, "oakum 7", "id") == []
