"""Python and Lua over drawn contracts, callers and bodies, whole ones and mangled ones.

`python -m tests.differential.fuzz --bodies 1000000 --seed 1` runs until that many bodies were
compared and ends at the first difference, with the contract, the caller and the body to make a case
of. The same seed draws the same bodies. The test run does a few thousand.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from oakum.authz import Call, Principal, project
from oakum.authz.strict_json import UnreadableBody, read
from oakum.guard.audit_counts import count_removed
from oakum.guard.concealed_object_visibility import shows
from tests.conformance.lua import Lua, runtime
from tests.properties import wild


@dataclass
class Count:
    bodies: int = 0
    passed: int = 0
    counted: int = 0
    """Bodies of which the audit counts something as removed."""
    broken: int = 0
    """Bodies that were no JSON."""
    doubled: int = 0
    """Of them, those that are JSON but for a name that stands twice in one object."""


class Differs(AssertionError):
    """The engines disagree; the message is everything that a committed case needs."""


def compare(
    found: wild.Wild, engine: Lua, who: Principal, call: Call, bodies: list[bytes], count: Count
) -> None:
    """Raises `Differs` at the first body of which the engine passes other bytes, counts in the
    audit something else as removed, or says otherwise whether an object is shown."""
    cut = engine.at(who, call)
    for body in bodies:
        done, got = project(found.model, who, call, body), cut(body)
        count.bodies += 1
        count.passed += bool(done.body)
        expected: list[object] = [done.body]
        if done.judged is not None:
            expected.append(count_removed(found.model, done))
            expected.append(shows(done))
            count.counted += bool(expected[1])
        told = [got, engine.removed, got is not None and engine.shown][: len(expected)]
        if told != expected:
            said = json.dumps(found.document.raw), found.text, who, call, body
            raise Differs("\n".join(map(str, (*said, *told, *expected))))
        if not readable(body):
            count.broken += 1
            assert not got, "what is not JSON never leaves"


def readable(body: bytes) -> bool:
    try:
        read(body)
    except UnreadableBody:
        return False
    return True


def fuzz(
    bodies: int, seed: int, each: int = 40, told: Callable[[Count], None] | None = None
) -> Count:
    """Compares at least `bodies` bodies; every contract is used for a few hundred of them."""
    count, lua = Count(), runtime()

    def one(data: st.DataObject) -> None:
        found = data.draw(wild.contracts())
        engine = Lua(found.model, lua)
        for _ in range(6):
            who, call = data.draw(wild.principals), data.draw(wild.calls)
            whole = data.draw(wild.bodies(found))
            random = Random(data.draw(st.integers(0, 2**32)))
            readable_ones, others = [whole], [whole]
            for k in range(each):
                base = random.choice(readable_ones)
                if k % 3 == 2:
                    others.append(wild.mangled(base, random, 1 + k % 4))
                elif k % 6 == 4:
                    others.append(wild.doubled(base, random))
                    count.doubled += others[-1] != base and not readable(others[-1])
                else:
                    readable_ones.append(wild.varied(base, random))
                    others.append(readable_ones[-1])
            compare(found, engine, who, call, others, count)
        if told is not None:
            told(count)

    contracts = -(-bodies // (6 * (each + 1)))
    run: Any = given(st.data())(one)
    run = settings(
        max_examples=contracts,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(run)
    seeded(seed)(run)()
    return count


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--bodies", type=int, default=50_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument(
        "--each", type=int, default=40, help="changed bodies beside each drawn one"
    )
    said = options.parse_args()
    start = time.monotonic()

    def told(count: Count) -> None:
        print(f"\r{count.bodies} bodies, {count.passed} passed", end="", file=sys.stderr)

    count = fuzz(said.bodies, said.seed, said.each, told if sys.stderr.isatty() else None)
    seconds = time.monotonic() - start
    print(
        f"{count.bodies} bodies ({count.passed} passed something, {count.broken} were no JSON),"
        f" 0 differences, seed {said.seed}, {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
