"""Writes a file completely or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from oakum.errors import InputError, Location, Problem


def write(path: Path, data: bytes) -> None:
    """Write so that the file is whole or not there, readable by its owner alone.

    Raises `InputError` for a place that cannot be written.
    """
    try:
        _replace(path, data)
    except OSError as error:
        why = (error.strerror or "unknown error").lower()
        raise InputError([Problem(Location(str(path)), f"cannot be written: {why}")]) from None


def _replace(path: Path, data: bytes) -> None:
    """Write beside the place and rename over it; the temporary file is private from the start."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
