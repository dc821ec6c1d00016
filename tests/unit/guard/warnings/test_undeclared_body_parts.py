"""Bodies of which the document leaves a part free."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import DESK, LEDGER, said


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({}, "`/`"),
        ({"type": "object"}, "`/`"),
        ({"type": "object", "additionalProperties": True}, "`/*`"),
        ({"type": "object", "properties": {"a": {}, "b": {"type": "array"}}}, "`/a`, `/b`"),
        ({"type": "object", "properties": {"a": {"type": "array", "items": {}}}}, "`/a/*`"),
        ({"oneOf": [{"type": "string"}, {"type": "object"}]}, "`/`"),
    ],
)
def test_what_a_document_leaves_free_is_named(
    tmp_path: Path, schema: dict[str, Any], place: str
) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        body = {"content": {"application/json": {"schema": schema}}}
        done = {"204": {"description": "done"}}
        act = {"operationId": "act", "requestBody": body, "responses": done}
        document["paths"]["/acts"] = {"post": act}
        policy["operations"]["act"] = {"call": ["member"]}

    words = f"what an object or a list at {place} of the body of `act` holds is not declared"
    assert words in said(tmp_path, LEDGER, change)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "object", "properties": {"a": {"type": "string"}}},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "array", "items": {"$ref": "#/components/schemas/Note"}},
        {"type": "object", "properties": {"a": {"readOnly": True, "type": "object"}}},
    ],
)
def test_what_is_declared_is_not(tmp_path: Path, schema: dict[str, Any]) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        body = {"content": {"application/json": {"schema": schema}}}
        done = {"204": {"description": "done"}}
        act = {"operationId": "act", "requestBody": body, "responses": done}
        document["paths"]["/acts"] = {"post": act}
        policy["operations"]["act"] = {"call": ["member"]}

    assert "of the body of `act` holds is not declared" not in said(tmp_path, LEDGER, change)


@pytest.mark.parametrize(
    ("method", "path", "named"),
    [
        ("put", "/acts", True),
        ("delete", "/acts", True),
        ("post", "/acts/{id}", True),
        ("post", "/acts", False),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_what_is_of_no_resource_beside_one_is_named_where_an_object_is_there(
    tmp_path: Path, method: str, path: str, named: bool, inside: bool
) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        plain = {"type": "object", "properties": {"mass": {"type": "integer"}}}
        schema = {"oneOf": [{"$ref": "#/components/schemas/Note"}, plain]}
        around = {"type": "object", "properties": {"a": schema}}
        if inside:
            document["components"]["schemas"]["Note"]["properties"]["a"] = schema
            around = {"$ref": "#/components/schemas/Note"}
        body = {"content": {"application/json": {"schema": around}}}
        at = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
        act = {"operationId": "act", "requestBody": body,
               "parameters": at if "{" in path else [],
               "responses": {"204": {"description": "done"}}}  # fmt: skip
        document["paths"][path] = {method: act}
        policy["operations"]["act"] = {"call": ["member"]}

    words = "the body of `act` may have an object of no resource in place of a `Note`"
    assert (words in said(tmp_path, LEDGER, change)) == named


def test_a_body_of_which_nothing_may_be_set_is_refused(tmp_path: Path) -> None:
    def unset(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Label"]["fields"] = {"id, by, text": [{"see": ["owner"]}]}

    words = "no line says who may set the body fields of `updateLabel`, so every body is refused"
    assert words in said(tmp_path, DESK, unset)
    assert words not in said(tmp_path, DESK)


def _posts(document: dict[str, Any], policy: dict[str, Any], schema: dict[str, Any]) -> None:
    body = {"content": {"application/json": {"schema": schema}}}
    done = {"204": {"description": "done"}}
    add = {"operationId": "add", "requestBody": body, "responses": done}
    document["paths"]["/all"] = {"post": add}
    policy["operations"]["add"] = {"call": ["member"]}


def test_fields_of_another_object_in_a_body_are_not_those_of_the_body(tmp_path: Path) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        inner = {"text": {"type": "string"}, "note": {"$ref": "#/components/schemas/Note"}}
        document["components"]["schemas"]["Card"] = {"type": "object", "properties": inner}
        policy["resources"]["Card"] = {
            "owner": "none", "fields": {"text, note": [{"see": ["member"]}]},
        }  # fmt: skip
        policy["resources"]["Note"]["fields"]["plan"] = [{"see": ["owner"], "set": ["owner"]}]
        _posts(document, policy, {"$ref": "#/components/schemas/Card"})

    words = "no line says who may set the body fields of `add`, so every body is refused"
    assert words in said(tmp_path, LEDGER, change)


@pytest.mark.parametrize("settable", [True, False])
def test_the_tag_of_a_union_that_nobody_may_set_is_named(tmp_path: Path, settable: bool) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        for name, own in (("Pill", "dose"), ("Test", "score")):
            members = {"type": {"type": "string"}, own: {"type": "string"}}
            document["components"]["schemas"][name] = {"type": "object", "properties": members}
        found = [{"$ref": f"#/components/schemas/{name}"} for name in ("Pill", "Test")]
        document["components"]["schemas"]["Paper"] = {
            "oneOf": found, "discriminator": {"propertyName": "type"},
        }  # fmt: skip
        sets = {"set": ["member"]}
        policy["resources"]["Paper"] = {
            "schemas": ["Paper", "Pill", "Test"],
            "owner": "none",
            "fields": {
                "type": [{"see": ["member"], **(sets if settable else {})}],
                "dose, score": [{"see": ["member"], **sets}],
            },
        }
        _posts(document, policy, {"$ref": "#/components/schemas/Paper"})

    words = "a `Paper` in a body of `add` has to have `type`, which nobody may set"
    assert (words in said(tmp_path, LEDGER, change)) is not settable


@pytest.mark.parametrize(
    ("answered", "more", "named"),
    [(False, {}, True), (False, {"readOnly": True}, False), (True, {}, False)],
)
def test_what_the_schema_of_a_body_alone_requires_is_named_if_nobody_may_set_it(
    tmp_path: Path, answered: bool, more: dict[str, Any], named: bool
) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        members = {"title": {"type": "string", **more}, "text": {"type": "string"}}
        document["components"]["schemas"]["NewCard"] = {
            "type": "object", "properties": members, "required": ["title"],
        }  # fmt: skip
        policy["resources"]["Card"] = {
            "schemas": ["NewCard"],
            "owner": "none",
            "fields": {
                "title": [{"see": ["member"]}],
                "text": [{"see": ["member"], "set": ["member"]}],
            },
        }
        new = {"$ref": "#/components/schemas/NewCard"}
        _posts(document, policy, new)
        if answered:
            content = {"application/json": {"schema": new}}
            document["paths"]["/all"]["post"]["responses"] = {
                "200": {"description": "x", "content": content}
            }

    words = "a `Card` in a body of `add` has to have `title`, which nobody may set"
    assert (words in said(tmp_path, LEDGER, change)) is named


def test_a_write_without_a_declared_body_is_told_of(tmp_path: Path) -> None:
    def bare(document: dict[str, Any], _: dict[str, Any]) -> None:
        del document["paths"]["/labels/{lid}"]["put"]["requestBody"]

    words = (
        "the document declares no request body of `updateLabel`, so requests with a body are"
        " refused"
    )
    assert words in said(tmp_path, DESK, bare)
    assert words not in said(tmp_path, DESK)


LIMITED = quick_yaml.load((FOLDER / "contracts" / "limited.yaml").read_text())
UPDATE = {"type": "object", "properties": {"owner": {"type": "string"}, "why": {"type": "string"}}}


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("bound", [False, True])
def test_a_body_of_another_schema_than_the_resource_is_named_unless_it_is_said_to_be_one(
    tmp_path: Path, bound: bool, inside: bool
) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        body = {"type": "object", "properties": {"note": UPDATE}} if inside else UPDATE
        patch = document["paths"]["/notes/{id}"]["patch"]
        patch["requestBody"] = {"content": {"application/json": {"schema": body}}}
        del policy["operations"]["getNote, patchNote"]
        sets = {"sets": {"Note": "/note" if inside else ""}} if bound else {}
        policy["operations"] |= {"getNote": {}, "patchNote": sets}

    told = "`patchNote` writes a `Note`, and no `set` line holds for its body: `owner` pass"
    assert (told in said(tmp_path, LIMITED, change)) is not bound


def test_a_new_object_in_another_schema_is_named_too(tmp_path: Path) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        body = {"content": {"application/json": {"schema": UPDATE}}}
        made = document["paths"]["/notes/{id}"]["get"]["responses"]
        post = {"operationId": "newNote", "requestBody": body, "responses": made}
        document["paths"]["/notes"] = {"post": post}
        policy["operations"]["newNote"] = {}

    assert "`newNote` writes a `Note`, and no `set` line" in said(tmp_path, LIMITED, change)
