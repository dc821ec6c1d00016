"""Operations that are called before logging in."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from tests.unit.guard.warnings.contracts import (
    DESK,
    PRINTS,
    Change,
    said,
)


def test_a_login_without_its_mark_is_told_of(tmp_path: Path) -> None:
    def marked(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["login"]["login"] = "/user/id"

    words = "callers of `login` are anonymous, so the gateway removes `Account.name`"
    assert words in said(tmp_path, DESK)
    assert "`login: {login: /…}`" in said(tmp_path, DESK)
    assert words not in said(tmp_path, DESK, marked)


def test_logins_without_their_mark_are_told_of_once_where_they_are_many(tmp_path: Path) -> None:
    def open_to_all(document: dict[str, Any], policy: dict[str, Any]) -> None:
        for n in range(4):
            path = copy.deepcopy(document["paths"]["/login"])
            path["post"]["operationId"] = f"login{n}"
            document["paths"][f"/login{n}"] = path
            policy["operations"][f"login{n}"] = {"call": ["anyone"]}

    found = said(tmp_path, DESK, open_to_all)
    assert found.count("are anonymous, so") == 1
    assert "(and at 4 more operations that the document opens to all)" in found


def test_where_login_is_optional_whoever_calls_may_be_somebody(tmp_path: Path) -> None:
    def shown(security: list[dict[str, list[str]]]) -> Change:
        def change(document: dict[str, Any], _: dict[str, Any]) -> None:
            patch = document["paths"]["/albums/{aid}/photos/{id}"]["patch"]
            album = document["paths"]["/albums/{aid}"]["get"]["responses"]
            patch |= {"security": security, "responses": album}

        return change

    words = "callers of `patchPhoto` are anonymous, so the gateway removes `Album.aid`"
    assert words in said(tmp_path, PRINTS, shown([{}]))
    assert "are anonymous" not in said(tmp_path, PRINTS, shown([{}, {"session": []}]))


def test_a_body_of_which_nobody_who_registers_may_set_anything_is_told_of(tmp_path: Path) -> None:
    def register(document: dict[str, Any], policy: dict[str, Any]) -> None:
        note = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}}
        done = {"204": {"description": "done"}}
        post = {"operationId": "begin", "security": [{}], "requestBody": note, "responses": done}
        document["paths"]["/begin"] = {"post": post}
        policy["relations"]["anyone"] = {}
        policy["operations"]["begin"] = {"call": ["anyone"]}

    def anyone(document: dict[str, Any], policy: dict[str, Any]) -> None:
        register(document, policy)
        policy["resources"]["Note"]["fields"]["text"] = [{"set": ["anyone"]}]
        grants = policy["resources"]["Note"]["fields"].pop("id, by, text")
        policy["resources"]["Note"]["fields"]["id, by"] = grants

    words = "callers of `begin` are anonymous, and no line lets `anyone` set what its body"
    assert words in said(tmp_path, PRINTS, register)
    assert words not in said(tmp_path, PRINTS, anyone)
