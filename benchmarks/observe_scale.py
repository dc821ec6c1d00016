"""Access logs at scale: `oakum observe traffic` against bare DuckDB, which groups the same file.

The lines are made (seeded): 60 operations, 200,000 callers, ids as numbers, UUIDs and hexadecimal.
Both run as whole processes in pairs, one right after the other; told are the median of the paired
ratios of time, and the peaks of memory. With `--spark` the other engine must give the same bytes.

Run: python benchmarks/observe_scale.py [--lines N] [--rounds N] [--spark]
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

NOUNS = (
    "members", "orders", "rides", "workouts", "classes", "teams", "messages", "payments",
    "devices", "photos",
)  # fmt: skip
ENDPOINTS = (
    ("GET", "/api/v1/{}"), ("GET", "/api/v1/{}/%d"), ("POST", "/api/v1/{}"),
    ("PUT", "/api/v1/{}/%d"),
    ("GET", "/api/v1/{}/%u/comments"), ("DELETE", "/api/v1/{}/%d/tags/%h"),
)  # fmt: skip
STATUSES = [200] * 88 + [201] * 3 + [304] * 3 + [400, 401, 403, 403, 404, 404]
BARE = """
import duckdb
duckdb.execute('''
    SELECT method, regexp_replace(path, '[0-9]+', '', 'g') AS path, response_code, count(*)
    FROM read_json('{}', format = 'newline_delimited') GROUP BY ALL''').fetchall()
"""


def lines(many: int) -> Iterator[str]:
    draw = random.Random(7)
    endpoints = [(method, path.format(noun)) for noun in NOUNS for method, path in ENDPOINTS]
    draw.shuffle(endpoints)
    weights = [1 / (rank + 1) ** 0.8 for rank in range(len(endpoints))]
    at = 1_795_600_000
    for number, (method, path) in enumerate(draw.choices(endpoints, weights, k=many)):
        caller, bits = draw.randrange(200_000), draw.getrandbits(128)
        whole = f"{bits:032x}"
        uuid = "-".join((whole[:8], whole[8:12], whole[12:16], whole[16:20], whole[20:]))
        path = path.replace("%d", str(bits % 3_000_000)).replace("%u", uuid)
        path = path.replace("%h", whole[:16])
        if method == "GET" and caller % 4 == 0:
            path += f"?page={caller % 50}&near=town{caller % 977}"
        host = caller * 2_654_435_761 & 0xFFFFFF
        yield (
            f'{{"start_time":"{at + number // 120}","method":"{method}","path":"{path}",'
            f'"response_code":{draw.choice(STATUSES)},"bytes_sent":{bits % 9000},'
            f'"duration":{bits % 400},"authority":"api.club.example",'
            f'"user_agent":"Mozilla/5.0 (X11; Linux x86_64) Club/4.{caller % 9}",'
            f'"downstream_remote_address":"10.{host >> 16}.{host >> 8 & 255}.{host & 255}:4711",'
            f'"jwt_sub":"user-{caller}","request_id":"{whole}"}}\n'
        )


def run(command: Sequence[str], out: Path) -> tuple[float, int]:
    """Seconds of a process, and its peak of memory in MiB."""
    begun = time.perf_counter()
    with out.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"`{command[0]}` ended with {status}")
    return time.perf_counter() - begun, usage.ru_maxrss >> 10


def main() -> None:
    ask = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    ask.add_argument("--lines", type=int, default=1_000_000, help="of the log; 360 bytes each")
    ask.add_argument("--rounds", type=int, default=5, help="pairs of runs, Oakum and bare DuckDB")
    ask.add_argument("--spark", action="store_true", help="run Spark once, and compare the bytes")
    said = ask.parse_args()
    with tempfile.TemporaryDirectory() as name:
        log, out = Path(name, "log.json"), Path(name, "out.json")
        with log.open("w", encoding="ascii") as file:
            file.writelines(lines(said.lines))
        oakum = [str(Path(sys.executable).with_name("oakum")), "observe", "traffic", str(log)]
        ours = [*oakum, "--format", "json", "--engine", "duckdb"]
        bare = [sys.executable, "-c", BARE.format(log)]
        pairs = [(run(ours, out), run(bare, Path(name, "bare"))) for _ in range(said.rounds)]
        ratios = [a[0] / b[0] for a, b in pairs]
        print(f"{said.lines:,} lines, {log.stat().st_size / 1e9:.1f} GB, {said.rounds} pairs")
        for title, runs in zip(("oakum", "bare"), zip(*pairs, strict=True), strict=True):
            seconds = statistics.median(each[0] for each in runs)
            print(f"{title:>6}: {seconds:.1f} s, peak {max(each[1] for each in runs)} MiB")
        print(f" ratio: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
        if said.spark:
            other = Path(name, "spark.json")
            seconds, _ = run([*oakum, "--format", "json", "--engine", "spark"], other)
            same = other.read_bytes() == out.read_bytes()
            print(f" spark: {seconds:.1f} s, {'the same bytes' if same else 'OTHER BYTES'}")


if __name__ == "__main__":
    main()
