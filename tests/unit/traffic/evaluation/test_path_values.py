"""Which field of an object stands in its path, by what was sent."""

from __future__ import annotations

from typing import Any

import pytest

from oakum.openapi.model import Operation
from oakum.traffic.evaluation.cached_object_walk import FieldSet, SeenObject
from oakum.traffic.evaluation.path_values import PathValues

OPERATIONS = (
    Operation("getUser", "GET", "/users/{userId}"),
    Operation("getFollowers", "GET", "/users/{userId}/followers"),
    Operation("getNote", "GET", "/notes/{userId}"),
)
GUESSED = {"params": {"userId": "User.id"}}
USERS = [
    {"id": "u1", "username": "ann", "nick": "ann"},
    {"id": "u2", "username": "bob", "nick": "rob"},
]


def seen(value: dict[str, Any], *place: str, above: SeenObject | None = None) -> SeenObject:
    return SeenObject("User", place, (), value, FieldSet(frozenset(), frozenset(), ()), above)


def corrected(*heard: tuple[str, dict[str, Any]]) -> list[str]:
    """`userId` of each operation once these objects were sent at these paths of `getUser`."""
    values = PathValues()
    for said, value in heard:
        values.learn("getUser", {"userId": said}, [seen(value)])
    drafted: dict[str, Any] = {
        "operations": {each.id: {"params": dict(GUESSED["params"])} for each in OPERATIONS}
    }
    values.correct_params(OPERATIONS, drafted)
    return [each["params"]["userId"] for each in drafted["operations"].values()]


def test_a_member_that_was_always_in_the_path_is_its_value_there_and_below() -> None:
    found = corrected(("ann", USERS[0]), ("bob", USERS[1]))
    assert found == ["User.username", "User.username", "User.id"]


@pytest.mark.parametrize(
    "heard",
    [
        [],
        [("u1", USERS[0])],
        [("u1", USERS[0]), ("bob", USERS[1])],  # both are taken
        [("Ann", USERS[0]), ("bob", USERS[1])],  # not always
        [("ann", {"username": "ann"})],  # its id is not shown
        [("2", {"id": "u1", "seats": 2}), ("3", {"id": "u2", "seats": 3})],  # may be by chance
    ],
)
def test_what_was_guessed_stays_where_responses_do_not_rule_it_out(heard: Any) -> None:
    assert corrected(*heard) == ["User.id"] * 3


def test_a_number_counts_once_it_is_no_chance() -> None:
    heard = [(str(n), {"id": f"u{n}", "number": n}) for n in range(3)]
    assert corrected(*heard)[0] == "User.number"


def test_objects_in_lists_and_in_others_say_nothing_of_the_path() -> None:
    values = PathValues()
    for said, value in zip(("ann", "bob"), USERS, strict=True):
        values.learn("getUser", {"userId": said}, [seen(value, "data", "*")])
        values.learn("getUser", {"userId": said}, [seen(value, above=seen({}))])
    drafted: dict[str, Any] = {"operations": {"getUser": {"params": {"userId": "User.id"}}}}
    values.correct_params(OPERATIONS, drafted)
    assert drafted["operations"]["getUser"] == GUESSED
