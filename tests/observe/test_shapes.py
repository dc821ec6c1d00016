"""Shapes of bodies: what they say, and that they hold nobody's value."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.openapi.observed_shape import ObservedValues, schema

NONE: frozenset[str] = frozenset()


def learnt(*values: Any) -> ObservedValues:
    found = ObservedValues()
    for value in values:
        found.learn(value)
    return found


def rows(found: ObservedValues) -> dict[str, tuple[tuple[str, ...], int, int]]:
    return {path: (tuple(sorted(e.kinds)), e.value_count, of) for path, e, of in found.fields(NONE)}


def test_fields_with_their_types_and_share() -> None:
    found = learnt({"id": 1, "tags": ["a", "b"]}, {"id": "x", "owner": {"age": None}})
    assert rows(found) == {
        "id": (("integer", "string"), 2, 2),
        "owner.age": (("null",), 1, 1),
        "tags.*": (("string",), 2, 2),
    }


def test_a_map_keyed_by_people_names_none_of_them() -> None:
    names = [f"{a}{b}son" for a in "abcdef" for b in "uvwxyz"]
    found = learnt(*({name: {"points": 1}} for name in names))
    assert rows(found) == {"*.points": (("integer",), 36, 36)}


def test_a_name_that_stood_in_one_object_of_many_is_not_told() -> None:
    found = learnt(*[{"id": n} for n in range(20)], {"id": 9, "ann_smith": 3})
    assert "ann_smith" not in json.dumps(schema(found))
    assert rows(found).keys() == {"id", "*"}


def test_a_list_too_long_and_a_value_too_deep_are_cut() -> None:
    deep: Any = 1
    for _ in range(2000):
        deep = [deep]
    assert learnt(deep, list(range(100_000))).value_count == 2


def test_a_schema_requires_what_was_always_there() -> None:
    found = learnt({"id": 1, "at": "2026-11-25"}, {"id": 2.5})
    assert schema(found) == {
        "type": "object",
        "properties": {"at": {"type": "string", "format": "date"}, "id": {"type": "number"}},
        "required": ["id"],
    }


CANARY = "zq-canary-7f3a91c2@example.test"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(CANARY),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(("a", "b", CANARY)), inner),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(VALUES, max_size=8))
def test_no_value_can_be_told(values: list[Any]) -> None:
    found = learnt(*values)
    assert CANARY not in json.dumps(schema(found))
    assert not any(CANARY in path for path, _, _ in found.fields(NONE))


@settings(max_examples=40, deadline=None)
@given(st.lists(VALUES.filter(lambda each: CANARY not in json.dumps(each)), max_size=8))
def test_what_was_learnt_apart_adds_up(values: list[Any]) -> None:
    whole, left, right = learnt(*values), learnt(*values[::2]), learnt(*values[1::2])
    left.add(right)
    assert rows(left) == rows(whole)


def test_a_value_is_gone_when_it_was_learnt() -> None:
    assert CANARY.encode() not in pickle.dumps(learnt({"email": CANARY, "list": [CANARY]}))


@pytest.mark.parametrize("below", [{"score": 1, "rank": 2}, 7])
@pytest.mark.parametrize("times", [1, 3])
def test_a_name_that_each_object_has_of_its_own_is_a_key(below: object, times: int) -> None:
    learnt = ObservedValues()
    for name in ("quentin_a", "minaokafor", "bartnguyen", "xiomarad", "zbigniewk") * times:
        learnt.learn({name: below, "total": 3, "at": "now"})
    names = {path.partition(".")[0] for path, *_ in learnt.fields(frozenset())}
    assert names == {"*", "total", "at"}


def test_fields_that_are_there_now_and_then_are_no_keys() -> None:
    learnt = ObservedValues()
    for turn in range(10):
        one = {"id": turn, "name": "x"}
        learnt.learn({**one, **({"bio": "b"} if turn % 4 == 0 else {}),
                      **({"site": "s"} if turn % 5 == 0 else {}),
                      **({"team": {"id": 1}} if turn % 5 == 1 else {})})  # fmt: skip
    names = {path.partition(".")[0] for path, *_ in learnt.fields(frozenset())}
    assert names == {"id", "name", "bio", "site", "team"}
