"""Requests to the target, and to nowhere else."""

from __future__ import annotations

import gzip
import socket
import threading
from contextlib import suppress

import httpx2
import pytest

import oakum
from oakum.errors import ExitCode, InputError, TargetError
from oakum.exchange import Request
from oakum.scan.transport import client as module
from oakum.scan.transport.client import HttpTransport
from oakum.scan.transport.connection_errors import Unreachable
from oakum.scan.transport.set_cookie import cookies_of
from tests.patience import patient
from tests.scan import servers
from tests.scan.servers import Reply, serve


def test_it_says_who_it_is_and_keeps_nothing() -> None:
    def app(call: servers.Call) -> Reply:
        return Reply(302, {}, (("location", "/elsewhere"), ("set-cookie", "a=1")))

    with serve(app) as server, HttpTransport(server.url, run_id="r-17") as http:
        first = http.send(Request("POST", f"{server.url}/x?q=1", {"x-a": "ü"}, b"{}"))
        http.send(Request("GET", f"{server.url}/y"))
    assert (first.status, first.headers["location"], first.cookies) == (
        302,
        "/elsewhere",
        {"a": "1"},
    )
    one, two = server.calls
    assert one.headers["user-agent"] == f"oakum/{oakum.__version__} (+security scan; run r-17)"
    assert one.headers["oakum-run"] == "r-17"
    assert (one.method, one.query, one.body) == ("POST", {"q": "1"}, b"{}")
    assert one.headers["x-a"].encode("latin-1").decode() == "ü"
    assert two.path == "/y"  # the redirect was not followed
    assert "cookie" not in two.headers


def test_only_the_target_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with serve(lambda _: Reply(200, {})) as server, serve(lambda _: Reply(200, {})) as other:
        with HttpTransport(server.url) as http, pytest.raises(TargetError) as caught:
            http.send(Request("GET", f"{other.url}/me?token=hush"))
        assert str(caught.value) == (
            f"`{other.url}` was not requested: it is neither the target, nor a login of the"
            " identities file, nor given by `--twin` or `--front-end`; only"
            f" `{server.url}` may be requested"
        )
        assert not other.calls
        with HttpTransport(server.url, also=[other.url]) as http:
            assert http.send(Request("GET", f"{other.url}/me")).status == 200


def test_bodies_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BODY_LIMIT", 1000)
    bomb = gzip.compress(b"a" * 1_000_000)

    def app(call: servers.Call) -> Reply:
        zipped = (("content-encoding", "gzip"),)
        return Reply(200, bomb, zipped) if call.path == "/bomb" else Reply(200, b"a" * 1000)

    with serve(app) as server, HttpTransport(server.url) as http:
        bombed = http.send(Request("GET", f"{server.url}/bomb"))
        whole = http.send(Request("GET", f"{server.url}/whole"))
    assert (len(bombed.body), bombed.truncated) == (1000, True)
    assert (len(whole.body), whole.truncated) == (1000, False)


@pytest.mark.parametrize("beat", [b"data: x\n\n", b""])
def test_a_stream_that_never_ends_is_left(beat: bytes) -> None:
    stop = threading.Event()

    def speak(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer:
            peer.recv(4096)
            peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n")
            while not stop.wait(0.02):
                peer.sendall(beat)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=speak, args=(listener,))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with HttpTransport(url, timeout=patient(0.15)) as http:
            response = http.send(Request("GET", f"{url}/events"))
        stop.set()
        thread.join()
    assert response.truncated
    assert response.body.startswith(b"data: 1")


def test_one_thread_watches_all_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[threading.Thread] = []
    start = threading.Thread.start
    with (
        serve(lambda call: Reply(200, {})) as api,
        HttpTransport(api.url, timeout=patient(30)) as http,
    ):

        def counted(thread: threading.Thread) -> None:
            if "_watch" in thread.name:
                begun.append(thread)
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", counted)
        for _ in range(5):
            assert http.send(Request("GET", f"{api.url}/")).status == 200
    assert len(begun) == 1
    begun[0].join(patient(10))
    assert not begun[0].is_alive(), "it ends with the transport"


