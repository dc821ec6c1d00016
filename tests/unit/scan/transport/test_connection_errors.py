"""Why a request got no answer, behind a proxy and without one."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from oakum.errors import TargetError
from oakum.exchange import Request
from oakum.scan.transport.client import HttpTransport
from oakum.scan.transport.connection_options import Connection
from tests.scan.servers import Reply, serve

SECRET = "s3cr3t-value-77"


@pytest.mark.parametrize("status", [403, 407, 502])
def test_a_proxy_that_lets_nothing_pass_is_named(status: int) -> None:
    way = "https://api.example.test"
    refusing = HTTPServer(("127.0.0.1", 0), Refusing)
    refusing.RequestHandlerClass.status = status  # type: ignore[attr-defined]
    threading.Thread(target=refusing.serve_forever, daemon=True).start()
    proxy = f"http://127.0.0.1:{refusing.server_port}"
    try:
        with (
            HttpTransport(way, connection=Connection(proxy=proxy)) as http,
            pytest.raises(TargetError, match=f"the proxy lets no GET pass to `{way}`: {status}"),
        ):
            http.send(Request("GET", f"{way}/me", {}))
    finally:
        refusing.shutdown()
        refusing.server_close()


def test_what_a_proxy_demands_is_no_answer_of_the_api() -> None:
    way = "http://api.example.test:8000"
    demand = Reply(407, {}, (("proxy-authenticate", "Basic"),))
    with serve(lambda call: demand) as proxy:
        secret = proxy.url.replace("//", f"//user:{SECRET}@")
        with (
            HttpTransport(way, connection=Connection(proxy=secret)) as http,
            pytest.raises(TargetError, match=f"the proxy lets no GET pass to `{way}`: 407") as no,
        ):
            http.send(Request("GET", f"{way}/me", {}))
    assert "--proxy http://user:password@host:port" in str(no.value)
    assert SECRET not in str(no.value)
    assert len(proxy.calls) == 1


def test_an_api_that_answers_407_by_itself_has_answered() -> None:
    with serve(lambda call: Reply(407, {})) as target, HttpTransport(target.url) as http:
        assert http.send(Request("GET", f"{target.url}/me", {})).status == 407


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_run_is_named_and_the_target_is_not_blamed(scheme: str) -> None:
    way = f"{scheme}://api.example.test"
    with socket.socket() as held:  # bound, and nothing listens
        held.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{held.getsockname()[1]}"
        connection = Connection(proxy=f"http://user:{SECRET}@{place}")
        with (
            HttpTransport(way, connection=connection) as http,
            pytest.raises(TargetError) as no,
        ):
            http.send(Request("GET", f"{way}/me", {}))
    assert str(no.value) == f"nothing listens at the proxy `http://{place}`; is it running?"


@pytest.mark.parametrize(("scheme", "blames"), [("http", "the proxy"), ("https", "or the proxy")])
def test_a_proxy_that_does_not_speak_tls_is_named(scheme: str, blames: str) -> None:
    way = f"{scheme}://api.example.test"
    with serve(lambda call: Reply(200, {})) as proxy:
        place = proxy.url.replace("http:", "https:")
        with (
            HttpTransport(way, connection=Connection(proxy=place)) as http,
            pytest.raises(TargetError, match=f"{blames} `{place}` does not speak TLS") as no,
        ):
            http.send(Request("GET", f"{way}/me", {}))
    assert (way in str(no.value)) is (scheme == "https")


def test_a_connection_that_ends_early_may_be_the_proxys() -> None:
    way = "http://api.example.test"
    with (
        serve(lambda call: Reply(drop=True)) as proxy,
        HttpTransport(way, connection=Connection(proxy=proxy.url)) as http,
        pytest.raises(TargetError, match=f"`{way}`, or the proxy `{proxy.url}`, closed"),
    ):
        http.send(Request("GET", f"{way}/me", {}))


class Refusing(BaseHTTPRequestHandler):
    """A proxy that refuses to connect to anything."""

    status = 403

    def do_CONNECT(self) -> None:
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *args: object) -> None: ...
