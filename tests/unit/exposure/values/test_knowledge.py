"""What the run remembers of values, and which of them name somebody."""

from __future__ import annotations

import pytest

from oakum.authz import Leaf, ObjectInstance
from oakum.exposure.values.knowledge import (
    InheritedState,
    Knowledge,
    canonical,
    leaves_of,
    says_nothing,
)
from oakum.openapi.model import Json


def instance(resource: str = "Person", **fields: Json) -> ObjectInstance:
    leaves = tuple(Leaf(name, (name,), value, True) for name, value in fields.items())
    return ObjectInstance(resource, (), (), frozenset(), {}, leaves, fields)


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (7, "7"), (7.0, "7"), (7.5, "7.5"), ("7", "7"), ("", "")],
)
def test_one_text_for_a_value_however_it_is_sent(value: Json, text: str) -> None:
    assert canonical(value) == text


@pytest.mark.parametrize("value", [None, False, 0, 0.0, "", [], {}])
def test_values_that_stand_in_for_nothing(value: Json) -> None:
    assert says_nothing(value)


@pytest.mark.parametrize("value", [True, 1, -1, "0", " ", [0], {"a": None}])
def test_values_that_say_something(value: Json) -> None:
    assert not says_nothing(value)


def test_an_owner_teaches_their_values() -> None:
    known = Knowledge()
    known.learn_own("ann", instance(id="p-1", vip=False, phone=None, tags=[], bio="hello there"))
    assert known.own == {
        ("ann", "Person", "id"): {"p-1"},
        ("ann", "Person", "bio"): {"hello there"},
    }
    # `false` was there to be seen, though it proves nothing; `null` was not
    assert ("ann", "Person", "vip") in known.present
    assert ("ann", "Person", "phone") not in known.present
    # an empty list is what anybody is shown who has none: that it did not come closes nothing
    assert ("ann", "Person", "tags") not in known.present
    assert not known.was_shown("ann", "Person", "", "tags")
    assert known.values("Person.id", "ann") == ["p-1"]
    assert known.values("Person.vip", "ann") == []
    assert known.values("Person.id", "bob") == []


def test_a_value_fills_a_parameter_as_its_owners_or_as_anybodys() -> None:
    known = Knowledge()
    for who, course in (("ann", "c-1"), ("bob", "c-2"), ("cat", "c-2")):
        known.learn_own(who, instance("Post", id=f"post-{who}", course_id=course))
    assert known.values("Post.id", "bob") == ["post-bob"]
    assert known.values("Post.course_id", None) == ["c-2", "c-1"]  # where most of them are, first


def test_who_has_no_object_yet_is_named_as_owner_by_their_account() -> None:
    known = Knowledge(accounts_as_owner={("ann", "Post.author"): "7", ("bob", "Post.author"): "8"})
    known.learn_own("bob", instance("Post", id="p-1", author="/people/8"))
    assert known.values("Post.author", "ann") == ["7"]
    assert known.values("Post.author", "bob") == ["/people/8"]  # as the API spells it
    assert known.values("Post.id", "ann") == []


def test_memory_does_not_grow_with_the_target() -> None:
    known = Knowledge()
    for number in range(100):
        known.learn_own("ann", instance("Post", id=f"post-{number}"))
        known.learn_names(iter([(("rows", str(number), "room_id"), f"r-{number}")]))
    assert len(known.objects[("ann", "Post")]) == len(known.values_by_name("roomId")) == 16


@pytest.mark.parametrize(
    "pointer", [("ride", "id"), ("ride_id",), ("rideId",), ("data", "3", "rideId"), ("RideID",)]
)
def test_an_id_goes_by_one_name_however_it_is_spelt(pointer: tuple[str, ...]) -> None:
    known = Knowledge()
    known.learn_names(iter([(pointer, "r-9")]))
    assert known.values_by_name("ride_id") == known.values_by_name("rideId") == ["r-9"]


def test_a_longer_name_will_do_when_there_is_no_other() -> None:
    known = Knowledge()
    known.learn_names(iter([(("next_ride_id",), "r-1")]))
    assert known.values_by_name("rideId") == ["r-1"]
    known.learn_names(iter([(("ride_id",), 2), (("ride_id",), True), (("other",), "x")]))
    assert known.values_by_name("rideId") == ["2"]
    assert known.values_by_name("seat") == []


def test_a_value_that_only_one_identity_has_names_its_field() -> None:
    known = Knowledge()
    known.learn_own("ann", instance(bio="unlike anybody"))
    known.learn_own("bob", instance(bio="another story"))
    assert known.canary("unlike anybody") == ("ann", "Person", "bio")
    assert dict(known.canaries()) == {
        "unlike anybody": ("ann", "Person", "bio"),
        "another story": ("bob", "Person", "bio"),
    }
    assert known.canary("never seen before") is None


@pytest.mark.parametrize("text", ["short", "123456", "0", "Continental"])
def test_a_value_that_turns_up_by_chance_names_nobody(text: str) -> None:
    known = Knowledge()
    known.learn_own("ann", instance(bio=text))
    assert known.canary(text) is None


def test_a_value_that_two_have_names_nobody() -> None:
    known = Knowledge()
    known.learn_own("ann", instance(bio="we like it here"))
    assert known.canary("we like it here")
    assert len(list(known.canaries())) == 1
    known.learn_own("bob", instance(phone="we like it here"))
    assert known.canary("we like it here") is None
    assert list(known.canaries()) == []


def test_a_value_that_an_outsider_has_as_well_names_nobody() -> None:
    known = Knowledge()
    known.learn_own("ann", instance(bio="the continental"))
    assert list(known.canaries())
    known.learn_others(instance(bio="the continental", name="Somebody Else"))
    assert known.canary("the continental") is None
    assert list(known.canaries()) == []
    assert known.common == {"the continental"}  # of the outsider nothing else is kept


def test_every_scalar_has_a_place() -> None:
    value = {"a": [1, {"b": None}], "c": {}, "d": "x"}
    assert dict(leaves_of(value)) == {("a", "0"): 1, ("a", "1", "b"): None, ("d",): "x"}
    assert list(leaves_of(3)) == [((), 3)]


def test_what_an_object_inherits_changes_with_the_account() -> None:
    accounts: dict[tuple[str, str], Json] = {}
    known = Knowledge(accounts=accounts)
    known.conditions["ann", "Note", "1"] = {
        "private": InheritedState("User.private"),
        "draft": True,
    }
    assert known.states_of("ann", "Note", "1") == {"draft": True}
    for value in (True, False):
        accounts["ann", "User.private"] = value
        assert known.states_of("ann", "Note", "1") == {"private": value, "draft": True}
    assert known.states_of("bob", "Note", "1") == {}
