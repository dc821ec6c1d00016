"""Writes the files of an engine completely or not at all, readable by their owner only."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from oakum.errors import InputError, Location, Problem
from oakum.guard.engine_protocol import Deployment, EngineTarget


@contextmanager
def folder_of(state: Path | None) -> Iterator[Path]:
    """A private folder of this user and run: it holds code that the engine executes."""
    if state is None:
        made = Path(tempfile.mkdtemp(prefix="oakum-guard-"))
        try:
            yield made
        finally:
            shutil.rmtree(made)
        return
    place = Location(str(state))
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = state.stat()
        lock = os.open(state / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        raise unusable(state, error) from None
    with os.fdopen(lock, "wb") as held:
        if found.st_uid != os.getuid() or found.st_mode & 0o022:
            hint = f"the engine runs code from it: `chmod 700 {state}`"
            raise InputError([Problem(place, "other users may write into this folder", hint)])
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            hint = "give another with `--state`"
            raise InputError([Problem(place, "another guard runs in this folder", hint)]) from None
        yield state


def render_and_validate(
    engine: EngineTarget, deployment: Deployment, within: Path
) -> Mapping[str, bytes]:
    """The rendered files, after the engine has validated equivalent ones in a temporary folder
    inside `within`; without the shared store, which this machine may not reach.

    Raises `TargetError` when the engine rejects them, and `InputError` as `render` does.
    """
    beside = Path(tempfile.mkdtemp(prefix="candidate-", dir=within))
    try:
        fill(beside, engine.render(replace(deployment, folder=beside, writes=None, redis="")))
        engine.validate(beside)
    finally:
        shutil.rmtree(beside)
    return engine.render(deployment)


def fill(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes files atomically, readable by this user only."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, other = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(other).rename(path)


def appendable(path: Path) -> Path:
    """Absolute path of a log file, created if needed. Raises `InputError` if it cannot be appended
    to."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError as error:
        raise unusable(path, error) from None
    if not path.is_file():
        hint = "`-` is standard output"
        raise InputError(
            [Problem(Location(str(path)), "is not a file that can be appended to", hint)]
        )
    return path.resolve()


def unusable(path: Path, error: OSError) -> InputError:
    why = (error.strerror or "cannot be used").lower()
    return InputError([Problem(Location(str(path)), why)])
