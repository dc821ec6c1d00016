"""Members that a document declares by a pattern of their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.guard.warnings.contracts import said

TEXT = {"type": "string"}
BY_NAME = {"type": "object", "patternProperties": {"^p": TEXT}}
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
    return "\n".join(each for each in found.splitlines() if "patternProperties" in each)


@pytest.mark.parametrize(
    ("schema", "at"),
    [
        (BY_NAME, "/"),
        ({**BY_NAME, "additionalProperties": False}, "/"),
        ({"type": "object", "properties": {"a/b": BY_NAME}}, "/a~1b"),
        ({"type": "array", "items": BY_NAME}, "/*"),
        ({"oneOf": [{"type": "object", "properties": {"x": BY_NAME}}, TEXT]}, "/x"),
        ({"type": "object", "additionalProperties": BY_NAME}, "/*"),
    ],
)
def test_names_that_a_pattern_excludes_pass(
    tmp_path: Path, schema: dict[str, Any], at: str
) -> None:
    assert f"members that `^p` excludes pass at `{at}` of `read`" in warned(tmp_path, schema)


def test_a_name_may_be_excluded_by_a_pattern_of_false(tmp_path: Path) -> None:
    schema = {"type": "object", "patternProperties": {"^s": False}, "additionalProperties": TEXT}
    assert "members that `^s` excludes pass" in warned(tmp_path, schema)


def test_a_request_body_may_hold_such_names_too(tmp_path: Path) -> None:
    assert "pass at `/` of `write`" in warned(tmp_path, {"type": "object"}, BY_NAME)


def test_several_places_are_one_warning(tmp_path: Path) -> None:
    two = {"type": "object", "properties": {"a": BY_NAME, "b": {**BY_NAME, "title": "b"}}}
    found = warned(tmp_path, two)
    assert found.count("patternProperties") == 1
    assert "at `/a` of `read` (and at 1 more places)" in found


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"p": TEXT}},
        {**BY_NAME, "additionalProperties": True},
        {"type": "object", "patternProperties": {"^.*$": TEXT}},
        {"type": "object", "patternProperties": {"^p": False}},
        NOTE,
    ],
)
def test_nothing_is_said_where_no_name_is_excluded(tmp_path: Path, schema: dict[str, Any]) -> None:
    # What passes of a resource is what its lines name.
    assert warned(tmp_path, schema, patternProperties={"^p": TEXT}) == ""
