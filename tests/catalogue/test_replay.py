"""A finding of each kind is asked for again: still open in the leaky API, fixed in its twin.

`CATALOGUE_REPLAY=all` does it for every finding of every entry; else for one of some.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from oakum.scan.replay_result import ReplayVerdict, replay
from oakum.scan.run import Scan
from oakum_catalogue import entries
from oakum_catalogue.kit import Entry, Mode
from tests.catalogue.play import hasty, options_of, serving
from tests.scan import market

ALL = os.environ.get("CATALOGUE_REPLAY") == "all"
SOME = (
    "p01-boats", "p03-birders", "p05-login-start", "p08-boats", "p09-riders", "p10-tags",
    "p11-classes", "p12-lessons", "p14-bills", "p15-players", "p16-plots", "market",
)  # fmt: skip
MODES: tuple[tuple[Mode, ReplayVerdict], ...] = (
    ("leaky", ReplayVerdict.STILL_OPEN),
    ("fixed", ReplayVerdict.FIXED),
)
UNSEEN = {"p16-reports"}
"""The twin's search does not show its owner, either, what was taken off the list: nothing tells
that from a search that finds nobody any more."""
pytestmark = pytest.mark.server


ENTRIES = {**entries(), market.ENTRY.name: market.ENTRY}


@pytest.mark.parametrize("name", ENTRIES if ALL else SOME)
def test_a_finding_is_open_until_it_is_fixed(name: str, tmp_path: Path) -> None:
    entry = ENTRIES[name]
    policy = entry.write(tmp_path, 1)

    with served(entry, "leaky") as target:
        report = Scan(options_of(entry, policy, target), lambda _: None, sleep=hasty).report()
    assert report.findings
    for one in report.findings if ALL else report.findings[:1]:
        for mode, verdict in MODES:
            with served(entry, mode) as target:
                done = replay(report, one, options_of(entry, policy, target), lambda _: None)
            if mode == "fixed" and name in UNSEEN:
                verdict = ReplayVerdict.UNTESTED
            assert (done.verdict, done.reasons) == (verdict, ()), f"{mode}: {one.title}"
            assert done.requests <= report.requests + 10  # these APIs have a handful of endpoints


@contextmanager
def served(entry: Entry, mode: Mode) -> Iterator[str]:
    """The address of an entry, and what lasts of it afterwards as before."""
    app = entry.app(mode, 1)
    before = copy.deepcopy(app.state.db)
    with serving(app) as target:
        yield target
    assert app.state.db == before
