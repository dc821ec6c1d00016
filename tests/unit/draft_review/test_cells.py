"""Cells: what a line says of each viewer."""

from __future__ import annotations

from pathlib import Path

from oakum.draft_review.cells import FieldRow, implied_viewers, rows
from oakum.inference.lexicon import FieldClass
from tests.unit.draft_review.world import CONTRACT, review


def row(path: str, tmp_path: Path, text: str = CONTRACT) -> FieldRow:
    found = review(tmp_path, text).read
    return next(each for each in rows(found, "User") if each.path == path)


def test_a_viewer_sees_what_a_weaker_one_sees(tmp_path: Path) -> None:
    assert row("id", tmp_path).cells == {"anyone": "open", "member": "implied", "owner": "implied"}


def test_a_grant_in_some_settings_is_no_grant_in_all(tmp_path: Path) -> None:
    found = row("email", tmp_path)
    assert found.cells == {"anyone": "closed", "member": "when", "owner": "open"}
    assert found.sets == {"anyone": "closed", "member": "closed", "owner": "open"}
    assert found.label.kind is FieldClass.CONTACT


def test_fields_below_an_object_stand_one_by_one(tmp_path: Path) -> None:
    found = row("home.street", tmp_path)
    assert (found.line, found.cells["owner"]) == ("home", "open")


def test_a_field_without_a_line_is_closed_to_all(tmp_path: Path) -> None:
    found = row("password_hash", tmp_path)
    assert (found.line, {*found.cells.values()}) == ("", {"closed"})
    assert found.label.kind is FieldClass.SECRET


def test_a_masked_form_is_told(tmp_path: Path) -> None:
    text = CONTRACT.replace(
        "{see: [member], when: {private: false}}", "{see: [member], masked: stars}"
    )
    assert row("email", tmp_path, text).cells["member"] == "masked"


def test_a_relation_that_only_takes_away_is_no_column(tmp_path: Path) -> None:
    more = "  blocked: {in: listNotes, id: /*/id}\n"
    more += "  friend: {in: listNotes, id: /*/id, unless: [blocked]}\n"
    read = review(tmp_path, CONTRACT.replace("resources:\n", f"{more}resources:\n", 1)).read
    assert read.columns == ("anyone", "member", "owner", "friend")


def test_a_claim_is_not_a_login(tmp_path: Path) -> None:
    """A token may have a claim and be of nobody who is known."""
    more = (
        "  staff: {claim: roles, has: staff}\n  chief: {claim: rank, has: a, requires: [member]}\n"
    )
    read = review(tmp_path, CONTRACT.replace("resources:\n", f"{more}resources:\n", 1)).read
    assert "member" not in read.weaker["staff"] and "member" in read.weaker["chief"]
    assert implied_viewers(read, "anyone") == ("member", "staff")
    assert implied_viewers(read, "member") == ("owner", "chief")


def test_whom_unless_takes_away_is_not_seen_as_a_member(tmp_path: Path) -> None:
    text = CONTRACT.replace(
        "member: {authenticated: true}", "member: {authenticated: true, unless: [blocked]}"
    )
    text = text.replace("resources:\n", "  blocked: {in: listNotes, id: /*/id}\nresources:\n", 1)
    read = review(tmp_path, text).read
    assert "member" not in read.weaker["owner"]
