"""What a run has changed is counted, and what was taken back; what was refused is neither."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from oakum.scan.write_counts import WriteCounts


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        ([("undo", "a"), ("undone", "a")], (1, 1)),
        ([("undo", "a"), ("undo", "a"), ("undone", "a")], (1, 1)),
        ([("undo", "a"), ("undo", "b"), ("undone", "b")], (2, 1)),
        ([("flip", "a"), ("restored", "a"), ("restored", "a")], (1, 1)),
        ([("undo", "a"), ("refused", "a")], (0, 0)),
        ([("undo", "a"), ("refused", "a"), ("undo", "a"), ("undone", "a")], (1, 1)),
        ([("undo", "a"), ("undo", "b"), ("refused", "a"), ("undone", "b")], (1, 1)),
        ([("refused", "a")], (0, 0)),
    ],
)
def test_a_change_counts_until_it_is_undone_or_known_to_be_none(
    told: Sequence[tuple[str, str]], counts: tuple[int, int]
) -> None:
    log = WriteCounts()
    for kind, name in told:
        log.count(kind, name)
    assert (log.changes, log.undone) == counts
