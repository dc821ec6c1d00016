"""References within schemas that have an `$id`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oakum.openapi.document import Document
from oakum.openapi.schema import children
from oakum.openapi.schema_ids import rebase

ADDRESS = "https://x.example/user"


def document(**schemas: Any) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "paths": {
            "/me": {
                "get": {
                    "operationId": "me",
                    "responses": {
                        "200": {
                            "description": "d",
                            "content": {
                                "application/json": {
                                    "schema": {"$ref": "#/components/schemas/User"}
                                }
                            },
                        }
                    },
                }
            }
        },
        "components": {"schemas": schemas},
    }


def user(ref: str) -> dict[str, Any]:
    email = {"type": "string", "format": "email"}
    return {"$id": ADDRESS, "$defs": {"E/x": email}, "properties": {"email": {"$ref": ref}}}


@pytest.mark.parametrize("ref", ["#/$defs/E~1x", f"{ADDRESS}#/$defs/E~1x", "#/%24defs/E~1x"])
@pytest.mark.parametrize("space", [None, 2])
def test_a_pointer_starts_at_the_schema_with_an_id(ref: str, space: int | None) -> None:
    text = json.dumps(document(User=user(ref)), indent=space)
    found = Document.parse(text.encode(), "api.json")
    assert [str(each) for each in found.warnings] == []
    assert children(found.schemas["User"]())["email"].format == "email"


def test_a_schema_is_known_by_its_id_from_anywhere() -> None:
    said = document(
        User={"properties": {"boss": {"$ref": "Person"}}},
        Person={"$id": "Person", "properties": {"next": {"$ref": "#"}, "name": {"type": "string"}}},
    )
    found = Document.parse(json.dumps(said).encode(), "api.json")
    assert [str(each) for each in found.warnings] == []
    boss = children(found.schemas["User"]())["boss"]
    assert boss.names == {"Person"}
    assert children(boss)["next"].names == {"Person"}


def test_the_innermost_schema_counts() -> None:
    inner = {"$id": "inner", "$defs": {"A": {"type": "integer"}}, "items": {"$ref": "#/$defs/A"}}
    said = {"a": {"$id": "outer", "$defs": {"A": {"type": "string"}}, "list": inner}}
    assert rebase(said)
    assert inner["items"] == {"$ref": "#/a/list/$defs/A"}


@pytest.mark.parametrize(
    "said",
    [
        {"$id": "whole", "$defs": {"A": {}}, "a": {"$ref": "#/$defs/A"}},  # the file itself
        {"a": {"$id": "x", "b": {"$ref": "#/components/schemas/User"}}},  # what generators write
        {"a": {"$id": "x", "b": {"$ref": "#anchor"}}},
        {"a": {"properties": {"$id": {"$ref": "#/b"}, "b": {}}}},  # a member of that name
        {"a": {"$id": 1, "b": {"$ref": "#/b"}}},
    ],
)
def test_what_points_from_the_top_or_nowhere_stays(said: dict[str, Any]) -> None:
    before = json.dumps(said)
    assert not rebase(said)
    assert json.dumps(said) == before
