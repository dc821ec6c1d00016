"""Patterns that are no regular language."""

from __future__ import annotations

import pytest

from oakum.openapi.pattern_automaton import of_pattern
from oakum.openapi.pattern_syntax import UnsupportedPattern


@pytest.mark.parametrize(
    "pattern",
    [
        "^(?=a)b$", r"(a)\1", r"\bword\b", r"\p{L}", "é", "[à-é]", "a{1,9999999}", "(", ")", "a**",
        "[a", "{2}", "^(){99999999}$", "a{99999999}", "^.*a.{12}$", "a{x}", r"\x4", "[b-a]x|",
    ],
)  # fmt: skip
def test_what_no_table_says_is_told(pattern: str) -> None:
    with pytest.raises(UnsupportedPattern):
        of_pattern(pattern)
