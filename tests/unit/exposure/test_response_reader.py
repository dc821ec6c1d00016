"""Tables are read as the objects that they stand for."""

from __future__ import annotations

from typing import Any

import pytest

from oakum.exchange import Response
from oakum.exposure.response_reader import json_in, read_as_declared, says_no, text_of
from oakum.openapi.document import Document

DOCUMENT = b"""\
openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /export:
    get:
      operationId: export
      responses:
        "200":
          content:
            text/csv:
              schema:
                type: array
                items:
                  type: object
                  properties:
                    {id: {type: string}, is_private: {type: boolean}, note: {type: string}}
"""


@pytest.mark.parametrize(
    ("cell", "value"),
    [("true", True), ("False", False), ("1", True), ("0", False), ("", ""), ("maybe", "maybe")],
)
def test_a_setting_in_a_table_is_the_setting_in_an_object(cell: str, value: object) -> None:
    operation = Document.parse(DOCUMENT, "api.yaml").operation("export")
    assert operation is not None
    body = f"id,is_private,note\r\n1,{cell},true\r\n".encode()
    read = read_as_declared(operation, Response(200, {"content-type": "text/csv"}, body))
    assert read.value == [{"id": "1", "is_private": value, "note": "true"}]


@pytest.mark.parametrize("between", [",", ";", "\t", "|"])
def test_cells_are_told_apart_by_what_stands_between_them_in_the_header(between: str) -> None:
    operation = Document.parse(DOCUMENT, "api.yaml").operation("export")
    assert operation is not None
    lines = [["id", "is_private", "note"], ["1", "true", '"a, b; c"']]
    body = "\r\n".join(between.join(each) for each in lines).encode()
    read = read_as_declared(operation, Response(200, {"content-type": "text/csv"}, body))
    assert read.value == [{"id": "1", "is_private": True, "note": "a, b; c"}]


@pytest.mark.parametrize("gap", ["", "\r\n", "\r\n\r\n"])
def test_a_second_table_has_columns_of_its_own(gap: str) -> None:
    operation = Document.parse(DOCUMENT, "api.yaml").operation("export")
    assert operation is not None
    body = f"id,is_private,note\r\n1,true,a\r\n{gap}id,mail\r\n1,a@x.test\r\n".encode()
    read = read_as_declared(operation, Response(200, {"content-type": "text/csv"}, body))
    first = {"id": "1", "is_private": True, "note": "a"}
    assert read.value == [first, {"id": "1", "mail": "a@x.test"}]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("1,true,a\r\n\r\n2,true,b\r\n", [("1", "a"), ("2", "b")]),
        ("1,true\r\n2,true,id\r\n", [("1", ""), ("2", "id")]),
        ("1,true,a,more,still\r\n", [("1", "a")]),
    ],
)
def test_rows_that_only_look_odd_stay_rows(rows: str, expected: list[tuple[str, str]]) -> None:
    operation = Document.parse(DOCUMENT, "api.yaml").operation("export")
    assert operation is not None
    body = f"id,is_private,note\r\n{rows}".encode()
    read = read_as_declared(operation, Response(200, {"content-type": "text/csv"}, body))
    assert [(each["id"], each["note"]) for each in read.value] == expected


TEXT = '{"town": "Kråkmo", "at": "ann@club.test"}'
JSON = "application/json"


@pytest.mark.parametrize(
    ("media_type", "coding"),
    [
        (JSON, "utf-8"), (JSON, "utf-8-sig"), (JSON, "utf-16"), (JSON, "utf-16-be"),
        (JSON, "utf-32"), (JSON, "utf-32-le"), (f"{JSON}; charset=utf-16", "utf-16-le"),
        (f"{JSON}; charset=latin-1", "latin-1"), ('text/plain; charset="windows-1252"', "cp1252"),
        ("text/plain; charset=utf-7", "utf-7"), ("text/csv;charset=shift_jis", "utf-8"),
    ],
)  # fmt: skip
def test_a_body_is_the_text_that_some_client_reads(media_type: str, coding: str) -> None:
    body = TEXT.encode(coding)
    assert text_of(Response(200, {"content-type": media_type}, body)) == TEXT


