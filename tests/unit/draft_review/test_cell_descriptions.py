"""What a cell means, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.draft_review.cell_descriptions import describe_cell, owner, viewer
from oakum.draft_review.policy_edits import Confirm
from oakum.policy.model import Owner, Relation
from tests.unit.draft_review.world import CONTRACT, review


def test_a_closed_cell_is_a_leak_and_is_removed(tmp_path: Path) -> None:
    session = review(tmp_path)
    words = describe_cell(session.read, "User", "email", "anyone")
    assert words.means == "`anyone` does not see it."
    assert words.scan == (
        "It calls `getMe` as `anyone`. A response that contains the field is a leak."
        " While this is a draft, the leak is only suspected."
    )
    assert words.guard == "It removes the field for such a caller."
    session.make([Confirm("User")])
    assert "suspected" not in describe_cell(session.read, "User", "email", "anyone").scan


def test_a_condition_is_told(tmp_path: Path) -> None:
    words = describe_cell(review(tmp_path).read, "User", "email", "member")
    assert "some settings" in words.means and "if the setting is unknown" in words.guard


def test_an_open_cell_passes(tmp_path: Path) -> None:
    read = review(tmp_path).read
    assert describe_cell(read, "User", "id", "anyone").guard == "It lets the field pass."
    assert (
        describe_cell(read, "User", "id", "owner").means
        == "`owner` sees it as a weaker viewer does."
    )


@pytest.mark.parametrize(("instead", "word"), [("null", "`null`"), ("refuse", "whole response")])
def test_what_replaces_a_field_is_told(tmp_path: Path, instead: str, word: str) -> None:
    text = CONTRACT.replace(
        "    key: id\n    owner: id", f"    key: id\n    instead: {instead}\n    owner: id"
    )
    assert word in describe_cell(review(tmp_path, text).read, "User", "email", "anyone").guard


def test_what_no_operation_sends_is_not_asked_for(tmp_path: Path) -> None:
    text = CONTRACT.replace("  Note:\n", "  Gone: {owner: none, fields: {a: []}}\n  Note:\n")
    words = describe_cell(review(tmp_path, text).read, "Gone", "a", "member")
    assert words.scan == "No operation of the document sends such an object."


def test_viewers_and_owners_have_words_of_their_own() -> None:
    assert viewer(Relation("x", "lookup", operation="list", unless=("b",))) == (
        "who is in the list of `list`, unless b"
    )
    every = [
        Relation("a", "anyone"), Relation("a", "authenticated"), Relation("a", "owner"),
        Relation("a", "claim", claim="c", has="h"), Relation("a", "lookup"),
        Relation("a", "lookup", operation="o"), Relation("a", "field", member="m"),
        Relation("a", "field", member="m", claim="c"),
        Relation("a", "field", member="m", operation="o"),
    ]  # fmt: skip
    assert len({viewer(each) for each in every}) == len(every)
    kinds = ("none", "field", "path", "query", "parent", "resource", "caller", "creator")
    assert len({owner(Owner(kind, ("a",))) for kind in kinds}) == len(kinds)
