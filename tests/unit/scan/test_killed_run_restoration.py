"""What could not be put back is not known; what was is not put back twice."""

from __future__ import annotations

from pathlib import Path

from oakum.scan.journal import Journal, Past
from oakum.scan.killed_run_restoration import KilledRun, mistrust
from oakum.scan.undo.encryption import Encryption
from oakum.scan.undo.setting_change import SettingChange
from tests.unit.scan.studio import known_identities


def test_nothing_is_known_of_what_could_not_be_put_back(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    made = Journal(path, "run-1", "http://studio.test", "digest", resume=False)
    private, theme = (
        SettingChange("ann", f"Settings.{each}", True, False) for each in ("private", "theme")
    )
    follows = SettingChange("cat", "follower of ann", False, True)
    for each in (private, theme, follows):
        made.flip("flip", each)
    made.flip("restored", theme)
    made.close()
    identities = known_identities()
    known = {
        (who, f"Settings.{each}"): True for who in ("ann", "bob") for each in ("private", "theme")
    }
    identities.states.update(known)
    mistrust(identities, path)
    assert known.items() - identities.states.items() == {(("ann", "Settings.private"), True)}
    assert [*identities.doubted] == [("cat", "ann")]
    mistrust(identities, None)


def test_only_accounts_are_left_once_all_is_put_back() -> None:
    seal = Encryption(["key-778"], "run-1")
    undos = {"note": seal.close({"name": "note"}), "twin": seal.close({"account": "twin"})}
    undos["other"] = Encryption(["key-779"], "run-1").close({"account": "other"})
    past = Past(
        "run-1", pending=(SettingChange("ann", "Settings.private", True, False),), undos=undos
    )
    left = KilledRun(past).left_over(seal)
    assert (left.run, left.pending, [*left.undos]) == ("run-1", (), ["twin"])
