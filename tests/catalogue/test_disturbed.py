"""Laws of a scan whose target fails: a worse API never looks clean, and is never accused.

`CATALOGUE_DISTURBED=all` plays every entry with every disturbance; without it, those that were
wrong once.
"""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from oakum.finding import Finding
from oakum.report.grouping import exit_code
from oakum_catalogue import entries
from tests.catalogue.disturb import ALL, disturbed
from tests.catalogue.play import invented, play

pytestmark = pytest.mark.server
_EVERY = os.environ.get("CATALOGUE_DISTURBED") == "all"
_PAGE, _LIST = "each fifth answer is a page", "each fifth answer is an empty list"
LEAKY = [
    ("p03-runners", _PAGE),
    ("p05-forgotten-password", _PAGE),
    ("p10-keepers", "writes are refused with 404"),
    ("p11-walkers", "writes are refused with 409"),
    ("p16-plots", "writes are refused with 404"),
]
FIXED = [
    ("p03-birders", _LIST),
    ("p12-stalls", _LIST),
    ("p12-stalls", "each fifth answer is an empty object"),
]
_LIMITS = {
    (name, how)
    for name in ("p06-parcel-slips", "p06-pet-tags", "p06-repairs")
    for how in ("each fifth answer is 429", "each fourth answer is 503")
}
"""A limit on requests keeps their ids from being walked: the report says so."""


def _undeclared(finding: Finding) -> bool:
    return (finding.field or "").endswith("fetched_at") or "‹key›" in (finding.field or "")


@pytest.mark.parametrize(("name", "how"), product(entries(), ALL) if _EVERY else LEAKY)
def test_a_worse_api_never_turns_a_leak_to_green(name: str, how: str, tmp_path: Path) -> None:
    if (name, how) in _LIMITS:
        pytest.skip("what leaks is closed by the disturbance")
    entry = entries()[name]
    report = play(entry, "leaky", 1, tmp_path, lambda app: disturbed(app, how)).report
    # With 0, a write that could not be tried is named.
    named = {f"{each.endpoint.method} {each.endpoint.path}" for each in report.writes.untried}
    assert exit_code(report) != 0 or named & {each.endpoint for each in entry.truth}


@pytest.mark.parametrize(("name", "how"), product(entries(), ALL) if _EVERY else FIXED)
def test_a_worse_api_is_not_accused(name: str, how: str, tmp_path: Path) -> None:
    """Nothing is found in a correct API that fails, and what a run leaves in it, it tells."""
    entry = entries()[name]
    played = play(entry, "fixed", 1, tmp_path, lambda app: disturbed(app, how))
    findings = tuple(each for each in played.report.findings if not _undeclared(each))
    assert invented(replace(entry, truth=()), findings) == []
    assert played.after == played.before or exit_code(played.report) == 3
