"""What a caller is to an object, and how an owner's state reads: unknown is closed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from oakum.authz import ANONYMOUS, Principal, Subject
from oakum.authz.principal import alike, at_path, claimed, held, joined, state_of, texts, with_claim
from oakum.openapi.model import Json
from oakum.policy.model import Policy, Relation, State
from tests.unit.authz.small import AUDIENCE, PRIVATE, RELATIONS, note

POLICY = Policy(RELATIONS, {"Note": note()})
NOTE = Subject("Note", ("u1",), {"id": "n1", "guests": ["u7", 8]})


def who(
    id: str = "u2", follower: bool | None = False, blocked: bool | None = False, **claims: Json
) -> Principal:
    known = {("follower", "u1"): follower, ("blocked", "u1"): blocked}
    return Principal(frozenset({id}), claims, {k: v for k, v in known.items() if v is not None})


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
    assert claimed(claims, name) == value


def test_what_is_said_of_a_claim_stands_where_it_is_looked_for() -> None:
    said = with_claim({"realm": {"id": 1, "roles": [2]}, "x": 3}, "realm.roles", [4])
    assert said == {"realm": {"id": 1, "roles": [4]}, "x": 3}
    assert claimed(with_claim({"realm": "x"}, "realm.roles", 1), "realm.roles") == 1
    assert joined({"a": {"b": 1, "c": 1}}, {"a": {"b": 2}}) == {"a": {"b": 2, "c": 1}}


def test_nobody_is_but_anyone() -> None:
    assert held(POLICY, ANONYMOUS, NOTE) == {"anyone"}


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
    assert held(POLICY, principal, NOTE) == expected


def test_a_look_up_without_an_answer_gives_nothing_and_takes_away() -> None:
    assert "follower" not in held(POLICY, who(follower=None), NOTE)
    assert "member" not in held(POLICY, who(blocked=None), NOTE)
    assert "blocked" not in held(POLICY, who(blocked=None), NOTE)  # held only when certain


def test_an_object_whose_owner_is_unknown_gives_no_look_up() -> None:
    lost = Subject("Note", (), {})
    assert held(POLICY, who(follower=True), lost) == {"anyone"}
    catalogue = Subject("Note", (), {}, owned=False)
    assert held(POLICY, who(follower=True), catalogue) == {"anyone", "member"}


def test_of_several_owners_each_must_be_followed_and_one_is_enough_to_own() -> None:
    both = Subject("Note", ("u1", "u9"))
    known = {("follower", "u1"): True, ("blocked", "u1"): False, ("blocked", "u9"): False}
    assert "follower" not in held(POLICY, Principal(frozenset({"u2"}), {}, known), both)
    known[("follower", "u9")] = False
    assert "follower" not in held(POLICY, Principal(frozenset({"u2"}), {}, known), both)
    known[("follower", "u9")] = True
    assert "follower" in held(POLICY, Principal(frozenset({"u2"}), {}, known), both)
    assert "owner" in held(POLICY, Principal(frozenset({"u9"}), {}, known), both)


def test_what_takes_a_relation_away_may_be_taken_away_itself() -> None:
    chain = {
        "member": Relation("member", "authenticated", unless=("blocked",)),
        "blocked": Relation("blocked", "lookup", unless=("staff",)),
        "staff": Relation("staff", "claim", claim="roles", has="staff"),
    }
    policy = Policy(chain, {})
    assert held(policy, who(blocked=True), NOTE) == {"blocked"}
    assert held(policy, who(blocked=True, roles="staff"), NOTE) == {"member", "staff"}


# ------------------------------------------------------------ states


def states(value: Any, *owners: str, **accounts: Json) -> dict[str, Json]:
    resource = note(states=(PRIVATE, AUDIENCE, State("hidden", (False, True), of="Account.hidden")))
    known = {(owner, "Account.hidden"): said for owner, said in accounts.items()}
    return state_of(POLICY, resource, Principal(states=known), Subject("Note", owners, value))


def test_the_objects_own_member_counts_and_a_missing_one_reads_as_the_contract_says() -> None:
    assert states({"is_private": False, "audience": "crew"})["private"] is False
    assert states({"audience": "crew"}) == {"private": True, "audience": "crew"}
    assert states({"is_private": None}) == {"private": True}  # of `audience` nothing is said
    assert states(None) == {"private": True}


def test_a_state_may_stand_in_the_owners_account() -> None:
    assert states({}, "u1", u1=False)["hidden"] is False
    assert "hidden" not in states({}, "u1")
    assert "hidden" not in states({}, u1=False)


def test_of_several_owners_the_most_closed_counts() -> None:
    assert states({}, "u1", "u2", u1=False, u2=True)["hidden"] is True
    assert states({}, "u1", "u2", u1=False, u2=False)["hidden"] is False
    assert "hidden" not in states({}, "u1", "u2", u1=False)  # of the other nothing is known
    # What is none of its values stays as it is, and so matches no condition.
    assert states({}, "u1", "u2", u1=False, u2="nonsense")["hidden"] == "nonsense"


def test_who_is_not_named_may_have_set_what_the_object_does_not_say() -> None:
    """No more is known than of an owner whose account nobody asked: not that it is `missing`."""
    open_ = replace(PRIVATE, missing=False)
    resource = note(states=(open_,))
    told = Principal(states={("u1", "Note.private"): None})
    whole, part = Subject("Note", ("u1",)), Subject("Note", ("u1",), partly=True)
    assert state_of(POLICY, resource, told, whole) == {"private": False}
    assert state_of(POLICY, resource, told, part) == {}
    assert state_of(POLICY, resource, Principal(), part) == {
        "private": False
    }  # nobody can be asked
    refers = note(states=(State("private", (False, True), of="Note.private", missing=True),))
    asked = replace(POLICY, resources={"Other": refers})
    assert state_of(asked, resource, Principal(), part) == {}


def test_the_object_is_believed_before_the_account() -> None:
    resource = note(states=(PRIVATE,))
    account = Principal(states={("u1", "Note.private"): True})
    inside = Subject("Note", ("u1",), {"is_private": False})
    assert state_of(POLICY, resource, account, inside) == {"private": False}
    assert state_of(POLICY, resource, account, Subject("Note", ("u1",))) == {"private": True}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", [{"b": [1, {"c": 2}]}]), ("a.b", [[1, {"c": 2}]]), ("a.b.*", [1, {"c": 2}]),
        ("a.b.*.c", [2]), ("*.b", [[1, {"c": 2}]]), ("a.x", []), ("a.b.0", []), ("a.b.c", []),
    ],
)  # fmt: skip
def test_values_at_a_path(path: str, found: list[Json]) -> None:
    assert at_path({"a": {"b": [1, {"c": 2}]}}, path) == found


def test_ids_are_text_and_truth_values_are_no_ids() -> None:
    value = {"ids": ["x", 7, True, None, 1.5, {"id": 3}]}
    assert texts(value, "ids") == texts(value, "ids.*") == ["x", "7"]


# ------------------------------------------------------------ one id in several spellings


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("7", "007"),
        ("Ann", "ann"),
        (" ann ", "ann"),
        ("urn:user:7", "7"),
        ("https://api.example.com/people/7/", "7"),
        ("6F9619FF-8B86-D011-B42D-00CF4FC964FF", "{6f9619ff8b86d011b42d00cf4fc964ff}"),
        ("jos\u00e9-rivera", "jose\u0301-rivera"),  # composed, and with a combining accent
        ("jos\u00e9", "jose\u0301"),
        ("\u0430nn", "ann"),  # a Cyrillic letter that looks like a Latin one
        ("\uff17", "7"),  # full width
    ],
)
def test_an_id_in_another_spelling_may_be_the_same(one: str, other: str) -> None:
    assert alike([one], [other]) and alike([other], [one])
    assert alike(["someone-else", one], ["nobody", other])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("7", "70"),
        ("ann", "anna"),
        ("a-b", "ab"),  # dashes count, but in a UUID
        ("jos\u00e9-rivera", "ann-rivera"),
        ("jos\u00e9-rivera", "jos\u00e9-lopez"),
        ("6f9619ff-8b86-d011-b42d-00cf4fc964ff", "6f9619ff-8b86-d011-b42d-00cf4fc964fe"),
    ],
)
def test_another_id_is_another(one: str, other: str) -> None:
    assert not alike([one], [other]) and not alike([other], [one])
    assert not alike([one], []) and not alike([], [other])
