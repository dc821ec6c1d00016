"""Contracts, documents, identities, answers and logs that nobody would write end in words."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.fuzz.__main__ import CORPUS
from tests.fuzz.targets import TARGETS

FRESH = {"documents": 25, "contracts": 60, "identities": 120, "answers": 25, "logs": 60}
KEPT = sorted((each.parent.name, each.name) for each in CORPUS.glob("*/*"))


@pytest.mark.parametrize("target", TARGETS)
def test_drawn_input_ends_in_words(target: str, tmp_path: Path) -> None:
    random = Random(20261127)
    for number in range(FRESH[target]):
        folder = tmp_path / str(number)
        folder.mkdir()
        TARGETS[target].play(TARGETS[target].make(random), folder)


@pytest.mark.parametrize(("target", "name"), KEPT)
def test_what_once_was_a_bug_ends_in_words(target: str, name: str, tmp_path: Path) -> None:
    TARGETS[target].play((CORPUS / target / name).read_bytes(), tmp_path)


def test_a_bug_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("made up")

    monkeypatch.setattr("oakum.cli.check.load", broken)
    with pytest.raises(AssertionError, match="made up"):
        TARGETS["contracts"].play(b"exposure: 1\n", tmp_path)
