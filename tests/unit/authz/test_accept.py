"""What of a request body may be sent on, and whose object a write may touch."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from oakum.authz import ANONYMOUS, Model, Principal, Subject
from oakum.authz.accept import Acceptance, accept
from oakum.authz.decide import holds_resource, may_write
from oakum.authz.project import Call
from oakum.openapi.model import Media, Operation, Shape
from oakum.policy.model import FieldRule, Grant, OperationRule
from tests.properties.worlds import array, record, scalar
from tests.unit.authz.small import PERSON, TEXT, contract, note, who

OWNER = who("u1")
MINE = Subject("Note", ("u1",), {"id": "n1", "owner_id": "u1", "is_private": True})
FIXED = replace(TEXT, read_only=True)
BODY = record(
    "Note",
    id=FIXED,
    owner_id=TEXT,
    text=TEXT,
    guests=array(TEXT),
    place=record(city=FIXED, street=TEXT),
)


def sets(path: str, *relations: str) -> FieldRule:
    return FieldRule(path, (Grant(("owner",), set=relations),))


LINES = (
    sets("id", "owner"),
    sets("text", "owner", "follower"),
    sets("guests", "owner"),
    sets("place", "owner"),
)


def writes(
    body: Shape | None = BODY, media: str = "application/json", rule: OperationRule | None = None
) -> Model:
    """A contract with one endpoint that writes a note."""
    declared = () if body is None else (Media(media, body),)
    endpoint = Operation(
        "change", "PATCH", "/notes/{id}", body=declared, security=(frozenset({"session"}),)
    )
    return contract(
        replace(note(), fields=LINES),
        PERSON,
        endpoints=(endpoint,),
        change=rule or OperationRule("change"),
    )


def sent(
    body: bytes,
    principal: Principal = OWNER,
    subject: Subject | None = MINE,
    model: Model | None = None,
    media: str = "application/json",
) -> Acceptance:
    return accept(
        model or writes(), principal, Call("change", {"id": "n1"}, 200, media), subject, body
    )


def test_what_the_sender_may_set_goes_on_byte_for_byte_and_nothing_else() -> None:
    found = sent(b'{"text": "caf\\u00e9",  "owner_id": "u2", "admin": true}')
    assert found == Acceptance(b'{"text": "caf\\u00e9"}', ("/owner_id", "/admin"))


def test_a_member_that_the_document_calls_read_only_is_set_by_nobody() -> None:
    assert sent(b'{"id": "n1", "text": "a"}') == Acceptance(b'{"text": "a"}', ("/id",))
    inner = sent(b'{"text": "a","place": {"city": "x","street": "y"}}')
    assert inner.body == b'{"text": "a","place": {"street": "y"}}' and inner.removed == (
        "/place/city",
    )


def test_what_is_read_only_around_a_resource_is_cut_too() -> None:
    around = writes(
        record(data=BODY, version=replace(scalar("integer"), read_only=True), hint=TEXT)
    )
    found = sent(b'{"data": {"text": "a"}, "version": 2,"hint": "b"}', model=around)
    assert found == Acceptance(b'{"data": {"text": "a"},"hint": "b"}', ("/version",))
    shut = writes(replace(BODY, names=frozenset(), read_only=True))
    assert sent(b'{"text": "a"}', model=shut).body is None


def test_a_list_is_not_set_where_the_contract_names_one_value() -> None:
    assert sent(b'{"text": ["a", "b"], "guests": ["u3"]}') == Acceptance(
        b'{"guests": ["u3"]}', ("/text",)
    )


@pytest.mark.parametrize(
    ("principal", "subject"),
    [
        (who("u2"), MINE),
        (ANONYMOUS, MINE),
        (OWNER, Subject("Note", ("u2",))),
        (OWNER, None),  # whose object it is was not learnt, whatever the body says
        (OWNER, Subject("Note", ())),
    ],
)
def test_who_is_not_known_to_own_the_object_sets_nothing_of_it(
    principal: Principal, subject: Subject | None
) -> None:
    found = sent(b'{"text": "a", "owner_id": "u1"}', principal, subject)
    assert found == Acceptance(None, ("",), "the caller may set nothing in this body")


def test_a_relation_sets_what_its_own_grant_says() -> None:
    found = sent(b'{"text": "a", "guests": ["u3"]}', who(follower=True))
    assert found == Acceptance(b'{"text": "a"}', ("/guests",))


@pytest.mark.parametrize("body", [b'{"text": "a", "text": "b"}', b'{"text": ', b"\xff", b""])
def test_a_body_that_reads_in_two_ways_or_none_is_refused_whole(body: bytes) -> None:
    found = sent(body)
    assert found.body is None and found.refused.startswith("unreadable body: ")


@pytest.mark.parametrize(
    ("declared", "media"),
    [
        ("application/json", "application/xml"),
        ("application/json", ""),
        ("application/xml", "application/xml"),
        ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_not_declared_or_is_no_json_is_refused(declared: str, media: str) -> None:
    found = sent(b'{"text": "a"}', model=writes(media=declared), media=media)
    assert found == Acceptance(None, (), "no request body of this media type is declared")


def test_a_line_binds_where_the_document_is_vague_and_an_endpoint_without_one_is_read_too() -> None:
    rule = OperationRule("change", sets=(("Note", "/note"),))
    vague = writes(record(note=record(text=TEXT, guests=array(TEXT)), hint=TEXT), rule=rule)
    found = sent(b'{"note": {"text": "a","admin": true}}', model=vague)
    assert found == Acceptance(b'{"note": {"text": "a"}}', ("/note/admin",))
    assert sent(b'{"note": {"text": "a"}}', who("u2"), model=vague).body is None
    endpoint = Operation("change", "PATCH", "/notes/{id}", body=(Media("application/json", BODY),))
    bare = contract(replace(note(), fields=LINES), PERSON, endpoints=(endpoint,))
    assert sent(b'{"text": "a"}', model=bare).body == b'{"text": "a"}'


# --------------------------------------------------------------------------- whose object

BARE = record(note=TEXT)


@pytest.mark.parametrize(
    ("principal", "subject", "passes"),
    [
        (OWNER, MINE, True),
        (who("u2"), MINE, False),
        (OWNER, Subject("Note", ()), False),
        (OWNER, None, False),
    ],
)
def test_a_write_that_no_line_speaks_of_is_for_the_owner_of_what_it_touches(
    principal: Principal, subject: Subject | None, passes: bool
) -> None:
    assert may_write(writes(BARE), principal, "change", {"id": "n1"}, subject, "ask") is passes
    assert may_write(writes(None), principal, "change", {"id": "n1"}, subject, "ask") is passes


@pytest.mark.parametrize(
    ("rule", "body", "target"),
    [
        (OperationRule("change", call=("member",)), BARE, "ask"),
        (OperationRule("change"), BARE, "caller"),
    ],
)
def test_it_passes_where_a_line_says_who_or_it_is_the_callers(
    rule: OperationRule, body: Shape, target: Literal["caller", "path", "ask", "none"]
) -> None:
    model = writes(body, rule=rule)
    assert may_write(model, who("u2"), "change", {"id": "n1"}, None, target)
    assert not may_write(model, ANONYMOUS, "change", {"id": "n1"}, MINE, target)
    assert not may_write(model, OWNER, "unheard-of", {}, MINE, target)


def test_a_body_holds_a_resource_where_schema_or_contract_says_so_at_any_depth() -> None:
    assert holds_resource(writes(BODY), "change")
    assert holds_resource(writes(record(data=array(BODY))), "change")
    assert holds_resource(
        writes(BARE, rule=OperationRule("change", sets=(("Note", ""),))), "change"
    )
    assert not holds_resource(writes(BARE), "change")
    assert not holds_resource(writes(None), "change")
