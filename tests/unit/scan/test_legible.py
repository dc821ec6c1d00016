"""Tables are read as the objects that they stand for."""

from __future__ import annotations

import pytest

from oakum.contract.openapi import Document
from oakum.exchange import Response
from oakum.scan.legible import read_as_declared

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
