"""Every leaky entry is found whole, and its fixed twin is clean: recall and precision.

`CATALOGUE_SEEDS=10` plays each with so many different data; `1` by default.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from oakum.finding import Result
from oakum_catalogue import entries
from tests.catalogue.play import invented, missed, play

SEEDS = range(1, 1 + int(os.environ.get("CATALOGUE_SEEDS", "1")))
NAMES = list(entries())
pytestmark = pytest.mark.server


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", NAMES)
def test_all_of_a_leak_is_found_and_nothing_else(name: str, seed: int, tmp_path: Path) -> None:
    entry = entries()[name]
    played = play(entry, "leaky", seed, tmp_path)
    findings = played.report.findings
    assert not played.report.distrust
    assert missed(entry, findings) == []
    assert invented(entry, findings) == []
    assert played.after == played.before


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", NAMES)
def test_a_fixed_twin_is_clean(name: str, seed: int, tmp_path: Path) -> None:
    played = play(entries()[name], "fixed", seed, tmp_path)
    assert not played.report.distrust
    assert invented(replace(entries()[name], truth=()), played.report.findings) == []
    assert played.report.count(Result.OPEN) > 0
    assert played.after == played.before
