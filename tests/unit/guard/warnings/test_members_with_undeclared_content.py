"""Granted members that may hold more than the document declares there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.guard.warnings.contracts import PRINTS, said

OPEN = "the document does not say what `extra` of `Photo` holds"
KINDS = "which declares a plain value at `extra`, where `Full` declares an object"


def of_extra(tmp_path: Path, shape: dict[str, Any], line: str = "extra") -> str:
    def changed(document: dict[str, Any], policy: dict[str, Any]) -> None:
        document["components"]["schemas"]["Photo"]["properties"]["extra"] = shape
        policy["resources"]["Photo"]["fields"][line] = [{"see": ["owner"]}]

    return said(tmp_path, PRINTS, changed)


@pytest.mark.parametrize("shape", [{}, {"description": "x"}, {"type": "object"}, {"type": "array"}])
def test_a_member_of_which_nothing_is_declared_is_told_of(
    shape: dict[str, Any], tmp_path: Path
) -> None:
    assert OPEN in of_extra(tmp_path, shape)


@pytest.mark.parametrize(
    "shape",
    [
        {"type": "string"},
        {"type": "object", "properties": {"a": {"type": "string"}}},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "array", "items": {"type": "string"}},
    ],
)
def test_what_is_declared_is_not(shape: dict[str, Any], tmp_path: Path) -> None:
    assert OPEN not in of_extra(tmp_path, shape)


def test_nor_is_a_member_of_which_all_is_granted_or_that_nobody_sees(tmp_path: Path) -> None:
    assert OPEN not in of_extra(tmp_path, {}, "extra.**")
    assert OPEN not in said(tmp_path, PRINTS, lambda document, _: document["components"]["schemas"]
                            ["Photo"]["properties"].update(extra={}))  # fmt: skip


@pytest.mark.parametrize(
    ("full", "told"),
    [
        ({"type": "object", "properties": {"a": {"type": "string"}}}, True),
        ({"type": "string", "maxLength": 9}, False),
        ({"type": "integer"}, False),
    ],
)
def test_a_member_that_another_schema_declares_as_an_object_is_told_of(
    full: dict[str, Any], told: bool, tmp_path: Path
) -> None:
    def changed(document: dict[str, Any], policy: dict[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        plain = schemas["Photo"]["properties"]
        schemas["Full"] = {"type": "object", "properties": {**plain, "extra": full}}
        plain["extra"] = {"type": "string"}
        answer = {"$ref": "#/components/schemas/Full"}
        document["paths"]["/full"] = {
            "get": {
                "operationId": "getFull",
                "responses": {
                    "200": {"description": "x", "content": {"application/json": {"schema": answer}}}
                },
            }
        }
        policy["resources"]["Photo"]["schemas"] = ["Photo", "Full"]
        policy["operations"]["getFull"] = {}

    assert (KINDS in said(tmp_path, PRINTS, changed)) is told
