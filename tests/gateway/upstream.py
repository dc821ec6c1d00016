"""An API that misbehaves on demand, spoken to through a raw socket, so that it can.

`WAYS` maps a segment of a path to what happens there. Anything else answers 200 with
`body(path)`. Every request that arrives is recorded.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SECRET = b"SECRET-of-somebody"
"""In every body whose way is a bad one: it must never reach a client."""
BROTLI = bytes.fromhex("0b0880") + SECRET + b"\x03"
"""A stored block: a decoder is not needed to see the secret in it."""


@dataclass(frozen=True)
class Received:
    """A request as it arrived."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def header(self, name: str) -> str | None:
        found = [value for each, value in self.headers if each == name]
        return ", ".join(found) if found else None


class Hangup(Exception):
    """The connection ends here."""


def answer(
    status: str, body: bytes = b"", *headers: str, kind: str = "application/json", length: int = -1
) -> bytes:
    lines = [f"HTTP/1.1 {status}"]
    if kind:
        lines.append(f"content-type: {kind}")
    lines += headers
    if not any(each.startswith("transfer-encoding") for each in headers) and length != -2:
        lines.append(f"content-length: {len(body) if length < 0 else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


CHUNKED = "transfer-encoding: chunked"
Way = Callable[[socket.socket, Received], None]


def text(*args: str | bytes, **more: str | int) -> Way:
    """A way that says the same to everybody."""
    data = answer(*args, **more)  # type: ignore[arg-type]
    return lambda connection, _: connection.sendall(data)


def then_hangup(*parts: bytes, pause: float = 0.02) -> Way:
    def way(connection: socket.socket, _: Received) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        raise Hangup

    return way


def held(first: bytes, then: bytes) -> tuple[Way, threading.Event]:
    """A way that says the first, and the rest when it is let go."""
    go = threading.Event()

    def way(connection: socket.socket, _: Received) -> None:
        connection.sendall(first)
        go.wait()
        connection.sendall(then)
        raise Hangup

    return way, go


def number(received: Received) -> float:
    """What stands behind the question mark."""
    return float(urlsplit(received.target).query or 0)


def slow(connection: socket.socket, received: Received) -> None:
    time.sleep(number(received))
    connection.sendall(answer("200 OK", b'{"slow":"' + SECRET + b'"}'))


def stalled(connection: socket.socket, received: Received) -> None:
    connection.sendall(answer("200 OK", SECRET, length=1000))
    time.sleep(number(received))
    raise Hangup


def big(connection: socket.socket, received: Received) -> None:
    """A JSON string of so many bytes, quotes included."""
    size = int(number(received))
    connection.sendall(answer("200 OK", b'"' + b"a" * (size - 2) + b'"'))


def big_chunked(connection: socket.socket, received: Received) -> None:
    left = int(number(received))
    connection.sendall(answer("200 OK", b"", CHUNKED))
    while left:
        size = min(left, 8192)
        connection.sendall(chunk(b"a" * size))
        left -= size
    connection.sendall(b"0\r\n\r\n")


def events(connection: socket.socket, received: Received) -> None:
    """Three events, the second in two pieces; `?pause` seconds between."""
    pause = number(received)
    connection.sendall(answer("200 OK", b"", CHUNKED, kind="text/event-stream"))
    for part in (b'data: {"n":1}\n\n', b'data: {"n"', b":2}\n\n", b'data: {"n":3}\n\n'):
        connection.sendall(chunk(part))
        time.sleep(pause)
    connection.sendall(b"0\r\n\r\n")


def websocket(connection: socket.socket, received: Received) -> None:
    """The handshake of RFC 6455, then whatever comes is sent back."""
    key = (received.header("sec-websocket-key") or "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    connection.sendall(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
        f"sec-websocket-accept: {accept}\r\n\r\n".encode()
    )
    while data := connection.recv(4096):
        connection.sendall(data)
    raise Hangup


GOOD = b'{"good":true}'
WAYS: dict[str, Way] = {
    "chunked": text("200 OK", chunk(b'{"good"') + chunk(b":true}") + b"0\r\n\r\n", CHUNKED),
    "trailers": text(
        "200 OK",
        chunk(GOOD) + b"0\r\nx-secret: " + SECRET + b"\r\n\r\n",
        CHUNKED,
        "trailer: x-secret",
    ),
    "close-delimited": then_hangup(answer("200 OK", GOOD, "connection: close", length=-2)),
    "early-hints": text("103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK", GOOD),
    "cut-length": then_hangup(answer("200 OK", SECRET, length=1000)),
    "cut-chunked": then_hangup(answer("200 OK", chunk(SECRET), CHUNKED)),
    "short-length": then_hangup(answer("200 OK", GOOD + SECRET, length=len(GOOD))),
    "two-lengths": then_hangup(answer("200 OK", SECRET, "content-length: 3")),
    "both-lengths": then_hangup(
        answer("200 OK", chunk(SECRET) + b"0\r\n\r\n", CHUNKED, "content-length: 3")
    ),
    "gzip": text("200 OK", gzip.compress(b'{"zip":"' + SECRET + b'"}'), "content-encoding: gzip"),
    "brotli": text("200 OK", BROTLI, "content-encoding: br"),
    "garbage": then_hangup(b"this is no HTTP " + SECRET + b"\r\n\r\n"),
    "hangup": then_hangup(),
    "slow": slow,
    "stalled": stalled,
    "big": big,
    "big-chunked": big_chunked,
    "events": events,
    "websocket": websocket,
    "204": text("204 No Content", kind="", length=-2),
    "304": text("304 Not Modified", b"", 'etag: "x"', kind="", length=-2),
    "empty": text("200 OK"),
    "403": text("403 Forbidden", b'{"why":"' + SECRET + b'"}', "x-why: not yours"),
    "403-empty": text("403 Forbidden", kind=""),
    "404": text("404 Not Found", b'{"why":"' + SECRET + b'"}'),
    "500": text("500 Internal Server Error", b"Traceback " + SECRET, kind="text/plain"),
    "503": text("503 Service Unavailable", b"down " + SECRET, kind="text/plain"),
    "302": text("302 Found", SECRET, "location: /elsewhere", kind="text/html"),
    "forged": text("200 OK", GOOD, "proxy-connection: forged", "x-envoy-overloaded: true"),
    "many-headers": text("200 OK", GOOD, "set-cookie: a=1", "set-cookie: b=2", 'etag: "x"'),
}


def plain_body(_: str) -> bytes:
    return GOOD


@dataclass
class Upstream:
    """A running API."""

    port: int
    body: Callable[[str], bytes]
    received: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [each.target for each in self.received]

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, Hangup, ValueError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader = connection.makefile("rb")
            while True:
                received = _read(reader, connection)
                self.received.append(received)
                names = received.path.strip("/").split("/")
                ways = [WAYS[name] for name in names if name in WAYS]
                way = ways[0] if ways else text("200 OK", self.body(received.target))
                way(connection, received)


def _read(reader, connection: socket.socket) -> Received:  # type: ignore[no-untyped-def]
    method, target, _ = reader.readline().decode("latin-1").split(" ", 2)
    headers = []
    while line := reader.readline().decode("latin-1").rstrip("\r\n"):
        name, _, value = line.partition(":")
        headers.append((name.lower(), value.strip()))
    known = dict(headers)
    body = b""
    if "100-continue" in known.get("expect", ""):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if "chunked" in known.get("transfer-encoding", ""):
        while size := int(reader.readline(), 16):
            body += reader.read(size)
            reader.readline()
        reader.readline()
    elif "content-length" in known:
        body = reader.read(int(known["content-length"]))
        if len(body) < int(known["content-length"]):
            raise Hangup
    return Received(method, target, tuple(headers), body)


@contextmanager
def serving(body: Callable[[str], bytes] = plain_body) -> Iterator[Upstream]:
    """One thread a connection; daemons, so a way that sleeps holds nobody up."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as server:
        upstream = Upstream(server.getsockname()[1], body)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(
                        target=upstream._serve, args=(connection,), daemon=True
                    ).start()

        threading.Thread(target=accept, daemon=True).start()
        yield upstream
        server.shutdown(socket.SHUT_RDWR)
