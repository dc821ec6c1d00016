"""Feeds against small real servers: events over HTTP, and WebSockets."""

from __future__ import annotations

import socket
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.http11 import Request as Handshake
from websockets.http11 import Response as Refusal
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve as talking

from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.scan.identities.identities_file import load_identities
from oakum.scan.identities.model import Identities
from oakum.scan.identities.session import LoginFailed, Proof, Sessions
from oakum.scan.limits import BudgetSpent
from oakum.scan.transport.client import HttpTransport
from oakum.scan.transport.connection_errors import Unreachable
from oakum.scan.transport.connection_options import Connection
from oakum.scan.transport.feed_interface import Frame, Stream
from oakum.scan.transport.feeds import Feeds
from oakum.scan.transport.rate_and_budget import Governor
from tests.patience import patient, tries
from tests.scan import servers
from tests.scan.servers import serve

BEARER = """
identities:
  ann: {header: "Authorization: Bearer ann-hunter2"}
  bob: {header: "X-Key: bob-hunter2"}
"""
IN_QUERY = """
identities:
  ann: {send: "?access_token=$key", key: ann-hunter2}
"""
LOGIN = """
login: {post: /auth/login, json: {username: $username, password: $password}, token: /auth/token}
identities:
  ann: {username: ann, password: ann-hunter2}
"""
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"


@pytest.fixture
def identities(tmp_path: Path) -> Callable[[str], Identities]:
    def load(text: str) -> Identities:
        path = tmp_path / "identities.yaml"
        path.write_text(textwrap.dedent(text))
        path.chmod(0o600)
        return load_identities(path, environ={})

    return load


@contextmanager
def listening(url: str, known: Identities, budget: int = 100) -> Iterator[Feeds]:
    with HttpTransport(url, timeout=patient(2), run_id="r-17") as http:
        governor = Governor(http, 1000, budget, sleep=lambda _: None)
        feeds = Feeds(http, governor, Sessions(known, governor, None, url))
        try:
            yield feeds
        finally:
            feeds.close()


@contextmanager
def speaking(speak: Callable[[socket.socket, bytes], None]) -> Iterator[str]:
    """A server that does with each caller what it is told, having heard the request."""

    def accept() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                speak(peer, peer.recv(65536))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(patient(5))


def gathered(stream: Stream, many: int) -> list[Frame]:
    """As many frames, or what has come in five seconds of a quiet machine."""
    found: list[Frame] = []
    for _ in tries(5, pause=0):
        if len(found) >= many or (stream.over and found):
            break
        found += stream.frames(0.05)
    return found


# --------------------------------------------------------------------------- over HTTP


def test_events_come_while_something_else_is_done(identities: Any) -> None:
    more, heard = threading.Event(), []

    def speak(peer: socket.socket, request: bytes) -> None:
        heard.append(request.decode().lower())
        peer.sendall(HEAD + b"\r\nid: 1\ndata: {}\n\n")
        more.wait(patient(5))
        peer.sendall(b"data: later\n\n")

    with speaking(speak) as url, listening(url, identities(BEARER)) as feeds:
        asked = Request("GET", f"{url}/live", {"accept": "text/event-stream"})
        stream = feeds("ann", asked)
        assert stream.status == 200
        assert gathered(stream, 1) == [Frame(b"{}", "1")]
        assert not stream.over
        more.set()
        assert gathered(stream, 1) == [Frame(b"later", "1")]
        stream.frames(5)  # ends with the feed, not with the wait
        assert stream.over
    for line in ("authorization: bearer ann-hunter2", "oakum-run: r-17", "accept: text/event-str"):
        assert line in heard[0]


