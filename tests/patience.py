"""How long a test waits for what has to come, however busy the machine is.

A limit of time in a test ends a wait for what never comes; it says nothing of speed. It is given
for a machine with nothing else to do, and is stretched by how many processes want each processor:
by the load average (getloadavg(3), which follows a sudden load only within a minute) and, from the
first second on, by the workers of this run. What a test asserts of speed it measures in work
(`tests/work.py`), in time of a processor, or against a control.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))


def busy() -> float:
    """How many processes want each processor by now, or lately; at least 1."""
    processors = os.cpu_count() or 1
    return max(1.0, _WORKERS / processors, *(load / processors for load in os.getloadavg()[:2]))


def patient(seconds: float) -> float:
    """Seconds that a wait may last now which would never last `seconds` on a quiet machine."""
    return seconds * 2 * busy()


def tries(seconds: float, pause: float = 0.02) -> Iterator[float]:
    """Turns of a wait, each after a pause, until `seconds` of a quiet machine have passed; what
    they are here is asked at each turn. Gives the seconds since the first."""
    begun = time.monotonic()
    while (passed := time.monotonic() - begun) < patient(seconds):
        yield passed
        time.sleep(pause)


def wait(true: Callable[[], object], seconds: float = 10, said: Callable[[], object] = str) -> None:
    """Until something is true; fails with what `said` says when that does not come."""
    for _ in tries(seconds):
        if true():
            return
    raise AssertionError(said() or "what was waited for did not come")


def run(
    command: Sequence[str | os.PathLike[str]], *, seconds: float, **more: Any
) -> subprocess.CompletedProcess[str]:
    """`subprocess.run` of a command that speaks text, ended when it takes longer than it may."""
    with subprocess.Popen(command, text=True, **more) as process:
        begun = time.monotonic()
        while True:
            try:
                out, err = process.communicate(timeout=patient(seconds) / 4)
            except subprocess.TimeoutExpired:
                if time.monotonic() - begun > patient(seconds):
                    process.kill()
                    raise
            except BaseException:
                process.kill()
                raise
            else:
                return subprocess.CompletedProcess(command, process.returncode, out, err)


def unhurried(contract: Path) -> None:
    """Gives the guard of a contract a minute for each of its look-ups: it closes what it cannot
    tell in time, as it should, and that is another test's case."""
    text, found = re.subn(r"^  timeout: \S+$", "  timeout: 60s", contract.read_text(), flags=re.M)
    assert found == 1
    contract.write_text(text)
