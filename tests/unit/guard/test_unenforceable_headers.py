"""Declared headers that a gateway keeps back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.guard.test_unenforceable_reads import CLUB, LEDGER, said
from tests.unit.routing.test_written_types import TYPES


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


def test_response_headers_that_do_not_reach_callers_are_named(tmp_path: Path) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        text = {"schema": {"type": "string"}}
        answer = document["paths"]["/notes/{nid}"]["get"]["responses"]["200"]
        answer["headers"] = {"ETag": text, "X-Total": text, "Retry-After": text}

    def allowed(document: dict[str, Any], policy: dict[str, Any]) -> None:
        change(document, policy)
        policy["guard"] = {"headers": ["X-Total"]}

    words = "the response headers `ETag`, `X-Total` of `getNote` do not reach callers"
    assert words in said(tmp_path, LEDGER, change)
    assert "write `guard: {headers: [X-Total]}`" in said(tmp_path, LEDGER, change)
    assert "the response headers `ETag` of `getNote`" in said(tmp_path, LEDGER, allowed)
    assert "response headers" not in said(tmp_path, LEDGER)


def test_the_cookies_that_pass_are_told_until_the_contract_says_which_others_there_are(
    tmp_path: Path,
) -> None:
    def named(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["guard"] = {"cookies": []}

    words = "of a request's cookies, `sid`, those that its operation declares"
    assert words in said(tmp_path, CLUB)
    assert words not in said(tmp_path, CLUB, named)
    assert "of a request's cookies" not in said(tmp_path, TYPES)
