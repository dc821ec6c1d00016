"""The body cut down to what its reader may see: bytes are cut out, and the scan creates none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.authz import ANONYMOUS, Call, Model, Projection, project
from oakum.policy.model import OperationRule, Resource
from tests.properties.worlds import array, record, scalar
from tests.unit.authz.small import FIELDS, NOTE, PERSON, TEXT, contract, endpoint, note, who

OWNER, OTHER = who("u1", follower=False, blocked=False), who()
LIST = Call("list")


def passed(body: str, principal: object = OTHER, model: Model | None = None) -> str | None:
    found = project(model or contract(), principal, LIST, body.encode())  # type: ignore[arg-type]
    return found.body.decode() if found.body is not None else None


def test_ranges_are_cut_out_and_the_rest_stays_as_it_was_sent() -> None:
    body = '{ "data" : [ { "id": "\\u006e1", "owner_id":"u1", "text": "x" , "is_private":true} ] }'
    assert passed(body) == '{ "data" : [ { "id": "\\u006e1"} ] }'
    assert passed(body, OWNER) == '{ "data" : [ { "id": "\\u006e1", "text": "x"} ] }'


def test_numbers_keep_every_digit() -> None:
    body = '{"data":[],"total":100000000000000000000000000001}'
    assert passed(body) == body


def test_what_was_cut_is_named_outermost_only() -> None:
    body = b'{"data":[{"id":"n","owner_id":"u1","place":{"city":"x","a/b":1}}],"debug":{"x":1}}'
    found = project(contract(), OTHER, LIST, body)
    assert found.withheld == ("/data/0/owner_id", "/data/0/place", "/debug")
    assert found.refused == ""


def test_an_object_of_which_nothing_may_be_seen_leaves_its_list() -> None:
    body = '{"data":[{"id":"a","owner_id":"u9"},{"id":"b","owner_id":"u1"}]}'
    assert passed(body) == '{"data":[{"id":"b"}]}'


def test_a_count_does_not_tell_how_many_were_hidden() -> None:
    model = contract(list=OperationRule("list", counts=("/total",)))
    hidden = '{"data":[{"id":"a","owner_id":"u9"}],"total":1,"next":"n"}'
    assert passed(hidden, model=model) == '{"data":[],"next":"n"}'
    shown = '{"data":[{"id":"a"}],"total":1}'.replace('"a"', '"a","owner_id":"u1"')
    assert passed(shown, model=model) == '{"data":[{"id":"a"}],"total":1}'


def test_an_empty_list_stays_and_an_emptied_object_goes() -> None:
    assert passed('{"data":[]}') == '{"data":[]}'
    assert passed('{"debug":{"a":1}}') is None


def instead(how: str) -> Model:
    resource: Resource = note({**FIELDS, "text": FIELDS["text"]})
    fields = tuple(
        replace(rule, instead=how) if rule.path in ("text", "place") else rule  # type: ignore[arg-type]
        for rule in resource.fields
    )
    return contract(replace(resource, fields=fields), PERSON)


def test_what_stands_in_place_of_a_withheld_field() -> None:
    body = '{"data":[{"id":"n","owner_id":"u1","text":"x","place":{"city":"y"}}]}'
    assert passed(body, model=instead("absent")) == '{"data":[{"id":"n"}]}'
    assert passed(body, model=instead("null")) == '{"data":[{"id":"n","text":null,"place":null}]}'
    assert passed(body, model=instead("refuse")) is None
    assert passed(body, OWNER, model=instead("refuse")) is not None


@pytest.mark.parametrize(
    ("call", "body", "why"),
    [
        (Call("other"), b"{}", "the contract does not grant this operation"),
        (LIST, b"{", "unreadable body: not a JSON string"),
        (LIST, b'{"a":1,"a":2}', "unreadable body: an object has two members with the same name"),
        (Call("list", media_type="text/html"), b"<p>", "no response with this status"),
        (Call("list", status=500), b"{}", "no response with this status"),
        (LIST, b'{"debug":1}', "the caller may see nothing of this response"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_the_reason(
    call: Call, body: bytes, why: str
) -> None:
    found = project(contract(), OTHER, call, body)
    assert found.body is None
    assert found.refused.startswith(why)


def test_nobody_gets_through_an_endpoint_that_asks_for_a_login() -> None:
    assert project(contract(), ANONYMOUS, LIST, b'{"data":[]}').body is None
    assert project(contract(endpoints=(endpoint(open=True),)), ANONYMOUS, LIST, b'{"data":[]}').body


def test_an_answer_without_a_body_passes() -> None:
    assert project(contract(), OTHER, LIST, b"") == Projection(b"")


def test_projecting_twice_changes_nothing_more() -> None:
    body = '{"data":[{"id":"n","owner_id":"u1","is_private":false,"text":"x"}],"total":1}'
    model = contract(note({**FIELDS, "owner_id": FIELDS["id"], "is_private": FIELDS["id"]}), PERSON)
    once = passed(body, model=model)
    assert once is not None and once == body
    assert passed(once, model=model) == once


def test_a_map_of_members_is_cut_by_member() -> None:
    shape = record("Note", id=TEXT, owner_id=TEXT, text=TEXT)
    model = contract(note(), PERSON, endpoints=(endpoint(shape=shape),))
    assert passed('{"owner_id":"u1","id":"n"}', model=model) == '{"id":"n"}'
    assert passed('{"id":"n","owner_id":"u1"}', model=model) == '{"id":"n"}'


def test_a_count_goes_at_any_depth_and_nothing_beside_it() -> None:
    number = scalar("integer")
    around = record(page=record(total=number, size=number), total=number)
    shape = record(data=array(NOTE), meta=around)
    rule = OperationRule("list", counts=("/meta/page/total", "/meta/gone/total", "/gone"))
    model = contract(endpoints=(endpoint(shape=shape),), list=rule)
    hidden = (
        '{"data":[{"owner_id":"u9","text":"a"}],"meta":{"page":{"total":1,"size":9},"total":2}}'
    )
    assert passed(hidden, OTHER, model) == '{"data":[],"meta":{"page":{"size":9},"total":2}}'


def test_what_was_cut_is_a_json_pointer() -> None:
    body = b'{"data": [], "a/b": 1, "c~d": 2, "e~1f": 3, "total": 0}'
    found = project(contract(), OTHER, Call("list"), body)
    assert found.withheld == ("/a~1b", "/c~0d", "/e~01f")  # RFC 6901


def test_an_answer_of_which_nothing_may_be_seen_was_read_all_the_same() -> None:
    model = contract(endpoints=(endpoint(shape=NOTE),))
    found = project(model, OTHER, Call("list"), b'{"owner_id": "u9", "text": "a"}')
    assert found.body is None and found.judged is not None
    assert [each.owners for each in found.judged.instances] == [("u9",)]
    assert project(model, OTHER, Call("list"), b"{").judged is None
