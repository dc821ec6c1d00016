"""The scans of `oakum demo`: each serves cadence in its stage, and runs in a process of its own.

A scan and the server that it asks take turns, so they keep one processor busy; a machine with two
scans the unguarded API and the guarded one at the same time.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import secrets
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from oakum.cli import shared
from oakum.errors import TargetError
from oakum.finding import Report
from oakum.guard.engines import ENGINES, is_installed

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess
    from multiprocessing.sharedctypes import Synchronized, SynchronizedString

    from oakum.guard.engine_protocol import EngineTarget
    from oakum.scan.context import Event

GUARDED = "guarded"
"""Cadence in its first stage, behind the guard."""
BUDGET = 4000
_RATE = 400.0
"""Requests per second; high, since the server is a local stand-in and not a production system."""
_COMMAND = ("-m", "cadence", "--port", "0")
_ENDS = (signal.SIGINT, signal.SIGTERM)
_LONGEST = 64
"""Bytes of the progress text that a scan process shares."""
_SERVICE_KEY = "CADENCE_SERVICE_KEY"


class _Run(NamedTuple):
    """A scan in a process of its own."""

    process: SpawnProcess
    outcome: Connection
    """Of its report, or of what it raised."""
    number: Synchronized[int]
    """Requests that it has sent."""
    phase: SynchronizedString


class Scans:
    """Runs scans of stages in order, as many at once as there are processors."""

    def __init__(
        self, stages: Sequence[str], members: int, kit: Path, out: Path, engine: str | None
    ) -> None:
        self._given = members, kit, out, engine
        self._waiting = deque(stages)
        self._runs: dict[str, _Run] = {}
        for _ in stages[: os.cpu_count() or 1]:
            self._begin()

    def report(self, stage: str, show: Callable[[Event], None]) -> Report:
        """Waits for the scan of a stage, returns its report, and starts the next scan. `show`
        receives progress events meanwhile.

        Raises what the scan raises.
        """
        from oakum.scan.context import Event

        run = self._runs[stage]
        while not run.outcome.poll(0.2):
            show(Event("phase", {"name": run.phase.value.decode(errors="ignore")}))
            show(Event("ask", {"number": run.number.value}))
        try:
            outcome = run.outcome.recv()
        except EOFError:
            raise TargetError(f"the scan of stage `{stage}` was ended") from None
        self._begin()
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, Report)
        return outcome

    def _begin(self) -> None:
        if not self._waiting:
            return
        stage = self._waiting.popleft()
        context = multiprocessing.get_context("spawn")  # threads and sockets do not survive a fork
        here, there = context.Pipe(duplex=False)
        number, phase = (
            context.Value("i", 0),
            cast("SynchronizedString", context.Array("c", _LONGEST)),
        )
        given = (there, number, phase, stage, *self._given)
        process = context.Process(target=_run, args=given, daemon=True)
        process.start()
        there.close()
        self._runs[stage] = _Run(process, here, number, phase)

    def __enter__(self) -> Scans:
        return self

    def __exit__(self, *_: object) -> None:
        for run in self._runs.values():
            run.outcome.close()  # or the scan blocks sending its report
            run.process.terminate()
        for run in self._runs.values():
            run.process.join(10)


def _run(
    outcome: Connection, number: Synchronized[int], phase: SynchronizedString, stage: str,
    members: int, kit: Path, out: Path, engine: str | None,
) -> None:  # fmt: skip
    """What the process of a scan does."""

    def tell(event: Event) -> None:
        if event.kind == "ask":
            number.value = event.data["number"]
        elif event.kind == "phase":
            phase.value = str(event.data["name"]).encode()[: _LONGEST - 1]

    for each in _ENDS:
        signal.signal(each, _end)
    with suppress(KeyboardInterrupt, BrokenPipeError):  # the other process says it, or is gone
        try:
            outcome.send(_report(stage, members, kit, out, engine, tell))
        except Exception as error:  # noqa: BLE001 - raised again in the other process
            outcome.send(error)


def _end(*_: object) -> None:
    """Ends a scan once: Ctrl-C comes to its process, and from the other one that it ends."""
    for each in _ENDS:
        signal.signal(each, lambda *_: None)
    raise KeyboardInterrupt


def _report(
    stage: str, members: int, kit: Path, out: Path, engine: str | None,
    tell: Callable[[Event], None],
) -> Report:  # fmt: skip
    """Scans a stage, and writes its report as JSON and HTML."""
    report = _scan(stage, members, kit, engine, tell)
    shared.write(report, out / f"stage-{stage}.json", "json")
    shared.write(report, out / f"stage-{stage}.html", "html")
    return report


def _scan(
    stage: str, members: int, kit: Path, engine: str | None, tell: Callable[[Event], None]
) -> Report:
    contract = kit / "exposure.yaml"
    environ, plain, behind = None, stage, None
    if stage == GUARDED and engine is not None:
        environ, plain = {**os.environ, _SERVICE_KEY: secrets.token_hex(16)}, "1"
        behind = ENGINES[engine]()
        if not behind.feeds:
            contract = without_feed(contract)
    with start_stage(plain, members, environ) as address:
        from oakum.scan.options import Options  # imported while cadence starts
        from oakum.scan.run import Scan

        upstream = address()
        with ExitStack() as stack:
            target = upstream
            if behind is not None and environ is not None:
                target = stack.enter_context(_start_guard(kit, upstream, behind, environ))
            options = Options(
                contract, target, kit / "identities.yaml",
                budget=BUDGET, rate=_RATE, allow_own_settings=True,
            )  # fmt: skip
            return Scan(options, tell).report()


@contextmanager
def _start_guard(
    kit: Path, upstream: str, engine: EngineTarget, environ: Mapping[str, str]
) -> Iterator[str]:
    """Where the guard in front of cadence is spoken to."""
    from oakum.guard.run import GuardOptions, run_engine

    contract = kit / "exposure.yaml"
    options = GuardOptions(contract, upstream, "127.0.0.1:0", engine, environ=environ)
    with run_engine(options, lambda _: None) as behind:
        yield f"http://{behind.listen}"


def engine_at_hand() -> str | None:
    """The first engine that is installed; None: none is."""
    return next((name for name, engine in ENGINES.items() if is_installed(engine())), None)


def without_feed(contract: Path) -> Path:
    """Writes a copy of cadence's contract that marks the feed as untested, since Envoy refuses
    feeds."""
    line, why = "streamClass:       {", 'untested: "Envoy refuses feeds, and nginx filters them", '
    text = contract.read_text(encoding="utf-8")
    assert line in text
    found = contract.with_name("through-envoy.yaml")
    found.write_text(text.replace(line, line + why), encoding="utf-8")
    return found


@contextmanager
def serve_stage(
    stage: str, members: int, environ: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Runs cadence in its own process on a free port of 127.0.0.1, and ends it afterwards."""
    with start_stage(stage, members, environ) as address:
        yield address()


@contextmanager
def start_stage(
    stage: str, members: int, environ: Mapping[str, str] | None
) -> Iterator[Callable[[], str]]:
    """As `serve_stage`, but yields a function that waits until cadence listens and returns its
    address."""
    command = [sys.executable, *_COMMAND, "--stage", stage, "--members", str(members)]
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environ, text=True
    )
    assert server.stderr is not None
    said = server.stderr

    def address() -> str:
        found = re.search(r"http://\S+", line := said.readline())
        if found is None:
            with suppress(subprocess.TimeoutExpired):
                server.wait(5)  # it exits once it has printed the reason
            server.terminate()
            *_, why = f"{line}{said.read()}".strip().splitlines() or ("it says nothing",)
            raise TargetError(f"cadence did not start: {why}")
        said.close()  # unread output would fill the pipe
        return found[0]

    try:
        yield address
    finally:
        server.terminate()
        server.wait(10)
        said.close()
