"""Responses of which the gateway withholds more than the contract asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import (
    DESK,
    answers,
    said,
)

REMARKS = quick_yaml.load((FOLDER / "contracts" / "remarks.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("media", ["text/xml", "application/octet-stream"])
def test_an_answer_that_cannot_be_read_is_told_of(tmp_path: Path, media: str) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        answers(document, "/labels", "get", media)
        policy["operations"]["listLabels"] = {"call": ["member"]}

    words = f"`listLabels` answers with `{media}`, which a gateway cannot read: it answers 502"
    assert words in said(tmp_path, DESK, change)
    assert words not in said(tmp_path, DESK)


def test_an_alternative_that_cannot_be_read_is_told_of_once(tmp_path: Path) -> None:
    def also(document: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["listLabels"] = {"call": ["member"]}
        content = document["paths"]["/labels"]["get"]["responses"]["200"]["content"]
        content["application/pdf"] = {"schema": {"type": "string"}}
        document["paths"]["/pages"] = {"get": {**document["paths"]["/labels"]["get"]}}
        document["paths"]["/pages"]["get"]["operationId"] = "listPages"
        policy["operations"]["listPages"] = {"call": ["member"]}

    words = (
        "`listLabels`, `listPages` may also answer with `application/pdf`, which a gateway cannot"
    )
    assert said(tmp_path, DESK, also).count(words) == 1
    assert "may also answer" not in said(tmp_path, DESK)


def test_csv_without_columns_is_told_of_with_what_to_declare(tmp_path: Path) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["listLabels"] = {"call": ["member"]}
        found = document["paths"]["/labels"]["get"]["responses"]["200"]
        found["content"] = {"text/csv": {"schema": {"type": "string"}}}

    def rows(document: dict[str, Any], policy: dict[str, Any]) -> None:
        change(document, policy)
        one = {"type": "object", "properties": {"at": {"type": "string"}}}
        found = document["paths"]["/labels"]["get"]["responses"]["200"]["content"]
        found["text/csv"]["schema"] = {"type": "array", "items": one}

    words = "`listLabels` answers with `text/csv`, which a gateway cannot read: it answers 502"
    assert f"{words}; declare a list of objects" in said(tmp_path, DESK, change).replace(
        " - ", "; "
    )
    assert words not in said(tmp_path, DESK, rows)


def test_a_parameter_that_leaves_the_owner_out_is_told_of(tmp_path: Path) -> None:
    def sparse(document: dict[str, Any], _: dict[str, Any]) -> None:
        parameter = {"name": "fields", "in": "query", "schema": {"type": "string"}}
        document["paths"]["/labels"]["get"]["parameters"].append(parameter)

    def without(document: dict[str, Any], policy: dict[str, Any]) -> None:
        sparse(document, policy)
        policy["operations"]["listLabels"] = {"without": ["fields"]}

    words = "a caller who omits `by` with `fields` sees nothing that depends on it of a `Label`"
    assert words in said(tmp_path, DESK, sparse)
    assert "write `without: [fields]`" in said(tmp_path, DESK, sparse)
    assert words not in said(tmp_path, DESK, without)


def test_a_place_where_anything_may_stand_is_told_of(tmp_path: Path) -> None:
    def free(document: dict[str, Any], policy: dict[str, Any]) -> None:
        data = {"type": "object", "additionalProperties": True}
        content = {"schema": {"type": "object", "properties": {"data": data}}}
        answer = {"description": "x", "content": {"application/json": content}}
        config = {"get": {"operationId": "config", "responses": {"200": answer}}}
        document["paths"]["/config"] = config
        policy["operations"]["config"] = {"call": ["anyone"]}

    words = "at `/data` of the response of `config` the document allows anything"
    words += ", so the gateway removes objects and lists below it"
    assert words in said(tmp_path, DESK, free)
    assert "allows anything" not in said(tmp_path, DESK)


@pytest.mark.parametrize(
    ("schema", "at"),
    [
        (None, "in"),
        ({}, "in"),
        ({"type": "object"}, "in"),
        ({"type": "array"}, "in"),
        ({"type": "array", "items": {}}, "at `/*` of"),
        ({"type": "object", "properties": {"data": {"type": "object"}}}, "at `/data` of"),
        (
            {"type": "object", "properties": {"rows": {"type": "array", "items": {}}}},
            "at `/rows/*`",
        ),
        ({"type": "object", "properties": {"total": {"type": "integer"}}}, ""),
        ({"type": "array", "items": {"type": "string"}}, ""),
    ],
)
def test_an_answer_of_which_the_document_says_nothing_is_told_of(
    tmp_path: Path, schema: dict[str, Any] | None, at: str
) -> None:
    """A framework that is told no type of an answer writes `{}`, or no schema at all; no object
    passes there."""

    def free(document: dict[str, Any], policy: dict[str, Any]) -> None:
        media = {} if schema is None else {"schema": schema}
        answer = {"description": "x", "content": {"application/json": media}}
        config = {"get": {"operationId": "config", "responses": {"200": answer}}}
        document["paths"]["/config"] = config
        policy["operations"]["config"] = {"call": ["anyone"]}

    told = said(tmp_path, DESK, free)
    assert ("the document allows anything" in told) == bool(at)
    assert at in told
    assert ("removes each member and element there" in told) == bool(at)


@pytest.mark.parametrize("line", [None, ["owner"]])
def test_a_response_without_a_schema_is_told_of(tmp_path: Path, line: list[str] | None) -> None:
    """As a file in Swagger 2.0."""

    def file(document: dict[str, Any], policy: dict[str, Any]) -> None:
        answer = {"description": "x", "content": {"application/pdf": {}}}
        document["paths"]["/file"] = {"get": {"operationId": "file", "responses": {"200": answer}}}
        if line is not None:
            policy["operations"]["file"] = {"call": line}

    told = said(tmp_path, DESK, file)
    assert ("no line mentions `file`, so a gateway answers 404 there" in told) == (line is None)
    assert ("it is unknown whose object `file` shows" in told) == (line is not None)


def test_a_read_at_which_nobody_is_asked_is_nobodys(tmp_path: Path) -> None:
    stats = quick_yaml.load((FOLDER / "contracts" / "stats.yaml").read_text())

    def bare(document: dict[str, Any], _: dict[str, Any]) -> None:
        answers(document, "/users/{id}/met", "get", "application/json")

    assert "it is unknown whose object `met` shows, so nobody passes" in said(tmp_path, stats, bare)
    found = said(tmp_path, stats)
    for each in ("stats", "met", "staffed", "report", "daily", "export"):
        assert f"none of the objects that `{each}` shows lets the caller pass" in found
    for each in ("owned", "keyed", "known", "counted", "listFriends"):
        assert f"none of the objects that `{each}` shows" not in found


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
