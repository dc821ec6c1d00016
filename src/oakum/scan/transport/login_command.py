"""Runs the program of an identity that prints its token."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from oakum.errors import TargetError

COMMAND_SECONDS = 30.0


def run_command(argv: Sequence[str], directory: Path) -> str:
    """A program's output, stripped; raises `TargetError` without revealing output."""
    try:
        done = subprocess.run(
            argv,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        words = f"`{argv[0]}` did not end within {COMMAND_SECONDS:g} s"
        raise TargetError(words) from None
    except OSError as error:
        why = (error.strerror or "cannot be started").lower()
        raise TargetError(f"`{argv[0]}`: {why}") from None
    if done.returncode:
        raise TargetError(f"`{argv[0]}` failed with exit code {done.returncode}")
    printed = done.stdout.decode("utf-8", "replace").strip()
    if not printed:
        raise TargetError(f"`{argv[0]}` printed nothing, but a token was expected")
    return printed