def test_lines_and_whole_bodies_are_frames_too(identities: Any) -> None:
    def app(call: servers.Call) -> servers.Reply:
        kind = "application/x-ndjson" if call.path == "/lines" else "application/json"
        return servers.Reply(200, b'{"a":1}\n{"b":2}', (("content-type", kind),))

    with serve(app) as server, listening(server.url, identities(BEARER)) as feeds:
        lines = feeds("bob", Request("GET", f"{server.url}/lines"))
        whole = feeds(None, Request("GET", f"{server.url}/whole"))
        assert [frame.data for frame in gathered(lines, 2)] == [b'{"a":1}', b'{"b":2}']
        assert [frame.data for frame in gathered(whole, 1)] == [b'{"a":1}\n{"b":2}']
    assert server.calls[0].headers["x-key"] == "bob-hunter2"
    assert "x-key" not in server.calls[1].headers


def test_who_hangs_up_is_gone(identities: Any) -> None:
    gone = threading.Event()

    def speak(peer: socket.socket, request: bytes) -> None:
        peer.sendall(HEAD + b"\r\n: nothing yet\n\n")
        peer.settimeout(patient(5))
        if peer.recv(1) == b"":
            gone.set()

    with speaking(speak) as url, listening(url, identities(BEARER)) as feeds:
        stream = feeds(None, Request("GET", f"{url}/live"))
        stream.close()
        assert gone.wait(patient(5))
        assert stream.frames(5) == []
        assert stream.over


