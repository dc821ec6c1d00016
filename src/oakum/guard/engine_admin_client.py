"""HTTP to an engine's admin socket, which is a Unix socket only its owner can reach (CWE-306)."""

from __future__ import annotations

import socket
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from oakum.guard.engine_protocol import address

UNIX = "unix:"
"""Prefix of an address that is a Unix socket."""
LONGEST = 100
"""Most bytes of a socket path: `sun_path` has 104 or more on all common systems."""


def path_of(where: str) -> Path | None:
    """Path of a Unix socket address; None if the address is `host:port`."""
    return Path(where.removeprefix(UNIX)) if where.startswith(UNIX) else None


def ask_admin(where: str, method: str, path: str) -> tuple[int, str]:
    """The engine's admin response: status and text; status 0 when it cannot be reached."""
    at = path_of(where)
    connection = HTTPConnection("localhost", timeout=2) if at else _at(where)
    try:
        if at is not None:
            connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.sock.settimeout(2)
            connection.sock.connect(str(at))
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, HTTPException):
        return 0, ""
    finally:
        connection.close()


def _at(where: str) -> HTTPConnection:
    return HTTPConnection(*address(where, "--admin"), timeout=2)
