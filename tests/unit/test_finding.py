"""Fingerprints hold still while endpoints come and go; counts are of cells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.errors import NOWHERE, Location
from oakum.finding import Cell, Endpoint, Finding, Report, Result

ENDPOINTS = (Endpoint("GET", "/a", "a"), Endpoint("GET", "/b", "b"))
FINDING = Finding(
    "excessive-data-exposure", "proven", "Member", "email", "member", (("private", "true"),),
    ENDPOINTS, "API3:2023", ("CWE-213",), "high", "a title", "advice", NOWHERE,
)  # fmt: skip


def test_a_fingerprint_is_sixteen_hex_digits_that_never_change() -> None:
    """Baselines are kept by it: this literal must hold in every later version."""
    assert FINDING.fingerprint == "b384fd09d7edcd31"


@pytest.mark.parametrize(
    "change",
    [
        {"endpoints": ENDPOINTS[:1]}, {"severity": "low"}, {"title": "other"},
        {"verdict": "suspected"},
        {"also": ("x",)}, {"promise": "p"}, {"contract_location": Location("a", 9, 9)},
    ],
)  # fmt: skip
def test_words_and_endpoints_do_not_change_it(change: dict[str, object]) -> None:
    assert replace(FINDING, **change).fingerprint == FINDING.fingerprint  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [{"rule": "x"}, {"resource": "X"}, {"field": "x"}, {"viewer": "x"}, {"state": ()}],
)
def test_another_defect_has_another(change: dict[str, object]) -> None:
    assert replace(FINDING, **change).fingerprint != FINDING.fingerprint  # type: ignore[arg-type]


def test_neighbouring_parts_do_not_run_together() -> None:
    first = replace(FINDING, resource="ab", field="c")
    assert first.fingerprint != replace(FINDING, resource="a", field="bc").fingerprint


def test_a_report_counts_cells_by_what_is_known_of_them() -> None:
    cells = tuple(
        Cell("Member", "email", "member", (), ENDPOINTS[0], result is Result.OPEN, result)
        for result in (Result.LEAK, Result.LEAK, Result.OPEN)
    )
    report = Report("t", "c", True, "r", "", 0.0, 0, 0, (), cells, (), ())
    assert [report.count(result) for result in Result] == [1, 0, 2, 0, 0]
