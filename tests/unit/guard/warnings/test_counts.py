"""What counts or lists objects beside them, as `guard check` names it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.guard.warnings.contracts import Change, said
from tests.unit.guard.warnings.test_filters import STAFF, answers

WORDS = "of `list` may count or name each `Member`, also those that are hidden from its caller"
ITEMS = {"type": "array", "items": {"$ref": "#/components/schemas/Member"}}
TEXTS, NUMBER = {"type": "array", "items": {"type": "string"}}, {"type": "integer"}


def listed(members: dict[str, Any], **rule: Any) -> Change:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        fields = policy["resources"]["Member"]["fields"]
        fields["id, owner_id, title"] = [{"see": ["owner"]}]
        schema = {"type": "object", "properties": {"data": ITEMS, **members}}
        document["paths"]["/staff"]["get"]["responses"] = answers(schema)
        policy["operations"]["list"].update(rule)

    return change


@pytest.mark.parametrize(
    ("members", "at"),
    [
        ({"total": NUMBER}, "/total"),
        ({"total_items": NUMBER}, "/total_items"),
        ({"memberCount": NUMBER}, "/memberCount"),
        ({"meta": {"type": "object", "properties": {"total": NUMBER}}}, "/meta/total"),
        ({"ids": TEXTS}, "/ids/*"),
        ({"member_ids": TEXTS}, "/member_ids/*"),
    ],
)
def test_what_counts_or_names_objects_of_a_list_is_named(
    members: dict[str, Any], at: str, tmp_path: Path
) -> None:
    found = said(tmp_path, STAFF, listed(members))
    assert f"`{at}` {WORDS}" in found and f"`list: {{counts: [{at}]}}`" in found
    assert WORDS not in said(tmp_path, STAFF, listed(members, counts=[at]))


def test_a_count_in_a_row_is_named_beside_the_list_of_the_row(tmp_path: Path) -> None:
    def rows(**members: Any) -> Change:
        groups = {"type": "array", "items": {"type": "object", "properties": members}}
        return listed({"groups": groups})

    assert f"`/groups/*/count` {WORDS}" in said(tmp_path, STAFF, rows(count=NUMBER, data=ITEMS))
    assert WORDS not in said(tmp_path, STAFF, rows(count=NUMBER))


@pytest.mark.parametrize(
    "members",
    [
        {"page": NUMBER, "limit": NUMBER, "took": NUMBER},
        {"tagCount": NUMBER, "tag_ids": TEXTS},
        {"total": {"type": "string"}, "names": TEXTS},
    ],
)
def test_what_is_about_something_else_is_not(members: dict[str, Any], tmp_path: Path) -> None:
    assert WORDS not in said(tmp_path, STAFF, listed(members))


def test_a_count_of_what_everybody_is_shown_is_not(tmp_path: Path) -> None:
    def known(document: dict[str, Any], policy: dict[str, Any]) -> None:
        listed({"total": NUMBER})(document, policy)
        policy["resources"]["Member"]["fields"]["id, owner_id, title"] = [{"see": ["member"]}]

    assert WORDS not in said(tmp_path, STAFF, known)
