"""`oakum scan --restore`: what was put back, what is left, and how it ends."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest

from oakum.scan import restore_command
from oakum.scan.restore_command import Restoration
from tests.scan.clinic import SECRETS, write
from tests.unit.cli.shell import Done, oakum

TARGET = "https://api.example.com"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADA_PASSWORD", SECRETS[0])
    monkeypatch.setenv("BEA_PASSWORD", SECRETS[1])
    write(tmp_path)
    return tmp_path


def run(folder: Path, *more: object) -> Done:
    files = ("--journal", folder / "journal", folder / "exposure.yaml")
    named = ("--target", TARGET, "--identities", folder / "identities.yaml")
    return oakum("scan", "--restore", *files, *named, *more)


@pytest.mark.parametrize(
    ("done", "code", "lines"),
    [
        (Restoration((), (), (), "run-1"), 0, ["nothing is left to restore"]),
        (
            Restoration(("`a` of ann, `true`",), (), (), "run-1"),
            0,
            ["as before: `a` of ann, `true`"],
        ),
        (
            Restoration(("x",), ("y\x1b[2J",), ("nothing listens",), "run-1"), 3,
            ["as before: x", "LEFT: y\\x1b[2J", "  nothing listens"],
        ),
    ],
)  # fmt: skip
def test_it_says_what_is_as_before_and_what_is_left(
    folder: Path, done: Restoration, code: int, lines: list[str]
) -> None:
    with patch.object(restore_command, "restore", return_value=done) as called:
        text, data = run(folder), run(folder, "--format", "json")
    options = called.call_args.args[0]
    assert (options.journal, options.target) == (folder / "journal", TARGET)
    assert not (options.allow_writes or options.allow_own_settings)
    assert (text.code, data.code, text.out.splitlines()) == (code, code, lines)
    assert data.json == {
        "schema": "oakum.restore/1", "run": "run-1", "whole": code == 0,
        "back": list(done.back), "left": list(done.left), "reasons": list(done.reasons),
    }  # fmt: skip


def test_what_is_no_journal_is_refused(folder: Path) -> None:
    assert "no such file" in run(folder).err
    (folder / "journal").write_text("hello")
    done = run(folder)
    assert (done.code, done.out) == (2, "")
    assert "not a journal of Oakum" in done.err


def test_it_needs_a_journal_and_takes_nothing_that_it_would_not_do(folder: Path) -> None:
    files = (folder / "exposure.yaml", "--identities", folder / "identities.yaml")
    done = oakum("scan", "--restore", *files, "--target", TARGET)
    assert (done.code, done.out) == (2, "") and "`--restore` needs `--journal`" in done.err
    for option in ("--allow-writes", "--resume", "--dry-run", "--twins"):
        done = run(folder, option)
        assert (done.code, done.out) == (2, "")
        assert f"`{option}` does nothing with `--restore`" in done.err
