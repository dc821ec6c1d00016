"""A claim is read at its path, and dots of a name are no path."""

from __future__ import annotations

import pytest

from oakum.authz.claim_paths import claim_value, merge_claims, with_claim
from oakum.openapi.model import Json


@pytest.mark.parametrize(
    ("name", "claims", "value"),
    [
        ("roles", {"roles": 1}, 1),
        ("realm.roles", {"realm": {"roles": 1}}, 1),
        ("realm.roles", {"realm.roles": 2}, None),
        ("realm.roles", {"realm.roles": 2, "realm": {"roles": 1}}, 1),
        ("realm.roles", {"realm.roles": 2, "realm": "x"}, None),
        ("realm.roles", {"realm": [{"roles": 1}]}, None),
        ("a.my:client.roles", {"a": {"my:client": {"roles": 1}}}, 1),
        ("https://x.test/roles", {"https://x.test/roles": 1}, 1),
        ("https://x.test/roles", {"https://x": {"test/roles": 1}}, None),
        ("cognito:groups", {"cognito:groups": 1}, 1),
        ("urn:x.y:roles", {"urn:x.y:roles": 1}, 1),
        ("x.test/roles", {"x.test/roles": 1}, 1),
    ],
)
def test_dots_of_a_claim_lead_into_objects_and_are_no_part_of_a_name(
    name: str, claims: dict[str, Json], value: Json
) -> None:
    assert claim_value(claims, name) == value


def test_what_is_said_of_a_claim_stands_where_it_is_looked_for() -> None:
    said = with_claim({"realm": {"id": 1, "roles": [2]}, "x": 3}, "realm.roles", [4])
    assert said == {"realm": {"id": 1, "roles": [4]}, "x": 3}
    assert claim_value(with_claim({"realm": "x"}, "realm.roles", 1), "realm.roles") == 1
    assert merge_claims({"a": {"b": 1, "c": 1}}, {"a": {"b": 2}}) == {"a": {"b": 2, "c": 1}}
