"""`oakum --help` against a bare Python start-up: how long a person waits for the first word.

Run: python benchmarks/startup.py [RUNS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time


def seconds(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    ours: list[float] = []
    bare: list[float] = []
    for number in range(runs + 1):  # in turn, so that a drifting machine touches both alike
        pair = (
            seconds(sys.executable, "-m", "oakum", "--help"),
            seconds(sys.executable, "-c", "pass"),
        )
        if number:  # the first pair warms the caches
            ours.append(pair[0])
            bare.append(pair[1])
    ratios = [a / b for a, b in zip(ours, bare, strict=True)]
    print(f"oakum --help  median {statistics.median(ours) * 1000:.0f} ms")
    print(f"bare python   median {statistics.median(bare) * 1000:.0f} ms")
    print(
        f"ratio         median {statistics.median(ratios):.1f}"
        f" ({min(ratios):.1f} to {max(ratios):.1f}) over {runs} pairs; goal at most 5"
    )


if __name__ == "__main__":
    main()
