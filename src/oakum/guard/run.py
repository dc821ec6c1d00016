"""Runs an engine as a child process: starts, supervises, reloads and stops it.

A new configuration takes effect only after the engine has accepted it. A contract with a mistake is
reported, and the previous one stays in force; an engine that exits is restarted with the contract
in force. Requests do not pass through this process: if it stops, they are still answered or
refused.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from socket import AF_INET6, create_connection, create_server, getaddrinfo
from tempfile import TemporaryDirectory
from types import FrameType

from oakum.errors import InputError, Location, OakumError, Problem, TargetError, count_of
from oakum.guard.audit_reader import AUDIT_KEY, Tail, record_of
from oakum.guard.contract_reader import ContractFiles, read_contract
from oakum.guard.denylist import denial_ends, read_list
from oakum.guard.engine_admin_client import UNIX, ask_admin
from oakum.guard.engine_files import appendable, fill, folder_of, render_and_validate
from oakum.guard.engine_protocol import Deployment, EngineTarget, address, mistake
from oakum.guard.file_watch import FileWatch
from oakum.guard.health_endpoints import HealthServer, answers, unusable
from oakum.guard.metrics import Metrics
from oakum.openapi.model import Json

_TICK = 0.1
_POLL = 1.0
"""Seconds between two checks of the contract's files."""
_START = 20.0
"""Seconds in which an engine must accept connections after its start."""
_APPLY = 10.0
"""Seconds in which all workers of an engine must have loaded a new contract."""
_TRIES = 3
"""Attempts to start an engine: another process may have taken its port."""
_GRACE = 10.0
"""Seconds for open requests to finish at shutdown."""
_BACKOFF = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds to wait before consecutive restarts."""
_SOUND = 60.0
"""Seconds of uptime after which failures are forgotten."""
_LOG = 8 << 20
"""Most bytes of a log that the user did not ask for."""


@dataclass(frozen=True)
class GuardOptions:
    """Options of `oakum guard`: the contract, the API behind it, and how the engine runs."""

    contract: Path
    upstream: str
    listen: str
    """`host:port`; port 0: any free one."""
    engine: EngineTarget
    overlays: tuple[Path, ...] = ()
    observe: bool = False
    workers: int = 1
    admin: str = ""
    """`host:port` for health and metrics; empty: not served."""
    audit: Path | None = None
    """The audit log; None: a file in the run's own folder, rotated when it grows."""
    redis: str = ""
    deny: Path | None = None
    """The deny list; None: no caller is denied."""
    state: Path | None = None
    """Folder of the run, kept afterwards; None: a temporary one."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    """Environment with the secrets; read again with each contract."""


@dataclass(frozen=True)
class GuardEvent:
    """An event for the operator; `words` and `data` say the same."""

    kind: str
    words: str
    data: Mapping[str, Json] = field(default_factory=dict)


Say = Callable[[GuardEvent], None]
Line = Callable[[bytes], None]


class EngineSupervisor:
    """One supervised engine. Call `tick` several times a second."""

    def __init__(
        self,
        options: GuardOptions,
        folder: Path,
        say: Say,
        line: Line | None = None,
        admin: str = "",
    ) -> None:
        """Compiles the contract and has the engine validate it. `line` receives each audit line;
        at `admin` health and metrics are served.

        Raises `InputError` for wrong options or files, and when the engine is not installed.
        """
        self.metrics = Metrics()
        self.listen = _free(options.listen, "--listen")
        self.admin = admin
        self.up = False
        self.ending = False
        self._options, self._engine, self._say, self._line = options, options.engine, say, line
        # A short path, since socket paths are limited, in a private folder.
        self._private = TemporaryDirectory(prefix="oakum-")
        self._starts = 0
        self._audit_key = options.environ.get(AUDIT_KEY) or secrets.token_hex(32)
        if options.redis:
            address(options.redis, "--redis")
            if not options.environ.get(AUDIT_KEY):
                hint = f"`export {AUDIT_KEY}=…`, the same for all of them"
                raise mistake("guards that share counters need the same key", hint)
        self._watch = FileWatch(self._own_files())
        self._now = read_contract(options.contract, options.overlays)
        self._watch.add(self._now.files)
        self._environment = self._environ(self._now)
        self._deployment = Deployment(
            self._now.plan,
            options.upstream,
            self.listen,
            folder.resolve(),
            workers=options.workers,
            observe=options.observe,
            service_env=self._now.service_env,
            audit_key_env=AUDIT_KEY,
            redis=options.redis,
            denied=self._deny_list(),
            admin=self._own_address(),  # a new one for each start
            log=appendable(options.audit) if options.audit is not None else None,
        )
        self._files = render_and_validate(self._engine, self._deployment, folder)
        self._tail = Tail(self._deployment.audit)
        self._child: subprocess.Popen[bytes] | None = None
        self._dead = False
        self._failures = 0
        self._due = self._looked = self._since = 0.0

    def _own_files(self) -> tuple[Path, ...]:
        options = self._options
        return (options.contract, *options.overlays, *([options.deny] if options.deny else ()))

    def _deny_list(self) -> Mapping[str, float]:
        """The deny list as it is now; hash → Unix seconds. Raises `InputError`."""
        if self._options.deny is None:
            return {}
        key = self._options.environ.get(AUDIT_KEY, "").encode()
        return denial_ends(read_list(self._options.deny, key))

    def _environ(self, now: ContractFiles) -> dict[str, str]:
        """The engine's whole environment. Raises `InputError` for a secret that is not set."""
        environ = self._options.environ
        path = environ.get("PATH", os.defpath)
        return {"PATH": path, AUDIT_KEY: self._audit_key, **now.secrets(environ)}

    # ------------------------------------------------------------ start and end

    def start(self) -> None:
        """Raises `TargetError` when the engine does not come up."""
        for attempt in range(_TRIES):
            if attempt:
                self._move()
            self._spawn()
            if not self._has_exited():
                break
        if not self.up:
            raise TargetError(
                f"{self._engine.name} did not start listening on {self.listen}:"
                f" {self._last_words()}"
            )
        options, now = self._options, self._now
        self._tell(
            "guarding",
            f"guarding {options.upstream} on http://{self.listen} with {self._engine.name}:"
            f" {now.endpoints} endpoints, contract {now.digest}{self._deny_summary}"
            + (", in observe mode: nothing is removed or denied" if options.observe else "")
            + (f"\n  health and metrics on http://{self.admin}" if self.admin else "")
            + self._format_warnings(now),
            upstream=options.upstream,
            listen=self.listen,
            admin=self.admin,
            engine=self._engine.name,
            endpoints=now.endpoints,
            denied=len(self._deployment.denied),
            contract=now.digest,
            mode="observe" if options.observe else "enforce",
            warnings=self._warnings(now),
        )

    def _spawn(self) -> None:
        folder = self._deployment.folder
        self._starts += 1
        self._deployment = replace(self._deployment, admin=self._own_address())
        self._files = self._engine.render(self._deployment)
        fill(folder, self._files)
        log = os.open(folder / "engine.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._child = subprocess.Popen(
                self._engine.command(folder),
                cwd=folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                umask=0o077,
                # Ctrl-C must reach this process only, which stops the engine gracefully
                start_new_session=True,
            )
        finally:
            os.close(log)
        self._dead = False
        self._since = time.monotonic()
        while (
            not self._has_exited() and not self.ending and time.monotonic() - self._since < _START
        ):
            self.up = self._answers()
            if self.up:
                break
            time.sleep(0.02)

    def _move(self) -> None:
        """Picks another port in place of a free one, which somebody may have taken before the
        engine did. Raises `InputError` when a port of the operator's choice is in use."""
        self.listen = _free(self._options.listen, "--listen")
        self._deployment = replace(self._deployment, listen=self.listen)

    def _own_address(self) -> str:
        """Admin socket of the engine, new for each start."""
        return f"{UNIX}{self._private.name}/{self._starts}"

    def _answers(self) -> bool:
        """Whether this very engine is ready: at its port somebody else may listen. Its audit counts
        no request of this."""
        if ask_admin(self._deployment.admin, "GET", self._engine.control.ready)[0] != 200:
            return False
        return _listens(self.listen)

    def _has_exited(self) -> bool:
        return self._child is None or self._child.poll() is not None

    def _last_words(self) -> str:
        """The end of the engine's log, for a start that failed; no request is in it."""
        text = (self._deployment.folder / "engine.log").read_text("utf-8", "replace")
        return " / ".join(deque(text.splitlines(), maxlen=3)) or "it said nothing"

    def close(self) -> None:
        """Stops the engine gracefully and counts its remaining audit lines."""
        self._end()
        self._count()
        self._tail.close()
        self._private.cleanup()

    def _end(self) -> None:
        self.up = False
        if self._child is None:
            return
        control, admin = self._engine.control, self._deployment.admin
        deadline = time.monotonic() + _GRACE
        if not self._has_exited() and control.drain:
            ask_admin(admin, "POST", control.drain)
        while control.busy and not self._has_exited() and time.monotonic() < deadline:
            if ask_admin(admin, "GET", control.busy)[1].split()[-1:] in ([], ["0"]):
                break
            time.sleep(0.05)
        if not self._has_exited():
            self._child.send_signal(control.stop)
        try:
            self._child.wait(max(_GRACE / 5, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.kill()
            self._child.wait()

    def kill(self) -> None:
        """Stops the engine at once and drops its open requests."""
        if self._child is not None and not self._has_exited():
            self._child.kill()

    # ------------------------------------------------------------ meanwhile

    def tick(self) -> None:
        """Counts new audit lines, restarts a dead engine, and checks the contract's files for
        changes."""
        self._count()
        if self._has_exited():
            self._revive()
        if time.monotonic() - self._looked >= _POLL:
            self._looked = time.monotonic()
            if not self._has_exited():
                self.up = self._answers()  # false after it was told to stop accepting connections
            if self._watch.has_changed():
                self.reload()
            self._trim()

    def _count(self) -> None:
        for line in self._tail.lines():
            self.metrics.count(record_of(line))
            if self._line is not None:
                self._line(line)

    def _revive(self) -> None:
        if not self._dead:
            self._mourn()
        if time.monotonic() < self._due:
            return
        self.metrics.count_restart()
        self._spawn()
        if self.up:
            self._tell("restarted", f"{self._engine.name} answers again")

    def _mourn(self) -> None:
        code = self._child.returncode if self._child is not None else 0
        if time.monotonic() - self._since > _SOUND:
            self._failures = 0
        wait = _BACKOFF[min(self._failures, len(_BACKOFF) - 1)]
        self.up, self._dead = False, True
        self._failures += 1
        self._due = time.monotonic() + wait
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        self._tell(
            "died",
            f"{self._engine.name} ended {how}; it restarts in {wait:g} s",
            code=code,
            wait=wait,
        )

    def _trim(self) -> None:
        """Truncates or rotates logs that the user did not ask for."""
        folder, audit = self._deployment.folder, self._deployment.audit
        if (folder / "engine.log").stat().st_size > _LOG:
            os.truncate(folder / "engine.log", 0)
        if self._options.audit is None and audit.exists() and audit.stat().st_size > _LOG:
            audit.rename(folder / "audit.old")
            self.reopen()

    def reopen(self) -> None:
        """Makes the engine reopen its log after a rotation."""
        if self._child is not None and not self._has_exited():
            self._child.send_signal(signal.SIGUSR1)

    # ------------------------------------------------------------ a new contract

    def reload(self) -> bool:
        """Reloads the contract; False when it is rejected and the old one stays in force."""
        options = self._options
        self._watch.adopt((*self._own_files(), *self._now.files))
        try:
            new = read_contract(options.contract, options.overlays)
            self._watch.add(new.files)
            environment = self._environ(new)
            deployment = replace(
                self._deployment,
                plan=new.plan,
                service_env=new.service_env,
                denied=self._deny_list(),
            )
            files = render_and_validate(self._engine, deployment, deployment.folder)
        except OakumError as error:
            self._refuse(error)
            return False
        again = environment != self._environment
        changed = {name for name in files if files[name] != self._files.get(name)}
        again |= not (changed | (self._files.keys() - files.keys())) <= self._engine.control.swapped
        self._now, self._environment = new, environment
        self._deployment = deployment
        if again:
            self._end()
            self._spawn()
        else:
            self._files = files
            self._swap({name: files[name] for name in changed})
        self.metrics.count_reload(True)
        self._tell(
            "reloaded",
            f"contract {new.digest} is now in force: {new.endpoints}"
            f" endpoints{self._deny_summary}{self._format_warnings(new)}",
            contract=new.digest,
            endpoints=new.endpoints,
            denied=len(self._deployment.denied),
            warnings=self._warnings(new),
        )
        return True

    def _warnings(self, new: ContractFiles) -> list[str]:
        said = [str(each) for each in new.warnings_for([self._engine])]
        if self._options.deny is not None and not self._options.environ.get(AUDIT_KEY):
            hint = f"`export {AUDIT_KEY}=…`, the key that the list was made with"
            where = Location(str(self._options.deny))
            said.append(str(Problem(where, f"rejects nobody: `{AUDIT_KEY}` is not set", hint)))
        return said

    @property
    def _deny_summary(self) -> str:
        many = len(self._deployment.denied)
        return f", {count_of(many, 'caller')} denied" if self._options.deny is not None else ""

    def _format_warnings(self, new: ContractFiles) -> str:
        return "".join(f"\n  warning: {each}" for each in self._warnings(new))

    def _swap(self, files: Mapping[str, bytes]) -> None:
        """Replaces files of the running engine, and waits until every worker goes by them. An
        engine that does not take them is started anew, as a request must not meet an old
        contract once a new one is in force."""
        before = self._wait_for_apply("") if files else ""
        fill(self._deployment.folder, files)
        signalled = self._engine.control.reload
        changed = files.keys() - self._engine.control.watched
        if changed and signalled is not None and self._child is not None and not self._has_exited():
            self._child.send_signal(signalled)
        if not files or not self._engine.control.applied or self._wait_for_apply(before):
            return
        if not self._has_exited() and not self.ending:
            self._end()
            self._spawn()

    def _wait_for_apply(self, before: str) -> str:
        """What the engine says of the files that its workers go by, once that is not what it said
        `before`; empty when it does not come to that."""
        path, deadline = self._engine.control.applied, time.monotonic() + _APPLY
        while path and not self._has_exited() and not self.ending and time.monotonic() < deadline:
            status, text = ask_admin(self._deployment.admin, "GET", path)
            if status == 200 and text != before:
                return text
            time.sleep(0.01)
        return ""

    def _refuse(self, error: OakumError) -> None:
        self.metrics.count_reload(False)
        said = [str(error)]
        if isinstance(error, InputError):
            said = [str(problem) for problem in error.problems]
        stays = self._now.digest
        self._tell(
            "refused",
            "\n  ".join([f"the new contract is refused, and {stays} stays in force:", *said]),
            contract=stays,
            problems=list(said),
        )

    def _tell(self, kind: str, words: str, **data: Json) -> None:
        self._say(GuardEvent(kind, words, data))

    def text(self) -> str:
        """Metrics in Prometheus' text format."""
        info = {"contract": self._now.digest, "engine": self._engine.name}
        return self.metrics.text(self.up, info)


# ---------------------------------------------------------------- serving until it is ended


@contextmanager
def run_engine(
    options: GuardOptions, say: Say, line: Line | None = None
) -> Iterator[EngineSupervisor]:
    """Runs an engine until the block ends. Raises as `EngineSupervisor` and its `start` do."""
    with ExitStack() as stack:
        folder = stack.enter_context(folder_of(options.state))
        server = stack.enter_context(HealthServer(options.admin)) if options.admin else None
        guard = EngineSupervisor(options, folder, say, line, server.where if server else "")
        if server:
            stack.enter_context(answers(server, guard))
        stack.callback(guard.close)
        guard.start()
        yield guard


def serve(options: GuardOptions, say: Say, line: Line | None = None) -> None:
    """Runs until SIGTERM or SIGINT; a second one drops open requests.

    SIGHUP reloads the contract, SIGUSR1 reopens the audit file.
    """
    ends: list[int] = []
    heard: deque[int] = deque()

    def interrupt(number: int, _: FrameType | None) -> None:
        ends.append(number)
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, interrupt)
    for number in (signal.SIGHUP, signal.SIGUSR1):  # the contract is read before the engine is up
        signal.signal(number, lambda number, _: heard.append(number))
    with suppress(KeyboardInterrupt), run_engine(options, say, line) as guard:
        _attend(guard, ends, heard)
    # Only a signal ends a guard: an engine that ends by itself is started anew.
    why = signal.Signals(ends[0]).name if ends else "SIGINT"
    said = f"{options.engine.name} has ended on {why}"
    say(GuardEvent("ended", said, {"signal": why}))


def _attend(guard: EngineSupervisor, ends: list[int], heard: deque[int]) -> None:
    """`ends`: signals that end the guard are added to it. `heard`: what came while it started."""

    def hear(number: int, _: FrameType | None) -> None:
        heard.append(number)
        if number in (signal.SIGTERM, signal.SIGINT):
            ends.append(number)
            if guard.ending:
                guard.kill()
            guard.ending = True

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, hear)
    while not guard.ending:
        guard.tick()
        while heard:
            news = heard.popleft()
            if news == signal.SIGHUP:
                guard.reload()
            elif news == signal.SIGUSR1:
                guard.reopen()
        time.sleep(_TICK)


# ---------------------------------------------------------------- ports and folders


def _free(text: str, option: str) -> str:
    """A free address in numeric form; port 0 becomes a free port.

    Checked before the engine starts: two engines can share a port, and then each would decide half
    of the requests.
    """
    host, port = address(text, option)
    try:
        family, _, _, _, where = getaddrinfo(host, port, flags=0)[0]
        with create_server((str(where[0]), port), family=family) as probe:
            port = probe.getsockname()[1]
    except OSError as error:
        raise mistake(*unusable(option, text, error)) from None
    return f"[{where[0]}]:{port}" if family == AF_INET6 else f"{where[0]}:{port}"


def _listens(where: str) -> bool:
    try:
        create_connection(address(where, "--listen"), 2).close()
    except OSError:
        return False
    return True
