"""Objects that the run makes: what is found with them, and that none is left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.catalogue.play import play
from tests.scan.notebook import LEAKS, entry
from tests.scan.test_accounts import told

pytestmark = pytest.mark.server


@pytest.mark.parametrize("leaks", [(), ("review",), ("thrown",), ("review", "thrown")], ids=str)
def test_what_a_creation_takes_over_is_found_and_nothing_is_left(
    leaks: tuple[str, ...], tmp_path: Path
) -> None:
    made, book = entry(leaks)
    played = play(made, "leaky", 1, tmp_path)
    assert not played.report.distrust
    assert told(played.report.findings) == {LEAKS[each] for each in leaks}
    assert played.after == played.before
    assert book.removed >= 2


def test_without_leave_to_write_nothing_is_made(tmp_path: Path) -> None:
    made, book = entry(LEAKS)
    played = play(replace(made, options=()), "leaky", 1, tmp_path)
    assert not played.report.findings
    assert book.removed == 0
