"""How grave a leak or a write is."""

from __future__ import annotations

import pytest

from oakum.exposure.leak_severity import severity
from tests.unit.exposure.checks.leaks import by


@pytest.mark.parametrize("field", ["weight", "email", "id", "roles"])
@pytest.mark.parametrize(
    ("viewer", "expected"), [("anyone", "critical"), ("member", "high"), ("owner", "medium")]
)
def test_to_write_or_delete_what_is_anothers_is_grave_whatever_the_field_is(
    field: str, viewer: str, expected: str
) -> None:
    """An `owner` is one of several owners of the object, who may not do this."""
    assert severity(by("bola-write", field=field, viewer=viewer)) == expected


@pytest.mark.parametrize(
    ("field", "expected"), [("roles", "high"), ("password_hash", "high"), ("floor", "medium")]
)
def test_an_own_member_that_nobody_may_set_matters_most_if_it_says_what_one_may_do(
    field: str, expected: str
) -> None:
    assert severity(by("mass-assignment", field=field, viewer="owner")) == expected
