"""Ports for what a test starts: nobody else on this machine is given the same one meanwhile."""

from __future__ import annotations

import fcntl
import os
import secrets
import tempfile
from collections import deque
from contextlib import suppress
from pathlib import Path
from socket import create_server
from typing import IO

_LOCKS = Path(tempfile.gettempdir()) / f"oakum-ports-{os.getuid()}"
_KEPT: deque[IO[bytes]] = deque(maxlen=200)
"""Locks of the ports given last: a lock ends with its file, at the latest with the process."""


def free_port() -> int:
    """A port that nobody listens at, that no connection is given as its own (between here and the
    start of an engine one of those was taken at times, and Envoy then shares it without a word),
    and that no other worker of any run was given lately."""
    _LOCKS.mkdir(exist_ok=True)
    while True:
        port = 10_000 + secrets.randbelow(22_000)  # below the ephemeral ports of Linux
        with suppress(OSError):
            lock = (_LOCKS / str(port)).open("wb")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                create_server(("127.0.0.1", port)).close()
            except OSError:
                lock.close()
                raise
            _KEPT.append(lock)
            return port
