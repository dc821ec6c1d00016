"""Six frameworks as real upstreams: each says in JSON what it has parsed of a request.

    {"method": …, "fields": {member of the body: value}, "query": {…}, "locale": x-locale}

What has to be built or installed for them is, once, into the folder of `TOOLS`: a compiled Go
program, the node modules of Express, the jars of Spring Boot and the class that uses them.
"""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import json
import os
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.patience import patient, tries

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
TOOLS = Path(os.environ.get("OAKUM_FRAMEWORKS", ROOT / ".venv" / "frameworks"))
NAMES = ("django", "flask", "fastapi", "express", "spring", "go")
_NEEDS = {"express": ("node", "npm"), "spring": ("javac", "mvn"), "go": ("go",)}
_READY = 90.0


def lacking(name: str) -> str:
    """What this machine has not got for a framework; empty: nothing."""
    return " and ".join(each for each in _NEEDS.get(name, ()) if shutil.which(each) is None)


def _built(name: str, *sources: Path) -> tuple[Path, bool]:
    """The folder of what is built of these sources, and whether that was done."""
    said = hashlib.sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()[:16]
    folder = TOOLS / f"{name}-{said}"
    return folder, (folder / "built").exists()


def _run(*command: str | Path, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=patient(540))
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}"


def _express() -> tuple[str | Path, ...]:
    package, server = HERE / "express" / "package.json", HERE / "express" / "server.js"
    folder, done = _built("express", package, server)
    if not done:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(package, folder)
        shutil.copy(server, folder)
        _run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", cwd=folder)
        (folder / "built").touch()
    return "node", folder / "server.js"


def _go() -> tuple[str | Path, ...]:
    folder, done = _built("go", HERE / "go" / "main.go", HERE / "go" / "go.mod")
    if not done:
        folder.mkdir(parents=True, exist_ok=True)
        _run("go", "build", "-o", folder / "echo", ".", cwd=HERE / "go")
        (folder / "built").touch()
    return (folder / "echo",)


def _spring() -> tuple[str | Path, ...]:
    pom, source = HERE / "spring" / "pom.xml", HERE / "spring" / "src" / "Echo.java"
    folder, done = _built("spring", pom, source)
    if not done:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(pom, folder)
        _run(
            "mvn", "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime",
            f"-DoutputDirectory={folder / 'lib'}", cwd=folder,
        )  # fmt: skip
        _run(
            "javac", "-parameters", "-cp", f"{folder / 'lib'}/*", "-d", folder / "classes", source,
            cwd=folder,
        )  # fmt: skip
        (folder / "built").touch()
    path = f"{folder / 'classes'}:{folder / 'lib'}/*"
    return "java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", path, "echo.Echo"


def _command(name: str) -> tuple[str | Path, ...]:
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / f"{name}.lock").open("w") as lock:  # several processes of one run may want it
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _made(name)


def _made(name: str) -> tuple[str | Path, ...]:
    match name:
        case "express":
            return _express()
        case "go":
            return _go()
        case "spring":
            return _spring()
    return sys.executable, "-m", "tests.frameworks.pythons", name


@dataclass
class Upstream:
    """A running framework."""

    name: str
    port: int
    _connection: http.client.HTTPConnection | None = None

    def ask(
        self, method: str, target: str, headers: tuple[tuple[str, str], ...], body: bytes
    ) -> tuple[int, Any]:
        """Status, and what it says that it has parsed; None when it says nothing of the kind."""
        for again in (True, False):
            connection = self._connection or http.client.HTTPConnection("127.0.0.1", self.port, 30)
            self._connection = connection
            try:
                connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
                connection.putheader("host", "api.test")
                for name, value in headers:
                    if name not in ("host", "content-length"):
                        connection.putheader(name, value.encode("latin-1"))
                if body or method in ("PUT", "POST", "PATCH"):
                    connection.putheader("content-length", str(len(body)))
                connection.endheaders(body or None)
                response = connection.getresponse()
                text = response.read()
                break
            except (http.client.HTTPException, OSError):
                connection.close()
                self._connection = None
                if not again:
                    raise
        try:
            said = json.loads(text)
        except ValueError:
            said = None
        parsed = said if isinstance(said, dict) and "fields" in said else None
        return response.status, parsed


@contextmanager
def running(name: str) -> Iterator[Upstream]:
    """Builds it if need be, starts it on a port of its own choice, and ends it."""
    process = subprocess.Popen(
        _command(name), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield Upstream(name, _port(process))
    finally:
        process.terminate()
        try:
            process.wait(patient(10))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port(process: subprocess.Popen[bytes]) -> int:
    """The first line that it prints and that names one."""
    assert process.stdout is not None
    for _ in tries(_READY):
        if not select.select([process.stdout], [], [], 1)[0]:
            continue
        line = process.stdout.readline().decode()
        assert line, f"it ended with {process.wait(patient(10))}"
        if found := re.fullmatch(r"(?:port )?([0-9]+)\n", line):
            return int(found[1])
    raise AssertionError("it did not say its port in time")
