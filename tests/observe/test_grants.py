"""The narrowest grants: nothing that was withheld, nothing that nobody of the relation was sent."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.policy.model import Policy, Relation
from oakum.traffic.narrowest_grants import ConditionalGrant, Sample, narrowest

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


def test_a_refusal_proves_nothing_of_who_may_have_been_shut_out_beside_who_was_not() -> None:
    state = (("hidden", False), ("private", False))
    perhaps = Sample(ANYONE, MEMBER | {"blocked"}, state, 4, 4, refused=1)
    when = {"hidden": False, "private": False}
    assert told(perhaps) == []
    assert told(perhaps, sample(MEMBER, False, False, 2, 2)) == [("member", when)]
    assert told(perhaps, Sample(MEMBER, MEMBER, state, 2, 2, refused=1)) == []


def test_what_was_kept_back_from_owners_of_unknown_settings_is_not_granted_always() -> None:
    always = [sample(MEMBER, p, h, 1, 1) for p, h in product((False, True), repeat=2)]
    unknown = Sample(MEMBER, MEMBER, (("hidden", False), ("private", None)), 0, 0, refused=1)
    assert told(*always, unknown) == []
    some = [sample(MEMBER, False, h, 1, 1) for h in (False, True)]
    assert told(*some, unknown) == [("member", {"private": False})]


VALUES = st.sampled_from((False, True, None))
SAMPLES = st.builds(
    lambda who, hidden, private, present, of, refused: Sample(
        *who, (("hidden", hidden), ("private", private)), present, of, refused
    ),
    st.sampled_from(
        [(each, each) for each in (ANYONE, MEMBER, FOLLOWER, OWNER, ANYONE | {"blocked"})]
        + [(ANYONE, MEMBER | {"blocked"}), (MEMBER, FOLLOWER)]
    ),
    VALUES,
    VALUES,
    st.sampled_from((0, 3)),
    st.sampled_from((3, 4)),
    st.sampled_from((0, 0, 1)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(SAMPLES, max_size=14))
def test_a_draft_grants_nothing_that_was_withheld(samples: list[Sample]) -> None:
    found = narrowest(POLICY, STATES, samples)
    for grant, each in product(found, samples):
        certain = grant.relation in each.held
        if each.has_settings and grant.covers(each) and certain:
            assert each.always_sent
        if each.has_settings and grant.covers(each) and grant.relation != "follower":
            assert each.whole or not each.of
    assert all(_was_sent(grant, samples) for grant in found)
    assert not any(grant.relation == "blocked" for grant in found)


def _was_sent(grant: ConditionalGrant, samples: list[Sample]) -> bool:
    return any(each.has_settings and grant.covers(each) and each.whole for each in samples)
