"""Who may call what, and what of which object they may see; never a bare yes or no."""

from __future__ import annotations

import pytest

from oakum.authz import ANONYMOUS, Model, Principal, Subject, decide
from oakum.authz.decide import may_call, through
from oakum.errors import Location
from oakum.policy.model import OperationRule
from tests.properties.worlds import record
from tests.unit.authz.small import TEXT, contract, endpoint, who

PING = endpoint("ping", "/ping", record(ok=TEXT))
PUBLIC = Subject("Note", ("u1",), {"is_private": False, "audience": "me"})
PRIVATE = Subject("Note", ("u1",), {"is_private": True, "audience": "me"})


def calls(*relations: str, owner: str = "", open: bool = False) -> Model:
    rule = OperationRule("list", call=relations or None, owner=owner)
    return contract(endpoints=(endpoint(open=open), PING), list=rule)


def test_what_the_contract_does_not_name_is_denied() -> None:
    model = contract(endpoints=(endpoint(), PING))
    for operation in ("ping", "unheard-of"):
        decision = decide(model, who(), operation)
        assert not decision.allowed
        assert decision.why == f"`{operation}` is not granted to this caller"
    named = contract(endpoints=(endpoint(), PING), ping=OperationRule("ping"))
    assert decide(named, who(), "ping").allowed


def test_without_call_the_document_says_who_may_come_in() -> None:
    assert decide(calls(open=True), ANONYMOUS, "list").allowed
    assert not decide(calls(), ANONYMOUS, "list").allowed
    assert decide(calls(), who(), "list").allowed


@pytest.mark.parametrize(
    ("relations", "anonymous", "member", "owner"),
    [
        (("anyone",), True, True, True),
        (("member",), False, True, True),
        (("staff",), False, False, False),
        (("owner",), False, False, True),
        (("follower", "owner"), False, False, True),
        ((), False, True, True),
    ],
)
def test_call_says_who_and_about_whose_object(
    relations: tuple[str, ...], anonymous: bool, member: bool, owner: bool
) -> None:
    model = calls(*relations)
    found = [may_call(model, each, "list", {}, PUBLIC) for each in (ANONYMOUS, who(), who("u1"))]
    assert found == [anonymous, member, owner]


def test_before_the_object_is_known_a_question_about_an_owner_passes_with_a_login() -> None:
    model = calls("owner")
    assert may_call(model, who(), "list", {})
    assert not may_call(model, ANONYMOUS, "list", {})


def test_an_owner_in_the_path_is_known_before_the_answer() -> None:
    model = calls("owner", "follower", owner="userId")
    assert not may_call(model, who(), "list", {"userId": "u1"})
    assert may_call(model, who("u1"), "list", {"userId": "u1"})
    assert may_call(model, who(follower=True), "list", {"userId": "u1"})
    assert not may_call(model, who(follower=None), "list", {"userId": "u1"})


def test_through_is_the_same_rule_without_the_question() -> None:
    assert through(calls("owner"), "list", frozenset({"owner"}), False)
    assert not through(calls("owner"), "list", frozenset({"anyone", "member"}), True)
    assert through(calls(), "list", frozenset(), True)
    assert not through(calls(), "list", frozenset(), False)
    assert through(calls(open=True), "list", frozenset(), False)


def test_a_decision_names_the_fields_and_the_lines_it_rests_on() -> None:
    decision = decide(contract(), who(), "list", PUBLIC)
    assert decision.allowed
    assert decision.fields == {"id", "text", "friend"}
    assert decision.held == {"anyone", "member"}
    assert decision.state == {"private": False, "audience": "me"}
    assert Location("exposure.yaml", 21, 1) in decision.rules
    assert Location("exposure.yaml", 20, 1) not in decision.rules
    assert decide(contract(), who(), "list", PRIVATE).fields == {"id", "friend"}


def test_an_object_of_which_nothing_may_be_seen_is_a_denial_with_its_reason() -> None:
    decision = decide(contract(), who(blocked=True), "list", PUBLIC)
    assert not decision.allowed
    assert decision.why == "the caller may see nothing of a `Note`"
    assert decision.rules == ()
    assert decision.held == {"anyone", "blocked"}


def test_a_caller_who_may_not_call_sees_nothing_either() -> None:
    decision = decide(calls("staff"), who("u1"), "list", PUBLIC)
    assert (decision.allowed, decision.fields) == (False, frozenset())


def test_an_id_is_text_in_every_place() -> None:
    seven = Subject("Note", ("7",), {"is_private": True})
    assert "text" in decide(contract(), Principal(frozenset({"7"})), "list", seven).fields


def test_a_relation_that_no_object_decides_is_known_before_the_object() -> None:
    """Whom an owner has blocked is no question where no owner is meant."""
    assert may_call(calls("member"), who(), "list", {})
    assert may_call(calls("member"), who(blocked=None), "list", {})
    assert not may_call(calls("member"), who(blocked=None), "list", {}, PUBLIC)
