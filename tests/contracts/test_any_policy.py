"""Whatever stands in a policy is read or told: no input ends in a traceback."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.errors import Problem
from oakum.openapi.source import parse
from oakum.policy.check import check, mistakes
from oakum.policy.parser import parse_policy
from tests import quick_yaml
from tests.unit.policy.crew import document
from tests.unit.policy.grammar import whole
from tests.unit.policy.test_contract_warnings import QUIET
from tests.unit.policy.test_guard_section import EVERYTHING as GUARDED
from tests.unit.policy.test_parser import EVERYTHING

POLICIES = [quick_yaml.load(each) for each in (EVERYTHING, whole(QUIET), whole(GUARDED))]
JUNK: list[Any] = [
    *(
        None,
        True,
        0,
        2.5,
        "",
        "x",
        "*",
        "a.b",
        "/a/b",
        "**",
        "Member.private",
        "owner",
        "none",
        "no",
        "30s",
    ),
    *([], {}, [[]], [None], {"a": 1}, ["owner", 1], {"x": {"y": []}}, {"see": ["owner"]}),
]


def spots(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a value, outermost first."""
    keys: Any = (
        value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0)
    )
    for key in keys:
        yield (*at, key)
        yield from spots(value[key], (*at, key))


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(POLICIES),
    st.lists(st.tuples(st.integers(0), st.sampled_from(JUNK)), min_size=1, max_size=3),
)
def test_a_policy_with_junk_anywhere_is_read_or_told(
    base: Any, changes: list[tuple[int, Any]]
) -> None:
    changed = copy.deepcopy(base)
    for where, junk in changes:
        places = list(spots(changed))
        if places:
            *stem, last = places[where % len(places)]
            inner = changed
            for key in stem:
                inner = inner[key]
            inner[last] = copy.deepcopy(junk)
    problems: list[Problem] = []
    policy = parse_policy(parse(json.dumps(changed), "policy.json"), problems)
    if policy is None:
        assert problems
    elif problems:
        mistakes(document(), policy)
    else:
        check(document(), policy)
    assert all(problem.location.line for problem in problems)