def test_words_when_there_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with HttpTransport(silent, timeout=0.1) as http, pytest.raises(Unreachable) as slow:
            http.send(Request("POST", f"{silent}/me?key=hush"))
        with (
            HttpTransport(silent.replace("http", "https"), timeout=0.1) as http,
            pytest.raises(TargetError),
        ):
            http.send(Request("GET", silent.replace("http", "https")))
    with HttpTransport(silent) as http, pytest.raises(Unreachable) as nobody:
        http.send(Request("GET", f"{silent}/me"))
    with (
        serve(servers.Dies(0)) as server,
        HttpTransport(server.url) as http,
        pytest.raises(Unreachable) as dead,
    ):
        http.send(Request("GET", f"{server.url}/me"))
    with (
        serve(servers.Dies(9)) as alive,
        HttpTransport(alive.url) as http,
        pytest.raises(TargetError) as broken,
    ):
        http.send(Request("GET", f"{alive.url}/", {"x": "a\r\nb"}))
    assert str(slow.value) == f"`{silent}` did not answer a POST within 0.1 s"
    assert not slow.value.again
    assert str(nobody.value) == f"nothing listens at `{silent}`; is the API running?"
    assert nobody.value.again
    assert str(dead.value) == f"`{server.url}` closed the connection before it answered a GET"
    assert str(broken.value) == f"a GET to `{alive.url}` cannot be written as HTTP"
    assert nobody.value.exit_code is ExitCode.NOT_TRUSTWORTHY


def test_no_write_is_lost_where_a_server_closes_a_connection_without_a_word() -> None:
    def answer(connection: socket.socket) -> None:  # one request, and never says that it was one
        with connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 500 Fault\r\ncontent-length: 0\r\n\r\n")
            connection.recv(65_536)

    def listen(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=answer, args=[connection], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=listen, args=[listener], daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with HttpTransport(url) as http:
            for method in ("GET", "PUT", "POST", "DELETE"):
                assert http.send(Request(method, url)).status == 500
            with pytest.raises(Unreachable) as read:
                http.send(Request("GET", url))
            assert read.value.again
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("[Errno 111] Connection refused", "nothing listens at `http://t`; is the API running?"),
        ("[Errno -2] Name or service not known", "the host of `http://t` cannot be resolved"),
        (
            "[SSL: CERTIFICATE_VERIFY_FAILED] x",
            "the certificate of `http://t` is not trusted here; if its authority is your own, name"
            " its file in `SSL_CERT_FILE`",
        ),
        ("[SSL: WRONG_VERSION_NUMBER] x", "`http://t` does not speak TLS; is it `http://`?"),
        ("something else", "no connection to `http://t`"),
    ],
)
def test_words_when_there_is_no_connection(
    monkeypatch: pytest.MonkeyPatch, said: str, words: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise httpx2.ConnectError(said)

    monkeypatch.setattr(httpx2.Client, "stream", fail)
    with HttpTransport("http://t") as http, pytest.raises(Unreachable) as caught:
        http.send(Request("GET", "http://t/x"))
    assert str(caught.value) == words


def test_a_body_that_is_not_what_it_says() -> None:
    def app(call: servers.Call) -> Reply:
        return Reply(200, b"no gzip", (("content-encoding", "gzip"),))

    with (
        serve(app) as server,
        HttpTransport(server.url) as http,
        pytest.raises(TargetError, match="sent a body that cannot be decompressed"),
    ):
        http.send(Request("GET", server.url))


@pytest.mark.parametrize("url", ["api.example.com", "ftp://x", "http://", "http://host:port", ""])
def test_no_address(url: str) -> None:
    with pytest.raises(InputError, match="is not the URL of an API"):
        HttpTransport(url)


def test_cookies_by_the_letter_of_rfc_6265() -> None:
    lines = [
        "a=1; Path=/; Expires=Wed, 01 Jan 2098 00:00:00 GMT",
        'b="two words"; HttpOnly',
        "c=x=y==",
        "gone=deleted; Expires=Thu, 01 Jan 1970 00:00:01 GMT",
        "over=x; Max-Age=0",
        "stays=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:01 GMT",
        "odd=1; Expires=soon",
        "nonsense",
        "=x",
    ]
    assert cookies_of(lines) == {
        "a": "1",
        "b": '"two words"',
        "c": "x=y==",
        "gone": "",
        "over": "",
        "stays": "1",
        "odd": "1",
    }


def test_a_password_in_a_target_is_refused_and_not_repeated() -> None:
    with pytest.raises(InputError) as caught:
        HttpTransport("http://ann:hunter2/x@studio.test")
    assert "must not contain" in str(caught.value) and "hunter2" not in str(caught.value)
