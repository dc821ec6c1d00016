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
    assert "likewise at `patchFolder`, `addNote`, `patchNote` and 1 more" in found
    stated = '{params: {"*.notes.*.folder_id": Folder.id}}'
    assert f"write `patchFolders: {stated}` to have it checked" in found


def test_one_that_is_stated_is_checked_or_refers_to_something(tmp_path: Path) -> None:
    def within(_: dict[str, Any], policy: dict[str, Any]) -> None:
        operations = policy["operations"]
        operations["patchFolders"]["params"]["*.notes.*.folder_id"] = "Folder.by"
        operations["patchFolder"]["params"]["notes.*.folder_id"] = "Folder.by"

    def refers(document: dict[str, Any], policy: dict[str, Any]) -> None:
        within(document, policy)
        policy["operations"]["patchNote"]["params"] = {"folder_id": "Folder.by"}

    found = said(tmp_path, PARENTS, within)
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


def test_one_in_an_object_within_another_is_named_at_each_place_that_nobody_stated(
    tmp_path: Path,
) -> None:
    def nested(document: dict[str, Any], _: dict[str, Any]) -> None:
        folder = document["components"]["schemas"]["Folder"]["properties"]
        note = {"$ref": "#/components/schemas/Note"}
        folder["cover"] = {"anyOf": [note, {"type": "null"}]}
        folder["meta"] = {"type": "object", "properties": {"first": note}}
        folder["fixed"] = note

    def settable(document: dict[str, Any], policy: dict[str, Any]) -> None:
        nested(document, policy)
        fields = policy["resources"]["Folder"]["fields"]
        fields["cover, meta"] = fields["parent_id, notes"]
        fields["fixed"] = [{"see": ["owner"]}]

    def stated(document: dict[str, Any], policy: dict[str, Any]) -> None:
        settable(document, policy)
        places = ("notes.*", "cover", "meta.first")
        params = policy["operations"]["patchFolder"]["params"]
        params |= {f"{each}.folder_id": "Folder.id" for each in places}
        policy["operations"]["patchFolders"]["params"] |= {
            f"*.{each}.folder_id": "Folder.by" for each in places
        }

    found = said(tmp_path, PARENTS, settable)
    assert f"`patchFolders` may set `Note.folder_id`, {WORDS}" in found
    assert "likewise at `patchFolder`" in found
    for each in ("*.notes.*.folder_id", "*.cover.folder_id", "*.meta.first.folder_id"):
        assert f'"{each}": Folder.id' in found
    assert "fixed.folder_id" not in found
    assert WORDS not in said(tmp_path, PARENTS, stated)
