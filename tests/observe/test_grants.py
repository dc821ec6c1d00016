"""The narrowest grants: nothing that was withheld, nothing that nobody of the relation was sent."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.contract.model import Policy, Relation
from oakum.observe.grants import Granted, Sample, narrowest

RELATIONS = {
    "anyone": Relation("anyone", "anyone"),
    "member": Relation("member", "authenticated", unless=("blocked",)),
    "follower": Relation("follower", "lookup"),
    "owner": Relation("owner", "owner"),
    "blocked": Relation("blocked", "lookup"),
}
POLICY = Policy(relations=RELATIONS, resources={}, operations={})
STATES = {"private": (False, True), "hidden": (False, True)}
ANYONE = frozenset(("anyone",))
MEMBER = ANYONE | {"member"}
FOLLOWER = MEMBER | {"follower"}
OWNER = MEMBER | {"owner"}


def sample(held: frozenset[str], private: bool, hidden: bool, present: int, of: int) -> Sample:
    return Sample(held, held, (("hidden", hidden), ("private", private)), present, of)


def told(*samples: Sample) -> list[tuple[str, dict[str, object]]]:
    return [(each.relation, dict(each.when)) for each in narrowest(POLICY, STATES, samples)]


def test_a_setting_that_was_met_in_one_value_alone_stays_a_condition() -> None:
    assert told(sample(MEMBER, False, False, 9, 9)) == [
        ("member", {"hidden": False, "private": False})
    ]


def test_a_setting_that_changes_nothing_is_left_out() -> None:
    samples = [sample(MEMBER, p, h, 0 if p else 5, 5) for p, h in product((False, True), repeat=2)]
    assert told(*samples) == [("member", {"private": False})]


def test_a_stronger_relation_gets_what_the_weaker_did_not() -> None:
    both = product((False, True), repeat=2)
    samples = [s for p, h in both for s in (
        sample(MEMBER, p, h, 0 if p else 5, 5), sample(FOLLOWER, p, h, 5, 5)
    )]  # fmt: skip
    assert told(*samples) == [("member", {"private": False}), ("follower", {})]


def test_what_members_alone_were_sent_is_not_everybodys() -> None:
    every = [sample(MEMBER, p, h, 1, 1) for p, h in product((False, True), repeat=2)]
    assert told(*every) == [("member", {})]


def test_what_some_were_sent_and_others_not_is_granted_to_nobody() -> None:
    assert told(sample(MEMBER, False, False, 3, 9)) == []


def test_who_may_be_a_follower_is_no_proof_for_members() -> None:
    doubtful = Sample(MEMBER, FOLLOWER, (("hidden", False), ("private", True)), 4, 4)
    assert told(doubtful) == []


def test_who_may_have_been_blocked_and_was_sent_it_was_not() -> None:
    doubtful = Sample(ANYONE, MEMBER | {"blocked"}, (("hidden", False), ("private", False)), 4, 4)
    assert told(doubtful) == [("member", {"hidden": False, "private": False})]


SAMPLES = st.builds(
    sample,
    st.sampled_from((ANYONE, MEMBER, FOLLOWER, OWNER, ANYONE | {"blocked"})),
    st.booleans(),
    st.booleans(),
    st.sampled_from((0, 3)),
    st.sampled_from((3, 4)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(SAMPLES, max_size=14))
def test_a_draft_grants_nothing_that_was_withheld(samples: list[Sample]) -> None:
    found = narrowest(POLICY, STATES, samples)
    for grant, each in product(found, samples):
        assert each.sent or not grant.covers(each)
    assert all(_was_sent(grant, samples) for grant in found)
    assert not any(grant.relation == "blocked" for grant in found)


def _was_sent(grant: Granted, samples: list[Sample]) -> bool:
    return any(grant.covers(each) and each.sent for each in samples)
