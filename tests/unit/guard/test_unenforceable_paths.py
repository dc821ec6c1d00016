"""Reads below an object that may be hidden are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.conformance.exchanges import FOLDER
from tests.unit.guard.test_unenforceable_reads import said

REPORTS = yaml.safe_load((FOLDER / "contracts" / "reports.yaml").read_text())
WORDS = "`placed` is 404 for callers who are shown nothing of the `Note` that its path names before"


def test_a_read_below_an_object_that_may_be_hidden_is_named(tmp_path: Path) -> None:
    found = said(tmp_path, REPORTS)
    assert f"{WORDS} a `Folder`, also where that is their own" in found
    assert "`getNote` is 404 for callers" not in found


def test_one_below_an_object_that_everybody_may_know_of_is_not(tmp_path: Path) -> None:
    def known(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Note"]["conceal"] = False

    def seen(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Note"]["fields"]["id, by"] = [{"see": ["member"]}]

    assert WORDS not in said(tmp_path, REPORTS, known)
    assert WORDS not in said(tmp_path, REPORTS, seen)
