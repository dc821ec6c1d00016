"""Objects and keys of some in parameters, which a gateway does not read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import said

DIFFS = quick_yaml.load((FOLDER / "contracts" / "diffs.yaml").read_text(encoding="utf-8"))
LIST = {"type": "array", "items": {"type": "string"}}


def parameter(document: dict[str, Any], **change: Any) -> None:
    at = document["paths"]["/notes/{nid}"]["get"]
    at["parameters"] = [{"name": "nid", "in": "path", "required": True, **change}]


def test_a_list_in_a_path_is_named_until_the_contract_says_of_what(tmp_path: Path) -> None:
    def listed(document: dict[str, Any], _: dict[str, Any]) -> None:
        parameter(document, schema=LIST)

    def stated(document: dict[str, Any], policy: dict[str, Any]) -> None:
        parameter(document, schema=LIST)
        policy["operations"]["getNote"] = {"params": {"nid": "Note.nid"}}

    words = "`nid` in the path of `getNote` is a list, and is taken for one key"
    assert words in said(tmp_path, DIFFS, listed)
    assert "write `getNote: {params: {nid: Note.nid}}`" in said(tmp_path, DIFFS, listed)
    assert words not in said(tmp_path, DIFFS, stated)
    assert "is a list" not in said(tmp_path, DIFFS)


def test_a_key_with_a_mark_is_named(tmp_path: Path) -> None:
    def marked(document: dict[str, Any], _: dict[str, Any]) -> None:
        parameter(document, schema={"type": "string"}, style="label")

    words = "`nid` in the path of `getNote` begins with `.`"
    assert words in said(tmp_path, DIFFS, marked)
    assert words not in said(tmp_path, DIFFS)


def test_an_object_in_a_parameter_of_a_write_is_named(tmp_path: Path) -> None:
    told = said(tmp_path, DIFFS)
    words = "holds a `Note`, which a gateway judges in a body alone, so a call with it is refused"
    for name in ("note", "raw", "x-note"):
        assert f"`{name}` of `putSet` {words}" in told
    assert "remove it, `putSet: {without: [note]}`" in told
    assert "`filled`" not in told


def test_keys_beside_a_list_of_resources_are_named(tmp_path: Path) -> None:
    text = {"type": "string"}
    note = {"$ref": "#/components/schemas/Note"}

    def beside(document: dict[str, Any], policy: dict[str, Any]) -> None:
        row = {"type": "object", "properties": {"id": text, "noteId": text, "set": note}}
        content = {"application/json": {"schema": {"type": "array", "items": row}}}
        document["paths"]["/save"] = {
            "put": {
                "operationId": "save",
                "parameters": [{"name": "Note-Id", "in": "header", "schema": text}],
                "requestBody": {"content": content},
                "responses": {"204": {"description": "done"}},
            }
        }
        policy["operations"]["save"] = {}

    def stated(document: dict[str, Any], policy: dict[str, Any]) -> None:
        beside(document, policy)
        policy["operations"]["save"] = {"params": {"*.id": "Note.nid"}}

    # What is called like the type with the key is checked; any object may have an `id`.
    assert "`save` may take from `*.id` which `Note` it writes" in said(tmp_path, DIFFS, beside)
    assert "save: {params: {*.id: Note.nid}}" in said(tmp_path, DIFFS, beside)
    assert "`save` may take from" not in said(tmp_path, DIFFS, stated)


@pytest.mark.parametrize("name", ["note", "Note", "target", "url"])
def test_a_text_that_may_say_which_object_a_body_is_about_is_named(
    name: str, tmp_path: Path
) -> None:
    def edit(document: dict[str, Any], policy: dict[str, Any], at: str = "/edit") -> None:
        note = {"$ref": "#/components/schemas/Note"}
        names = {name: {"type": "string"}, "why": {"type": "string"}, "changes": note}
        content = {"application/json": {"schema": {"type": "object", "properties": names}}}
        document["paths"][at] = {
            "patch": {
                "operationId": "edit",
                "requestBody": {"content": content},
                "responses": {"204": {"description": "done"}},
            }
        }
        policy["operations"]["edit"] = {}

    def in_path(document: dict[str, Any], policy: dict[str, Any]) -> None:
        edit(document, policy, "/notes/{nid}/edit")

    def stated(document: dict[str, Any], policy: dict[str, Any]) -> None:
        edit(document, policy)
        policy["operations"]["edit"] = {"params": {name: "Note.nid"}}

    words = f"`edit` may take from `{name}` which `Note` it writes"
    assert words in said(tmp_path, DIFFS, edit)
    assert words not in said(tmp_path, DIFFS, in_path)
    assert words not in said(tmp_path, DIFFS, stated)


@pytest.mark.parametrize(
    ("meta", "warned"),
    [
        ({"type": "object", "additionalProperties": {"type": "string"}}, True),
        ({"type": "object", "additionalProperties": True}, True),
        ({"type": "object"}, False),  # whatever stands in it is refused
    ],
)
def test_a_map_that_may_say_which_object_a_body_is_about_is_named(
    meta: dict[str, Any], warned: bool, tmp_path: Path
) -> None:
    def edit(document: dict[str, Any], policy: dict[str, Any]) -> None:
        names = {"meta": meta, "changes": {"$ref": "#/components/schemas/Note"}}
        content = {"application/json": {"schema": {"type": "object", "properties": names}}}
        body = {"operationId": "edit", "requestBody": {"content": content}}
        document["paths"]["/edit"] = {"patch": {**body, "responses": {"204": {"description": "d"}}}}
        policy["operations"]["edit"] = {}

    def stated(document: dict[str, Any], policy: dict[str, Any]) -> None:
        edit(document, policy)
        policy["operations"]["edit"] = {"params": {"meta.nid": "Note.nid"}}

    words = "`edit` may take from `meta.nid` which `Note` it writes"
    assert (words in said(tmp_path, DIFFS, edit)) is warned
    if warned:
        assert "may take from" not in said(tmp_path, DIFFS, stated)


def test_an_argument_that_is_called_like_a_key_is_named(tmp_path: Path) -> None:
    def linked(document: dict[str, Any], policy: dict[str, Any]) -> None:
        names = {"noteId": {"type": "string"}, "why": {"type": "string"}}
        content = {"application/json": {"schema": {"type": "object", "properties": names}}}
        document["paths"]["/notes/{nid}/link"] = {
            "put": {
                "operationId": "link",
                "requestBody": {"content": content},
                "responses": {"204": {"description": "done"}},
            }
        }
        policy["operations"]["link"] = {"call": ["owner"]}

    def stated(document: dict[str, Any], policy: dict[str, Any]) -> None:
        linked(document, policy)
        policy["operations"]["link"]["params"] = {"noteId": "Note.nid"}

    assert "`link` may take from `noteId` which `Note` it writes" in said(tmp_path, DIFFS, linked)
    told = said(tmp_path, DIFFS, stated)
    assert "`link` may take from" not in told
    assert "`link` also requires that the caller may write each `Note` that `noteId` names" in told


def test_what_is_called_like_a_key_in_a_post_is_named_until_it_is_stated(tmp_path: Path) -> None:
    def made(params: dict[str, str], **rule: Any) -> Any:
        def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
            members = {"noteId": {"type": "string"}, "why": {"type": "string"}}
            shape = {"type": "object", "properties": members}
            document["paths"]["/copies"] = {
                "post": {
                    "operationId": "copy",
                    "parameters": [{"name": "note_ids", "in": "query", "schema": LIST}],
                    "requestBody": {"content": {"application/json": {"schema": shape}}},
                    "responses": {"204": {"description": "done"}},
                }
            }
            policy["operations"]["copy"] = {"params": params, **rule}

        return change

    words = "`copy` may act on the `Note` that"
    found = said(tmp_path, DIFFS, made({}))
    assert f"{words} `note_ids`, `noteId` names, and the gateway does not check" in found
    assert f"{words} `noteId` names" in said(tmp_path, DIFFS, made({"note_ids": "Note.nid"}))
    stated = {"note_ids": "Note.nid", "noteId": "Note.owner"}
    assert words not in said(tmp_path, DIFFS, made(stated))
    assert words not in said(tmp_path, DIFFS, made({}, call=["member"]))
    assert words not in said(tmp_path, DIFFS, made({}, reads=True))


def test_what_nobody_explains_in_the_path_of_a_read_is_named(tmp_path: Path) -> None:
    def counted(document: dict[str, Any], policy: dict[str, Any]) -> None:
        total = {"type": "object", "properties": {"total": {"type": "integer"}}}
        content = {"application/json": {"schema": total}}
        document["paths"]["/figures/{of}"] = {
            "get": {
                "operationId": "figures",
                "responses": {"200": {"description": "d", "content": content}},
            }
        }
        policy["operations"]["figures"] = {"call": ["member"]}

    def stated(document: dict[str, Any], policy: dict[str, Any]) -> None:
        counted(document, policy)
        policy["operations"]["figures"]["params"] = {"of": "Note.nid"}

    words = "says what `of` in the path of `figures` names"
    assert words in said(tmp_path, DIFFS, counted)
    assert words not in said(tmp_path, DIFFS, stated)
