"""Answers that came while a killed run's changes stood are not taken for how things are."""

from __future__ import annotations

import pytest

from oakum.exchange import Exchange, Request, Response
from oakum.scan.identities.verification_responses import not_before
from oakum.scan.undo.setting_change import SIGN, SettingChange

GIVEN = [
    (operation, who, Exchange(Request(method, "/me"), Response(200)))
    for operation, method in (("getMe", "GET"), ("login", "POST"))
    for who in ("ann", "bob", "cat")
]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (SettingChange("ann", "Settings.private", True, False), ["bob", "cat"]),
        (SettingChange("ann", f"follower{SIGN}bob", False, True), ["cat"]),
    ],
)
def test_what_logins_told_while_changes_stood_is_left_out(
    change: SettingChange, left: list[str]
) -> None:
    found = [each[:2] for each in not_before([change], GIVEN)]
    assert found == [*(("getMe", who) for who in ("ann", "bob", "cat"))] + [
        ("login", who) for who in left
    ]
