"""The state that an owner is in: unknown is closed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from oakum.authz import Principal, Subject
from oakum.authz.owner_states import state_of
from oakum.openapi.model import Json
from oakum.policy.model import Policy, State
from tests.unit.authz.small import AUDIENCE, PRIVATE, RELATIONS, note

POLICY = Policy(RELATIONS, {"Note": note()})


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
