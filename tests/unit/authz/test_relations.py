"""How a caller relates to an object: unknown is closed."""

from __future__ import annotations

import pytest

from oakum.authz import Principal, Subject
from oakum.authz.relations import held_relations
from oakum.policy.model import Policy, Relation
from tests.unit.authz.small import RELATIONS, note, who

POLICY = Policy(RELATIONS, {"Note": note()})
NOTE = Subject("Note", ("u1",), {"id": "n1", "guests": ["u7", 8]})


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        (who(), {"anyone", "member"}),
        (who("u1"), {"anyone", "member", "owner"}),
        (who(follower=True), {"anyone", "member", "follower"}),
        (who(blocked=True), {"anyone", "blocked"}),
        (who(follower=True, blocked=True), {"anyone", "follower", "blocked"}),
        (who(roles="staff"), {"anyone", "member", "staff"}),
        (who(roles=["guest", "staff"]), {"anyone", "member", "staff"}),
        (who(roles="staffer"), {"anyone", "member"}),
        (who(roles=None), {"anyone", "member"}),
        (who("u7"), {"anyone", "member", "guest"}),
        (who("8"), {"anyone", "member", "guest"}),
    ],
)
def test_relations_come_from_their_sources(principal: Principal, expected: set[str]) -> None:
    assert held_relations(POLICY, principal, NOTE) == expected


def test_a_look_up_without_an_answer_gives_nothing_and_takes_away() -> None:
    assert "follower" not in held_relations(POLICY, who(follower=None), NOTE)
    assert "member" not in held_relations(POLICY, who(blocked=None), NOTE)
    assert "blocked" not in held_relations(
        POLICY, who(blocked=None), NOTE
    )  # held only when certain


def test_an_object_whose_owner_is_unknown_gives_no_look_up() -> None:
    lost = Subject("Note", (), {})
    assert held_relations(POLICY, who(follower=True), lost) == {"anyone"}
    catalogue = Subject("Note", (), {}, owned=False)
    assert held_relations(POLICY, who(follower=True), catalogue) == {"anyone", "member"}


def test_of_several_owners_each_must_be_followed_and_one_is_enough_to_own() -> None:
    both = Subject("Note", ("u1", "u9"))
    known = {("follower", "u1"): True, ("blocked", "u1"): False, ("blocked", "u9"): False}
    assert "follower" not in held_relations(POLICY, Principal(frozenset({"u2"}), {}, known), both)
    known[("follower", "u9")] = False
    assert "follower" not in held_relations(POLICY, Principal(frozenset({"u2"}), {}, known), both)
    known[("follower", "u9")] = True
    assert "follower" in held_relations(POLICY, Principal(frozenset({"u2"}), {}, known), both)
    assert "owner" in held_relations(POLICY, Principal(frozenset({"u9"}), {}, known), both)


def test_what_takes_a_relation_away_may_be_taken_away_itself() -> None:
    chain = {
        "member": Relation("member", "authenticated", unless=("blocked",)),
        "blocked": Relation("blocked", "lookup", unless=("staff",)),
        "staff": Relation("staff", "claim", claim="roles", has="staff"),
    }
    policy = Policy(chain, {})
    assert held_relations(policy, who(blocked=True), NOTE) == {"blocked"}
    assert held_relations(policy, who(blocked=True, roles="staff"), NOTE) == {"member", "staff"}
