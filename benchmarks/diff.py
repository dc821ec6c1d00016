"""How long a reviewer waits for `oakum diff`: two contracts read, compiled and compared.

    python benchmarks/diff.py [--operations 1000]

The contracts are those of `scan_cost.py`. The later one differs in one line, in a line of each
resource, in what a relation means, or in the document. Each run is a process of its own, as a
command is. The goal is under 2 s at 1,000 operations; on a busy machine look at the time of the
processor.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from scan_cost import document, families, policy

_RUNS = 5
_NOTE = "note: [{see: [owner, staff]}]"
_WIDER = "note: [{see: [owner, staff, member]}]"

Change = Callable[[str, str], tuple[str, str]]
CHANGES: dict[str, Change] = {
    "nothing": lambda said, api: (said, api),
    "one line": lambda said, api: (said.replace(_NOTE, _WIDER, 1), api),
    "a line of each resource": lambda said, api: (said.replace(_NOTE, _WIDER), api),
    "what staff means": lambda said, api: (said.replace("has: staff", "has: admin"), api),
    "a field of each schema": lambda said, api: (
        said, api.replace('"note":{', '"more":{"type":"string"},"note":{')
    ),
    "security of each endpoint": lambda said, api: (said, api.replace("{},", "", 1)),
}  # fmt: skip


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--operations", type=int, default=1000)
    many = families(parser.parse_args().operations)
    print(f"Python {platform.python_version()}, {platform.machine()}, {5 * many + 2} operations")
    print(f"median and slowest of {_RUNS} runs, each a process of its own")
    said, api = policy(many), document(many)
    with tempfile.TemporaryDirectory() as name:
        for label, change in CHANGES.items():
            sides = [Path(name) / side for side in ("old", "new")]
            for folder, (text, described) in zip(
                sides, ((said, api), change(said, api)), strict=True
            ):
                folder.mkdir(exist_ok=True)
                (folder / "exposure.yaml").write_text(text)
                (folder / "openapi.yaml").write_text(described)
            taken, busy, last = measured(*(folder / "exposure.yaml" for folder in sides))
            print(
                f"{label:24} {statistics.median(taken):5.2f} s {max(taken):5.2f} s"
                f"  {statistics.median(busy):5.2f} s of processor   {last}",
                flush=True,
            )


def measured(old: Path, new: Path) -> tuple[list[float], list[float], str]:
    """Seconds of each run, by the clock and of the processor, and the last line printed."""
    taken: list[float] = []
    busy: list[float] = []
    for _ in range(_RUNS):
        start, before = time.perf_counter(), os.times()
        done = subprocess.run(
            [sys.executable, "-m", "oakum", "diff", str(old), str(new)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        taken.append(time.perf_counter() - start)
        after = os.times()
        busy.append(sum(after[2:4]) - sum(before[2:4]))
        assert done.returncode in (0, 1), done.stderr
    return taken, busy, done.stdout.splitlines()[-1]


if __name__ == "__main__":
    main()
