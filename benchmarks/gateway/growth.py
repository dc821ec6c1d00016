"""Whether a guarded request costs more when the contract is larger.

    python benchmarks/gateway/growth.py [--rounds 7] [--seconds 1] [--cores 0,1]

The same answer of 0.9 KB through Oakum on Envoy and on nginx, under contracts of 10 to 1,000
operations and of 15 to 500 fields of the resource. Measured as `run.py` measures; the ratio is to
the smallest contract on the same engine in the same round. Ends with 1 when a request failed, or
when one costs more than 1.2 times as much.
"""

from __future__ import annotations

import contextlib
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import ours
import proxies
import world
from load import Absent, Sample, Server, free_port, measure, span, started
from run import conditions, measuring

_SIZES = ((10, 15), (1000, 15), (10, 500), (1000, 500))
_MOST = 1.2


def main() -> int:
    """Measures and prints; the exit code."""
    options = measuring(__doc__).parse_args()
    conditions(options)
    mine, other = map(int, options.cores.split(","))
    samples: dict[str, dict[tuple[int, int], list[Sample]]] = {}
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder, port = Path(name), free_port()
        api = started(proxies.upstream(folder / "api", port), port, other, folder / "api.log")
        to = stack.enter_context(api).port
        cells = []
        for engine in ("envoy", "nginx"):
            try:
                for size in _SIZES:
                    guard = _guarded(engine, size, folder, to, mine)
                    cells.append((engine, size, *stack.enter_context(guard)))
            except Absent as reason:
                print(f"absent: Oakum on {engine}: {str(reason).splitlines()[0]}")
                continue
            samples[engine] = defaultdict(list)
        cells = [each for each in cells if each[0] in samples]
        for number in range(options.rounds + 1):
            random.shuffle(cells)
            for engine, size, server, tokens in cells:
                seconds = options.seconds if number else 1
                sample = measure(server, world.OBJECT, tokens, seconds, other)
                if number:
                    samples[engine][size].append(sample)
    return _table(samples)


@contextlib.contextmanager
def _guarded(
    engine: str, size: tuple[int, int], folder: Path, to: int, core: int
) -> Iterator[tuple[Server, tuple[str, str]]]:
    """An engine with a contract of that size, and the callers' tokens."""
    operations, fields = size
    here, port = folder / f"{engine}-{operations}-{fields}", free_port()
    made = world.make(here, operations, fields)
    command, env = ours.engine(engine, here / "engine", port, to, made, "RS256")
    with started(command, port, core, here / "log", env) as server:
        yield server, made.tokens["RS256"]


def _table(samples: dict[str, dict[tuple[int, int], list[Sample]]]) -> int:
    worst, failed = 0.0, 0
    for engine, sizes in samples.items():
        print(f"\nOakum on {engine:30} {'CPU µs':>8}  ratio (min-max)")
        base = [each.cpu for each in sizes[_SIZES[0]]]
        for (operations, fields), mine in sorted(sizes.items()):
            ratios = [each.cpu / theirs for each, theirs in zip(mine, base, strict=True)]
            cost = median(each.cpu for each in mine) * 1e6
            print(f"  {operations:5} operations, {fields:3} fields {cost:18.1f}  {span(ratios)}")
            worst = max(worst, median(ratios))
            failed += sum(each.errors for each in mine)
    print(f"\nlargest ratio {worst:.2f}; goal at most {_MOST:.2f}; {failed} failed requests")
    return int(worst > _MOST or failed > 0)


if __name__ == "__main__":
    sys.exit(main())
