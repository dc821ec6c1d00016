"""Reads a contract at an earlier revision of git into a temporary folder.

It reads only the files that the contract refers to: the document, what that refers to in turn,
GraphQL schemas and overlays. It runs only commands of git that change nothing, and executes nothing
of what they print.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from posixpath import dirname, normpath
from urllib.parse import unquote

from oakum.errors import InputError, Location, Problem
from oakum.openapi.reference_resolution import DescriptionFile
from oakum.openapi.source import Node, parse

_SECONDS = 60.0


@dataclass(frozen=True)
class ContractRevision:
    """One of the two contracts: a file, or a file at a revision."""

    path: str
    revision: str = ""

    @property
    def name(self) -> str:
        """Name of the file as git writes it: `PATH` or `REV:PATH`."""
        return f"{self.revision}:{self.path}" if self.revision else self.path


def sides(first: str, second: str) -> tuple[ContractRevision, ContractRevision]:
    """Parses the two arguments of `oakum diff`: two files, each a path or `REV:PATH`, or `OLD..NEW
    PATH`.

    `OLD...NEW` starts from the merge base of the two. Raises `InputError`.
    """
    if ".." in first and ":" not in first and not Path(first).exists():
        dots = "..." if "..." in first else ".."
        old, _, new = first.partition(dots)
        old, new = old or "HEAD", new or "HEAD"
        if dots == "...":
            commits = [_commit(each) for each in (old, new)]
            old = _git("merge-base", *commits, about=first).decode().strip()[:12]
        path = _within(f"./{second}", first)
        return ContractRevision(path, old), ContractRevision(path, new)
    return _side(first), _side(second)


def _side(said: str) -> ContractRevision:
    revision, colon, path = said.partition(":")
    if not colon or not revision or Path(said).exists():
        return ContractRevision(said)
    return ContractRevision(_within(path, said), revision)


def _within(path: str, about: str) -> str:
    """A path inside the repository; git resolves `./` and `../` from the current folder."""
    if path.startswith(("./", "../")):
        prefix = _git("rev-parse", "--show-prefix", about=about).decode().rstrip("\n")
        path = prefix + path
    path = normpath(path)
    if path.startswith(("../", "/")):
        raise InputError([Problem(Location(about), "leads out of the repository")])
    return path


@contextmanager
def laid_out(
    side: ContractRevision, overlays: Sequence[Path]
) -> Iterator[tuple[Path, tuple[Path, ...]]]:
    """Provides the contract and its overlays as files until the block ends. Raises `InputError`."""
    if not side.revision:
        yield Path(side.path), tuple(overlays)
        return
    commit = _commit(side.revision)
    with tempfile.TemporaryDirectory(prefix="oakum-") as folder:
        root = Path(folder).resolve()
        (root / ".git").touch()  # marks the root, so that references up to it resolve
        beside = [_within(f"./{each}", str(each)) for each in overlays]
        _gather(commit, root, [side.path, *beside])
        if not (root / side.path).is_file():
            said = f"there is no `{side.path}` at `{side.revision}`"
            raise InputError([Problem(Location(side.name), said)])
        yield root / side.path, tuple(root / each for each in beside)


def problem(said: Problem, contract: Path, side: ContractRevision) -> Problem:
    """The problem with temporary files replaced by `REV:PATH`."""
    begins, ends = _names(contract, side)
    message, hint = (each.replace(begins, ends) for each in (said.message, said.hint))
    return Problem(place(said.location, contract, side), message, hint)


def place(location: Location, contract: Path, side: ContractRevision) -> Location:
    """The location with a temporary file replaced by `REV:PATH`."""
    begins, ends = _names(contract, side)
    return location._replace(file=location.file.replace(begins, ends))


def _names(contract: Path, side: ContractRevision) -> tuple[str, str]:
    """How names of files begin where `laid_out` has put them, and how git has them begin."""
    if not side.revision:
        return side.path, side.path
    return f"{contract.parents[side.path.count('/')]}/", f"{side.revision}:"


def _gather(commit: str, root: Path, waiting: list[str]) -> None:
    """Write each file, and what it leads to, under the folder. A missing one is left missing:
    whoever reads the contract says so, at the line that names it."""
    seen: set[str] = set()
    while waiting:
        name = normpath(waiting.pop())
        if name in seen or name.startswith(("../", "/")) or name in ("", ".", ".."):
            continue
        seen.add(name)
        data = _show_file(commit, name)
        if data is None:
            continue
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        folder = dirname(name)
        waiting += [
            f"{folder}/{each}" if folder else each for each in _referenced_files(name, data)
        ]


def _referenced_files(name: str, data: bytes) -> list[str]:
    """The files that a file names: `api`, `refs`, `graphql` and `$ref`."""
    try:
        file = DescriptionFile(name, data)
        top = parse(data.decode("utf-8", "replace"), name) if b"exposure" in data else None
    except InputError:
        return []  # reported when the file is really read
    found = [unquote(ref.partition("#")[0]) for ref in file.references()]
    if top is not None and top.kind == "map":
        refs = top.get("refs")
        found += _texts([top.get("api"), *(file for _, file in (refs.items if refs else ()))])
        operations = top.get("operations")
        rules = [rule for _, rule in operations.items] if operations is not None else []
        found += _texts(rule.get("graphql") for rule in rules if rule.kind == "map")
    return [each for each in found if each and "://" not in each]


def _texts(nodes: Iterator[Node | None] | list[Node | None]) -> list[str]:
    return [n.scalar for n in nodes if n is not None and isinstance(n.scalar, str)]


# ---------------------------------------------------------------------------------- git


def _commit(revision: str) -> str:
    """The commit that a revision names; never an option, whatever it looks like."""
    name = f"{revision}^{{commit}}"
    return (
        _git("rev-parse", "--verify", "--quiet", "--end-of-options", name, about=revision)
        .decode()
        .strip()
    )


def _show_file(commit: str, path: str) -> bytes | None:
    done = _run("show", "--no-textconv", "--end-of-options", f"{commit}:{path}", about=path)
    # `git show` prints a listing for a folder.
    return None if done.returncode or done.stdout.startswith(b"tree ") else done.stdout


def _git(*arguments: str, about: str) -> bytes:
    done = _run(*arguments, about=about)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        why = said[0].removeprefix("fatal: ") if said else "git knows no such revision"
        raise InputError([Problem(Location(about), why)])
    return done.stdout


def _run(*arguments: str, about: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", *arguments], capture_output=True, timeout=_SECONDS, check=False
        )
    except FileNotFoundError:
        raise InputError([Problem(Location(about), "needs git, which is not installed")]) from None
    except subprocess.TimeoutExpired:
        raise InputError([Problem(Location(about), "git does not answer")]) from None
