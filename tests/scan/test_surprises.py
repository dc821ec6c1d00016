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
    for endpoint in ("PUT /notes/{noteId}", "POST /notes"):
        said = "\n".join(
            {e.reason for e in untried if f"{e.endpoint.method} {e.endpoint.path}" == endpoint}
        )
        assert "`id`, for it names the object" in said
        assert "`status`" in said or endpoint == "POST /notes"
    said = "\n".join(
        e.reason for e in untried if e.endpoint.method == "PUT" and "notes" in e.endpoint.path
    )
    assert "`colour`, for it varies by itself" in said


def test_what_is_made_under_another_object_is_made_under_an_own_one(tmp_path: Path) -> None:
    place = shelf.Replies()
    made = played(place, tmp_path)
    assert place.answered and all(by == whom for by, whom in place.answered)
    assert made.after == made.before and not made.report.distrust


class KeepsOpen(shelf.Shelf):
    """Who was once open to all is open to all, whatever their settings say from then on."""

    def __init__(self) -> None:
        super().__init__()
        self.once: set[str] = set()

    def set(self, name: str, sent: dict[str, Any]) -> None:
        super().set(name, sent)
        self.once |= set() if sent["hidden"] else {name}

    def seen(self, name: str, found: str, row: dict[str, Any]) -> dict[str, Any]:
        hides = row["hidden"] and name != found and found not in self.once
        return {**row, "motto": None} if hides else row


def test_what_stays_open_after_a_setting_was_put_back_is_told_and_proven(tmp_path: Path) -> None:
    place = KeepsOpen()
    made = played(place, tmp_path)
    assert "ben" in place.once and place.settings["ben"]["hidden"] is True
    found = [each for each in made.report.findings if each.rule == "revocation-not-enforced"]
    assert {(each.field, each.viewer, each.verdict) for each in found} == {
        ("motto", "member", "proven")
    }
    told = [words for words in made.report.writes.left if "does not close it again" in words]
    assert len(told) == 1 and "`Member.motto` of ben" in told[0]
    assert {*told} <= {*made.report.distrust}


class ClosesLate(KeepsOpen):
    """It closes after a few more questions."""

    asked = 0

    def seen(self, name: str, found: str, row: dict[str, Any]) -> dict[str, Any]:
        if self.settings["ben"]["hidden"] and self.once and (name, found) == ("ann", "ben"):
            self.asked += 1
            self.once -= {found} if self.asked > 2 else set()
        return super().seen(name, found, row)


def test_what_closes_a_moment_after_a_setting_was_put_back_is_not_held_against_it(
    tmp_path: Path,
) -> None:
    place = ClosesLate()
    made = played(place, tmp_path)
    assert place.asked >= 3
    assert not made.report.findings and not made.report.distrust
