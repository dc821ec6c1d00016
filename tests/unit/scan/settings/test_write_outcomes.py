"""What comes of writes of settings."""

from __future__ import annotations

from oakum.scan.settings.write_outcomes import Reception, SettingOutcome
from oakum.scan.undo.setting_change import SettingChange

ANN = ("ann", "Settings.private")
FLIP = SettingChange(*ANN, True, False)


def test_an_outcome_is_true_if_anything_was_changed() -> None:
    some = SettingOutcome(frozenset(("Settings.private",)), "no response shows the other")
    assert (
        some
        and not SettingOutcome()
        and not SettingOutcome(why="the API did not accept the setting")
    )


def test_only_a_refusal_or_what_is_shown_ends_the_wait() -> None:
    for status, shown, late, lost in (
        (0, False, True, True),
        (503, False, True, True),
        (200, False, True, False),
        (403, False, False, False),
        (200, True, False, False),
    ):
        found = Reception()
        assert found.record_sent([FLIP]) == {ANN}
        found.record_answered([ANN], status, shown=shown)
        assert (ANN in found.late, ANN in found.lost) == (late, lost), status
        assert found.may_come(FLIP) == (status == 0 or shown), status
        assert found.all_refused(ANN) == (status == 403), status
        found.record_put_back(ANN)
        assert found.all_refused(ANN), status


def test_what_was_never_shown_is_not_changed_again() -> None:
    found = Reception()
    found.record_silent("Settings.private", "putSettings")
    assert "not changed again" in found.why_not("Settings.open", "putSettings")
    found = Reception()
    found.record_shown("putSettings")
    found.record_silent("Settings.private", "putSettings")
    assert found.why_not("Settings.private", "putSettings")
    assert not found.why_not("Settings.open", "putSettings")


def test_only_a_change_away_from_the_old_value_may_still_come() -> None:
    found = Reception()
    found.record_sent([FLIP])
    found.record_sent([SettingChange(*ANN, False, True)])
    assert found.may_come(FLIP)
    found.record_answered([ANN], 200, shown=False)
    found.record_answered([ANN], 200, shown=True)
    assert found.may_come(FLIP)  # what was answered is the restoration
    found.record_landed(ANN, True)
    assert found.may_come(FLIP)
    found.record_landed(ANN, False)
    assert not found.may_come(FLIP)
    found = Reception()
    found.record_sent([SettingChange(*ANN, False, True)])
    assert not found.may_come(FLIP)
