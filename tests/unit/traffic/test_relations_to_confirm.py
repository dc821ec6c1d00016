"""Relations and settings that a document suggests, and what is left of them."""

from __future__ import annotations

from pathlib import Path

import pytest

import cadence
from oakum.inference.draft import draft, drafted_policy
from oakum.openapi.document import Document
from oakum.openapi.source import parse
from oakum.traffic.relations_to_confirm import with_suggestions, without_unneeded

FILE = Path(cadence.__file__).with_name("openapi.yaml")


@pytest.fixture(scope="module")
def document() -> Document:
    return Document.load(FILE)


def test_lists_of_accounts_are_relations_and_one_of_them_takes_away(document: Document) -> None:
    base = with_suggestions(document, parse(draft(document), "").plain())
    assert base["relations"] == {
        "anyone": {},
        "member": {"authenticated": True, "unless": ["blocked"]},
        "owner": {"is": "owner"},
        "follower": {"in": "listFollowers", "id": "/data/*/id", "unless": ["blocked"]},
        "following": {"in": "listFollowing", "id": "/data/*/id", "unless": ["blocked"]},
        "blocked": {"in": "listBlocked", "id": "/data/*/id"},
    }
    assert base["resources"]["Workout"]["states"]["hide_age"] == {
        "of": "Settings.hide_age", "missing": True
    }  # fmt: skip
    assert "states" not in base["resources"]["Ride"]


def test_what_no_grant_needs_is_taken_away_again(document: Document) -> None:
    before = parse(draft(document), "").plain()
    base = with_suggestions(document, before)
    assert without_unneeded(base, before, {}, {"member"})["relations"].keys() == {
        "anyone", "member", "owner", "blocked"
    }  # fmt: skip
    left = without_unneeded(base, before, {"Workout": {"hide_age"}}, {"owner"})
    assert left["relations"]["member"] == {"authenticated": True}
    assert left["resources"]["Workout"]["states"].keys() == {"hide_age"}
    assert without_unneeded(base, before, {}, set())["resources"] == before["resources"]


def test_nothing_is_supposed_of_an_api_without_accounts() -> None:
    text = (
        b"openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/rides: {get: {responses: {}}}}"
    )
    bare = Document.parse(text, "a.yaml")
    base = parse(draft(bare), "").plain()
    assert with_suggestions(bare, base) == base
    assert drafted_policy(bare).stated is False
