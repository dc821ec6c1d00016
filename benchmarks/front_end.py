"""What watching costs a page: from the first byte asked for until all of it stands there.

The pages of `tests/browser/zoo`, and one answer of 1 MB with 5,000 rows that a page copies, sorts,
filters and shows in part, with the memory that its scripts hold afterwards. Plain, watched and
followed (with rewritten scripts, rewriting included) take turns.

Run: python benchmarks/front_end.py [LOADS]
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.browser import zoo

from oakum.frontend.drive import How, drive, open_browser
from oakum.frontend.script_copy_tracking import rewritten

HOWS: tuple[How, ...] = ("plain", "watched", "followed")
ROWS = [
    {
        "id": at, "name": f"Rider {at}", "city": ("Oslo", "Moss", "Bergen")[at % 3], "age": at % 80,
        "weight": at % 60 + 40, "is_private": at % 7 == 0, "score": at * 7919 % 5000, "size": "M",
        "team": {"id": at % 50, "name": f"Team {at % 50}"}, "tags": ["a", "b"], "kj": at % 900,
    }
    for at in range(5000)
]  # fmt: skip
PAGE = b"""<!doctype html><title>Rows</title><link rel="icon" href="data:,"><ol></ol>
<script type="module">
const { rows } = await (await fetch("/api/rows")).json();
const kept = rows.map(({ weight, ...row }) => ({ ...row, open: false }));
const shown = kept.filter((row) => !row.is_private && row.age > 17)
  .sort((a, b) => b.score - a.score);
document.querySelector("ol").innerHTML = shown.slice(0, 200)
  .map((row) => `<li>${row.name}, ${row.city} <b>${row.team.name}</b></li>`).join("");
window.kept = kept;
</script>"""


def loaded(browser: Browser, origin: str, path: str, how: How, words: str) -> tuple[float, float]:
    """Seconds until the page has its words, and megabytes that its scripts hold."""
    found = [0.0, 0.0]

    def steps(page: Page) -> None:
        start = time.perf_counter()
        page.goto(origin + path, wait_until="commit")
        page.wait_for_function("(words) => document.body?.innerText === words", arg=words)
        found[0] = time.perf_counter() - start
        session = page.context.new_cdp_session(page)
        session.send("HeapProfiler.collectGarbage")
        found[1] = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6

    rewritten.cache_clear()
    drive(browser, steps, how=how, target=origin, quiet=0.05)
    return found[0], found[1]


def words_of(browser: Browser, origin: str, path: str) -> str:
    said = [""]

    def steps(page: Page) -> None:
        page.goto(origin + path)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1000)
        said[0] = page.evaluate("document.body.innerText")

    drive(browser, steps, how="plain", target=origin, quiet=0.1)
    return said[0]


def compare(browser: Browser, origin: str, name: str, path: str, loads: int) -> None:
    words = words_of(browser, origin, path)
    seen: dict[How, list[tuple[float, float]]] = {how: [] for how in HOWS}
    for number in range(loads + 1):
        for how in HOWS:
            figures = loaded(browser, origin, path, how, words)
            if number:  # the first of each warms the caches
                seen[how].append(figures)
    mid: Callable[[How, int], float] = lambda how, at: statistics.median(x[at] for x in seen[how])  # noqa: E731
    times = "  ".join(f"{how} {mid(how, 0) * 1000:5.0f} ms" for how in HOWS)
    ratios = [a[0] / b[0] for a, b in zip(seen["followed"], seen["plain"], strict=True)]
    heap = "  ".join(f"{mid(how, 1):.1f}" for how in HOWS)
    print(f"{name:9} {times}  ratio {statistics.median(ratios):.1f}  heap {heap} MB")


def main() -> None:
    loads = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians of {loads} loads each")
    names = zoo.NAMES
    if zoo.can_build():
        zoo.build()
    else:
        names = [name for name in names if name not in zoo.BUNDLED]
    with open_browser() as browser:
        with zoo.serving() as origin:
            for name in names:
                compare(browser, origin, name, f"/{name}/", loads)
        size = len(json.dumps(ROWS, indent=1)) / 1e6
        print(f"an answer of {size:.1f} MB, {len(ROWS)} rows:")
        with zoo.answering({"GET /api/rows": {"rows": ROWS}}, PAGE) as origin:
            compare(browser, origin, "rows", "/", loads)


if __name__ == "__main__":
    main()