def test_a_head_that_waits_for_the_first_event_is_waited_for(
    identities: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oakum.scan.transport.feeds.HEAD_SECONDS", 0.05)
    more = threading.Event()

    def speak(peer: socket.socket, request: bytes) -> None:
        more.wait(patient(5))
        peer.sendall(HEAD + b"\r\ndata: x\n\n")

    with speaking(speak) as url, listening(url, identities(BEARER)) as feeds:
        stream = feeds(None, Request("GET", f"{url}/live"))
        assert (stream.status, stream.over) == (0, False)
        more.set()
        assert gathered(stream, 1) == [Frame(b"x")]
        assert stream.status == 200


def test_where_a_head_did_not_come_in_time_it_is_not_waited_for_again(
    identities: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oakum.scan.transport.feeds.HEAD_SECONDS", 0.5)
    done = threading.Event()

    def speak(peer: socket.socket, request: bytes) -> None:
        done.wait(patient(5))

    with speaking(speak) as url, listening(url, identities(BEARER)) as feeds:
        took = []
        for path in ("/live", "/live?since=0", "/other"):
            begun = time.monotonic()
            assert feeds(None, Request("GET", f"{url}{path}")).status == 0
            took.append(time.monotonic() - begun)
        done.set()
    assert took[1] < 0.4 < min(took[0], took[2])


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n"])
def test_who_hangs_up_on_us_has_said_nothing(identities: Any, answer: bytes) -> None:
    def speak(peer: socket.socket, request: bytes) -> None:
        peer.sendall(answer)

    with speaking(speak) as url, listening(url, identities(BEARER)) as feeds:
        stream = feeds(None, Request("GET", f"{url}/live"))
        assert stream.frames(5) == []
        assert (stream.status, stream.over) == (0, True)


def test_a_refusal_and_a_redirect_are_no_feeds(identities: Any) -> None:
    def app(call: servers.Call) -> servers.Reply:
        said = (("location", "/elsewhere"),)
        return (
            servers.Reply(302, b"data: x\n\n", said)
            if call.path == "/moved"
            else servers.UNAUTHORIZED
        )

    with serve(app) as server, listening(server.url, identities(BEARER)) as feeds:
        for path, status in (("/moved", 302), ("/live", 401)):
            stream = feeds(None, Request("GET", server.url + path))
            assert stream.frames(5) == []
            assert (stream.status, stream.over) == (status, True)
    assert [call.path for call in server.calls] == ["/moved", "/live"]


def test_a_feed_without_end_is_left(identities: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oakum.scan.transport.feeds.BODY_LIMIT", 10_000)

    def speak(peer: socket.socket, request: bytes) -> None:
        peer.sendall(HEAD + b"\r\n")
        try:
            while True:
                peer.sendall(b"data: " + b"x" * 1000 + b"\n\n")
        except OSError:
            return

    with speaking(speak) as url, listening(url, identities(BEARER)) as feeds:
        stream = feeds(None, Request("GET", f"{url}/live"))
        heard = []
        while not stream.over:
            heard += stream.frames(0.05)
        heard += stream.frames(0)
    assert heard and {each.data for each in heard} == {b"x" * 1000}


def test_scope_and_budget_are_those_of_any_request(identities: Any) -> None:
    with (
        serve(lambda _: servers.Reply(200, {})) as server,
        serve(lambda _: servers.Reply()) as other,
    ):
        with listening(server.url, identities(BEARER), budget=2) as feeds:
            for websocket in (False, True):
                with pytest.raises(TargetError, match="may be requested"):
                    feeds(None, Request("GET", f"{other.url}/live"), websocket=websocket)
            with pytest.raises(TargetError):
                feeds("ann", Request("GET", f"{other.url}/live"))
        with listening(server.url, identities(BEARER), budget=1) as feeds:
            feeds(None, Request("GET", f"{server.url}/live"))
            with pytest.raises(BudgetSpent):
                feeds(None, Request("GET", f"{server.url}/live"))
    assert other.calls == []


@pytest.mark.parametrize("websocket", [False, True])
def test_where_nobody_listens_nothing_opens(identities: Any, websocket: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with (
        listening(url, identities(BEARER)) as feeds,
        pytest.raises(Unreachable, match="for a feed"),
    ):
        feeds(None, Request("GET", f"{url}/live"), websocket=websocket)


def test_a_session_that_is_over_is_renewed_for_a_feed(identities: Any) -> None:
    app = servers.JsonLogin(lasts=1)
    with serve(app) as server, HttpTransport(server.url) as http:
        governor = Governor(http, 1000, 100)
        sessions = Sessions(identities(LOGIN), governor, None, server.url)
        me = Request("GET", f"{server.url}/me")
        sessions.proof = Proof(me, lambda _, answer: answer.status == 200)
        feeds = Feeds(http, governor, sessions)
        asked = Request("GET", f"{server.url}/live")
        assert feeds("ann", asked).status == 200
        again = feeds("ann", asked)
        assert again.status == 200
        assert b"live" in gathered(again, 1)[0].data
        feeds.close()
    assert sessions.logins == 2
    assert governor.sent == len(server.calls)


def test_who_cannot_log_in_listens_to_nothing(identities: Any) -> None:
    wrong = LOGIN.replace("ann-hunter2", "another")
    with (
        serve(servers.JsonLogin()) as server,
        listening(server.url, identities(wrong)) as feeds,
        pytest.raises(LoginFailed),
    ):
        feeds("ann", Request("GET", f"{server.url}/live"))


# --------------------------------------------------------------------------- WebSockets


@contextmanager
def sockets(
    talk: Callable[[ServerConnection], None],
    answer: Callable[[ServerConnection, Handshake], Refusal | None] | None = None,
) -> Iterator[str]:
    with talking(talk, "127.0.0.1", 0, process_request=answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join(patient(5))


def test_messages_of_a_websocket_are_frames(
    identities: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    seen: list[Any] = []

    def talk(peer: ServerConnection) -> None:
        assert peer.request is not None
        seen.append(
            (peer.request.path, {k.lower(): v for k, v in peer.request.headers.raw_items()})
        )
        seen.append(peer.recv())
        peer.send('{"a":"ü"}')
        peer.send(b"raw")

    with sockets(talk) as url, listening(url, identities(BEARER)) as feeds:
        asked = Request("GET", f"{url}/live?x=1", {"accept": "application/json", "x-a": "1"})
        stream = feeds("ann", asked, websocket=True, first=b'{"join":1}')
        assert stream.status == 101
        assert gathered(stream, 2) == [Frame('{"a":"ü"}'.encode()), Frame(b"raw")]
        stream.frames(5)
        assert stream.over
    (path, headers), first = seen
    assert (path, first) == ("/live?x=1", '{"join":1}')
    assert headers["authorization"] == "Bearer ann-hunter2"
    assert headers["origin"] == url
    assert headers["oakum-run"] == "r-17"
    assert headers["user-agent"].startswith("oakum/")


def test_a_token_in_the_query_goes_along(identities: Any) -> None:
    paths: list[str] = []

    def talk(peer: ServerConnection) -> None:
        assert peer.request is not None
        paths.append(peer.request.path)

    with sockets(talk) as url, listening(url, identities(IN_QUERY)) as feeds:
        feeds("ann", Request("GET", f"{url}/live?x=1"), websocket=True).frames(5)
        feeds(None, Request("GET", f"{url}/live"), websocket=True).frames(5)
    assert paths == ["/live?x=1&access_token=ann-hunter2", "/live"]


@pytest.mark.parametrize(
    ("status", "headers"), [(403, {}), (302, {"Location": "ws://127.0.0.1:9/"}), (200, {})]
)
def test_a_refused_handshake_says_so(
    identities: Any, status: int, headers: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(peer: ServerConnection, request: Handshake) -> Refusal:
        answer = peer.respond(status, "no\n")
        answer.headers.update(headers)
        return answer

    with sockets(lambda _: None, refuse) as url, listening(url, identities(BEARER)) as feeds:
        stream = feeds("ann", Request("GET", f"{url}/live"), websocket=True)
        assert stream.frames(5) == []
        assert (stream.status, stream.over) == (status, True)
    assert "Traceback" not in capfd.readouterr().err


def test_a_websocket_that_is_hung_up_is_over_for_both(identities: Any) -> None:
    gone = threading.Event()

    def talk(peer: ServerConnection) -> None:
        for _ in peer:
            pass
        gone.set()

    with sockets(talk) as url, listening(url, identities(BEARER)) as feeds:
        stream = feeds("ann", Request("GET", f"{url}/live"), websocket=True)
        assert stream.frames(0.05) == []
        assert not stream.over
        stream.close()
        assert gone.wait(patient(5))
        stream.frames(5)
        assert stream.over


def test_what_is_no_websocket_is_none(identities: Any) -> None:
    plain = servers.Reply(426, {})
    with serve(lambda _: plain) as server, listening(server.url, identities(BEARER)) as feeds:
        assert feeds(None, Request("GET", f"{server.url}/x"), websocket=True).status == 426

    def mumble(peer: socket.socket, request: bytes) -> None:
        peer.sendall(b"mumble mumble\r\n\r\n")

    with speaking(mumble) as url, listening(url, identities(BEARER)) as feeds:
        stream = feeds(None, Request("GET", f"{url}/x"), websocket=True)
        assert stream.frames(5) == []
        assert (stream.status, stream.over) == (0, True)


def test_another_way_is_governed_like_the_first() -> None:
    """The brake goes on for feeds too: a 429 is waited out, and opened again."""
    statuses = iter([429, 200])

    class Way:
        def send(self, request: Request) -> Response:
            return Response(next(statuses), {"retry-after": "3"})

    class Never:
        def send(self, request: Request) -> Response:
            raise AssertionError

    slept: list[float] = []
    governor = Governor(Never(), 1000, 10, clock=lambda: 0.0, sleep=slept.append)
    assert governor.send(Request("GET", "http://t/live"), Way()).status == 200
    assert 3.0 in slept
    assert governor.sent == 2


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("websocket", [False, True])
def test_a_feed_that_a_proxy_lets_not_pass_has_no_answer(
    identities: Any, scheme: str, websocket: bool
) -> None:
    """A 407 in front of a plain target, and a refusal to connect to it, are the proxy's."""
    way = f"{scheme}://api.example.test"

    with serve(lambda call: servers.Reply(407, {})) as proxy:
        connection = Connection(proxy=proxy.url)
        with HttpTransport(way, connection=connection, timeout=patient(5)) as http:
            governor = Governor(http, 1000, 100, sleep=lambda _: None)
            feeds = Feeds(http, governor, Sessions(identities(BEARER), governor, None, way))
            try:
                with pytest.raises(Unreachable):
                    feeds(None, Request("GET", f"{way}/feed"), websocket=websocket, first=b"")
            finally:
                feeds.close()
