"""Granted, sent, used: what each combination is called."""

from __future__ import annotations

import pytest

from oakum.errors import Location
from oakum.frontend.page_comparison import ContractField, compare_page
from oakum.frontend.usage import Use

VIEWED = ("Member", "follower")


def sight(use: Use, granted: bool = True, leak: bool = False) -> ContractField:
    return ContractField(VIEWED, "city", "getUser", granted, leak, use)


@pytest.mark.parametrize(
    ("sights", "verdicts"),
    [
        ([sight("rendered")], ()),
        ([sight("read"), sight("untouched")], ()),  # one of its endpoints is used
        ([sight("untouched"), sight("copied")], ("excess", "wide")),
        ([sight("untouched"), sight("unobserved")], ()),  # nothing is said of what was not seen
        ([sight("untouched", granted=False)], ()),  # whether it is granted is not known
        ([sight("untouched", granted=False, leak=True)], ("leak",)),
        ([sight("untouched"), sight("copied", granted=False, leak=True)], ("leak",)),
        ([sight("rendered", granted=False, leak=True)], ("leak", "narrow")),
        ([], ("wide",)),
    ],
)
def test_each_combination_has_its_name(
    sights: list[ContractField], verdicts: tuple[str, ...]
) -> None:
    line = Location("exposure.yaml", 3, 1)
    (row,) = compare_page(sights, {VIEWED: frozenset(["city"])}, lambda *_: line)
    assert row.verdicts == verdicts
    assert row.line == line
