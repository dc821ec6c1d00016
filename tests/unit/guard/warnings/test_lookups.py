"""Look-ups that establish no caller, no relation or no state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.cli.shell import oakum
from tests.unit.guard.warnings.contracts import (
    CLUB,
    DESK,
    JSON,
    LEDGER,
    Change,
    said,
)


def test_a_list_of_the_callers_own_cannot_say_who_is_on_the_owners(tmp_path: Path) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        document["paths"]["/blocked"] = {
            "get": {**document["paths"]["/members/{id}/blocked"]["get"]}
        }
        document["paths"]["/blocked"]["get"]["operationId"] = "mine"
        policy["relations"]["blocked"]["in"] = "mine"
        policy["operations"]["mine"] = {"call": ["member"]}

    def fixed(document: dict[str, Any], policy: dict[str, Any]) -> None:
        change(document, policy)
        policy["relations"]["blocked"]["of"] = "caller"

    words = (
        "`mine` lists the caller's own relations, not those of an object's owner: nobody"
        " has `blocked`"
    )
    assert words in said(tmp_path, CLUB, change)
    assert ", and therefore nobody has `follower` either" in said(tmp_path, CLUB, change)
    assert words not in said(tmp_path, CLUB, fixed)


def test_a_list_that_only_its_owner_may_read_needs_a_credential_that_may(tmp_path: Path) -> None:
    def served(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["guard"] = {"service": {"header": "x-service", "env": "KEY"}}

    words = "only its owner may call `listBlocked`"
    assert words in said(tmp_path, CLUB)
    assert words not in said(tmp_path, CLUB, served)


def test_members_that_nobody_explains_beside_a_list_of_whom_a_relation_is_taken_are_named(
    tmp_path: Path,
) -> None:
    def beside(document: dict[str, Any], policy: dict[str, Any]) -> None:
        ids = document["components"]["responses"]["Ids"]["content"][JSON]["schema"]["properties"]
        names = ("siguiente", "bookmark", "name", "owner_id", "has_more", "createdAt")
        ids |= {name: {"type": "string"} for name in names}
        ids["meta"] = {"type": "object", "properties": {"hint": {"type": "string"}}}

    words = "`listBlocked` declares `siguiente`, `hint` beside the list of who is `blocked`"
    found = said(tmp_path, CLUB, beside)
    assert words in found
    assert "`listFollowers` declares" not in found
    assert "beside the list of who" not in said(tmp_path, CLUB)


def test_members_that_close_a_list_whatever_says_that_it_ends_are_named(tmp_path: Path) -> None:
    def beside(document: dict[str, Any], policy: dict[str, Any]) -> None:
        ids = document["components"]["responses"]["Ids"]["content"][JSON]["schema"]["properties"]
        texts = ("status", "title", "after_cursor", "startCursor", "next")
        ids |= {name: {"type": ["string", "null"]} for name in texts}
        ids |= {"state": {"type": "integer"}, "has_more": {"type": "boolean"}}

    def unended(document: dict[str, Any], policy: dict[str, Any]) -> None:
        beside(document, policy)
        ids = document["components"]["responses"]["Ids"]["content"][JSON]["schema"]["properties"]
        del ids["has_more"]

    words = "`listBlocked` declares `status`, `title` beside the list of who is `blocked`: a text"
    cursors = "`listBlocked` declares `after_cursor`, `next` beside the list of who is `blocked`:"
    found = said(tmp_path, CLUB, beside)
    assert words in found
    assert cursors in found
    assert "which may say that it goes on" not in found
    assert cursors not in said(tmp_path, CLUB, unended)


def test_a_claim_that_who_am_i_does_not_declare_is_nobodys(tmp_path: Path) -> None:
    def declared(document: dict[str, Any], _: dict[str, Any]) -> None:
        document["components"]["schemas"]["Account"]["properties"]["role"] = {"type": "string"}

    words = "`renew` declares no `role` beside the caller's id, so nobody is `staff`"
    assert words in said(tmp_path, DESK)
    assert words not in said(tmp_path, DESK, declared)


def test_a_who_am_i_that_is_not_said_to_read_makes_everybody_nobody(tmp_path: Path) -> None:
    def unsaid(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["renew"] = {"call": ["member"]}

    words = "`renew` cannot be used to identify the caller, so every caller is anonymous"
    assert words in said(tmp_path, DESK, unsaid)
    assert words not in said(tmp_path, DESK)


def test_a_credential_that_only_a_parameter_names_is_none(tmp_path: Path) -> None:
    def keyed(document: dict[str, Any], _: dict[str, Any]) -> None:
        document.pop("security", None)
        for item in document["paths"].values():
            for operation in item.values():
                operation.pop("security", None)
                header = {"name": "X-Session", "in": "header", "required": True}
                operation["parameters"] = [
                    *operation.get("parameters", []), {**header, "schema": {"type": "string"}},
                ]  # fmt: skip

    def declared(document: dict[str, Any], policy: dict[str, Any]) -> None:
        keyed(document, policy)
        scheme = {"type": "apiKey", "in": "header", "name": "x-session"}
        document["components"]["securitySchemes"] = {"session": scheme}
        document["security"] = [{"session": []}]

    words = "requires the header `X-Session`, which no security scheme of the document names"
    assert words in said(tmp_path, CLUB, keyed)
    assert words not in said(tmp_path, CLUB, declared)
    assert words not in said(tmp_path, CLUB)


def test_a_setting_that_only_its_owner_is_told_is_unknown_to_others(tmp_path: Path) -> None:
    def shown(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Settings"]["fields"] = {"id, private": [{"see": ["member"]}]}

    words = "`getSettings` shows `Settings.private` only to its owner"
    assert words in said(tmp_path, CLUB)
    assert words not in said(tmp_path, CLUB, shown)


def test_a_claim_that_is_declared_as_a_number_is_no_name(tmp_path: Path) -> None:
    def declared(kind: str) -> Change:
        def change(document: dict[str, Any], _: dict[str, Any]) -> None:
            account = document["components"]["schemas"]["Account"]
            account["properties"]["role"] = {"type": kind}

        return change

    words = '`renew` declares `role` as integer, never "staff", so nobody is `staff`'
    assert words in said(tmp_path, DESK, declared("integer"))
    assert words not in said(tmp_path, DESK, declared("string"))


def test_a_write_that_may_end_what_a_claim_tells_is_named(tmp_path: Path) -> None:
    def unsaid(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["relations"]["mate"].pop("end")

    words = "`leave` may end `mate`, and its path does not say whose it is: the result of `getMe`"
    assert words in said(tmp_path, LEDGER, unsaid)
    assert words not in said(tmp_path, LEDGER)


def test_guard_check_names_the_place_of_each(tmp_path: Path) -> None:
    said(tmp_path, DESK)
    contract = tmp_path / "exposure.yaml"
    done = oakum("guard", "check", contract)
    line = contract.read_text().splitlines().index('    "staff": {') + 1
    assert done.code == 0, done.err
    assert f"warning: {contract}:{line}:5: `renew` declares no `role`" in done.err
