"""What the dearest body of a size costs beside the cheapest, which is one long text.

    python benchmarks/work_per_byte.py [--size 100000] [--rounds 3]

A sender chooses what stands in a body, so the ratio is how much more of a guard's time somebody can
take with the same number of bytes. Bodies are those of `tests/adverse.py` (deep nesting, many
members, escapes, many owners, unions, tables), cut by the Python reference and by the Lua runtime
(LuaJIT, in this process); CPU seconds, the least of the rounds. Envoy and nginx run that runtime,
and are not started here.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.adverse import bodies, model, tables
from tests.conformance.lua import Lua

from oakum.authz import Call, Principal, Subject, accept, project
from oakum.authz.csv_projection import project_csv
from oakum.guard.audit_counts import count_removed, owners_shown
from oakum.guard.lookup_requirements import LookupRequirements, looked_up

WHO = Principal(frozenset(("bob",)), related={("blocked", "ann"): False})
JSON, TABLE = Call("list"), Call("table", media_type="text/csv")
MODEL = model()
DEAR = looked_up(MODEL.policy)


def reference(call: Call, body: bytes) -> None:
    """All that is done to an answer: cut, look for what has to be looked up, count."""
    cut = project_csv if call is TABLE else project
    done = cut(MODEL, WHO, call, body)
    assert done.judged is not None, done.refused
    LookupRequirements(MODEL, WHO, DEAR).answer(call, done.judged.instances)
    count_removed(MODEL, done)
    owners_shown(done, {"Note"}, {})


def taken(call: Call, body: bytes) -> None:
    """All that is done to a request body when everything is known; what it costs to cut it too."""
    done = accept(MODEL, WHO, Call("write"), Subject("Note", ("ann",)), body)
    assert not done.refused.startswith("unreadable")


def least(work: Callable[[], object], rounds: int) -> float:
    """CPU seconds of the quickest round."""
    taken = []
    for _ in range(rounds):
        before = time.process_time()
        work()
        taken.append(time.process_time() - before)
    return min(taken)


def main() -> None:
    """Prints the dearest bodies of each implementation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    named = [(name, JSON, body) for name, body in bodies(chosen.size).items()]
    named += [(f"table: {name}", TABLE, body) for name, body in tables(chosen.size).items()]
    engine = Lua(MODEL)
    cuts = {id(call): engine.at(WHO, call) for call in (JSON, TABLE)}
    print(f"{chosen.size} bytes, Python {platform.python_version()}, {platform.machine()}")

    def runtime(call: Call, body: bytes) -> None:
        cuts[id(call)](body)

    sent = [each for each in named if each[1] is JSON]
    for title, run, chosen_bodies in (
        ("Python reference", reference, named),
        ("Python reference, request bodies", taken, sent),
        ("Lua runtime", runtime, named),
    ):
        costs: dict[str, float] = {}
        for name, call, body in chosen_bodies:
            costs[name] = least(partial(run, call, body), chosen.rounds)
        cheapest = costs["long text"]
        print(f"\n{title}: the cheapest, `long text`, takes {cheapest * 1000:.2f} ms")
        for name in sorted(costs, key=costs.__getitem__, reverse=True)[:5]:
            print(f"{costs[name] / cheapest:8.0f} x {costs[name] * 1000:8.1f} ms  {name}")


if __name__ == "__main__":
    main()
