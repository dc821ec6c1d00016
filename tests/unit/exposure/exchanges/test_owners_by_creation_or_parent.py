"""Whose an object is that names nobody: what its creation, or its parent, tells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oakum.exposure.exchanges.owners_by_creation_or_parent import ShownObject, ToldOwners
from oakum.policy.model import Owner, Policy, Resource

POLICY = Policy({}, {
    "Doc": Resource("Doc", frozenset(), key="id", owner=Owner("creator")),
    "Plan": Resource("Plan", frozenset(), key="id", owner=Owner("field", ("by",))),
    "Task": Resource("Task", frozenset(), key="id", owner=Owner("resource", ("Plan",))),
})  # fmt: skip
keys = st.sampled_from(["1", "2", "3", ""])


@given(st.lists(st.tuples(keys, st.sampled_from(["u1", "u2", ""]), st.booleans()), max_size=8))
def test_an_object_is_at_most_whose_it_was_first_shown_to_by_its_creation(
    said: list[tuple[str, str, bool]],
) -> None:
    told, first = ToldOwners(POLICY), dict[str, str]()
    for key, who, made in said:
        shown = [ShownObject("Doc", (), {"id": key} if key else {})]
        ids = frozenset({who} if who else ())
        told.learn(shown, told.of(shown, "x", {}), ids, "POST /docs {}" if made and ids else "")
        if key:
            first.setdefault(key, who if made else "")
    for key in ("1", "2", "3"):
        (owners,) = told.of([ShownObject("Doc", (), {"id": key})], "x", {})
        assert owners == ((first[key],) if first.get(key) else ())


@given(keys, keys)
def test_a_parent_around_that_is_not_the_one_named_gives_no_owner(named: str, around: str) -> None:
    told = ToldOwners(POLICY)
    value = {"plan_id": named} if named else {}
    shown = [ShownObject("Plan", ("u1",), {"id": around} if around else {}),
             ShownObject("Task", (), value, above=0)]  # fmt: skip
    owners = told.of(shown, "x", {})[1]
    assert owners == (("u1",) if not named or not around or named == around else ())