@pytest.mark.parametrize("charset", ["hex", "rot13", "idna", "unicode_escape", "x-none", "utf-8-x"])
def test_a_charset_that_is_none_changes_nothing(charset: str) -> None:
    said = {"content-type": f"{JSON}; charset={charset}"}
    assert text_of(Response(200, said, TEXT.encode())) == TEXT
    assert text_of(Response(200, said, b"\xff")) == "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("status", "location", "whole"),
    [
        (302, "/login", True),
        (303, "https://api.test/users/sign_in?next=%2Fme", True),
        (302, "/people/7", False),
        (302, "", False),
        (302, "http://[", False),
        (200, "/login", False),
    ],
)
def test_a_redirect_to_a_login_is_a_refusal_and_no_other_is(
    status: int, location: str, whole: bool
) -> None:
    operation = Document.parse(DOCUMENT, "api.yaml").operation("export")
    assert operation is not None
    answer = Response(status, {"location": location, "content-type": "text/html"}, b"<p>Hello")
    assert read_as_declared(operation, answer, anonymous=True).whole is whole
    assert not read_as_declared(operation, answer).whole or status == 200


LOGIN = b'<html><form action="/sessions/new?to=1"><input name=u></form></html>'
PASSWORD = b"<p>Welcome<input class=x type='password'></p>"


@pytest.mark.parametrize(
    ("body", "kind", "declared", "anonymous", "whole"),
    [
        (LOGIN, "text/html", "application/json", True, True),
        (PASSWORD, "text/html", "application/json", True, True),
        (PASSWORD, "text/html", "application/json", False, False),
        (b"<form action=/search>back soon</form>", "text/html", "application/json", True, False),
        (LOGIN, "text/html", "text/html", True, False),
        (LOGIN, "text/plain", "application/json", True, False),
    ],
)
def test_a_page_where_one_logs_in_is_a_refusal_where_none_is_declared(
    body: bytes, kind: str, declared: str, anonymous: bool, whole: bool
) -> None:
    text = DOCUMENT.replace(b"text/csv", declared.encode())
    operation = Document.parse(text, "api.yaml").operation("export")
    assert operation is not None
    answer = Response(200, {"content-type": kind}, body)
    assert read_as_declared(operation, answer, anonymous=anonymous).whole is whole


@pytest.mark.parametrize(
    ("value", "no"),
    [
        ({"ok": False, "error": {"code": "unauth"}}, True),
        ({"type": "about:blank", "detail": "x", "status": 401}, True),
        ({"errorMessage": "log in"}, True),
        ({"title": "x", "detail": "y"}, False),
        ({"error": "x", "mail": "y"}, False),
        ({}, False),
    ],
)
def test_what_only_says_that_there_is_no_object(value: dict[str, Any], no: bool) -> None:
    assert says_no(value, ("id", "title", "tags.*")) is no


@pytest.mark.parametrize(
    ("kind", "body", "parsed"),
    [
        ("application/json", b'{"a": 1}', ({"a": 1},)),
        ("text/html", b'{"a": 1}', ({"a": 1},)),  # whatever a sloppy client makes of it
        (
            "application/json",
            b'{"a": "told", "a": null, "b": "", "b": 2}',
            ({"a": "told", "b": 2},),
        ),
        ("application/json", '{"a": "ü"}'.encode("utf-16"), ({"a": "ü"},)),
        ("application/json", b"null", (None,)),
        ("application/json", b" \n", ()),
        ("application/json", b'{"a": ', ()),
        ("text/csv", b"1", ()),
    ],
)
def test_the_json_of_a_response(kind: str, body: bytes, parsed: tuple[Any, ...]) -> None:
    assert json_in(Response(200, {"content-type": kind}, body)) == parsed
