"""What the page is told: plain JSON."""

from __future__ import annotations

import json
from pathlib import Path

from oakum.draft_review.page_state import after, cell, whole
from tests.unit.draft_review.world import review


def test_the_whole_state_is_json_with_a_letter_for_each_cell(tmp_path: Path) -> None:
    state = whole(review(tmp_path))
    json.dumps(state)
    user, note = state["resources"]
    assert [each["name"] for each in state["columns"]] == ["anyone", "member", "owner"]
    assert [each["wide"] for each in state["columns"]] == [True, True, False]
    assert {row["path"]: row["cells"] for row in user["rows"]}["email"] == "cwo"
    assert (note["draft"], note["owner"], note["kinds"]) == (True, "nobody owns it", {"contact": 1})
    assert [each["kind"] for each in state["questions"]] == ["owner", "wide", "confirm", "confirm"]


def test_an_edit_tells_of_its_resource_only(tmp_path: Path) -> None:
    session = review(tmp_path)
    session.make(session.grant("Note", ["title"], "member"))
    change = after(session, ["Note"])
    assert [each["name"] for each in change["resources"]] == ["Note"]
    assert (change["undo"], change["redo"], change["unsaved"]) == (1, 0, True)


def test_a_cell_has_its_line_and_its_comment(tmp_path: Path) -> None:
    said = cell(review(tmp_path), "User", "email", "member")
    assert said["comment"] == "contact: `email` names an e-mail address"
    assert said["line"].splitlines() == [
        "email:",
        "  - {see: [owner], set: [owner]}",
        "  - {see: [member], when: {private: false}}",
    ]
    assert said["place"] == "exposure.yaml:19"
    assert cell(review(tmp_path), "User", "password_hash", "member")["line"] == ""
