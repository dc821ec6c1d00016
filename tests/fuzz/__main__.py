"""`python -m tests.fuzz documents --count 10000 --seed 1`: draws inputs until one is a bug of ours.

An input that ends as only a fault of ours may is written to `tests/fuzz/corpus/<target>/`, where
the test run reads it from then on.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).with_name("corpus")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=[*TARGETS])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    target, random, began, bad = TARGETS[given.target], Random(given.seed), time.monotonic(), 0
    for _ in range(given.count):
        data = target.make(random)
        try:
            with tempfile.TemporaryDirectory() as folder:
                target.play(data, Path(folder))
        except AssertionError as error:
            bad += 1
            name = hashlib.sha256(data).hexdigest()[:12]
            (CORPUS / given.target).mkdir(parents=True, exist_ok=True)
            (CORPUS / given.target / name).write_bytes(data)
            cause = error.__cause__
            frames = []
            while cause is not None and cause.__traceback__ is not None:
                trace = cause.__traceback__
                while trace.tb_next is not None:
                    trace = trace.tb_next
                frames.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
                cause = cause.__cause__
            print(f"{name}: {str(error)[:300]} {frames}", flush=True)
    print(f"{given.count} {given.target}, {bad} bad, {time.monotonic() - began:.0f} s")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
