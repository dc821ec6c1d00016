"""Answers to whose an object is: what a draft would have written, had it known."""

from __future__ import annotations

from pathlib import Path

from oakum.draft_review.answers import answered
from tests.unit.draft_review.world import CONTRACT, added, review


def test_an_owner_sees_all_but_secrets(tmp_path: Path) -> None:
    session = review(tmp_path, CONTRACT.replace("      phone: []", "      phone, password: []"))
    session.make(answered(session, "Note", field="user_id"))
    assert "+    owner: user_id" in added(session)
    table = session.read.policy.resources["Note"]
    shown = {rule.path for rule in table.fields if rule.grants}
    assert shown == {"id", "title", "user_id", "phone"}
    assert session.undo() and session.text.count("owner: none") == 1


def test_what_is_nobodys_shows_nothing_sensitive(tmp_path: Path) -> None:
    session = review(tmp_path)
    session.make(answered(session, "Note", viewer="member"))
    shown = {rule.path for rule in session.read.policy.resources["Note"].fields if rule.grants}
    assert shown == {"id", "title", "user_id"}
