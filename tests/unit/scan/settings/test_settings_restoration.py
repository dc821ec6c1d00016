"""Settings are put back whatever happens, and what is not is told."""

from __future__ import annotations

import pytest

from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.scan.undo.setting_change import SettingChange
from tests.unit.scan.settings.test_settings_writer import PRIVATE, Refusing, ready
from tests.unit.scan.studio import IDS, Studio


def test_all_is_put_back_last_first_to_what_it_was_before_the_first_flip() -> None:
    studio = Studio()
    before = {id: dict(each) for id, each in studio.settings.items()}
    run, found = ready(studio)
    for who, value in (("ann", False), ("bob", True), ("ann", True)):
        assert found.flip(who, PRIVATE, value)
    studio.asked.clear()
    run.flips.clear()
    assert found.restore() == ()
    assert studio.settings == before
    assert [f.identity for kind, f in run.flips if kind == "restored"] == ["bob", "ann"]
    assert found.pending == []
    assert found.restore() == ()  # nothing is left to do, and nothing is sent
    assert "bob putSettings bob" in studio.asked


def test_one_that_cannot_be_put_back_is_told_and_keeps_no_other_from_it() -> None:
    studio = Refusing()
    _, found = ready(studio)
    assert found.flip("ann", PRIVATE, False) and found.flip("bob", PRIVATE, True)
    studio.refused = frozenset({"bob"})
    assert found.restore() == (
        "`Settings.private` of bob could not be restored to `false`: set it by hand",
    )
    assert studio.settings[IDS["ann"]]["is_private"] is True


def test_a_write_that_fails_is_put_back_all_the_same() -> None:
    """The API said no; whether it did so before or after taking the setting nobody knows."""
    studio = Refusing()
    studio.refused = frozenset({"ann"})
    run, found = ready(studio)
    assert not found.flip("ann", PRIVATE, False)
    assert run.identities.states[("ann", PRIVATE)] is True
    assert [flip.identity for flip in found.pending] == ["ann"]
    studio.refused = frozenset()
    assert found.restore() == ()
    assert [kind for kind, _ in run.flips] == ["flip", "restored"]


@pytest.mark.parametrize("ending", [TargetError("gone"), KeyboardInterrupt()])
def test_putting_back_goes_on_to_the_next_whatever_happens(ending: BaseException) -> None:
    studio = Studio()
    before = {id: dict(each) for id, each in studio.settings.items()}
    _, found = ready(studio)
    for who, value in (("ann", False), ("bob", True), ("cat", True)):
        assert found.flip(who, PRIVATE, value)
    failing = [True]

    def ask(viewer: str | None, request: Request) -> Response:
        if viewer == "bob" and failing:
            failing.clear()
            raise ending
        return studio(viewer, request)

    found.ask = ask
    said = found.restore()
    lost = isinstance(ending, TargetError)
    told = "`Settings.private` of bob could not be restored to `false`: set it by hand"
    assert said == ((told,) if lost else ())
    assert [studio.settings[id] == before[id] for id in before] == [True, not lost, True]


def test_a_journal_that_fails_keeps_nothing_from_being_put_back() -> None:
    studio = Studio()
    before = {id: dict(each) for id, each in studio.settings.items()}
    _, found = ready(studio)
    assert found.flip("ann", PRIVATE, False) and found.flip("bob", PRIVATE, True)

    def full(kind: str, flip: SettingChange) -> None:
        raise TargetError("no space left on device")

    found.log = full
    assert found.restore() == ()
    assert studio.settings == before


def test_a_setting_that_the_contract_or_the_cast_has_forgotten_is_told() -> None:
    _, found = ready(Studio())
    found.pending = [
        SettingChange("ann", "Gone.private", True, False),
        SettingChange("dan", PRIVATE, True, False),
    ]
    assert len(found.restore()) == 2


def test_a_setting_left_behind_by_a_killed_run_is_restored() -> None:
    studio = Studio()
    studio.settings[IDS["ann"]]["is_private"] = False  # as the killed run left it
    _, found = ready(studio)
    found.pending = [SettingChange("ann", PRIVATE, True, False)]
    assert found.restore() == ()
    assert studio.settings[IDS["ann"]]["is_private"] is True


def test_what_was_changed_and_is_not_seen_any_more_is_told() -> None:
    studio = Studio()
    run, found = ready(studio)
    assert found.flip("ann", PRIVATE, False)
    run.knowledge.objects[("ann", "Person")] = [{"id": IDS["bob"]}]
    run.knowledge.own.clear()
    studio.asked.clear()
    assert len(found.restore()) == 1
    assert not [line for line in studio.asked if "putSettings" in line]
