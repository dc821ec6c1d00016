"""The protocol of an engine: what it must be able to do, and what it is given.

The law of this module: an engine is files and a command line, nothing else. `render` is pure, so
a deployment can be read, kept and compared before anything runs; who starts, reloads and ends
processes is `guard.run`. No secret stands in a file: the engine reads it from its environment.

Replies that an engine makes by itself, so that both make the same: the upstream refused, cut off
or broke the protocol: 502; it was too slow: 504; the engine is out of connections: 503; a body
longer than the plan allows: 413 asked, 502 answered; an error in the runtime: 502.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from oakum.errors import NOWHERE, InputError, Problem, TargetError
from oakum.openapi.model import Json

_VALIDATION = 30.0


@dataclass(frozen=True, eq=False)
class Plan:
    """A compiled contract rendered for an engine."""

    data: Mapping[str, Json]
    """As JSON has it. Endpoints, tables and places of an answer go by their index in `endpoints`,
    `tables` and `nodes`; `guard` holds the settings of `guard:`, key sets among them."""
    text: str
    """The same as one line of JSON, which the Lua runtime reads."""

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that change when anything does."""
        found: str = self.data["contract"]
        return found


@dataclass(frozen=True)
class Deployment:
    """One guard on one machine: a compiled contract, and where it stands."""

    plan: Plan
    upstream: str
    """`http://host:port` or `https://host:port` of the API."""
    listen: str
    """`host:port` that clients speak to."""
    folder: Path
    """Absolute; the rendered files stand in it."""
    writes: Path | None = None
    """Absolute; where the engine writes. None: in `folder`."""
    log: Path | None = None
    """The access log, one JSON object a line. None: a file where the engine writes."""
    workers: int = 1
    observe: bool = False
    """Nothing is removed or denied; the audit says what would have been."""
    service_env: str = ""
    """Environment variable with the secret that look-ups are asked with; empty: none."""
    audit_key_env: str = ""
    """Environment variable with the key of the hashes in the audit; empty: none."""
    redis: str = ""
    """`host:port` of the store that several guards share; empty: each for itself."""
    denied: Mapping[str, float] = field(default_factory=dict)
    """Callers on the deny list, by their hash in the audit: Unix seconds until which they are."""
    deny_key: str = ""
    """Tells under which key the list was made, so that an engine that is started with another one
    lets nothing through; empty: that was compared before."""
    admin: str = ""
    """Where the engine shows its own figures and is told to end: `unix:` and the path of a socket
    in a folder of this user's alone, or `host:port`; empty: nowhere."""
    timeout: float = 15.0
    """Seconds that the API has for an answer."""
    taken: float = 60.0
    """Seconds in which a whole request must have come."""
    connections: int = 10_000
    """Clients at a time; further ones are turned away."""
    ca: str = "/etc/ssl/certs/ca-certificates.crt"
    """File of the authorities that an `https` upstream is checked against."""

    @property
    def audit(self) -> Path:
        """The access log."""
        return self.log or self.scratch / "audit.jsonl"

    @property
    def state(self) -> Path:
        """File that the workers share by mapping it into memory."""
        return self.scratch / "state"

    @property
    def scratch(self) -> Path:
        """Folder for what the engine writes."""
        return self.writes or self.folder


@dataclass(frozen=True)
class Control:
    """How a running engine takes a new plan, and how it is asked to end."""

    swapped: frozenset[str]
    """Rendered files that may be replaced under a running engine, each by a rename in place.
    When any other file changes, the engine must be started anew."""
    reload: signal.Signals | None
    """Sent after the rename; None: the engine watches the files itself."""
    watched: frozenset[str] = frozenset()
    """Those of `swapped` that need no `reload`, since the engine watches them."""
    ready: str = ""
    """Path at `admin` that is answered with 200 when the engine has begun; empty: it has when it
    listens."""
    drain: str = ""
    """Path to POST to at `admin` so that connections end in good order before `stop`."""
    busy: str = ""
    """Path at `admin` of a text that ends in the number of requests under way; empty: `stop` waits
    for them by itself."""
    stop: signal.Signals = signal.SIGTERM


class Target(Protocol):
    """An engine that can carry the guard."""

    name: str
    control: Control
    feeds: bool
    """Whether events of an answer that does not end pass one by one."""

    def render(self, deployment: Deployment) -> Mapping[str, bytes]:
        """Relative path to content; pure. Raises `InputError` for what the engine cannot do."""

    def command(self, folder: Path) -> list[str]:
        """Runs the engine in the foreground from the files in `folder`.

        Raises `InputError` when the engine is not installed.
        """

    def validate(self, folder: Path) -> None:
        """Lets the engine judge the files. Raises `TargetError` with its own words."""


def address(text: str, option: str) -> tuple[str, int]:
    """`host:port` or `[v6]:port` in two; raises `InputError` that names the option."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise mistake(f"{option} `{text}` is not an address", "write it as `127.0.0.1:8080`")
    return host, int(port)


def mistake(message: str, hint: str = "") -> InputError:
    """An option that no file says."""
    return InputError([Problem(NOWHERE, message, hint)])


def judged(engine: str, command: Sequence[str]) -> None:
    """Runs an engine's own check of its files; what it says on failure is in the error."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_VALIDATION
        )
    except OSError as error:
        raise TargetError(f"{engine} cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise TargetError(f"{engine} did not finish the check of its files") from error
    if done.returncode:
        raise TargetError(f"{engine} refuses its files: {(done.stderr or done.stdout).strip()}")
