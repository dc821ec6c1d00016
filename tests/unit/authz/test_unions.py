"""Which alternative of a union an object belongs to."""

from __future__ import annotations

import pytest

from oakum.authz.compiled_model import Members
from oakum.authz.discriminators import Tag
from oakum.authz.unions import select_alternative
from oakum.openapi.model import Json, Shape

_TEXT = Shape(kinds=frozenset(("string",)))


def _object(name: str, *members: str) -> Shape:
    found = {each: lambda: _TEXT for each in members}
    return Shape(kinds=frozenset(("object",)), properties=found, names=frozenset((name,)))


RIDE, SWIM, PLACE = _object("Ride", "km", "gear"), _object("Swim", "km", "laps"), _object("Place")
BOUND = {"Ride": "Ride", "Swim": "Swim"}
KNOWN = {"Ride": Members(frozenset(("km", "gear"))), "Swim": Members(frozenset(("km", "laps")))}
EITHER = Shape(branches=(lambda: RIDE, lambda: SWIM))


@pytest.mark.parametrize(
    ("value", "told", "expected"),
    [
        ({"km": 1, "gear": "g"}, None, RIDE),
        ({"km": 1, "laps": 2}, None, SWIM),
        ({"km": 1}, None, None),
        ({}, None, None),
        ({"km": 1, "kind": "swim"}, ("kind", {"swim": "Swim"}), SWIM),
        ({"laps": 1, "kind": "ride"}, ("kind", {"ride": "Ride"}), RIDE),
        ({"km": 1, "kind": 7}, ("kind", {"ride": "Ride"}), None),
    ],
)
def test_what_an_object_has_tells_and_what_it_lacks_does_not(
    value: dict[str, Json], told: Tag | None, expected: Shape | None
) -> None:
    found = select_alternative(EITHER, value, BOUND, KNOWN, told)
    assert (found and found.names) == (expected and expected.names)


def test_within_a_resource_what_may_be_none_is_taken_for_none() -> None:
    shape = Shape(branches=(lambda: RIDE, lambda: PLACE))
    assert select_alternative(shape, {}, BOUND, KNOWN, None, inside=True) is None
    outside = select_alternative(shape, {}, BOUND, KNOWN, None)
    assert outside is not None
    assert outside.names == {"Ride"}
