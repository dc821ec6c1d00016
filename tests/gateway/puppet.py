"""An engine of a few lines, for what its supervisor does: it answers with the plan's contract.

`GET /die` ends it, `GET /slow` takes half a second, every request is written to its log.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from oakum.errors import Problem, TargetError
from oakum.guard.engine_admin_client import UNIX
from oakum.guard.engine_protocol import Deployment, EngineControl
from oakum.openapi.document import Document

_PROGRAM = """
import json, os, signal, socket, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
def log(line):
    with open(open("log").read(), "a") as file: file.write(line + chr(10))
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die": os._exit(7)
        if self.path == "/slow": time.sleep(0.5)
        plan = json.load(open("plan.json"))
        secrets = {name: value for name, value in os.environ.items() if name != "LC_CTYPE"}
        body = json.dumps({"contract": plan["contract"], "pid": os.getpid(), "env": secrets})
        log(json.dumps({"op": self.path, "status": 200, "removed": {"Member.email": 2}}))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())
    def log_message(self, *_): pass
def end(*_):
    log(json.dumps({"op": "end", "status": 200}))
    os._exit(0)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGUSR1, lambda *_: log(json.dumps({"op": "reopened", "status": 200})))
def admin():
    with socket.create_server(open("admin").read(), family=socket.AF_UNIX) as listener:
        while True:
            one, _ = listener.accept()
            with one:
                one.recv(1000)
                one.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\n")
host, port = open("listen").read().rsplit(":", 1)
for _ in range(10):
    try:
        server = ThreadingHTTPServer((host, int(port)), Handler)
        break
    except OSError:
        time.sleep(0.1)
else:
    print("its port is taken")
    raise SystemExit(4)
threading.Thread(target=admin, daemon=True).start()
server.serve_forever()
"""


SWAPPED = EngineControl(frozenset({"plan.json"}), None, "/ready")
RELOADED_BY_SIGNAL = EngineControl(frozenset({"plan.json"}), signal.SIGUSR1, "/ready")
NEVER_SWAPPED = EngineControl(frozenset(), None, "/ready")


@dataclass
class Puppet:
    """`refuses`: words in a plan that it does not like. `broken`: it never comes up. `fails`: how
    many times it does not, before it does."""

    name: str = "puppet"
    feeds: bool = False
    audit_log: Path | None = None
    distribution: str = ""
    control: EngineControl = SWAPPED
    refuses: str = "no such words"
    broken: bool = False
    fails: int = 0
    validated: list[Path] = field(default_factory=list)

    def render(self, deployment: Deployment) -> Mapping[str, bytes]:
        return {
            "plan.json": deployment.plan.text.encode(),
            "log": str(deployment.audit).encode(),
            "listen": deployment.listen.encode(),
            "admin": deployment.admin.removeprefix(UNIX).encode(),
            "settings/secret": deployment.service_env.encode(),
        }

    def program(self) -> str:
        return sys.executable

    def unserved_operations(self, document: Document) -> Iterable[Problem]:
        return ()

    def command(self, folder: Path, *, exported: bool = False) -> list[str]:
        broken = self.broken or self.fails > 0
        self.fails -= 1
        program = "print('it is broken'); raise SystemExit(3)" if broken else _PROGRAM
        return [self.program(), "-S", "-E", "-c", program]

    def validate(self, folder: Path) -> None:
        self.validated.append(folder)
        text = (folder / "plan.json").read_text(encoding="utf-8")
        json.loads(text)
        if self.refuses in text:
            raise TargetError("puppet rejects the configuration that Oakum wrote: words")
