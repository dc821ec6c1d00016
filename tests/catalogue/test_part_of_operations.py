"""More operations in scope lose no finding: what a scan of all but one proves, the whole proves.

A scan of 12 operations found an object created in another's name, and one of 63 did not: lists that
the smaller one left out came first, and none of them showed it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import yaml

from oakum.scan.run import Scan
from oakum_catalogue import entries
from tests.catalogue.play import hasty, options_of, serving

pytestmark = pytest.mark.server

NAMES = ("p03-birders", "p12-lessons", "p12-stalls")


def proven(name: str, folder: Path, *left_out: str) -> set[tuple[str, str, str]]:
    entry = entries()[name]
    with serving(entry.app("leaky", 1)) as target:
        options = options_of(entry, entry.write(folder, 1), target)
        report = Scan(replace(options, exclude=left_out), lambda event: None, sleep=hasty).report()
    return {(e.resource, e.field, e.viewer) for e in report.findings if e.verdict == "proven"}


@cache
def operations(name: str) -> tuple[str, ...]:
    paths = yaml.safe_load(entries()[name].document)["paths"]
    methods = ("get", "post", "put", "patch", "delete")
    return tuple(
        f"{m.upper()} {path}" for path, each in paths.items() for m in each if m in methods
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_proves_what_a_part_does(name: str, tmp_path: Path) -> None:
    whole = proven(name, tmp_path)
    assert whole
    for left_out in operations(name):
        assert proven(name, tmp_path, left_out) <= whole, left_out
