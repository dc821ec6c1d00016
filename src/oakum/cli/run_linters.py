"""Runs linters that are installed beside Oakum on the document of a contract."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which

from oakum.gate.linter_findings import LINTERS, LinterResult, read

_SECONDS = 120.0


def lint(tool: str, document: Path) -> LinterResult:
    """Runs `vacuum` or `spectral` on a document; an error of the tool becomes a reported
    failure."""
    program = which(tool)
    if program is None:
        return LinterResult(tool, failed=f"`{tool}` is not installed")
    command = [program, *LINTERS[tool], str(document.resolve())]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return LinterResult(tool, failed=f"`{tool}` did not finish: {type(error).__name__}")
    if done.returncode not in (0, 1):  # exit code 1 means findings
        said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        why = f": {said[0]}" if said else ""
        return LinterResult(tool, failed=f"`{tool}` ended with {done.returncode}{why}")
    return read(tool, done.stdout, str(document))
