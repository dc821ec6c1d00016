"""A client that sends exactly what it is told and reads until it knows that all has come."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from tests.patience import patient


@dataclass(frozen=True)
class Reply:
    """`status` 0: the connection ended without one. `whole`: the body has its full length."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    whole: bool = True

    def header(self, name: str) -> str | None:
        found = [value for each, value in self.headers if each == name]
        return ", ".join(found) if found else None


NOTHING = Reply(0, (), b"", False)


def request(method: str, target: str, *headers: str, body: bytes = b"") -> bytes:
    """A request, with a host and, for a body, its length, unless `headers` say otherwise."""
    lines = [f"{method} {target} HTTP/1.1"]
    names = [each.partition(":")[0].lower() for each in headers]
    if "host" not in names:
        lines.append("host: api.example.com")
    lines += headers
    if body and "transfer-encoding" not in names and "content-length" not in names:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def ask(
    where: tuple[str, int], method: str, target: str, *headers: str, body: bytes = b""
) -> Reply:
    """One request on a connection of its own."""
    return send(where, request(method, target, *headers, body=body), head=method == "HEAD")


def send(where: tuple[str, int], data: bytes, head: bool = False, seconds: float = 10) -> Reply:
    with socket.create_connection(where, patient(seconds)) as connection:
        connection.sendall(data)
        return read(connection, head)


def read(connection: socket.socket, head: bool = False) -> Reply:
    """The next final reply."""
    reader = connection.makefile("rb")
    try:
        while True:
            line = reader.readline()
            if not line:
                return NOTHING
            status = int(line.split()[1])
            headers = []
            while field := reader.readline().decode("latin-1").rstrip("\r\n"):
                name, _, value = field.partition(":")
                headers.append((name.lower(), value.strip()))
            if status >= 200 or status == 101:
                break
        known = dict(headers)
        if head or status in (101, 204, 304):
            return Reply(status, tuple(headers), b"")
        if "chunked" in known.get("transfer-encoding", ""):
            body, whole = _chunks(reader)
        elif "content-length" in known:
            body = reader.read(int(known["content-length"]))
            whole = len(body) == int(known["content-length"])
        else:
            body, whole = reader.read(), True
        return Reply(status, tuple(headers), body, whole)
    except ConnectionError:
        return NOTHING


def _chunks(reader) -> tuple[bytes, bool]:  # type: ignore[no-untyped-def]
    body = b""
    while line := reader.readline():
        size = int(line, 16)
        part = reader.read(size)
        body += part
        if len(part) < size or not reader.readline():
            return body, False
        if not size:
            return body, True
    return body, False
