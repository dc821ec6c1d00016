"""Under a draft that nobody touched, a planted flaw is suspected: never open, never closed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from oakum.finding import Report, Result
from oakum.inference.draft import draft
from oakum.openapi.document import Document
from oakum_catalogue import entries
from oakum_catalogue.kit import Mode, Truth
from tests.catalogue.play import play

OPEN = "p01-hives"
"""Its document lets anybody read what leaks, and a draft believes the document."""
NAMES = [
    name for name, entry in entries().items() if entry.pattern in ("P1", "P2") and name != OPEN
]
ASKED = ("p01-boats", "p01-players", "p02-invoices")
"""What a draft can ask for: it knows no household for a header, and no `POST` that only reads."""
pytestmark = pytest.mark.server


def scanned(name: str, mode: Mode, folder: Path) -> Report:
    """A scan with what `oakum init` writes in the place of the contract."""
    entry = entries()[name]
    (folder / "openapi.yaml").write_text(entry.document, encoding="utf-8")
    drafted = draft(Document.load(folder / "openapi.yaml"), "openapi.yaml")
    return play(replace(entry, exposure=drafted), mode, 1, folder).report


def viewers(truth: Truth) -> set[str]:
    """How a draft calls those whom the catalogue calls `customer` or `member`."""
    return {"anyone" if each == "anyone" else "member" for each in truth.viewers}


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_flaw_is_suspected_or_untested(name: str, tmp_path: Path) -> None:
    report = scanned(name, "leaky", tmp_path)
    assert {found.verdict for found in report.findings} <= {"suspected"}
    for truth in entries()[name].truth:
        judged = {
            (cell.field, cell.viewer, cell.result)
            for cell in report.cells
            if f"{cell.endpoint.method} {cell.endpoint.path}".startswith(truth.endpoint)
            and cell.field in truth.fields
        }
        for viewer in viewers(truth):
            results = {result for field, who, result in judged if who == viewer}
            assert results <= {Result.LEAK, Result.UNTESTED}, (truth.endpoint, viewer)
            assert (Result.LEAK in results) == (name in ASKED)


@pytest.mark.parametrize("name", ["p01-boats", "p02-invoices"])
def test_its_fixed_twin_is_not_suspected_there(name: str, tmp_path: Path) -> None:
    report = scanned(name, "fixed", tmp_path)
    planted = {truth.endpoint for truth in entries()[name].truth}
    assert not [
        found
        for found in report.findings
        for endpoint in found.endpoints
        if f"{endpoint.method} {endpoint.path}" in planted
    ]
