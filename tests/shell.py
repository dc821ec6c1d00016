"""Runs the console examples of a page as a reader would, one after another in one folder.

A fence of the language `console` holds commands (`$ …`) and what they print. A line `…` stands for
any lines, `…` within a line for any text. A command without printed lines may print anything. It
must succeed, unless `$ echo $?` follows and shows how it ends. A fence with `file=NAME` after its
language is a file that the reader has by then.

Two addresses are played by cadence: the one that `oakum demo cadence` serves in the example, and
`https://api.example.com`, somebody's own API. A guard of the example stands in front of the former.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection

from tests import patience
from tests.patience import patient, tries, wait
from tests.ports import free_port

ELSEWHERE = (
    *("./do ", "python3 ", ".venv/bin/", ". .venv/bin/activate", "jq ", "curl ", "apt-get "),
    *("kubectl ", "uvicorn "),
)
"""Beginnings of commands that set a reader's stage, or need what may not be here: not run."""
LOCAL = "http://127.0.0.1:8000"
GUARDED = "127.0.0.1:8080"
REMOTE = "https://api.example.com"
_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Step:
    """A command of an example, what it prints, and how it ends."""

    command: str
    shown: list[str]
    code: int = 0

    @property
    def serves(self) -> bool:
        return self.command.startswith(("oakum demo cadence ", "oakum demo catalogue serve "))

    @property
    def guards(self) -> bool:
        return re.match(r"oakum guard (?!check|export)", self.command) is not None


def steps(fence: str) -> list[Step]:
    """The commands of one console fence."""
    found: list[Step] = []
    lines = iter(fence.splitlines())
    for line in lines:
        if line == "$ echo $?":
            found[-1].code = int(next(lines))
        elif line.startswith("$ "):
            found.append(Step(line[2:], []))
        elif found and found[-1].command.endswith("\\") and not found[-1].shown:
            found[-1].command += f"\n{line}"
        else:
            assert found, f"a line before any command: {line}"
            found[-1].shown.append(line)
    return found


def parts(page: str) -> Iterator[Step | tuple[str, str]]:
    """Commands, and files as (name, content), in the order of the page."""
    for language, more, content in _FENCE.findall(page):
        name = re.search(r"\bfile=(\S+)", more)
        if name:
            yield name[1], content
        elif language == "console":
            yield from steps(content)


def agrees(shown: list[str], printed: list[str]) -> bool:
    """Whether what was printed is what the page shows."""
    lines = [r"(?:.*\n)*?" if line == "…" else _pattern(line) + r"\n" for line in shown]
    text = "".join(f"{line.rstrip()}\n" for line in printed)
    return re.fullmatch("".join(lines), text) is not None


def _pattern(line: str) -> str:
    return ".*?".join(re.escape(part) for part in line.rstrip().split("…"))


@contextmanager
def played(page: str, folder: Path, addresses: dict[str, str]) -> Iterator[dict[str, str]]:
    """All examples of a page, one after another; what they serve is there until it is left. Gives
    the addresses of the page with those that really play them."""
    exported: dict[str, str] = {}
    with ExitStack() as serving:
        for part in parts(page):
            if isinstance(part, tuple):
                (folder / part[0]).write_text(part[1], encoding="utf-8")
            elif part.command.startswith("export "):
                exported |= dict(each.split("=", 1) for each in part.command.split()[1:])
            elif part.serves:
                serving.close()
                addresses[LOCAL] = serving.enter_context(cadence(folder, part.command, exported))
            elif part.guards:
                addresses[GUARDED] = serving.enter_context(guard(part, folder, addresses, exported))
            elif not part.command.startswith(ELSEWHERE):
                _tried(part, *run(part, folder, addresses, exported))
        yield addresses


def _tried(step: Step, code: int, printed: list[str]) -> None:
    lines = "\n".join(printed)
    assert code == step.code, f"$ {step.command}\n{lines}"
    wanted = "\n".join(step.shown)
    assert not step.shown or agrees(step.shown, printed), (
        f"$ {step.command}\n--- shown\n{wanted}\n--- printed\n{lines}"
    )


@contextmanager
def cadence(folder: Path, command: str, exported: dict[str, str] | None = None) -> Iterator[str]:
    """The stand-in API, or one of the catalogue, on a free port, ended afterwards; its address."""
    port = free_port()
    small = " --members 20" if "oakum demo cadence " in command else ""
    with _serving(f"{command} --port {port}{small}", port, folder, exported):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def guard(
    step: Step, folder: Path, addresses: dict[str, str], exported: dict[str, str]
) -> Iterator[str]:
    """A guard on a free port, ended afterwards; it says what the page shows. Gives `host:port`."""
    port = free_port()
    command = step.command.replace("\\\n", " ")
    for said, real in {**addresses, GUARDED: f"127.0.0.1:{port}"}.items():
        command = command.replace(said, real)
    with _serving(command, port, folder, exported) as printed:
        wait(
            lambda: agrees(step.shown, _lines(printed, addresses, port)),
            said=lambda: "\n".join(_lines(printed, addresses, port)),
        )
        yield f"127.0.0.1:{port}"


def _lines(file: Path, addresses: dict[str, str], port: int) -> list[str]:
    text = file.read_text(encoding="utf-8").replace(f"127.0.0.1:{port}", GUARDED)
    for said, real in addresses.items():
        text = text.replace(real, said)
    return text.splitlines()


@contextmanager
def _serving(
    command: str, port: int, folder: Path, exported: dict[str, str] | None
) -> Iterator[Path]:
    """A server that listens, ended afterwards; gives the file of what it prints."""
    printed = folder / f".printed-{port}"
    with printed.open("wb") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", "oakum", *shlex.split(command)[1:]],
            cwd=folder, env=environment() | (exported or {}), stdout=file, stderr=file,
        )  # fmt: skip
    try:
        for _ in tries(20):
            try:
                create_connection(("127.0.0.1", port), patient(1)).close()
                break
            except OSError:
                said = printed.read_text(encoding="utf-8")
                assert server.poll() is None, f"`{command}` has ended: {said}"
        else:
            raise AssertionError(f"`{command}` does not listen")
        yield printed
    finally:
        server.terminate()
        server.wait(patient(20))


def environment() -> dict[str, str]:
    """What a reader's shell has, without what is set on this machine."""
    own = str(Path(sys.executable).parent)
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL") if name in os.environ}
    return {**kept, "PATH": f"{own}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}


def run(
    step: Step, folder: Path, addresses: dict[str, str], exported: dict[str, str] | None = None
) -> tuple[int, list[str]]:
    """Exit code and printed lines of a command, with the addresses of the page put back."""
    command = step.command
    if re.match(r"oakum (scan|doctor) ", command) and "--rate" not in command:
        command += " --rate 2000"  # nobody's production
    if "observe watch -" in command:
        command += " --every 60"  # what comes at once is told at once, however long that takes
    if REMOTE in command and not re.search("--budget|--min-shown", command):
        # Enough for every operation of cadence: a scan that leaves one untested ends with 3.
        command = re.sub("^oakum scan ", "oakum scan --budget 3000 ", command)
    for said, real in addresses.items():
        command = command.replace(said, real)
    done = patience.run(
        ["/bin/sh", "-c", command],
        cwd=folder, env=environment() | (exported or {}),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        seconds=300,
    )  # fmt: skip
    printed = _COLOUR.sub("", done.stdout)
    for said, real in addresses.items():
        printed = printed.replace(real, said)
    return done.returncode, printed.splitlines()
