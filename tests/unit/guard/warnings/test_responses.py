"""Responses of which the document declares no body."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import said

REMARKS = quick_yaml.load((FOLDER / "contracts" / "remarks.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("method", "responses", "warned"),
    [
        ("get", {"200": {"description": "d"}}, "502"),
        ("get", {"default": {"description": "d"}}, "502"),
        ("get", {"204": {"description": "d"}}, ""),
        ("get", {"302": {"description": "d"}}, ""),
        ("post", {"200": {"description": "d"}, "204": {"description": "d"}}, "sent empty"),
        ("post", {"204": {"description": "d"}}, ""),
    ],
)
def test_a_response_without_a_declared_body_is_named(
    method: str, responses: dict[str, Any], warned: str, tmp_path: Path
) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        document["paths"]["/x"] = {method: {"operationId": "x", "responses": responses}}
        policy["operations"]["x"] = {"call": ["member"]}

    words = "the document declares no response body of `x`, so a response of theirs with a body"
    told = [each for each in said(tmp_path, REMARKS, change).splitlines() if words in each]
    assert [warned in each for each in told] == ([True] if warned else [])


def test_that_an_operation_shows_an_object_is_no_declaration(tmp_path: Path) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        document["paths"]["/x"] = {"get": {"operationId": "x", "responses": {}}}
        policy["operations"]["x"] = {"shows": {"Note": ""}}

    words = "no response body of `x`, and `shows:` alone does not say in which media type it comes"
    assert words in said(tmp_path, REMARKS, change)


def test_a_read_that_may_redirect_is_named_where_anything_is_concealed(tmp_path: Path) -> None:
    def redirects(document: dict[str, Any], policy: dict[str, Any]) -> None:
        answers = {"302": {"description": "d"}}
        document["paths"]["/x"] = {"get": {"operationId": "x", "responses": answers}}
        policy["operations"]["x"] = {"call": ["member"]}

    def opened(document: dict[str, Any], policy: dict[str, Any]) -> None:
        redirects(document, policy)
        for each in policy["resources"].values():
            each["conceal"] = False

    words = "`x` may redirect, and the guard does not change `location`"
    assert words in said(tmp_path, REMARKS, redirects)
    assert words not in said(tmp_path, REMARKS, opened)
    assert words not in said(tmp_path, REMARKS)


def test_a_write_that_may_redirect_is_named_as_well(tmp_path: Path) -> None:
    def redirects(document: dict[str, Any], policy: dict[str, Any]) -> None:
        answers = {"303": {"description": "d"}}
        document["paths"]["/x"] = {"post": {"operationId": "x", "responses": answers}}
        policy["operations"]["x"] = {"call": ["member"]}

    words = "`x` may redirect, and the guard does not change `location`"
    assert words in said(tmp_path, REMARKS, redirects)


def test_the_name_of_a_file_is_told_until_the_contract_lets_it_pass(tmp_path: Path) -> None:
    def names(document: dict[str, Any], policy: dict[str, Any]) -> None:
        schema = {"$ref": "#/components/schemas/Note"}
        answer = {
            "description": "d",
            "headers": {"Content-Disposition": {"schema": {"type": "string"}}},
            "content": {"application/json": {"schema": schema}},
        }
        document["paths"]["/x"] = {"get": {"operationId": "x", "responses": {"200": answer}}}
        policy["operations"]["x"] = {"call": ["member"]}

    def allowed(document: dict[str, Any], policy: dict[str, Any]) -> None:
        names(document, policy)
        policy["guard"] = {"headers": ["content-disposition"]}

    words = "the name of a file in `content-disposition` of `x` reaches a caller only where nothing"
    assert words in said(tmp_path, REMARKS, names)
    assert words not in said(tmp_path, REMARKS, allowed)
    assert words not in said(tmp_path, REMARKS)


def test_a_header_that_may_say_a_value_of_an_object_is_named(tmp_path: Path) -> None:
    def headed(*names: str, of: str = "Note") -> Any:
        def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
            schema = {"$ref": f"#/components/schemas/{of}"} if of else {"type": "object"}
            answer = {
                "description": "d",
                "headers": {name: {"schema": {"type": "string"}} for name in names},
                "content": {"application/json": {"schema": schema}},
            }
            document["paths"]["/x"] = {"get": {"operationId": "x", "responses": {"200": answer}}}
            policy["operations"]["x"] = {"call": ["member"]}

        return change

    words = "passes as the API writes it, even if it contains a field that is withheld"
    found = said(tmp_path, REMARKS, headed("Content-Language", "Location", "Vary"))
    assert f"`content-language`, `location` of `x` {words}" in found
    assert f"`set-cookie` of `x` {words}" in said(tmp_path, REMARKS, headed("Set-Cookie"))
    assert words not in said(tmp_path, REMARKS, headed("Vary", "X-Request-Id"))
    assert words not in said(tmp_path, REMARKS, headed("Content-Language", of=""))
