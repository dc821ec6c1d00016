"""A scan that is killed outright leaves nothing that `oakum scan --restore` does not put back.

The process gets SIGKILL at a request of its own: before the API has looked at it, after, or when
the answer is on its way. `KILLS=20` does it twenty times for each API, else three times;
`KILLED` names the APIs.
"""

from __future__ import annotations

import copy
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from oakum.scan.journal import recall
from oakum_catalogue import entries
from oakum_catalogue.kit import Entry
from tests.catalogue.play import serving
from tests.forked import Forked
from tests.scan import market
from tests.shell import environment
from tests.unit.cli.shell import Done, oakum

KILLS = int(os.environ.get("KILLS", "3"))
MOMENTS = ("asked", "done", "answered")
pytestmark = [pytest.mark.server, pytest.mark.long]


class Watch:
    """An API that counts its requests, and kills who asks at one of them."""

    def __init__(self, inner: Starlette) -> None:
        self.inner, self.state = inner, inner.state
        self.number = 0
        self.at, self.moment = 0, ""
        self.victim: Forked | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.number += 1
        number = self.number

        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start":
                self._strike(number, "done")
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._strike(number, "answered")

        # A WebSocket is not answered in one piece: who opens it is killed at once.
        self._strike(number, "asked" if scope["type"] == "http" else self.moment)
        await self.inner(scope, receive, answer)

    def _strike(self, number: int, moment: str) -> None:
        if self.victim is not None and (number, moment) == (self.at, self.moment):
            self.victim.kill()


def words(entry: Entry, folder: Path, target: str) -> list[str]:
    files = [str(folder / "exposure.yaml"), "--target", target]
    return [*files, "--identities", str(folder / "identities.yaml"), "--rate", "1000"]


def scan(watch: Watch, entry: Entry, folder: Path, target: str) -> int:
    """Scan in a process of its own, killed at the request that the watch was told; how it ends."""
    more = [each.replace("{target}", target) for each in entry.options]
    more += ["--journal", str(folder / "journal"), "--quiet", "--budget", "2000"]
    watch.number = 0
    process = Forked("scan", *words(entry, folder, target), *more, environment=environment())
    watch.victim = process
    try:
        return process.wait()
    finally:
        process.kill()
        watch.victim = None


def restore(entry: Entry, folder: Path, target: str) -> Done:
    undo = ("--restore", "--journal", folder / "journal", "--budget", 2000)
    return oakum("scan", *words(entry, folder, target), *undo)


def moments(total: int, seed: str) -> Iterator[tuple[int, str]]:
    """As many moments as wanted, one somewhere in each equal part of a run of so many requests."""
    drawn = random.Random(seed)
    total -= 5  # the next run may end some requests earlier, and is not killed then
    for part in range(KILLS):
        first, last = (1 + total * each // KILLS for each in (part, part + 1))
        yield drawn.randrange(first, max(last, first + 1)), drawn.choice(MOMENTS)


ENTRIES = {each.name: each for each in (*entries().values(), market.ENTRY)}
NAMES = os.environ.get(
    "KILLED",
    "p11-walkers p12-stalls p12-wardens p13-library-signup p15-runners p16-flights p16-plots"
    " market",
)


@pytest.mark.parametrize("name", NAMES.split())
def test_what_a_killed_scan_has_changed_is_put_back(name: str, tmp_path: Path) -> None:
    entry = ENTRIES[name]
    entry.write(tmp_path, 1)
    app = entry.app("leaky", 1)
    before = copy.deepcopy(app.state.db)
    watch = Watch(app)
    changed = 0
    with serving(watch) as target:  # type: ignore[arg-type]
        assert scan(watch, entry, tmp_path, target) == 1
        assert app.state.db == before
        total = watch.number
        for at, moment in moments(total, name):
            (tmp_path / "journal").unlink()
            watch.at, watch.moment = at, moment
            told = f"killed at request {at} of {total}, when it was {moment}"
            assert scan(watch, entry, tmp_path, target) == -signal.SIGKILL, told
            time.sleep(0.05)  # a request that was on its way is done
            changed += app.state.db != before
            done = restore(entry, tmp_path, target)
            assert (done.code, done.err) == (0, ""), f"{told}:\n{done.out}"
            assert app.state.db == before, f"{told}:\n{done.out}"
            assert not recall(tmp_path / "journal").has_work
            watch.number = 0
            again = restore(entry, tmp_path, target)
            assert (again.code, again.out) == (0, "nothing is left to restore\n")
            assert watch.number == 0
    print(f"{name}: {total} requests, {KILLS} kills, {changed} of them left something changed")
