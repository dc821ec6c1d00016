"""What the answer of a write tells of concealed objects, as `guard check` says it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import DESK, said

REMARKS = quick_yaml.load((FOLDER / "contracts" / "remarks.yaml").read_text(encoding="utf-8"))


def test_a_write_that_was_done_tells_that_what_it_names_exists(tmp_path: Path) -> None:
    def shown(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Note"]["fields"]["id"] = [{"see": ["member"]}]

    words = "`member` may call `remark` but may see nothing of the `Note` that its requests name"
    assert words in said(tmp_path, REMARKS)
    assert words not in said(tmp_path, REMARKS, shown)


def test_a_write_of_which_nobody_is_told_why_it_failed_is_named(tmp_path: Path) -> None:
    def unseen(document: dict[str, Any], policy: dict[str, Any]) -> None:
        del document["paths"]["/notes/{id}"]
        del policy["operations"]["getNote"]

    def open_(document: dict[str, Any], policy: dict[str, Any]) -> None:
        unseen(document, policy)
        policy["resources"]["Note"]["conceal"] = False

    def explained(document: dict[str, Any], policy: dict[str, Any]) -> None:
        unseen(document, policy)
        policy["operations"]["tag"]["params"] = {"noteId": "Note.title"}

    words = (
        "no GET shows the `Note` that `noteId` names at `tag` by its key, so the guard turns every"
    )
    assert words in said(tmp_path, REMARKS, unseen)
    assert "write `tag: {params: {noteId: Note.FIELD}}`" in said(tmp_path, REMARKS, unseen)
    for change in (None, open_, explained):
        assert words not in said(tmp_path, REMARKS, change)


def test_a_write_that_declares_no_name_of_an_object_is_no_warning(tmp_path: Path) -> None:
    def without(document: dict[str, Any], _: dict[str, Any]) -> None:
        operation = document["paths"]["/remarks"]["post"]
        del operation["parameters"]
        shape = {"type": "object", "properties": {"text": {"type": "string"}}}
        operation["requestBody"] = {"content": {"application/json": {"schema": shape}}}

    words = "`member` may call `remark` but"
    assert words in said(tmp_path, REMARKS)
    assert words not in said(tmp_path, REMARKS, without)


def test_who_may_write_below_what_they_are_not_shown_is_told_that_it_is_there(
    tmp_path: Path,
) -> None:
    def owners(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Note"]["fields"] = {"id, by.name, text": [{"see": ["owner"]}]}

    def open_(document: dict[str, Any], policy: dict[str, Any]) -> None:
        owners(document, policy)
        policy["resources"]["Note"]["conceal"] = False

    def narrow(document: dict[str, Any], policy: dict[str, Any]) -> None:
        owners(document, policy)
        policy["operations"]["remark"]["call"] = ["owner"]

    def optional(document: dict[str, Any], policy: dict[str, Any]) -> None:
        fields = {"id, by.name": [{"see": ["owner"]}], "text": [{"see": ["member"]}]}
        policy["resources"]["Note"]["fields"] = fields

    words = "`member` may call `remark` but may see nothing of the `Note` that its path names"
    assert words in said(tmp_path, DESK, owners)
    assert f"{words} if it lacks an optional member, so" in said(tmp_path, DESK, optional)
    for change in (None, open_, narrow):
        assert words not in said(tmp_path, DESK, change)
