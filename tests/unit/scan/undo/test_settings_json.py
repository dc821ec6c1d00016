"""Settings in the journal come back as they were, and nobody reads them there."""

from __future__ import annotations

from pathlib import Path

from oakum.exchange import Request
from oakum.scan.journal import Journal, recall
from oakum.scan.undo.encryption import Encryption
from oakum.scan.undo.settings_json import Before, keep_settings, open_record

SEAL = Encryption(["a key"], "run-1")
WHOSE = ("ann", "putSettings")
BEFORE = Before({"lang": "eo-canary"}, "at", Request("GET", "http://a.test/settings"))


def kept(path: Path, seal: Encryption) -> str:
    made = Journal(path, "run-1", "http://a.test", "digest", resume=False)
    keep_settings(made, seal, *WHOSE, BEFORE)
    made.close()
    return recall(path).settings[WHOSE]


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    assert open_record(SEAL, kept(tmp_path / "j", SEAL)) == BEFORE
    assert b"canary" not in (tmp_path / "j").read_bytes()


def test_what_cannot_be_read_is_not_taken_for_nothing(tmp_path: Path) -> None:
    sealed = kept(tmp_path / "j", SEAL)
    assert open_record(Encryption(["another"], "run-1"), sealed) == Before(None)
    assert open_record(SEAL, "sealed:cut off") == Before(None)
    assert open_record(SEAL, kept(tmp_path / "k", Encryption([], "run-1"))) == Before(None)


def test_without_a_journal_nothing_is_kept() -> None:
    keep_settings(None, SEAL, *WHOSE, BEFORE)
