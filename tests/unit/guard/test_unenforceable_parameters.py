"""Objects and keys of some in parameters, which a gateway does not read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.conformance.exchanges import FOLDER
from tests.unit.guard.test_unenforceable_reads import said

DIFFS = yaml.safe_load((FOLDER / "contracts" / "diffs.yaml").read_text(encoding="utf-8"))
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


def test_a_key_beside_the_resource_of_a_body_is_named(tmp_path: Path) -> None:
    text = {"type": "string"}

    def beside(document: dict[str, Any], _: dict[str, Any], **params: Any) -> None:
        inside = {"where": {"type": "object", "properties": {"nid": text}}, "why": text}
        properties = {"noteId": text, "note": {"$ref": "#/components/schemas/Note"}, **inside}
        content = {"application/json": {"schema": {"type": "object", "properties": properties}}}
        document["paths"]["/save"] = {
            "put": {
                "operationId": "save",
                "parameters": [{"name": "Note-Id", "in": "header", "schema": text}],
                "requestBody": {"content": content},
                "responses": {"204": {"description": "done"}},
            }
        }

    def stated(document: dict[str, Any], policy: dict[str, Any]) -> None:
        beside(document, policy)
        names = ("Note-Id", "noteId", "where.nid")
        policy["operations"]["save"] = {"params": dict.fromkeys(names, "Note.nid")}

    def granted(document: dict[str, Any], policy: dict[str, Any]) -> None:
        beside(document, policy)
        policy["operations"]["save"] = {}

    words = "`save` may take from `Note-Id`, `noteId`, `where.nid` which `Note` it writes"
    assert words in said(tmp_path, DIFFS, granted)
    assert "save: {params: {Note-Id: Note.nid}}" in said(tmp_path, DIFFS, granted)
    assert "`save` may take from" not in said(tmp_path, DIFFS, stated)
