"""Classes of names, by what tests of a document match them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.openapi.name_pattern_classes import NameTest, automaton_of, name_classes
from oakum.openapi.pattern_syntax import UnsupportedPattern

TESTS: tuple[NameTest, ...] = ("^x", "y$", "", ("x", "xy", "é"), "z+")


@given(
    st.lists(st.sampled_from(TESTS), unique=True, max_size=4),
    st.one_of(st.text("xyzé", max_size=5), st.text(max_size=3)),
)
def test_a_name_is_of_the_class_of_the_tests_that_match_it(
    tests: list[NameTest], name: str
) -> None:
    found = name_classes(tuple(tests))
    alone = frozenset(test for test in tests if automaton_of(test).matches(name))
    assert found.matched[found.of(name)] == alone
    assert found.matched[0] == frozenset()


def test_half_of_a_character_is_no_name_of_a_pattern() -> None:
    found = name_classes(("^a$",))
    assert (found.of("\ud800"), found.of("a\ud800"), found.of("a")) == (0, 0, 1)


def test_tests_may_be_too_large_together() -> None:
    each = tuple(f"{letter}.{{2}}x" for letter in "abcdefgh")
    assert all(automaton_of(test) for test in each)
    with pytest.raises(UnsupportedPattern, match="too large beside the others"):
        name_classes(each)
