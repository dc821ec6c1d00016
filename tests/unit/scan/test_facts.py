"""What who-am-I tells of the caller, besides the id."""

from __future__ import annotations

import pytest

from oakum.contract.model import Caller, Json, Policy, Relation
from oakum.scan.facts import body_claims


def policy(claim: str, pointer: str = "/user/id") -> Policy:
    staff = Relation("staff", "claim", claim=claim, has=True)
    return Policy({"staff": staff}, {}, caller=Caller("getMe", pointer))


@pytest.mark.parametrize(
    ("claim", "body", "expected"),
    [
        ("is_admin", {"user": {"id": 1, "is_admin": True}}, {"is_admin": True}),
        ("is_admin", {"user": {"id": 1}, "is_admin": True}, {"is_admin": True}),
        ("is_admin", {"user": {"id": 1, "is_admin": False}}, {"is_admin": False}),
        ("access.staff", {"user": {"id": 1, "access": {"staff": True}}}, {"access.staff": True}),
        ("is_admin", {"user": {"id": 1, "manager": {"id": 2, "is_admin": True}}}, {}),
        ("is_admin", {"user": {"id": 1}, "team": [{"is_admin": True}]}, {}),
        ("is_admin", "nobody", {}),
        ("is_admin", {"user": {"id": 1, "roles": ["cook"]}}, {"roles": ["cook"]}),
    ],
)
def test_a_claim_that_the_contract_names_is_the_callers_own(
    claim: str, body: Json, expected: dict[str, Json]
) -> None:
    """Somebody else who stands in the answer makes nobody staff."""
    assert dict(body_claims(body, policy(claim))) == expected
