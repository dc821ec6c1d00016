"""Processes pinned to a core, what they cost, and the load that is put on them."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_TICK = os.sysconf("SC_CLK_TCK")
_SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 16


class Absent(Exception):
    """A variant cannot run on this machine; the message says what is missing."""


@dataclass(frozen=True)
class Server:
    """A running server, its children included."""

    process: subprocess.Popen[bytes]
    port: int

    def cpu(self) -> float:
        """Seconds of CPU that the whole tree of processes has used."""
        return sum(_cpu(pid) for pid in _tree(self.process.pid))


@dataclass(frozen=True)
class Sample:
    """One variant and one answer in one round."""

    cpu: float
    """Seconds of the server's CPU per request."""
    rate: float
    """Requests per second."""
    p50: float
    """Seconds."""
    p99: float
    errors: int


@contextlib.contextmanager
def started(
    command: Sequence[str], port: int, core: int, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A server on one core, from when it listens; raises `Absent` with its last words if not."""
    pinned = ["taskset", "-c", str(core), *command]
    with log.open("wb") as out:
        process = subprocess.Popen(
            pinned, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **(env or {})}
        )
    try:
        _await(process, port, log)
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str, token: str) -> tuple[int, bytes]:
    """Status and body of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def measure(server: Server, path: str, tokens: Sequence[str], seconds: int, core: int) -> Sample:
    """Load from the other core for some seconds, as much as the server takes."""
    command = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    command += ["--latency", "-s", str(_SCRIPT), f"http://127.0.0.1:{server.port}{path}"]
    before = server.cpu()
    done = subprocess.run([*command, "--", *tokens], check=True, capture_output=True, text=True)
    used = server.cpu() - before
    said = json.loads(done.stdout.splitlines()[-1])
    requests = max(said["requests"], 1)
    return Sample(
        used / requests,
        said["requests"] / said["microseconds"] * 1e6,
        said["p50"] / 1e6,
        said["p99"] / 1e6,
        said["errors"] + (said["requests"] == 0),
    )


def span(ratios: Sequence[float]) -> str:
    """Median and range."""
    return f"{median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    words = log.read_text(errors="replace").strip().splitlines()[-3:]
    raise Absent("does not start: " + " | ".join(words))


def _tree(root: int) -> list[int]:
    """A process and all that it started, directly or not."""
    found = [root]
    for pid in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def _cpu(pid: int) -> float:
    """User and system time of all threads of a process, also of those that have ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    words = stat.rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICK
