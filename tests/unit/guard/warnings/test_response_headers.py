"""Response headers that may tell of what is hidden, dropped or passed as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import LEDGER, said

REMARKS = quick_yaml.load((FOLDER / "contracts" / "remarks.yaml").read_text(encoding="utf-8"))


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


def test_response_headers_that_do_not_reach_callers_are_named(tmp_path: Path) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        text = {"schema": {"type": "string"}}
        answer = document["paths"]["/notes/{nid}"]["get"]["responses"]["200"]
        answer["headers"] = {"ETag": text, "X-Total": text, "Retry-After": text}

    def allowed(document: dict[str, Any], policy: dict[str, Any]) -> None:
        change(document, policy)
        policy["guard"] = {"headers": ["X-Total"]}

    words = "the guard drops the response headers `ETag`, `X-Total` of `getNote`"
    assert words in said(tmp_path, LEDGER, change)
    assert "write `guard: {headers: [X-Total]}`" in said(tmp_path, LEDGER, change)
    assert "the response headers `ETag` of `getNote`" in said(tmp_path, LEDGER, allowed)
    assert "response headers" not in said(tmp_path, LEDGER)
