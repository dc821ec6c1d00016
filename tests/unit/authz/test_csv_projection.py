"""Comma-separated values cut down by row and column."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.authz import Call, Model, Principal, Projection, project
from oakum.authz.csv_projection import project_csv
from oakum.openapi.model import Media, Operation
from tests.properties.worlds import array, record
from tests.unit.authz.small import (  # fmt: skip
    AUDIENCE,
    NOTE,
    OWNED,
    PERSON,
    PRIVATE,
    TEXT,
    contract,
    endpoint,
    note,
    rules,
    see,
)

ANN = Principal(frozenset(("ann",)), related={("blocked", "ann"): False})
BOB = Principal(frozenset(("bob",)), related={("blocked", "ann"): False})
CALL = Call("list", {}, 200, "text/csv")


def exported() -> Operation:
    answers = {"200": (Media("text/csv", array(NOTE)),)}
    return replace(endpoint(shape=array(NOTE)), responses=answers)


MODEL = contract(
    note(
        {
            "id": (see("member"),),
            "owner_id": (see("member"),),
            "text": (see("owner"), see("member", audience=("all",))),
            "audience": (see("owner"),),
        },
        OWNED,
        (AUDIENCE,),
    ),
    PERSON,
    endpoints=(exported(),),
)


def cut(body: str, who: Principal = BOB, model: Model = MODEL) -> Projection:
    return project_csv(model, who, CALL, body.encode())


def left(body: str, who: Principal = BOB) -> str:
    found = cut(body, who)
    assert found.body is not None, found.refused
    return found.body.decode()


HEAD = "id,owner_id,text,audience,secret\r\n"
ROWS = HEAD + "1,ann,hello,all,s\r\n2,ann,hidden,me,s\r\n3,cy,mine,all,s\r\n"


def test_a_column_goes_when_no_row_shows_it() -> None:
    assert left(ROWS, ANN) == (
        "id,owner_id,text,audience\r\n1,ann,hello,all\r\n2,ann,hidden,me\r\n"
    )


def test_a_cell_is_empty_where_only_other_rows_show_the_column() -> None:
    assert left(ROWS) == "id,owner_id,text\r\n1,ann,hello\r\n2,ann,\r\n"


def test_a_row_of_which_nothing_may_be_seen_disappears() -> None:
    # Whether bob is blocked by cy is not known, so he is no member there.
    assert "cy" not in left(ROWS)
    assert cut(ROWS).withheld == (
        "/0/audience", "/0/secret", "/1/text", "/1/audience", "/1/secret", "/2",
    )  # fmt: skip


def test_no_row_tells_as_little_as_rows_that_nobody_may_see() -> None:
    hidden = left(HEAD + "3,cy,mine,all,s\r\n")
    assert hidden == left(HEAD) == "id,owner_id,text,audience\r\n"


def test_what_stays_stays_byte_for_byte() -> None:
    body = 'id,owner_id,text,audience\n"1","ann","a ""b"", c\r\n d",all\n 2,ann,  ,all'
    assert left(body, ANN) == body


def test_values_are_read_without_their_quotes() -> None:
    assert left('"id","owner_id","text","audience"\n1,"ann",x,"all"\n') == (
        '"id","owner_id","text"\n1,"ann",x\n'
    )


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf\n\r\n",
        b"id,owner_id\n\xff,ann\n",
        b"id,owner_id\n1\n",
        b"id,owner_id\n1,ann,more\n",
        b"id,owner_id\n1,ann\n \n",
        b"id,id\n1,ann\n",
        b'id,owner_id\n1,a"nn\n',
        b'id,owner_id\n1,"ann\n',
        b'id,owner_id\n1,"ann"x\n',
        b"id,owner_id\r1,ann\r",
        b"id,owner_id\n1,a\0nn\n",
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(body: bytes) -> None:
    found = project_csv(MODEL, ANN, CALL, body)
    assert (found.body, found.judged) == (None, None)
    assert found.refused.startswith("unreadable")


def test_an_empty_body_is_nothing_to_cut() -> None:
    assert left("") == ""


def test_a_body_that_no_schema_describes_is_refused() -> None:
    for shape in (None, record(id=TEXT)):
        bare = replace(exported(), responses={"200": (Media("text/csv", shape),)})
        model = contract(note(), PERSON, endpoints=(bare,), list=MODEL.rule("list"))
        assert cut(ROWS, ANN, model).body is None


def test_a_caller_without_the_right_to_call_gets_nothing() -> None:
    assert cut(ROWS, Principal()).body is None


def test_refuse_takes_the_whole_answer() -> None:
    member, owner = (see("member"),), (see("owner"),)
    lines = rules({"id": member, "owner_id": member, "text": owner})
    strict = replace(note(), fields=tuple(replace(each, instead="refuse") for each in lines))
    model = contract(strict, PERSON, endpoints=(exported(),))
    assert cut("id,owner_id,text\n1,ann,x\n", ANN, model).body is not None
    assert cut("id,owner_id,text\n1,ann,x\n", BOB, model).body is None


def test_the_same_rows_as_json_show_the_same_cells() -> None:
    as_json = b'[{"id":"1","owner_id":"ann","text":"hello","audience":"all","secret":"s"}]'
    model = contract(
        *MODEL.policy.resources.values(),
        endpoints=(
            replace(exported(), responses={"200": (Media("application/json", array(NOTE)),)}),
        ),
    )
    found = project(model, BOB, Call("list"), as_json)
    assert found.body == b'[{"id":"1","owner_id":"ann","text":"hello"}]'
    assert left(HEAD + "1,ann,hello,all,s\r\n") == "id,owner_id,text\r\n1,ann,hello\r\n"


def test_a_byte_order_mark_stays_and_is_no_part_of_a_name() -> None:
    assert left("\ufeff" + ROWS) == "\ufeff" + left(ROWS)
    assert left('\ufeff"id",owner_id\n1,ann\n') == '\ufeff"id",owner_id\n1,ann\n'


def test_empty_lines_are_no_rows_and_go_with_the_row_before_them() -> None:
    assert left("\nid,owner_id\n\n1,ann\n\r\n\n") == "\nid,owner_id\n\n1,ann\n\r\n\n"
    body = "owner_id,text,audience\nann,a,all\n\nann,b,me\n\n\nann,c,all\n"
    hidden = contract(
        note({"text": (see("owner"), see("member", audience=("all",)))}, OWNED, (AUDIENCE,)),
        PERSON,
        endpoints=(exported(),),
    )
    assert cut(body, BOB, hidden).body == b"text\na\n\nc\n"
    assert left("owner_id\nann\n\nann\n") == "owner_id\nann\nann\n"  # an empty cell, nobody's


@pytest.mark.parametrize(
    ("said", "open_"),
    [
        ("false", True), ("False", True), ("FALSE", True), ("0", True), ("no", True), ("f", True),
        ("true", False), ("TRUE", False), ("1", False), ("yes", False), ("t", False), ("", False),
        ("null", False), (" false", False), ("fAlse", False), ("2", False), ('"false"', True),
    ],
)  # fmt: skip
def test_a_boolean_state_is_read_as_it_is_usually_written(said: str, open_: bool) -> None:
    lines = {"text": (see("owner"), see("member", private=(False,)))}
    model = contract(note(lines, OWNED, (PRIVATE,)), PERSON, endpoints=(exported(),))
    body = f"owner_id,text,{PRIVATE.member}\nann,x,{said}\n"
    closed = body.partition("\n")[0].encode() + b"\n"  # of rows that nobody sees the names stay
    assert cut(body, BOB, model).body == (b"text\nx\n" if open_ else closed)
    assert cut(body, ANN, model).body == b"text\nx\n"
