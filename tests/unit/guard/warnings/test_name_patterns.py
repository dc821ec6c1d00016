"""Members that a document declares by a pattern of their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.guard.warnings.contracts import said

TEXT = {"type": "string"}
AHEAD = {"type": "object", "patternProperties": {"^(?=p)": TEXT}}
NOTE = {"$ref": "#/components/schemas/Note"}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "notes", "version": "1"},
    "security": [{"bearer": []}],
    "components": {
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        "schemas": {"Note": {"type": "object", "properties": {"id": TEXT, "owner": TEXT}}},
    },
    "paths": {},
}
POLICY: dict[str, Any] = {
    "exposure": 1,
    "caller": {"operation": "me", "id": "/id"},
    "relations": {"member": {"authenticated": True}},
    "resources": {
        "Note": {"key": "id", "owner": "owner", "fields": {"id, owner": [{"see": ["member"]}]}}
    },
    "operations": {"me": {}, "read": {"call": ["member"]}, "write": {"call": ["member"]}},
}


def warned(
    folder: Path, schema: dict[str, Any], body: dict[str, Any] | None = None, **more: Any
) -> str:
    """The warnings about patterns of names."""

    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        def answer(shape: dict[str, Any]) -> dict[str, Any]:
            return {"description": "d", "content": {"application/json": {"schema": shape}}}

        sent = {"content": {"application/json": {"schema": body or {"type": "object"}}}}
        document["components"]["schemas"]["Note"].update(more)
        done = {"204": {"description": "d"}}
        document["paths"] = {
            "/me": {"get": {"operationId": "me", "responses": {"200": answer(NOTE)}}},
            "/r": {
                "get": {"operationId": "read", "responses": {"200": answer(schema)}},
                "put": {"operationId": "write", "requestBody": sent, "responses": done},
            },
        }

    found = said(folder, {"document": DOCUMENT, "policy": POLICY}, change)
    return "\n".join(each for each in found.splitlines() if "cannot read" in each)


@pytest.mark.parametrize(
    "schema",
    [
        AHEAD,
        {**AHEAD, "additionalProperties": True},
        {"type": "object", "properties": {"a/b": AHEAD}},
        {"type": "array", "items": AHEAD},
        {"oneOf": [{"type": "object", "properties": {"x": AHEAD}}, TEXT]},
        {"type": "object", "additionalProperties": AHEAD},
    ],
)
def test_a_pattern_that_cannot_be_compiled(tmp_path: Path, schema: dict[str, Any]) -> None:
    found = warned(tmp_path, schema)
    assert "the gateway cannot read the pattern `^(?=p)`" in found
    assert "only members that `properties` declares pass there, to `read` and from it" in found


def test_a_request_body_may_hold_such_names_too(tmp_path: Path) -> None:
    assert "to `write` and from it" in warned(tmp_path, {"type": "object"}, AHEAD)


def test_so_may_an_object_of_a_resource(tmp_path: Path) -> None:
    assert "to `me` and from it" in warned(tmp_path, NOTE, patternProperties={"^(?=p)": TEXT})


def test_several_places_are_one_warning(tmp_path: Path) -> None:
    two = {"type": "object", "properties": {"a": AHEAD, "b": {**AHEAD, "title": "b"}}}
    found = warned(tmp_path, two)
    assert found.count("cannot read") == 1
    assert "to `read` and from it (and in 1 more schemas)" in found


def test_patterns_may_be_too_large_together(tmp_path: Path) -> None:
    many = {f"{letter}.{{2}}x": TEXT for letter in "abcdefgh"}
    found = warned(tmp_path, {"type": "object", "patternProperties": many})
    assert "cannot read the patterns, which are too large together," in found


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"p": TEXT}},
        {"type": "object", "patternProperties": {"^p": TEXT, "s$": False}},
        {"type": "object", "additionalProperties": TEXT, "propertyNames": {"enum": ["p"]}},
        {"type": "object", "patternProperties": {"^(?=p)": False}},
        NOTE,
    ],
)
def test_nothing_is_said_where_names_tell(tmp_path: Path, schema: dict[str, Any]) -> None:
    assert warned(tmp_path, schema) == ""
