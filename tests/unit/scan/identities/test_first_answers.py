"""Answers that came while a killed run's changes stood are not taken for how things are."""

from __future__ import annotations

from oakum.exchange import Exchange, Request, Response
from oakum.scan.identities.first_answers import not_before
from oakum.scan.settings.setting_change import Flip


def test_what_came_while_changes_stood_is_left_out() -> None:
    given = [
        (operation, who, Exchange(Request(method, "/me"), Response(200)))
        for operation, method in (("getMe", "GET"), ("login", "POST"))
        for who in ("ann", "bob")
    ]
    left = not_before([Flip("ann", "Settings.private", True, False)], given)
    assert [each[:2] for each in left] == [("login", "bob")]
