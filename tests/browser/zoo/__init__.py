"""Pages whose use of an API is known, since it was written down with them.

A folder each: `index.html`, what its API answers (`api.json`), and which fields of that the page
uses (`truth.json`, by endpoint); all others are excess. A folder with a `main.js` or `main.jsx`
stands on libraries: npm installs them and esbuild bundles the page, once, into a folder that git
ignores.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

from oakum.frontend.usage import graphql_name

HERE = Path(__file__).parent
BUILT = HERE.parents[2] / ".zoo"
NAMES = sorted(each.name for each in HERE.iterdir() if (each / "index.html").is_file())
BUNDLED = sorted({each.parent.name for each in HERE.glob("*/main.js*")})


def can_build() -> bool:
    """Whether Node.js and npm are there, of which the bundled pages are made."""
    return bool(shutil.which("node") and shutil.which("npm"))


@cache
def build() -> None:
    """Bundle the pages that stand on libraries, unless that was done before."""
    BUILT.mkdir(exist_ok=True)
    with (BUILT / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        lists = [HERE / "package.json", HERE / "package-lock.json"]
        _once("libraries", lists, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
        sources = [each for name in BUNDLED for each in sorted((HERE / name).iterdir())]
        builder = HERE / "build.mjs"
        _once("pages", [*lists, builder, *sources], "node", builder.name, str(HERE))


def _once(what: str, made_of: list[Path], *command: str) -> None:
    digest = sha256(
        b"".join(each.name.encode() + each.read_bytes() for each in made_of)
    ).hexdigest()
    stamp = BUILT / f".{what}"
    if not stamp.is_file() or stamp.read_text() != digest:
        for each in made_of:
            if each.parent == HERE:
                shutil.copy(each, BUILT)
        subprocess.run(command, cwd=BUILT, check=True)
        stamp.write_text(digest)


@cache
def _json(name: str, file: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / name / file).read_text(encoding="utf-8"))
    return found


def truth(name: str) -> dict[str, frozenset[str]]:
    """Endpoint → fields that the page uses."""
    return {endpoint: frozenset(fields) for endpoint, fields in _json(name, "truth.json").items()}


class _Handler(BaseHTTPRequestHandler):
    """`/NAME/` is a page of the zoo; an answer is that of the page whose address asks."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    """Else a body waits 40 ms for the client's delayed ACK."""
    api: ClassVar[Mapping[str, Any]] = {}
    page: ClassVar[bytes] = b""
    """In the place of the zoo's, at every address without an answer."""

    def do_GET(self) -> None:
        self._give(f"GET {self.path.partition('?')[0]}")

    def do_POST(self) -> None:
        posted = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        self._give(f"POST {self.path} {graphql_name(posted)}".rstrip())

    def _give(self, question: str) -> None:
        name = self.path.strip("/")
        built = (BUILT / name).is_file() or (BUILT / name / "index.html").is_file()
        file = (BUILT if built else HERE) / name
        if question in self.api:
            self._answer(json.dumps(self.api[question], indent=1).encode(), "application/json")
        elif self.page or file.is_dir():
            page = self.page or (file / "index.html").read_bytes()
            self._answer(page, "text/html; charset=utf-8")
        elif file.suffix == ".js" and file.is_file():
            self._answer(file.read_bytes(), "text/javascript")
        else:
            self.send_error(404)

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def answering(api: Mapping[str, Any], page: bytes) -> Iterator[str]:
    """An API and one page on loopback, at any other address; its origin."""
    handler = type("Handler", (_Handler,), {"api": api, "page": page})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def serving() -> Iterator[str]:
    """The zoo on loopback; its origin."""
    api = {endpoint: body for name in NAMES for endpoint, body in _json(name, "api.json").items()}
    with answering(api, b"") as address:
        yield address
