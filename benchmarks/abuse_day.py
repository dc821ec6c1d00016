"""How well abuse is told on a made day, and what it costs.

    python benchmarks/abuse_day.py [--requests 1000000] [--seeds 101,102,103,104,105] [--bare]
        [--pace 0.5]

A day of `tests/observe/day.py`: 2,000 honest callers with a day curve, offices and mobile networks
with shared addresses, a partner that syncs its own members in the order of their ids, clients that
retry, address books that are looked up; and twelve abusers of six kinds, five of them slow. The
detectors were tuned on the seeds 1 to 10, and never on those that are reported by default.

With `--bare` the day is what an access log tells of it: without answers, bodies of requests, and
what was handed out.

`--pace` is how often the slow abusers ask, against the day as it was planned.

Precision and recall are over callers. *After* is the time from an abuser's first request until it
is told. Requests a second are without the making of the day; memory is that of the whole process
(resident, at its peak) less what it has when the day is planned.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.observe.day import made_day

from oakum.abuse.detector import AbuseDetector
from oakum.traffic.call import RecordedCall


def peak() -> int:
    """Resident memory at its peak, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def bared(call: RecordedCall) -> RecordedCall:
    """A call as a line of an access log has it."""
    asked = call.asked if call.method == "GET" else ()
    return replace(call, asked=asked, handed=(), count=-1)


def one(seed: int, requests: int, bare: bool, pace: float) -> dict[str, Any]:
    """A day, watched."""
    day = made_day(seed, requests, pace=pace)
    began = time.process_time()
    for each in day.calls():
        bared(each) if bare else each
    making = time.process_time() - began
    before, watch = peak(), AbuseDetector()
    began = time.process_time()
    for call in day.calls():
        watch.take(bared(call) if bare else call)
    report = watch.finish()[1]
    spent = time.process_time() - began - making
    told = {each.who: each for each in report.told}
    planted = {each.actor: each for each in day.planted}
    odd = {who: what for what, whom in day.honest.items() for who in whom}
    return {
        "seed": seed,
        "requests": len(day),
        "seconds": spent,
        "memory": peak() - before,
        "found": [
            {
                "kind": each.kind,
                "slow": each.slow,
                "as": sorted(told[who].latest) if who in told else [],
                "after": (told[who].events[0].at - each.begins) / 60_000 if who in told else None,
            }
            for who, each in planted.items()
        ],
        "false": [
            {"is": odd.get(who, "ordinary"), "as": [e.says for e in each.latest.values()]}
            for who, each in told.items()
            if who not in planted
        ],
    }


def days(said: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Each in a process of its own, for its memory."""
    for seed in map(int, said.seeds.split(",")):
        command = [sys.executable, __file__, "--one", str(seed), "--requests", str(said.requests)]
        command += ["--pace", str(said.pace), *(["--bare"] if said.bare else [])]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        right = sum(each["after"] is not None for each in found["found"])
        print(
            f"seed {seed}: {found['requests']:,} requests, {right} of {len(found['found'])} abusers"
            f" told, {len(found['false'])} others;"
            f" {found['requests'] / found['seconds']:,.0f} requests/s, {found['memory']} MiB"
        )
        for each in found["false"]:
            print(f"  not an abuser, but {each['is']}: {each['as']}")
        yield found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--seeds", default="101,102,103,104,105")
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--pace", type=float, default=1.0)
    parser.add_argument("--one", type=int)
    said = parser.parse_args()
    if said.one is not None:
        print(json.dumps(one(said.one, said.requests, said.bare, said.pace)))
        return
    print(f"Python {platform.python_version()}, {platform.machine()}")
    made = list(days(said))
    right = sum(each["after"] is not None for day in made for each in day["found"])
    wrong = sum(len(day["false"]) for day in made)
    planted = sum(len(day["found"]) for day in made)
    print(f"\nprecision {right}/{right + wrong}, recall {right}/{planted}")
    print(
        "| kind | | told | as that kind | after (median, worst; minutes) |\n|---|---|---|---|---|"
    )
    rows: dict[tuple[str, bool], list[dict[str, Any]]] = defaultdict(list)
    for day in made:
        for each in day["found"]:
            rows[each["kind"], each["slow"]].append(each)
    for (kind, slow), found in sorted(rows.items()):
        told = [each["after"] for each in found if each["after"] is not None]
        same = sum(kind in each["as"] for each in found)
        after = f"{median(told):.0f}, {max(told):.0f}" if told else "-"
        pace = "slow" if slow else "fast"
        print(f"| {kind} | {pace} | {len(told)} of {len(found)} | {same} | {after} |")


if __name__ == "__main__":
    main()
