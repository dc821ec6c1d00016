"""Whether a setting is told by an object, or by what is known of its owners."""

from __future__ import annotations

import pytest

from oakum.exposure.exchanges.undecided_reasons import is_told
from oakum.openapi.model import Json
from oakum.policy.model import State

VALUES = (False, True)
OWN = State("private", VALUES, member="hidden")
ACCOUNT = State("private", VALUES, of="User.private")
BOTH = State("private", VALUES, member="hidden", of="User.private")


@pytest.mark.parametrize(
    ("value", "own", "both", "unread"),
    [
        ({"hidden": True}, True, True, True),
        ({"hidden": False}, True, True, True),
        ({"hidden": "odd"}, False, False, False),
        ({"hidden": None}, False, True, False),
        ({}, False, False, False),
    ],
)
def test_null_alone_leaves_a_setting_to_the_account(
    value: Json, own: bool, both: bool, unread: bool
) -> None:
    known: dict[tuple[str, str], Json] = {("u1", "User.private"): True}
    assert is_told(OWN, "Note", ("u1",), value, known) is own
    assert is_told(BOTH, "Note", ("u1",), value, known) is both
    assert is_told(BOTH, "Note", ("u1",), value, {}) is unread
    assert is_told(BOTH, "Note", ("u1", "u2"), value, known) is unread
    assert is_told(BOTH, "Note", (), value, known) is unread
    assert is_told(ACCOUNT, "Note", ("u1",), value, known) is True
