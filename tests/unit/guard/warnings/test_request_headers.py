"""Declared headers that a gateway keeps back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.compiled.test_written_object_type import TYPES
from tests.unit.guard.warnings.contracts import CLUB, LEDGER, said

BADGES = quick_yaml.load((FOLDER / "contracts" / "badges.yaml").read_text())


def test_a_condition_that_is_not_forwarded_is_named_with_the_line_to_add(tmp_path: Path) -> None:
    def allowed(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["guard"] = {"request_headers": ["If-Match"]}

    words = "a call of `putNote` with `If-Match`, except with `*`, is refused with 412"
    assert words in said(tmp_path, LEDGER)
    assert "write `guard: {request_headers: [If-Match]}`" in said(tmp_path, LEDGER)
    assert words not in said(tmp_path, LEDGER, allowed)
    assert "`If-None-Match` of `getNote` is not forwarded" in said(tmp_path, LEDGER, allowed)
    assert "`putNote` with `If-Unmodified-Since` is refused" in said(tmp_path, LEDGER)
    assert "`putNote` with `If-Modified-Since`" not in said(tmp_path, LEDGER)


def test_the_cookies_that_pass_are_told_until_the_contract_says_which_others_there_are(
    tmp_path: Path,
) -> None:
    def named(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["guard"] = {"cookies": []}

    words = "of a request's cookies, `sid`, those that its operation declares"
    assert words in said(tmp_path, CLUB)
    assert "who-am-I is asked with `sid` alone" in said(tmp_path, CLUB)
    assert "such as a signature (`sid.sig`)" in said(tmp_path, CLUB)
    assert words not in said(tmp_path, CLUB, named)
    assert "of a request's cookies" not in said(tmp_path, TYPES)


def test_a_key_that_the_document_requires_beside_a_token_is_named(tmp_path: Path) -> None:
    def allowed(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["guard"]["request_headers"] = ["X-App"]

    def elsewhere(document: dict[str, Any], _: dict[str, Any]) -> None:
        document["security"] = [{"bearer": [], "query": []}, {"cookie": [], "csrf": []}]

    (tmp_path / "keys.json").write_text(json.dumps(BADGES["files"]["keys.json"]))
    words = "is not forwarded beside a token: nobody verifies it"
    told = said(tmp_path, BADGES)
    assert f"`X-App` of `getNote` {words}" in told
    assert told.count(words) == 1
    assert "if it identifies no caller, write `guard: {request_headers: [X-App]}`" in told
    assert words not in said(tmp_path, BADGES, allowed)
    told = said(tmp_path, BADGES, elsewhere)
    assert f"`token` of `getNote` {words}" in told
    assert told.count(words) == 1
    assert words not in said(tmp_path, CLUB)


def test_cookies_that_no_scheme_declares_are_told_where_a_token_says_who_calls(
    tmp_path: Path,
) -> None:
    def bare(document: dict[str, Any], policy: dict[str, Any]) -> None:
        del document["security"], document["components"]["securitySchemes"]
        del policy["guard"]["cookies"]

    (tmp_path / "keys.json").write_text(json.dumps(BADGES["files"]["keys.json"]))
    words = "of a request's cookies, those that its operation declares, and those against forgery"
    assert words in said(tmp_path, BADGES, bare)


def test_a_key_in_place_of_a_token_is_named_and_where_it_passes_unverified_as_well(
    tmp_path: Path,
) -> None:
    def refreshed(document: dict[str, Any], _: dict[str, Any]) -> None:
        document["security"] = [{"bearer": []}]
        refresh = {"security": [{"cookie": []}], "operationId": "refresh"}
        refresh["responses"] = {"204": {"description": "done"}}
        document["paths"]["/refresh"] = {"post": refresh}
        document["components"]["securitySchemes"]["cookie"]["name"] = "refresh"

    def called(document: dict[str, Any], policy: dict[str, Any]) -> None:
        refreshed(document, policy)
        policy["relations"]["anyone"] = {}
        policy["operations"] = {"refresh": {"call": ["member"]}}

    def named(document: dict[str, Any], policy: dict[str, Any]) -> None:
        called(document, policy)
        policy["guard"]["cookies"] = ["refresh"]

    def opened(document: dict[str, Any], policy: dict[str, Any]) -> None:
        named(document, policy)
        policy["operations"] = {"refresh": {"call": ["anyone"]}}

    (tmp_path / "keys.json").write_text(json.dumps(BADGES["files"]["keys.json"]))
    words = "`refresh` of `refresh` is forwarded only as the token"
    passes = "`refresh` alone opens `refresh` by the document, and is forwarded"
    told = said(tmp_path, BADGES, called)
    assert words in told
    assert "write `guard: {cookies: [refresh]}`" in told
    assert passes not in told
    told = said(tmp_path, BADGES, named)
    assert words not in told
    assert passes in told
    assert words not in said(tmp_path, BADGES, opened)
    assert passes not in said(tmp_path, BADGES, opened)
    assert words not in said(tmp_path, CLUB)
