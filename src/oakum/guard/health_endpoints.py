"""Serves `/healthz`, `/readyz` and `/metrics` of a running guard.

The socket listens from the start, since another process could take a port that is chosen first and
bound later.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import getaddrinfo
from typing import Protocol

from oakum.guard.engine_protocol import address, mistake
from oakum.guard.metrics import CONTENT_TYPE


class GuardHealth(Protocol):
    """What the health server needs to know of a guard."""

    up: bool
    """Whether the engine answers."""

    def text(self) -> str:
        """Metrics in Prometheus' text format."""


class HealthServer(ThreadingHTTPServer):
    """HTTP server at `where`, the `host:port` of the option `--admin`; port 0: any free one.

    Raises `InputError` when the address cannot be listened on.
    """

    daemon_threads = True

    def __init__(self, where: str) -> None:
        self.guard: GuardHealth | None = None
        try:
            family, _, _, _, found = getaddrinfo(*address(where, "--admin"), flags=0)[0]
            self.address_family = family
            super().__init__((str(found[0]), int(found[1])), _Handler)
        except OSError as error:
            raise mistake(*unusable("--admin", where, error)) from None
        host, port = self.socket.getsockname()[:2]
        self.where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        """The address in numeric form, with the port."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignores clients that disconnect."""


def unusable(option: str, where: str, error: OSError) -> tuple[str, str]:
    """Message and hint for an address that cannot be listened on."""
    why = (error.strerror or "cannot be listened on").lower()
    return f"{option} `{where}`: {why}", "port 0 picks a free one"


@contextmanager
def answers(server: HealthServer, guard: GuardHealth) -> Iterator[None]:
    """Serves the health of `guard` in a thread until the block ends."""
    server.guard = guard
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    timeout = 5

    def do_GET(self) -> None:
        guard = self.server.guard if isinstance(self.server, HealthServer) else None
        assert guard is not None
        pages = {
            "/healthz": (200, "ok\n"),
            "/readyz": (200, "ready\n") if guard.up else (503, "the engine does not answer\n"),
            "/metrics": (200, ""),
        }
        status, text = pages.get(self.path.partition("?")[0], (404, "not found\n"))
        body = (text or guard.text()).encode()
        self.send_response(status)
        self.send_header("content-type", CONTENT_TYPE)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Does not log probes."""
