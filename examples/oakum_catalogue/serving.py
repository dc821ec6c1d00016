"""Serves an entry on loopback, for people who want to look at it or try a scan on it."""

from __future__ import annotations

from contextlib import suppress
from socket import AF_INET, IPPROTO_TCP, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket

import uvicorn

from oakum_catalogue.kit import Entry, Mode


def bound(port: int) -> socket:
    """A listening socket of 127.0.0.1; port 0 picks a free one. Raises `OSError` when taken."""
    # asyncio only switches Nagle's delay off (40 ms an answer) where the protocol is named.
    listening = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)
    listening.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen()  # who reads the address may come at once
    except OSError:
        listening.close()
        raise
    return listening


def serve(entry: Entry, mode: Mode, seed: int, listening: socket) -> None:
    """Run an entry until interrupted."""
    config = uvicorn.Config(
        entry.app(mode, seed), log_level="warning", lifespan="off", ws="websockets-sansio",
        timeout_graceful_shutdown=1,  # nobody waits for the end of a feed
    )  # fmt: skip
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run([listening])
