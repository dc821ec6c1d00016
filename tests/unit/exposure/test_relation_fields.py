"""Which members of an object give relations, and which settings are an object's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.authz import Model
from oakum.exposure.relation_fields import (
    is_below,
    is_one_of_many,
    may_have,
    members_named,
    relations_by_member,
    relations_through_members,
)
from oakum.policy.model import Relation
from tests.unit.scan.studio import model


@pytest.fixture
def shared() -> Model:
    """The studio, where an object names its guests, and who helps has to be one of them."""
    made = model()
    more = (
        Relation("guest", "field", member="guest.id"),
        Relation("helper", "claim", claim="roles", has="helper", requires=("guest",)),
    )
    relations = {**made.policy.relations, **{each.name: each for each in more}}
    return replace(made, policy=replace(made.policy, relations=relations))


def test_relations_are_read_from_members_of_their_own_or_of_what_they_require(
    shared: Model,
) -> None:
    assert relations_by_member(shared) == {"guest"}
    assert relations_through_members(shared) == {"guest", "helper"}
    assert members_named(shared, "guest") == members_named(shared, "helper") == ("guest.id",)
    assert members_named(shared, "staff") == ()


def test_a_member_may_be_there_where_its_first_step_is_declared() -> None:
    assert may_have(["id", "guest.name"], "guest.id")
    assert not may_have(["id", "guests"], "guest.id")
    assert is_below("guest.id", "guest")
    assert not is_below("guests", "guest")


@pytest.mark.parametrize(("resource", "many"), [("Post", True), ("Person", False)])
def test_an_account_has_no_other_object_beside_it(resource: str, many: bool) -> None:
    made = model()
    assert is_one_of_many(made, made.policy.resources[resource]) is many


def test_settings_of_the_owner_are_no_object_among_many() -> None:
    made = model()
    keyed = replace(made.policy.resources["Settings"], key="id")
    assert not is_one_of_many(made, keyed)
