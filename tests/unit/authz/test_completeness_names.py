"""Names of members around a list: each says one thing."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import combinations

from oakum.authz.completeness_names import (
    AROUND,
    COUNTED_CALLS,
    ENDED,
    FAILED,
    HARMLESS,
    NAMES,
    NO_TAILS,
    ON,
    SILENT_ENDS,
    SILENT_HEADERS,
    SILENT_STARTS,
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
    sets = re.findall(r'([A-Za-z_]+)(?:"\])? = (?:set|words) (?:"([^"]*)"|\[\[([^\]]*)\]\])', text)
    found = {
        name: frozenset((short or long).split()) for name, short, long in reversed(sets)
    }  # the first of a name
    assert {name: found[name] for name in NAMES} == NAMES
    assert found["USUAL"] == {str(each) for each in USUAL}
    assert (found["ON"], found["FAILED"], found["ENDED"]) == (ON, FAILED, ENDED)
    assert found["OPENS"] == AROUND
    assert found["SILENT_HEADERS"] == SILENT_HEADERS
    assert (found["SILENT_STARTS"], found["SILENT_ENDS"]) == (SILENT_STARTS, SILENT_ENDS)
    assert (found["COUNTED_CALLS"], found["NO_TAILS"]) == (COUNTED_CALLS, NO_TAILS)


def test_a_header_that_speaks_of_a_list_is_not_silent() -> None:
    for name in SILENT_HEADERS:
        assert name == name.lower()
        assert not any(word in name for word in ON | FAILED | {"total", "count", "pag"})
