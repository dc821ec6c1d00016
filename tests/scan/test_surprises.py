"""Honest APIs that do more with a write than anybody expects: what a run does there is as it was
before, or is told with distrust."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.finding import Result
from tests.catalogue.play import Played, play
from tests.scan import shelf

pytestmark = pytest.mark.server


def played(place: shelf.Shelf, folder: Path) -> Played:
    return play(shelf.entry(place), "fixed", 1, folder)


def test_a_plain_api_is_written_to_and_left_as_it_was(tmp_path: Path) -> None:
    made = played(shelf.Shelf(), tmp_path)
    assert made.after == made.before
    assert not made.report.distrust and not made.report.findings
    assert made.report.writes.changes >= 3
    assert made.report.count(Result.OPEN) > 0


@pytest.mark.parametrize("kind", shelf.SURPRISES, ids=lambda kind: kind.__name__)
def test_what_was_there_is_as_it_was_or_the_run_is_not_trusted(
    kind: type[shelf.Shelf], tmp_path: Path
) -> None:
    made = played(kind(), tmp_path)
    assert made.after == made.before or made.report.distrust, made.report.writes
    assert {*made.report.writes.left} <= {*made.report.distrust, *made.report.notes}
