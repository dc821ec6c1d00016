"""Answers to whose an object is: what a draft would have written, had it known."""

from __future__ import annotations

from pathlib import Path

from oakum.draft_review.owner_edits import owner_edits
from oakum.draft_review.session import rows_of
from tests.unit.draft_review.world import CONTRACT, added, review


def test_an_owner_sees_all_but_secrets(tmp_path: Path) -> None:
    session = review(tmp_path, CONTRACT.replace("      phone: []", "      phone, password: []"))
    session.make(owner_edits(session, "Note", field="user_id"))
    assert "+    owner: user_id" in added(session)
    table = session.read.policy.resources["Note"]
    shown = {rule.path for rule in table.fields if rule.grants}
    assert shown == {"id", "title", "user_id", "phone"}
    assert session.undo() and session.text.count("owner: none") == 1


def test_what_is_nobodys_shows_nothing_sensitive(tmp_path: Path) -> None:
    session = review(tmp_path)
    session.make(owner_edits(session, "Note", viewer="member"))
    shown = {rule.path for rule in session.read.policy.resources["Note"].fields if rule.grants}
    assert shown == {"id", "title", "user_id"}


def test_what_one_line_closes_gets_a_line_of_its_own(tmp_path: Path) -> None:
    closed = CONTRACT[: CONTRACT.index("  Note:")] + (
        '  Note:  # whose is it?\n    {draft: true, key: id, owner: none, fields: {"*": []}}\n'
    )
    session = review(tmp_path, closed)
    session.make(owner_edits(session, "Note", field="user_id"))
    note = session.read.policy.resources["Note"]
    assert {rule.path: bool(rule.grants) for rule in note.fields} == {
        "*": False, "id": True, "title": True, "user_id": True, "phone": True,
    }  # fmt: skip
    assert session.undo() and session.text == closed
    session.make(session.grant("Note", ["title"], "member"))
    note = session.read.policy.resources["Note"]
    assert {rule.path for rule in note.fields if rule.grants} == {"title"}


def test_many_fields_get_lines_that_can_be_read(tmp_path: Path) -> None:
    names = [f"member_number_{n}" for n in range(200)]
    assert all(len(", ".join(row)) < 90 for row in rows_of(names))
    assert [name for row in rows_of(names) for name in row] == names
    assert list(rows_of([])) == []
