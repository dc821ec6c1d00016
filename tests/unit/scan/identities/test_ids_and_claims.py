"""What who-am-I tells of the caller, besides the id."""

from __future__ import annotations

import pytest

from oakum.authz.decision_inputs import Principal, Subject
from oakum.authz.relations import held_relations
from oakum.exchange import json_bytes
from oakum.openapi.model import Json
from oakum.policy.model import Caller, Policy, Relation
from oakum.routing.caller_credentials import by_answer
from oakum.routing.http_messages import HttpResponse
from oakum.scan.identities.ids_and_claims import body_claims, drop_shared


def policy(claim: str, pointer: str = "/user/id") -> Policy:
    staff = Relation("staff", "claim", claim=claim, has=True)
    return Policy({"staff": staff}, {}, caller=Caller("getMe", pointer))


@pytest.mark.parametrize(
    ("claim", "body", "expected"),
    [
        ("is_admin", {"user": {"id": 1, "is_admin": True}}, {"is_admin": True}),
        ("is_admin", {"user": {"id": 1}, "is_admin": True}, {}),
        ("is_admin", {"user": {"id": 1, "is_admin": False}}, {"is_admin": False}),
        (
            "access.staff",
            {"user": {"id": 1, "access": {"staff": True}}},
            {"access": {"staff": True}},
        ),
        ("is_admin", {"user": {"id": 1, "manager": {"id": 2, "is_admin": True}}}, {}),
        ("is_admin", {"user": {"id": 1}, "team": [{"is_admin": True}]}, {}),
        ("is_admin", "nobody", {}),
        ("is_admin", {"user": {"id": 1, "roles": ["cook"]}}, {"roles": ["cook"]}),
        ("roles", {"user": {"id": 1}, "roles": ["cook"]}, {}),
        ("role", {"user": {"id": 1, "manager": {"id": 2, "role": True}}}, {}),
        ("groups", {"user": {"id": 1, "groups": True}}, {"groups": True}),
        ("user.groups", {"user": {"id": 1, "groups": True}}, {"groups": True}),
    ],
)
def test_a_claim_that_the_contract_names_is_the_callers_own(
    claim: str, body: Json, expected: dict[str, Json]
) -> None:
    """Somebody else who stands in the answer makes nobody staff."""
    assert dict(body_claims(body, policy(claim))) == expected


@pytest.mark.parametrize("claim", ["user.groups", "groups", "access.staff", "is_admin", "role"])
@pytest.mark.parametrize(
    "body",
    [
        {"user": {"id": 1, "groups": True, "access": {"staff": True}}},
        {"user": {"id": 1, "user": {"groups": True}}},
        {"user": {"id": 1}, "is_admin": True, "groups": True},
        {"user": {"id": 1, "manager": {"id": 2, "role": True, "is_admin": True}}},
    ],
)
def test_a_claim_holds_in_a_scan_where_it_holds_at_the_guard(claim: str, body: Json) -> None:
    known = policy(claim)
    answered = HttpResponse(200, (("content-type", "application/json"),), json_bytes(body))
    who = by_answer(answered, known.caller)
    nobodys = Subject("", (), owned=False)
    at_guard = held_relations(known, Principal(who.ids, who.claims), nobodys)
    assert held_relations(known, Principal(who.ids, body_claims(body, known)), nobodys) == at_guard


def test_without_a_pointer_to_the_id_roles_are_read_anywhere() -> None:
    body = {"user": {"id": 1, "role": "cook"}}
    assert dict(body_claims(body, policy("is_admin", ""))) == {"role": "cook"}


def test_what_who_am_i_calls_two_identities_names_neither() -> None:
    """An answer with rows mixed up would make one of them the owner of all that is the other's."""
    told = {"ann": ["1", "ann@x.test"], "bob": ["2", "ann@x.test", "bob"], "cat": ["3", "team"]}
    firm = {"ann": ["1"], "bob": ["2"], "cat": ["3", "team"]}
    assert drop_shared(told, firm) == {
        "ann": frozenset({"1"}),
        "bob": frozenset({"2", "bob"}),
        "cat": frozenset({"3", "team"}),
    }
    shared = drop_shared({"ann": ["1", "team"], "bob": ["2", "team"]}, {"ann": ["1", "team"]})
    assert shared == {"ann": frozenset({"1", "team"}), "bob": frozenset({"2"})}
