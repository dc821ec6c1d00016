"""Names of members around a list: each says one thing."""

from __future__ import annotations

from itertools import combinations

from oakum.authz.list_member_names import FAILED, HARMLESS, NAMES, ON


def test_no_name_says_two_things() -> None:
    for one, other in combinations(NAMES.values(), 2):
        assert not one & other


def test_a_harmless_name_says_neither_more_nor_a_failure() -> None:
    for name in HARMLESS:
        assert name.isalnum() and name == name.lower()
        assert not any(word in name for word in ON | FAILED)
