"""Why a member is not tested, in words that fit it."""

from __future__ import annotations

import pytest

from oakum.openapi.model import Json, Shape
from oakum.policy.model import Owner, Resource
from oakum.scan.coverage.untested_members import why_left_out

NOTE = Resource("Note", ("Note",), key="id", owner=Owner("field", ("by",)))


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("id", "n-1", "it names the object"),
        ("by", "u-1", "it names the object's owner"),
        ("project_id", "p-1", "it refers to another object"),
        ("password", "x", "it names an account or grants it access"),
        ("email", "a@b.example", "it names an account or grants it access"),
        ("updated_at", "2026-01-01T00:00:00Z", "it is a time, which the API may set itself"),
        ("colour", "red", ""),
    ],
)
def test_the_reason_is_that_of_the_member(path: str, value: Json, why: str) -> None:
    assert why_left_out(NOTE, path, Shape(kinds=frozenset(("string",))), value) == why
