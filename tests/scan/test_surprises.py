"""Honest APIs that do more with a write than anybody expects: what a run does there is as it was
before, or is told with distrust."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def test_members_that_are_not_tried_at_a_write_are_named_with_the_reason(tmp_path: Path) -> None:
    class Ticks(shelf.Shelf):
        """Its colour is another one each time it is shown."""

        n = 0

        def view(self, row: dict[str, Any]) -> dict[str, Any]:
            self.n += 1
            return {**row, "colour": f"colour-{self.n}"}

    untried = played(Ticks(), tmp_path).report.writes.untried
    for door in ("PUT /notes/{noteId}", "POST /notes"):
        (said,) = {e.reason for e in untried if f"{e.door.method} {e.door.path}" == door}
        assert "`member`, for it says whose the object is" in said
        assert "`id`, for it names the object" in said
        assert "`status`" in said or door == "POST /notes"
    (said,) = {e.reason for e in untried if e.door.method == "PUT" and "notes" in e.door.path}
    assert "`colour`, for it varies by itself" in said


def test_what_is_made_under_another_object_is_made_under_an_own_one(tmp_path: Path) -> None:
    place = shelf.Replies()
    made = played(place, tmp_path)
    assert place.answered and {*place.answered} == {place.people["ann"]["id"]}
    assert made.after == made.before and not made.report.distrust
