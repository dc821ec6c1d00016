"""Who is who, told by values, and one word for what each is to each."""

from __future__ import annotations

from dataclasses import replace

from oakum.exposure.known_identities import KnownIdentities
from oakum.policy.model import Policy, Relation
from tests.unit.scan.studio import IDS, known_identities, model


def test_an_identity_is_told_by_a_value_that_names_it() -> None:
    found = known_identities()
    assert found.who(["nobody", IDS["bob"]]) == "bob"
    assert found.who([IDS["ann"].upper()]) == ""  # an id that only looks alike is somebody else's
    assert found.who([]) == ""
    assert found.names() == ("ann", "bob", "cat")


def test_relations_are_those_of_the_contract() -> None:
    found = known_identities(
        relationships={("bob", "ann"): frozenset({"follower"}), ("cat", "ann"): {"blocked"}}
    )  # type: ignore[dict-item]
    assert found.relations(None, "ann") == {"anyone"}
    assert found.relations("ann", "ann") == {"anyone", "member", "owner"}
    assert found.relations("bob", "ann") == {"anyone", "member", "follower"}
    assert found.relations("ann", "bob") == {"anyone", "member"}
    assert found.relations("cat", "ann") == {"anyone", "blocked"}


def test_a_relation_by_claim_comes_from_the_token() -> None:
    found = known_identities(
        claims={"cat": {"roles": ["guest", "staff"]}, "bob": {"roles": "staffer"}}
    )
    assert "staff" in found.relations("cat", "ann")
    assert "staff" not in found.relations("bob", "ann")


def test_what_belongs_to_nobody_has_no_owner_and_no_followers() -> None:
    assert known_identities().relations("bob", "") == {"anyone", "member"}


def test_a_label_is_the_strongest_relation() -> None:
    found = known_identities(claims={"cat": {"roles": ["staff"]}})
    pairs = {
        (None, "ann"): "anyone", ("ann", "ann"): "owner", ("bob", "ann"): "follower",
        ("ann", "bob"): "member", ("cat", "ann"): "staff",
    }  # fmt: skip
    for (viewer, owner), label in pairs.items():
        assert found.label(found.relations(viewer, owner), viewer, owner) == label


def test_two_look_ups_that_hold_are_named_together() -> None:
    both = {("bob", "ann"): frozenset({"follower", "blocked"})}
    found = known_identities(relationships=both)
    assert found.label(found.relations("bob", "ann"), "bob", "ann") == "follower+blocked"


def test_a_word_that_is_no_relation_is_a_kind_of_viewer_with_no_right_of_its_own() -> None:
    found = known_identities(relationships={("cat", "ann"): frozenset({"pending"})})
    assert found.relations("cat", "ann") == {"anyone", "member"}
    assert found.label(found.relations("cat", "ann"), "cat", "ann") == "pending"
    assert found.label(found.relations("cat", "bob"), "cat", "bob") == "member"


def test_a_principal_knows_every_look_up_of_the_file() -> None:
    known = known_identities().principal("bob")
    assert known.related[("follower", IDS["ann"])] is True
    assert known.related[("follower", IDS["cat"])] is False
    assert ("blocked", IDS["ann"]) in known.related  # told, so that `unless` does not shut him out
    assert {name for name, _ in known.related} == {
        name for name, each in model().policy.relations.items() if each.kind == "lookup"
    }


def test_a_flipped_setting_shows_in_every_principal() -> None:
    found = known_identities()
    found.states[("ann", "Settings.private")] = True
    place = (IDS["ann"], "Settings.private")
    assert found.principal("bob").states[place] is True
    assert found.principal(None).states[place] is True
    before = found.principal("bob")
    assert found.principal("bob") is before
    found.states[("ann", "Settings.private")] = False
    assert found.principal("bob").states[place] is False


def test_who_has_the_most_kinds_of_viewers_is_looked_at_first() -> None:
    relationships = {
        ("ann", "cat"): frozenset({"follower", "pending"}),
        ("cat", "bob"): frozenset({"x"}),
    }
    assert known_identities(relationships=relationships).subjects() == ["cat", "bob", "ann"]


def test_one_list_tells_of_every_relation_that_reads_it() -> None:
    policy = Policy(
        resources={},
        relations={
            "owner": Relation("owner", "owner"),
            "follower": _reads_followers("follower"),
            "followed": replace(_reads_followers("followed"), of="caller"),
            "friend": replace(_reads_followers("friend"), requires=("followed",)),
            "blocked": replace(_reads_followers("blocked"), pointer="/blocked/*"),
        },
    )
    ids = {name: frozenset({IDS[name]}) for name in ("ann", "bob", "cat")}
    follows = ("bob", "ann"), ("ann", "bob"), ("cat", "ann")
    found = KnownIdentities(policy, ids, {}, {pair: frozenset({"follower"}) for pair in follows})
    assert found.relations("bob", "ann") == {"follower", "followed", "friend"}
    assert found.relations("cat", "ann") == {"follower"}
    assert found.relations("ann", "cat") == {"followed"}
    assert found.relations("bob", "cat") == set()


def test_who_is_said_to_stand_in_a_relation_stands_in_what_it_requires() -> None:
    policy = Policy(
        resources={},
        relations={
            "adult": Relation("adult", "claim", claim="age", has="adult"),
            "guest": replace(_reads_followers("guest"), operation="listGuests"),
            "speaker": replace(_reads_followers("speaker"), requires=("guest", "adult")),
        },
    )
    ids = {name: frozenset({IDS[name]}) for name in ("ann", "bob")}
    lines = {("bob", "ann"): frozenset({"speaker"})}
    assert KnownIdentities(policy, ids, {}, lines).relations("bob", "ann") == {"guest"}
    adult = {"bob": {"age": "adult"}}
    found = KnownIdentities(policy, ids, adult, lines).relations("bob", "ann")
    assert found == {"guest", "adult", "speaker"}


def _reads_followers(name: str) -> Relation:
    return Relation(name, "lookup", operation="listFollowers", pointer="/items/*/id")


def test_a_setting_that_was_not_shown_is_in_doubt_until_it_is_known() -> None:
    found = known_identities()
    assert found.in_doubt("ann", "Settings") == frozenset()
    found.unread.add(("ann", "Settings.private"))
    assert found.in_doubt("ann", "Settings") == {"private"}
    assert found.in_doubt("bob", "Settings") == frozenset()
    found.states["ann", "Settings.private"] = False
    assert found.in_doubt("ann", "Settings") == frozenset()


def test_a_setting_of_an_account_is_in_doubt_before_the_account_has_been_read() -> None:
    found = known_identities()
    assert found.in_doubt("ann", "Post") == {"private"}
    assert found.in_doubt("a stranger", "Post") == frozenset()
    found.unread.add(("a stranger", "Settings.private"))
    assert found.in_doubt("a stranger", "Post") == {"private"}
    found.states["ann", "Settings.private"] = True
    assert found.in_doubt("ann", "Post") == frozenset()
