"""Tables are read as the objects that they stand for."""

from __future__ import annotations

import pytest

from oakum.contract.openapi import Document
from oakum.exchange import Response
from oakum.scan.response_reader import read_as_declared

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
