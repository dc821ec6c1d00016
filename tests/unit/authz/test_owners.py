"""Whose an object is, by the place where the contract says it stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oakum.authz.owners import in_query, owners_of
from oakum.policy.model import OperationRule, Owner

names = st.sampled_from(["id", "creator", "owner", "userId"])
texts = st.sampled_from(["u1", "u2", "7", ""])
objects = st.dictionaries(names, texts)
params = st.dictionaries(st.one_of(names, names.map(in_query)), texts)
rules = st.builds(OperationRule, st.just("get"), owner=names)
people = st.frozensets(texts, max_size=2)


@given(objects, rules, params, people, st.tuples(texts), st.booleans())
def test_nothing_in_a_response_or_its_request_says_who_created_an_object(
    value: dict[str, str], rule: OperationRule, asked: dict[str, str], ids: frozenset[str],
    around: tuple[str, ...], inside: bool,
) -> None:  # fmt: skip
    found = owners_of(Owner("creator"), dict(value), rule, asked, ids, around, inside=inside)
    assert found == ()


@given(objects, rules, params, people, st.tuples(texts), names)
def test_an_owner_in_the_query_is_named_by_the_query_and_by_no_path_or_member_of_that_name(
    value: dict[str, str], rule: OperationRule, asked: dict[str, str], ids: frozenset[str],
    around: tuple[str, ...], name: str,
) -> None:  # fmt: skip
    found = owners_of(Owner("query", (name,)), dict(value), rule, asked, ids, around)
    said = asked.get(in_query(name), "")
    assert found == ((said,) if said else ())
