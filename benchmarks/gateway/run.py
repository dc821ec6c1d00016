"""What guarding costs on real engines, beside what others charge for less.

    python benchmarks/gateway/run.py [--rounds 7] [--seconds 1] [--cores 0,1] [--only TEXT]

One server at a time is loaded, each with each answer once a round, in a new random order every
round. The proxy has one core; the API (nginx, answering from memory) and the load (`wrk`, 16
connections, two callers in turn) share the other. The figure is CPU time per request, user and
system, of all processes and threads of the proxy. Since machines drift, it is divided by that of
Envoy's bare pass-through in the same round; shown are the median of these ratios and their range.

Before anything is measured each variant must answer both callers exactly as it claims to, and again
at the end. A run with a wrong answer or a single failed request ends with exit code 1.

Needs `wrk`, `nginx` and `taskset`; whatever else is missing is named and left out.
With `granian` beside us the Python servers run on it, else on `uvicorn`. `peers/README.md` says how
the others are built.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import proxies
import world
from load import CONNECTIONS, Absent, Sample, Server, free_port, measure, span, started
from variants import BASE, VARIANTS, Place, Variant, check


@dataclass(frozen=True)
class Runner:
    """A variant that runs, and the tokens it is asked with."""

    variant: Variant
    algorithm: str
    server: Server

    @property
    def name(self) -> str:
        several = len(self.variant.algorithms) > 1
        return f"{self.variant.name}, {self.algorithm}" if several else self.variant.name


Samples = dict[tuple[str, str], list[Sample]]
"""(name of the runner, path) → one a round."""


def main() -> int:
    """Measures and prints; the exit code."""
    parser = measuring(__doc__)
    parser.add_argument("--only", default="", help="part of the names of the variants measured")
    options = parser.parse_args()
    conditions(options)
    mine, other = map(int, options.cores.split(","))
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        port = free_port()
        command = proxies.upstream(folder / "api", port)
        api = stack.enter_context(started(command, port, other, folder / "api.log"))
        place = Place(world.make(folder), api, mine, folder)
        runners = [*starts(place, stack, options.only)]
        samples = rounds(runners, place, options.rounds, options.seconds, other)
        wrong = [
            f"{each.name}: {words}"
            for each in runners
            if (words := check(each.variant, each.algorithm, each.server, place.world))
        ]
    failed = sum(each.errors for several in samples.values() for each in several)
    table(runners, samples)
    print(f"\n{failed} failed requests", *wrong, sep="\n")
    return 1 if failed or wrong else 0


def measuring(said: str) -> argparse.ArgumentParser:
    """How long is measured, and where; refuses to go on without the tools for it."""
    parser = argparse.ArgumentParser(
        description=said, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7, help="counted; one more warms up")
    parser.add_argument("--seconds", type=int, default=1, help="of load on one server at a time")
    parser.add_argument("--cores", default="0,1", help="of the proxy, and of API and load")
    for tool in ("wrk", "taskset"):
        if shutil.which(tool) is None:
            parser.error(f"`{tool}` is not installed")
    return parser


def conditions(options: argparse.Namespace) -> None:
    """What a reader needs to judge the figures by."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    print(f"{os.cpu_count()} cores ({model}), Linux {platform.release()}")
    print(f"load average before: {' '.join(f'{each:.2f}' for each in os.getloadavg())}")
    print(f"Python {platform.python_version()}, {version('nginx', '-v')}, {version('wrk', '-v')}")
    print(
        f"{options.rounds} rounds of {options.seconds} s after one of warming up,"
        f" {CONNECTIONS} connections, cores {options.cores}"
    )


def version(tool: str, option: str) -> str:
    """The line in which a tool names itself."""
    binary = shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin")
    if binary is None:
        return f"no {tool}"
    done = subprocess.run([binary, option], capture_output=True, text=True)
    return (done.stdout + done.stderr).splitlines()[0].strip()


def starts(place: Place, stack: contextlib.ExitStack, only: str) -> Iterator[Runner]:
    """Every variant that can run and does what it says."""
    for variant in VARIANTS:
        if only not in variant.name and variant is not BASE:
            continue
        for algorithm in variant.algorithms:
            try:
                server = stack.enter_context(variant.start(place, algorithm))
            except Absent as reason:
                print(f"absent: {variant.name}: {str(reason).splitlines()[0]}")
                break
            wrong = check(variant, algorithm, server, place.world)
            if wrong:
                raise SystemExit(f"{variant.name}, {algorithm}: {wrong}")
            yield Runner(variant, algorithm, server)


def rounds(runners: list[Runner], place: Place, count: int, seconds: int, core: int) -> Samples:
    """All samples, the warming up not among them."""
    samples: Samples = defaultdict(list)
    cells = [(runner, path) for runner in runners for path in world.BODIES]
    for number in range(count + 1):
        print(f"round {number} of {count}", file=sys.stderr)
        random.shuffle(cells)
        for runner, path in cells:
            tokens = place.world.tokens[runner.algorithm]
            long = seconds if number else runner.variant.warm
            sample = measure(runner.server, path, tokens, long, core)
            if number:
                samples[runner.name, path].append(sample)
    return samples


def table(runners: list[Runner], samples: Samples) -> None:
    """One block for each answer."""
    for path in world.BODIES:
        print(f"\n{path}, {len(world.text(path)) / 1000:.1f} KB")
        print(
            f"  {'':38} {'CPU µs':>8} {'ratio (min-max)':>20} {'1000/s':>7}"
            f" {'p50 ms':>7} {'p99 ms':>7}  removes"
        )
        base = [each.cpu for each in samples[BASE.name, path]]
        for runner in runners:
            mine = samples[runner.name, path]
            ratios = [each.cpu / theirs for each, theirs in zip(mine, base, strict=True)]
            cost = median(each.cpu for each in mine) * 1e6
            print(
                f"  {runner.name:38} {cost:8.1f} {span(ratios):>20}"
                f" {median(each.rate for each in mine) / 1000:7.1f}"
                f" {median(each.p50 for each in mine) * 1000:7.2f}"
                f" {median(each.p99 for each in mine) * 1000:7.2f}  {runner.variant.removes}"
            )


if __name__ == "__main__":
    sys.exit(main())
