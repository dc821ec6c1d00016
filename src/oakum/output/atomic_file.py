"""Writes a file completely or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from oakum.errors import InputError, Location, Problem


def write(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Writes a file atomically; readable by its owner only unless `mode` says otherwise.

    Raises `InputError` if it cannot be written.
    """
    try:
        _replace(path, data, mode)
    except OSError as error:
        why = (error.strerror or "unknown error").lower()
        raise InputError([Problem(Location(str(path)), f"cannot be written: {why}")]) from None


def update(path: Path, text: str) -> None:
    """Rewrites a text file atomically, keeping its permissions, or with those of any new file.

    Raises `InputError` if it cannot be written.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        mask = os.umask(0o077)
        os.umask(mask)
        mode = 0o666 & ~mask
    write(path, text.encode(), mode)


def _replace(path: Path, data: bytes, mode: int) -> None:
    """Write beside the place and rename over it; the temporary file is private from the start."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        beside.chmod(mode)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
