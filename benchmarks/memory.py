"""Peak memory of a scan of cadence with many members against one with few.

A scan reads a bounded part of each answer and keeps values of its own identities only, so a target
five hundred times larger must not cost more. Measures the scanner's process, not the server's.

Run: python benchmarks/memory.py [FEW MANY]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import cadence
from oakum.cli.demo_scans import serve_stage


def scan(members: int, folder: Path) -> int:
    """Peak resident set of one scan, in KiB."""
    with serve_stage("2", members) as target:
        code = (
            "import resource, sys; from pathlib import Path;"
            "from oakum.scan.run import Options, Scan;"
            f"Scan(Options(Path({str(folder / 'exposure.yaml')!r}), {target!r},"
            f" Path({str(folder / 'identities.yaml')!r}), budget=2000, rate=500,"
            " allow_own_settings=True), lambda event: None).report();"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        )
    return int(done.stdout.split()[-1])


def main() -> None:
    few, many = (int(word) for word in sys.argv[1:3]) if len(sys.argv) > 2 else (200, 100_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cadence.write_kit(folder, 1)
        small, large = scan(few, folder), scan(many, folder)
    print(f"{few:>7} members: peak {small / 1024:.0f} MiB")
    print(f"{many:>7} members: peak {large / 1024:.0f} MiB")
    print(f"ratio {large / small:.2f}; goal at most 1.2")


if __name__ == "__main__":
    main()
