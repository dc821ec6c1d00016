"""HTTP to an engine's admin socket, which is a Unix socket only its owner can reach (CWE-306)."""

from __future__ import annotations

import socket
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from oakum.guard.target import address

UNIX = "unix:"
"""Begins an address that is the path of a socket."""
LONGEST = 100
"""Bytes of such a path: `sun_path` of the systems that there are has 104 or more."""


def path_of(where: str) -> Path | None:
    """The socket of an address; None: it is `host:port`."""
    return Path(where.removeprefix(UNIX)) if where.startswith(UNIX) else None


def told(where: str, method: str, path: str) -> tuple[int, str]:
    """What the engine says: status and text; 0 when it is away."""
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
