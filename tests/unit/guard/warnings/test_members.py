"""Members by which a write may move an object, as `guard check` names them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import said

PARENTS = quick_yaml.load((FOLDER / "contracts" / "parents.yaml").read_text())
WORDS = "and the gateway does not check the `Folder` that it names"


def test_a_member_that_may_name_what_an_object_is_in_is_named(tmp_path: Path) -> None:
    def unstated(_: dict[str, Any], policy: dict[str, Any]) -> None:
        for each in ("patchFolders", "patchFolder", "addNote", "patchNote", "putNote"):
            policy["operations"][each] = {}

    found = said(tmp_path, PARENTS, unstated)
    assert f"may set `Note.folder_id`, {WORDS}" in found
    assert f"may set `Folder.parent_id`, {WORDS}" in found
    assert "likewise at `patchNote`, `putNote`" in found
    assert "write `addNote: {params: {folder_id: Folder.id}}` to have it checked" in found


def test_one_that_is_stated_is_checked_or_refers_to_something(tmp_path: Path) -> None:
    def refers(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["patchNote"]["params"] = {"folder_id": "Folder.by"}

    found = said(tmp_path, PARENTS)
    assert WORDS not in found
    assert "`patchNote` also requires that the caller may write each `Folder`" in found
    assert WORDS not in said(tmp_path, PARENTS, refers)


def test_nor_one_that_nobody_may_set(tmp_path: Path) -> None:
    def fixed(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["patchNote"] = {}
        owner = {"see": ["owner"]}
        own = {"id, folder_id": [owner], "text": [{**owner, "set": ["owner"]}]}
        policy["resources"]["Note"]["fields"] = own

    assert "`Note.folder_id`" not in said(tmp_path, PARENTS, fixed)
