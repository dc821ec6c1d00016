"""What finds, sorts or counts objects by what is hidden of them, as `guard check` names it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.guard.warnings.contracts import said

TEXT = {"type": "string"}
MEMBER = dict.fromkeys(("id", "owner_id", "title", "salary"), TEXT)
ME = {"type": "object", "properties": {"id": TEXT}}


def answers(schema: Any) -> Any:
    return {"200": {"description": "d", "content": {"application/json": {"schema": schema}}}}


STAFF: dict[str, Any] = {
    "document": {
        "openapi": "3.1.0",
        "info": {"title": "Staff", "version": "1"},
        "security": [{"session": []}],
        "paths": {
            "/me": {"get": {"operationId": "getMe", "responses": answers(ME)}},
            "/staff": {"get": {"operationId": "list"}},
            "/staff/{id}": {
                "get": {
                    "operationId": "getMember",
                    "responses": answers({"$ref": "#/components/schemas/Member"}),
                }
            },
        },
        "components": {
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "sid"}},
            "schemas": {"Member": {"type": "object", "properties": MEMBER}},
        },
    },
    "policy": {
        "exposure": 1,
        "caller": {"operation": "getMe", "id": "/id"},
        "relations": {"member": {"authenticated": True}, "owner": {"is": "owner"}},
        "resources": {
            "Member": {
                "key": "id",
                "owner": "owner_id",
                "main": "getMember",
                "fields": {
                    "id, owner_id, title": [{"see": ["member"]}],
                    "salary": [{"see": ["owner"]}],
                },
            }
        },
        "operations": {
            "getMe": {"call": ["member"]},
            "list": {"call": ["member"]},
            "getMember": {},
        },
    },
}
ROWS = {"type": "array", "items": {"$ref": "#/components/schemas/Member"}}
PAGE = {"type": "object", "properties": {"data": ROWS, "total": {"type": "integer"}}}
Change = Callable[[dict[str, Any], dict[str, Any]], None]


def listing(name: str, schema: Any = TEXT, rule: Any = None, shown: Any = ROWS) -> Change:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        document["paths"]["/staff"]["get"] |= {
            "parameters": [{"name": name, "in": "query", "schema": schema}],
            "responses": answers(shown),
        }
        policy["operations"]["list"] |= rule or {}

    return change


WORDS = "may filter or sort by `Member.salary`, which is hidden from some of its callers"


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("salary", TEXT),
        ("salary__gt", TEXT),
        ("minSalary", {"type": "integer"}),
        ("sort", TEXT),
        ("$filter", TEXT),
        ("order", {"type": "string", "enum": ["title", "-salary"]}),
        ("f", {"type": "object", "properties": {"salary": TEXT}}),
    ],
)
def test_a_parameter_about_a_hidden_field_is_named(tmp_path: Path, name: str, schema: Any) -> None:
    found = said(tmp_path, STAFF, listing(name, schema))
    called = "f[salary]" if name == "f" else name
    assert f"`{called}` of `list` {WORDS}" in found
    line = '"f[salary]"' if name == "f" else name
    assert f"write `list: {{without: [{line}]}}`" in found
    assert WORDS not in said(tmp_path, STAFF, listing(name, schema, {"without": [called]}))


@pytest.mark.parametrize(
    ("name", "schema", "rule"),
    [
        ("title", TEXT, {}),
        ("limit", TEXT, {}),
        ("order", {"type": "string", "enum": ["title", "asc"]}, {}),
        ("sort", TEXT, {"params": {"sort": "Member.title"}}),
        ("salary", TEXT, {"call": []}),
    ],
)
def test_any_other_is_not(tmp_path: Path, name: str, schema: Any, rule: Any) -> None:
    assert WORDS not in said(tmp_path, STAFF, listing(name, schema, rule))


def test_a_member_of_the_body_of_a_search_is_named(tmp_path: Path) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        body = {"type": "object", "properties": {"salary": TEXT}}
        document["paths"]["/staff/search"] = {
            "post": {
                "operationId": "find",
                "requestBody": {"content": {"application/json": {"schema": body}}},
                "responses": answers(ROWS),
            }
        }
        policy["operations"]["find"] = {"call": ["member"], "reads": True}
        listing("limit")(document, policy)

    assert f"`salary` of `find` {WORDS}" in said(tmp_path, STAFF, change)


def test_a_count_beside_what_is_hidden_within_a_row_is_named(tmp_path: Path) -> None:
    counted = listing("page", TEXT, {"counts": ["/total"]}, PAGE)

    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        counted(document, policy)
        schemas = document["components"]["schemas"]
        schemas["Pet"] = {"type": "object", "properties": {"id": TEXT, "keeper": TEXT}}
        schemas["Member"]["properties"]["pet"] = {"$ref": "#/components/schemas/Pet"}
        fields = {"id, keeper": [{"see": ["owner"]}]}
        policy["resources"]["Pet"] = {"key": "id", "owner": "keeper", "fields": fields}
        owned = {"id, owner_id, title, salary, pet": [{"see": ["owner"]}]}
        policy["resources"]["Member"]["fields"] = owned

    words = "`/total` of `list` is withheld only from a page with a hidden `Member` or `Pet`"
    assert words in said(tmp_path, STAFF, change)


def test_a_count_of_pages_of_hidden_objects_is_named(tmp_path: Path) -> None:
    def hidden(change: Change) -> Change:
        def made(document: dict[str, Any], policy: dict[str, Any]) -> None:
            change(document, policy)
            owned = {"id, owner_id, title, salary": [{"see": ["owner"]}]}
            policy["resources"]["Member"]["fields"] = owned

        return made

    counted = listing("page", TEXT, {"counts": ["/total"]}, PAGE)
    words = "`/total` of `list` is withheld only from a page with a hidden `Member`"
    assert words in said(tmp_path, STAFF, hidden(counted))
    assert words not in said(tmp_path, STAFF, counted)
    assert words not in said(
        tmp_path, STAFF, hidden(listing("lang", TEXT, {"counts": ["/total"]}, PAGE))
    )
