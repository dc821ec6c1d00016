"""Names of members around a list: each says one thing."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import combinations

from oakum.authz.completeness_names import (
    AROUND,
    ENDED,
    FAILED,
    HARMLESS,
    NAMES,
    ON,
    USUAL,
)


def test_no_name_says_two_things() -> None:
    for one, other in combinations(NAMES.values(), 2):
        assert not one & other


def test_a_harmless_name_says_neither_more_nor_a_failure() -> None:
    for name in HARMLESS:
        assert name.isalnum() and name == name.lower()
        assert not any(word in name for word in ON | FAILED)


def test_the_runtime_of_the_engines_has_the_same_names() -> None:
    text = (files("oakum.guard.lua") / "whole.lua").read_text(encoding="utf-8")
    sets = re.findall(r'([A-Za-z_]+)(?:"\])? = (?:set|words) "([^"]*)"', text)
    found = {
        name: frozenset(words.split()) for name, words in reversed(sets)
    }  # the first of a name
    assert {name: found[name] for name in NAMES} == NAMES
    assert found["USUAL"] == {str(each) for each in USUAL}
    assert (found["ON"], found["FAILED"], found["ENDED"]) == (ON, FAILED, ENDED)
    assert found["OPENS"] == AROUND
