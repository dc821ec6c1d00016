"""What somebody is to one object, by its owner and its own members."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from oakum.policy.model import Owner, Relation
from oakum.scan.evaluation.object_relations import (
    relations_as_creator,
    relations_given,
    relations_to,
)
from tests.unit.scan.studio import IDS, known_identities, model


@pytest.mark.parametrize(
    ("members", "more"),
    [
        ({"guest_ids": [IDS["cat"]]}, {"guest"}),
        ({"guest_ids": [IDS["bob"]]}, set()),
        ({"guest_ids": []}, set()),
        ({}, {"guest"}),  # left out: they may be one
        ({"guest_ids": [], "editor_id": IDS["cat"]}, {"owner"}),
    ],
)
def test_what_somebody_is_to_an_object_is_read_from_that_very_object(
    members: dict[str, Any], more: set[str]
) -> None:
    """One of its owners, or named in it: by whom the owner shares it with, not by what they are to
    the owner's account."""
    made = model()
    post = replace(made.policy.resources["Post"], owner=Owner("field", ("author_id", "editor_id")))
    guest = Relation("guest", "field", member="guest_ids")
    policy = replace(
        made.policy,
        resources={**made.policy.resources, "Post": post},
        relations={**made.policy.relations, "guest": guest},
    )
    leaves = (*made.tables["Post"].leaves, "guest_ids.*")
    tables = {**made.tables, "Post": replace(made.tables["Post"], leaves=leaves)}
    shared = replace(made, policy=policy, tables=tables)
    value = {"id": "post-1", "author_id": IDS["ann"], **members}
    plain = known_identities().relations("cat", "ann")
    assert relations_to(shared, known_identities(), "Post", value, "cat", "ann") == plain | more
    assert relations_to(
        shared, known_identities(), "Post", value, None, "ann"
    ) == known_identities().relations(None, "ann")


@pytest.mark.parametrize(
    ("guests", "may"), [(["ann"], True), (["ann", "cat"], True), (["cat"], False), (None, True)]
)
def test_a_relation_that_an_object_gives_its_own_owner_counts_for_what_they_may_set(
    guests: list[str] | None, may: bool
) -> None:
    made = model()
    guest = Relation("guest", "field", member="guest_ids")
    policy = replace(made.policy, relations={**made.policy.relations, "guest": guest})
    leaves = (*made.tables["Post"].leaves, "guest_ids.*")
    tables = {**made.tables, "Post": replace(made.tables["Post"], leaves=leaves)}
    shared = replace(made, policy=policy, tables=tables)
    value: dict[str, Any] = {"id": "post-1", "author_id": IDS["ann"]}
    value |= {} if guests is None else {"guest_ids": [IDS[each] for each in guests]}
    given = relations_given(shared, known_identities(), "Post", value, "ann")
    assert ("guest" in given) is may
    assert relations_given(shared, known_identities(), "Post", value, None) == frozenset()


def test_whoever_creates_an_object_may_be_all_that_the_members_with_its_owner_name() -> None:
    """And not what other members say, such as a list of guests, of which nothing is known yet."""
    made = model()
    author = Relation("author", "field", member="author_id")
    guest = Relation("guest", "field", member="guest_ids")
    named = {**made.policy.relations, "author": author, "guest": guest}
    leaves = (*made.tables["Post"].leaves, "guest_ids.*")
    tables = {**made.tables, "Post": replace(made.tables["Post"], leaves=leaves)}
    shared = replace(made, policy=replace(made.policy, relations=named), tables=tables)
    plain = known_identities().relations("ann", "ann")
    assert relations_as_creator(shared, known_identities(), "Post", "ann") == plain | {"author"}
