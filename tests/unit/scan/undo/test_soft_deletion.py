"""What says that it is deleted, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from oakum.scan.undo.soft_deletion import deletion_members, is_deleted


@pytest.mark.parametrize(
    ("shown", "deleted"),
    [
        ({"status": "deleted"}, True), ({"state": "REMOVED"}, True), ({"isDeleted": True}, True),
        ({"deleted": 1}, True), ({"deleted_at": "2026-11-29T04:00:00Z"}, True),
        ({"removedBy": "u-1"}, True),
        ({"status": "published"}, False), ({"deleted": False}, False),
        ({"deleted_at": None}, False), ({"deleted": "false"}, False), ({"deleted": 0}, False),
        ({"can_be_deleted": True}, False),
        ({"title": "deleted"}, False), ({"status": "not deleted"}, False), ({}, False),
        ({"show_deleted": True}, False), ({"status": ["deleted"]}, False),
    ],
)  # fmt: skip
def test_an_object_is_deleted_where_it_says_so_of_itself(
    shown: dict[str, Any], deleted: bool
) -> None:
    assert is_deleted(shown) == deleted
    assert is_deleted({"id": "n-1", **shown, "text": "wool"}) == deleted


def test_a_member_may_say_it_later_although_it_does_not_now() -> None:
    shown = {"id": "n-1", "deleted_at": None, "isRemoved": False, "can_be_deleted": True}
    assert deletion_members(shown) == ["deleted_at", "isRemoved"]
