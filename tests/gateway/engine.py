"""An engine in front of an upstream, for the length of a test."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from oakum.guard.engine_protocol import Deployment, EngineTarget, RenderedPlan, address
from oakum.openapi.model import Json
from tests.patience import patient, tries
from tests.ports import free_port

READY = 20.0
KNOCK = b"GET / HTTP/1.1\r\n\r\n"


@dataclass
class Engine:
    """A running engine; `deployment` says where."""

    target: EngineTarget
    deployment: Deployment
    process: subprocess.Popen[bytes]

    @property
    def listen(self) -> tuple[str, int]:
        return address(self.deployment.listen, "listen")

    @property
    def log(self) -> str:
        return (self.deployment.folder / "engine.log").read_text("utf-8", "replace")

    def audit(self, lines: int, seconds: float = 5.0) -> list[dict[str, Json]]:
        """The audit, as soon as it has so many lines."""
        found: list[str] = []
        for _ in tries(seconds, pause=0.002):
            path = self.deployment.audit
            found = whole_lines(path) if path.exists() else []
            if len(found) >= lines:
                break
        return [json.loads(line) for line in found]

    def lines(self, op: str, seconds: float = 5.0) -> list[dict[str, Json]]:
        """The lines of an operation in the audit, as soon as there is one."""
        for _ in tries(seconds):
            if found := [line for line in self.audit(0) if line["op"] == op]:
                return found
        return []

    def swap(self, deployment: Deployment) -> None:
        """Puts the files that may be replaced into place, as `guard.run` does."""
        control, before = self.target.control, self.target.render(self.deployment)
        rendered = self.target.render(deployment)
        changed = {name for name in control.swapped if rendered[name] != before[name]}
        write(deployment.folder, {name: rendered[name] for name in changed})
        if control.reload is not None and changed - control.watched:
            self.process.send_signal(control.reload)
        self.deployment = deployment


def whole_lines(log: Path) -> list[str]:
    """Lines of a log that somebody is writing: one may be there in part."""
    return log.read_bytes().rpartition(b"\n")[0].decode().splitlines()


def write(folder: Path, rendered: Mapping[str, bytes]) -> None:
    for name, content in rendered.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(path.name + ".new")
        beside.write_bytes(content)
        beside.rename(path)


def prompt(rendered: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with an audit that nginx writes out at once: by itself it holds lines for a
    second, which every test that looks at one would wait."""
    return {name: text.replace(b" flush=1s;", b" flush=1ms;") for name, text in rendered.items()}


def prompt_command(words: list[str]) -> list[str]:
    """The same of Envoy, which takes the time from its command line."""
    flush = "--file-flush-interval-msec"
    return [
        "2" if before == flush else word for before, word in zip(["", *words], words, strict=False)
    ]


def planned(text: str) -> RenderedPlan:
    """A plan as its text tells it, which need not be any contract's."""
    return RenderedPlan(json.loads(text), text)


def deployed(plan: str, upstream: str, folder: Path, **more: Json) -> Deployment:
    """A deployment on free ports."""
    listen, admin = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    return replace(Deployment(planned(plan), upstream, listen, folder, admin=admin), **more)


@contextmanager
def start(
    target: EngineTarget,
    plan: str,
    upstream: str,
    environ: Mapping[str, str] | None = None,
    *,
    validate: bool = True,
    **more: Json,
) -> Iterator[Engine]:
    """Renders, validates and runs; `more` are fields of the deployment. Ends the engine by pid."""
    folder = Path(tempfile.mkdtemp(prefix="oakum-"))
    deployment = deployed(plan, upstream, folder, **more)
    try:
        write(folder, prompt(target.render(deployment)))
        if validate:
            target.validate(folder)
        with (folder / "engine.log").open("wb") as log:
            process = subprocess.Popen(
                prompt_command(target.command(folder)),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.defpath, **(environ or {})},
            )
        engine = Engine(target, deployment, process)
        try:
            _wait(engine)
            yield engine
        finally:
            process.send_signal(target.control.stop)
            try:
                process.wait(patient(10))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder)


def _wait(engine: Engine) -> None:
    """Until it listens; then one knock, which is the first line of its audit."""
    for _ in tries(READY):
        if engine.process.poll() is not None:
            break
        # Envoy listens before its workers take over: what connects in between is reset.
        with suppress(OSError), socket.create_connection(engine.listen, patient(READY)) as probe:
            probe.sendall(KNOCK)
            if probe.recv(5) == b"HTTP/":
                return
    raise AssertionError(f"{engine.target.name} did not come up:\n{engine.log}")
