"""Whatever else an edit of the text would change is found, however it came about."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.draft_review.cells import compile_reading
from oakum.draft_review.edit_verification import Version, beyond
from oakum.draft_review.policy_edits import Close, Confirm, ConfirmCall, Edit, GrantEdit, SetOwner
from oakum.openapi.source import parse
from oakum.policy.contract import load
from tests.unit.draft_review.world import CONTRACT, files

GRANT = GrantEdit("Note", "title", ("title",), "member")
GRANTED = CONTRACT.replace(
    "id, title, user_id: []", "id, user_id: []\n      title: [{see: [member]}]"
)


def version(tmp_path: Path, text: str) -> Version:
    path = files(tmp_path, text)
    return Version(compile_reading(load(path)), parse(text, "").plain())


def wrong(tmp_path: Path, new: str, *edits: Edit, old: str = CONTRACT) -> list[str]:
    return list(beyond(version(tmp_path, old), version(tmp_path, new), edits))


def test_the_edit_that_was_asked_for_is_right(tmp_path: Path) -> None:
    assert wrong(tmp_path, GRANTED, GRANT) == []
    both = GRANTED.replace("  Note:\n    draft: true\n", "  Note:\n")
    assert wrong(tmp_path, both, GRANT, Confirm("Note")) == []
    owned = CONTRACT.replace("owner: none  # who", "owner: user_id  # who")
    assert wrong(tmp_path, owned, SetOwner("Note", "field", ("user_id",))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[{see: [member]}]", "[{see: [anyone]}]"),  # more viewers
        ("[{see: [member]}]", "[{see: [owner]}]"),  # others
        ("[{see: [member]}]", "[{see: [member], set: [member]}]"),  # may write, too
        ("title: [{see: [member]}]", "title: {instead: null, grants: [{see: [member]}]}"),
        ("id, user_id: []", "id, user_id: [{see: [owner]}]"),  # other fields
        ("id, user_id: []", "id: []"),
        ("owner: none", "owner: user_id"),  # another key of it
        ("  Note:\n    draft: true\n", "  Note:\n"),
        ("home: [{see: [owner]}]", "home: [{see: [member]}]"),  # another resource
        ("member: {authenticated: true}", "member: {}"),  # another part
        ("id: /id", "id: /username"),
        ("resources:\n", "resources:\n  Gone: {owner: none, fields: {a: []}}\n"),
    ],
)
def test_whatever_else_changes_is_found(tmp_path: Path, old: str, new: str) -> None:
    assert old in GRANTED
    assert wrong(tmp_path, GRANTED.replace(old, new, 1), GRANT) != []


def test_who_may_call_stays_who_may_call(tmp_path: Path) -> None:
    drafted = CONTRACT + "operations: {listNotes: {draft: true, call: [owner]}}\n"
    edit = ConfirmCall("listNotes")
    right = drafted.replace("{draft: true, call", "{call")
    assert wrong(tmp_path, right, edit, old=drafted) == []
    assert wrong(tmp_path, right.replace("[owner]}}", "[anyone]}}"), edit, old=drafted) != []
    assert wrong(tmp_path, drafted, edit, old=drafted) != []


def test_an_edit_that_was_not_made_is_found(tmp_path: Path) -> None:
    for edit in (GRANT, Confirm("Note"), SetOwner("Note", "parent")):
        assert wrong(tmp_path, CONTRACT, edit) == ["Note"]
    assert wrong(tmp_path, CONTRACT, Close("User", "email", ("email",), "owner")) == ["User"]


def test_a_line_that_keeps_a_viewer_in_some_settings_is_not_closed(tmp_path: Path) -> None:
    edit = Close("User", "email", ("email",), "owner")
    new = CONTRACT.replace(
        "{see: [owner], set: [owner]}", "{see: [owner], when: {private: true}, set: [owner]}"
    )
    assert wrong(tmp_path, new, edit) == ["User"]


def test_an_edit_of_who_sets_may_not_change_who_sees(tmp_path: Path) -> None:
    edit = GrantEdit("Note", "title", ("title",), "member", "set")
    lines = "      title: [{set: [member]}]\n      id, user_id: []\n"
    right = CONTRACT.replace("      id, title, user_id: []\n", lines)
    assert wrong(tmp_path, right, edit) == []
    assert wrong(
        tmp_path, right.replace("{set: [member]}", "{see: [member], set: [member]}"), edit
    ) == ["Note"]
    assert wrong(tmp_path, right.replace("{set: [member]}", "{set: [anyone]}"), edit) == ["Note"]
    assert wrong(tmp_path, right, GRANT) == ["Note"]
