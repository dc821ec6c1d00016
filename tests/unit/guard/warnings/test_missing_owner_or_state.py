"""Schemas of an object that say neither whose it is nor how it is set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.guard.warnings.contracts import said

TEXT = {"type": "string"}
DEED = {"id": TEXT, "title": TEXT, "note": TEXT, "maker": TEXT,
        "readers": {"type": "array", "items": TEXT}, "private": {"type": "boolean"}}  # fmt: skip
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "deeds", "version": "1"},
    "security": [{"bearer": []}],
    "components": {
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        "schemas": {"Me": {"type": "object", "properties": {"id": TEXT}}},
    },
    "paths": {},
}
POLICY: dict[str, Any] = {
    "exposure": 1,
    "caller": {"operation": "getMe", "id": "/id"},
    "relations": {
        "member": {"authenticated": True},
        "owner": {"is": "owner"},
        "reader": {"field": "readers"},
        "staff": {"claim": "id", "has": "root"},
    },
    "resources": {
        "Me": {"key": "id", "owner": "id", "fields": {"id": [{"see": ["owner"]}]}},
        "Deed": {
            "schemas": ["Deed", "DeedRef"],
            "key": "id",
            "owner": "maker",
            "states": {"private": {"field": "private"}},
        },
    },
    "operations": {"getMe": {}, "listDeeds": {}},
}


def warned(folder: Path, fields: dict[str, Any], *shown: str) -> str:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        def get(id: str, schema: dict[str, Any]) -> dict[str, Any]:
            answer = {"description": "d", "content": {"application/json": {"schema": schema}}}
            return {"get": {"operationId": id, "responses": {"200": answer}}}

        schemas = document["components"]["schemas"]
        schemas["DeedRef"] = {"type": "object", "properties": {name: DEED[name] for name in shown}}
        schemas["Deed"] = {
            "type": "object",
            "properties": {**DEED, "next": {"$ref": "#/components/schemas/DeedRef"}},
        }
        deeds = {"type": "array", "items": {"$ref": "#/components/schemas/Deed"}}
        document["paths"]["/me"] = get("getMe", {"$ref": "#/components/schemas/Me"})
        document["paths"]["/deeds"] = get("listDeeds", deeds)
        policy["resources"]["Deed"]["fields"] = {
            "maker, readers, private, next": [{"see": ["member"]}],
            "note": [{"see": ["owner", "reader", "staff"]}],
            **fields,
        }
        policy["operations"]["listDeeds"] = {"call": ["member"]}

    return said(folder, {"document": DOCUMENT, "policy": POLICY}, change)


@pytest.mark.parametrize(
    ("grants", "shown", "lacking", "who"),
    [
        ([{"see": ["owner"]}], ("id", "title"), "`maker`", "owner"),
        ([{"see": ["staff", "owner"]}], ("id", "title"), "`maker`", "owner"),
        ([{"see": ["reader"]}], ("id", "title", "maker"), "`readers`", "reader"),
        ([{"see": ["member"], "when": {"private": False}}], ("id", "title", "maker"), "`private`",
         "member"),
        ([{"see": ["owner"]}, {"see": ["member"], "when": {"private": False}}], ("id", "title"),
         "`maker` or `private`", "owner"),
    ],
)  # fmt: skip
def test_what_a_schema_lacks_is_named(
    tmp_path: Path, grants: Any, shown: tuple[str, ...], lacking: str, who: str
) -> None:
    found = warned(tmp_path, {"id, title": grants}, *shown)
    assert f"shows a `Deed` as `DeedRef`, which declares no {lacking}, so who may" in found
    assert f"`{who}` does not receive `id`, `title`" in found
    assert found.count("declares no") == 1


@pytest.mark.parametrize(
    ("grants", "shown"),
    [
        ([{"see": ["member"]}], ("id", "title")),
        ([{"see": ["staff"]}], ("id", "title")),
        ([{"see": ["owner"]}], ("id", "title", "maker")),
        ([{"see": ["owner"]}, {"see": ["member"]}], ("id", "title")),
        ([{"see": ["member"], "when": {"private": False}}], ("id", "title", "private")),
        ([], ("id", "title")),
    ],
)
def test_what_does_not_hang_on_it_is_not_named(
    tmp_path: Path, grants: Any, shown: tuple[str, ...]
) -> None:
    assert "declares no" not in warned(tmp_path, {"id, title": grants}, *shown)
