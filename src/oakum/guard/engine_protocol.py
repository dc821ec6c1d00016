"""The protocol of an engine: what it must provide, and what it is given.

An engine consists of files and a command line; `guard/engines.py` lists those that there are.
`render` is pure, so that a deployment can be read, kept and compared before anything runs;
`guard.run` starts, reloads and ends processes. No file contains a secret: the engine reads secrets
from its environment.

All engines answer failures with the same status. 502: the upstream refused or closed the
connection, broke the protocol, or sent a body longer than the plan allows; or an error in the
runtime. 504: the upstream was too slow. 503: the engine has no connection left. 413: a request body
longer than the plan allows.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from oakum.errors import NOWHERE, InputError, Problem, TargetError
from oakum.openapi.document import Document
from oakum.openapi.model import Json

_VALIDATION = 30.0


@dataclass(frozen=True, eq=False)
class RenderedPlan:
    """A compiled contract rendered for an engine."""

    data: Mapping[str, Json]
    """The plan as JSON values. Endpoints, tables and places are referred to by their index in
    `endpoints`, `tables` and `nodes`; `guard` holds the settings, including key sets."""
    text: str
    """The same as one line of JSON, for the Lua runtime."""

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that change whenever the plan does."""
        found: str = self.data["contract"]
        return found


@dataclass(frozen=True)
class Deployment:
    """One guard on one machine: a compiled contract and its addresses, folders and limits."""

    plan: RenderedPlan
    upstream: str
    """URL of the API: `http://host:port` or `https://host:port`."""
    listen: str
    """`host:port` for clients."""
    folder: Path
    """Absolute; folder of the rendered files."""
    writes: Path | None = None
    """Absolute; folder that the engine writes to. None: `folder`."""
    log: Path | None = None
    """The audit log, one JSON object a line. None: a file in the writable folder."""
    workers: int = 1
    observe: bool = False
    """Observe only: nothing is removed or denied; the audit records what would have been."""
    service_env: str = ""
    """Environment variable with the credential for look-ups; empty: none."""
    audit_key_env: str = ""
    """Environment variable with the key for the audit's hashes; empty: none."""
    redis: str = ""
    """`host:port` of a store shared by several guards; empty: none."""
    denied: Mapping[str, float] = field(default_factory=dict)
    """Denied callers: audit hash → Unix seconds at which the denial ends."""
    deny_key: str = ""
    """Fingerprint of the deny list's key: an engine that is started with another key denies every
    request. Empty: it was compared before."""
    admin: str = ""
    """The engine's admin address: `unix:` and a socket in a private folder, or `host:port`; empty:
    none."""
    timeout: float = 15.0
    """Timeout of the API in seconds."""
    taken: float = 60.0
    """Seconds in which a request must be received completely."""
    connections: int = 10_000
    """Most simultaneous clients; further ones are rejected."""
    ca: str = "/etc/ssl/certs/ca-certificates.crt"
    """CA bundle for verifying an `https` upstream."""

    @property
    def audit(self) -> Path:
        """Path of the audit log."""
        return self.log or self.scratch / "audit.jsonl"

    @property
    def state(self) -> Path:
        """File that workers share through mmap."""
        return self.scratch / "state"

    @property
    def scratch(self) -> Path:
        """Folder that the engine writes to."""
        return self.writes or self.folder


@dataclass(frozen=True)
class EngineControl:
    """How a running engine is reloaded and stopped."""

    swapped: frozenset[str]
    """Rendered files that may be replaced by a rename while the engine runs. A change of any other
    file needs a restart."""
    reload: signal.Signals | None
    """Signal to send after the rename; None: the engine watches the files itself."""
    ready: str
    """Admin path that responds with 200 once the engine has bound its own address."""
    watched: frozenset[str] = frozenset()
    """Those of `swapped` that the engine watches, so that they need no `reload`."""
    applied: str = ""
    """Admin path of a text that becomes another one once every worker goes by files that were
    swapped, with status 200 while all go by the same; empty: there is none."""
    drain: str = ""
    """Admin path to POST to before `stop`, so that connections are drained."""
    busy: str = ""
    """Admin path of a text that ends in the number of open requests; empty: `stop` itself waits for
    them."""
    stop: signal.Signals = signal.SIGTERM


class EngineTarget(Protocol):
    """An engine that can run the guard."""

    name: str
    control: EngineControl
    feeds: bool
    """Whether it filters the events of a stream one by one."""
    audit_log: Path | None
    """Where the audit of an export goes; None: a file of the export."""
    distribution: str
    """Python distribution whose installed version the templates of an export require; empty:
    none."""

    def program(self) -> str:
        """Path of the program. Raises `InputError`, which says how to install it."""

    def unserved_operations(self, document: Document) -> Iterable[Problem]:
        """Warns about each operation that the engine cannot serve, whatever the contract says."""

    def render(self, deployment: Deployment) -> Mapping[str, bytes]:
        """Relative path → content; pure. Raises `InputError` for what the engine does not
        support."""

    def command(self, folder: Path, *, exported: bool = False) -> list[str]:
        """Command line that runs the engine in the foreground from the files in `folder`;
        `exported`: without options that describe this machine, such as its user.

        Raises `InputError` when the engine is not installed.
        """

    def validate(self, folder: Path) -> None:
        """Has the engine validate its files. Raises `TargetError` with its output."""


def address(text: str, option: str) -> tuple[str, int]:
    """Parses `host:port` or `[v6]:port`; raises `InputError` that names the option."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise mistake(f"{option} `{text}` is not an address", "write it as `127.0.0.1:8080`")
    return host, int(port)


def mistake(message: str, hint: str = "") -> InputError:
    """An `InputError` about a command-line option, which has no place in a file."""
    return InputError([Problem(NOWHERE, message, hint)])


def validate_files(engine: str, command: Sequence[str]) -> None:
    """Runs an engine's own check of its files; raises `TargetError` with its output."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_VALIDATION
        )
    except OSError as error:
        raise TargetError(f"{engine} cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise TargetError(f"{engine} did not finish checking its configuration") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise TargetError(
            f"{engine} rejects the configuration that Oakum wrote: {said}; if it names no file or"
            " address of yours, report it as a bug in Oakum"
        )
