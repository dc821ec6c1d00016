"""Writes that say of which state they are: what the API asks for is given, to owner and stranger
alike, and nothing stays that the run cannot take back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from oakum.finding import Report
from tests.scan.desk import Desk
from tests.scan.test_odd_writes import scan

pytestmark = pytest.mark.server

Found = set[tuple[str, str, str]]


def found(report: Report) -> Found:
    return {
        (each.verdict, str(each.endpoints[0].operation), each.viewer)
        for each in report.findings
        if each.rule == "bola-write"
    }


ASKS = [(), ("version",), ("tag",), ("header",), ("query",), ("confirm",), ("reason",), ("kind",)]
BOTH: Found = {("proven", "edit", "person"), ("proven", "drop", "person")}


@pytest.mark.parametrize("asks", ASKS, ids=str)
def test_a_write_by_anybody_is_proven_whatever_state_it_has_to_name(
    asks: tuple[str, ...], tmp_path: Path
) -> None:
    desk = Desk(*asks, leaks=("edit", "drop"))
    report = scan(desk.entry(), desk.app(), tmp_path)
    assert found(report) == BOTH
    assert (desk.unchanged(), report.distrust) == (True, ())


@pytest.mark.parametrize("asks", ASKS, ids=str)
def test_an_api_that_asks_for_a_state_and_refuses_strangers_is_clean(
    asks: tuple[str, ...], tmp_path: Path
) -> None:
    desk = Desk(*asks)
    report = scan(desk.entry(), desk.app(), tmp_path)
    assert (report.findings, report.distrust, desk.unchanged()) == ((), (), True)
    assert desk.applied


@pytest.mark.parametrize("main", ["memo", "memos"])
@pytest.mark.parametrize("asks", [(), ("version",), ("tag",), ("header",), ("query",)], ids=str)
def test_an_object_that_was_there_gets_its_value_back(
    asks: tuple[str, ...], main: str, tmp_path: Path
) -> None:
    desk = Desk(*asks)
    made = desk.entry(makes=False, sets="", main=main)
    report = scan(made, desk.app(), tmp_path)
    assert [(f.rule, f.verdict, f.field) for f in report.findings] == [
        ("mass-assignment", "proven", "text")
    ]
    assert (desk.unchanged(), report.distrust) == (True, ())
    assert any("and restored the values" in note for note in report.notes)


@pytest.mark.parametrize("main", ["memo", "memos"])
@pytest.mark.parametrize("leaks", [(), ("edit",)], ids=["correct", "leaking"])
def test_a_version_in_the_query_is_that_of_the_present(
    leaks: tuple[str, ...], main: str, tmp_path: Path
) -> None:
    """The undo names the version that the trial has made, not the one that it has named."""
    desk = Desk("query", leaks=leaks)
    report = scan(desk.entry(makes=False, main=main), desk.app(), tmp_path)
    assert found(report) == ({("proven", "edit", "person")} if leaks else set())
    assert (desk.unchanged(), report.distrust) == (True, ())


def test_nothing_is_sent_that_has_to_name_a_version_which_no_response_shows(tmp_path: Path) -> None:
    desk = Desk("query", "unsaid", leaks=("edit",))
    report = scan(desk.entry(makes=False), desk.app(), tmp_path)
    assert (desk.applied, desk.memos) == ([], desk.before)
    (why,) = report.distrust
    assert why.startswith("no write could be tested although writes were allowed: `PATCH /memos/")
    assert report.writes is not None
    said = [each.reason for each in report.writes.untried if each.endpoint.operation == "edit"]
    assert said == ["not written to: it requires `version`, and no value is known"]


def test_a_write_that_cannot_be_taken_back_is_the_last_and_is_told(tmp_path: Path) -> None:
    desk = Desk()

    class Once(dict[str, object]):
        """A memo whose text may be changed once."""

        def __setitem__(self, name: str, value: object) -> None:
            if name != "text" or not self.get("changed"):
                super().__setitem__(name, value)
            if name == "text":
                super().__setitem__("changed", True)

    for id, memo in desk.memos.items():
        desk.memos[id] = Once(memo)
    report = scan(desk.entry(makes=False, sets=""), desk.app(), tmp_path)
    assert sum(memo.get("changed") is True for memo in desk.memos.values()) == 1
    assert any("could not be undone" in why for why in report.distrust)
    assert any("did not restore all values" in note for note in report.notes)


@pytest.mark.parametrize("main", ["memo", "memos"])
def test_at_the_end_of_a_run_what_an_owner_has_changed_beside_a_write_stays(
    main: str, tmp_path: Path
) -> None:
    class Busy(Desk):
        """Fails twice while a write is taken back, and the owner changes the kind meanwhile."""

        fails = 2

        def refuses(self, request: Request, said: dict[str, Any], memo: dict[str, Any]) -> int:
            if self.fails and memo["text"].startswith("oakum"):
                self.fails -= 1
                memo["kind"] = "theirs"
                return 503
            return super().refuses(request, said, memo)

    desk = Busy("kind")
    report = scan(desk.entry(makes=False, sets="", main=main), desk.app(), tmp_path)
    (changed,) = [id for id, memo in desk.memos.items() if memo["kind"] == "theirs"]
    assert desk.memos[changed]["text"] == desk.before[changed]["text"]
    desk.before[changed]["kind"] = "theirs"
    assert (desk.fails, desk.unchanged()) == (0, True)
    (told,) = report.distrust
    assert "differs from before the run (`kind`)" in told


def test_after_a_removal_that_failed_nothing_more_is_made(tmp_path: Path) -> None:
    desk = Desk(never=("drop",))
    report = scan(desk.entry(), desk.app(), tmp_path)
    assert len(desk.memos) == len(desk.before) + 1
    assert sum("could not be undone" in why for why in report.distrust) == 1


def test_nothing_is_made_whose_removal_cannot_be_written(tmp_path: Path) -> None:
    desk = Desk("seal")
    report = scan(desk.entry(), desk.app(), tmp_path)
    assert (desk.memos.keys(), report.distrust) == (desk.before.keys(), ())
    assert any("`DELETE /memos/{id}` requires `seal`" in each.reason for each in report.skipped)


@pytest.mark.parametrize("asks", ["lock", "csrf"])
@pytest.mark.parametrize("leaks", [(), ("edit",)], ids=["correct", "leaking"])
def test_what_the_owner_is_refused_too_is_named_as_untried(
    asks: str, leaks: tuple[str, ...], tmp_path: Path
) -> None:
    """Nothing tells the two apart: what nobody could write was tried by nobody."""
    desk = Desk(asks, leaks=leaks)
    report = scan(desk.entry(), desk.app(), tmp_path)
    assert (report.findings, report.distrust, desk.unchanged()) == ((), (), True)
    assert report.writes is not None
    said = [each.reason for each in report.writes.untried if each.endpoint.operation == "edit"]
    told = [each for each in said if each.startswith("not tested as `person`")]
    # A stranger who is refused with 404, where the owner is not, was refused for who they are.
    assert bool(told) is bool(leaks)


def test_a_trial_whose_owner_can_write_is_not_named(tmp_path: Path) -> None:
    desk = Desk()
    report = scan(desk.entry(), desk.app(), tmp_path)
    assert report.writes is not None
    assert not any(each.reason.startswith("not tested as") for each in report.writes.untried)
