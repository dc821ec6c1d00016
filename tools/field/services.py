"""Throw-away database servers on a free loopback port, in a folder that goes away with the run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from field import processes
from field.place import free_port


@contextmanager
def started(names: list[str]) -> Iterator[dict[str, str]]:
    """Service → its address, for `{postgres}` and `{redis}` in a product's commands."""
    kinds = {"postgres": postgres, "redis": redis}
    with ExitStack() as stack:
        yield {
            key: value
            for name in names
            for key, value in stack.enter_context(kinds[name]()).items()
        }


@contextmanager
def postgres() -> Iterator[dict[str, str]]:
    """PostgreSQL refuses to run as root; then it runs as the account of Debian's package."""
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="field-postgres-"))
    try:
        if user:
            shutil.chown(folder, user, user)
        data, log, port = folder / "data", folder / "log", free_port()
        log.touch()
        make = [binary("initdb"), "-D", str(data), "-A", "trust", "-U", "field", "-E", "UTF8"]
        subprocess.run(
            [*make, "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd=folder,
        )
        command = [binary("postgres"), "-D", str(data), "-p", str(port), "-k", str(folder),
                   "-c", "fsync=off", "-c", "listen_addresses=127.0.0.1"]  # fmt: skip
        with processes.running(command, folder, log, user=user) as process:
            create = [
                binary("createdb"),
                "-h",
                "127.0.0.1",
                "-p",
                str(port),
                "-U",
                "field",
                "field",
            ]
            processes.wait_until(
                lambda: subprocess.run(create, capture_output=True).returncode == 0, process, log
            )
            yield {
                "postgres": f"postgres://field@127.0.0.1:{port}/field",
                "postgres_port": str(port),
            }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="field-redis-") as name:
        folder, port = Path(name), free_port()
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                   "--dir", name]  # fmt: skip
        with processes.running(command, folder, folder / "log") as process:
            processes.wait_until(lambda: listening(port), process, folder / "log")
            yield {"redis": f"redis://127.0.0.1:{port}", "redis_port": str(port)}


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def binary(name: str) -> str:
    """A program of PostgreSQL: Debian keeps most of them outside the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else name
