"""Names tell which state of an object a write is based on, and which member tells it."""

from __future__ import annotations

import pytest

from oakum.inference.object_version_names import names_version, version_member


@pytest.mark.parametrize(
    "name",
    ["version", "lockVersion", "If-Match", "rev", "_etag", "eTag", "revision", "concurrencyStamp"],
)
def test_a_name_tells_the_state_of_an_object(name: str) -> None:
    assert names_version(name)


@pytest.mark.parametrize("name", ["api_version", "X-Client-Version", "match", "id", "if", "title"])
def test_another_name_tells_none(name: str) -> None:
    assert not names_version(name)


@pytest.mark.parametrize(
    ("parameter", "members", "expected"),
    [
        ("version", ["id", "version", "row_version"], "version"),
        ("expected_version", ["id", "version"], "version"),
        ("X-Note-Rev", ["_rev", "version"], "_rev"),
        ("lock_version", ["version", "row_version"], ""),
        ("etag", ["version"], ""),
        ("version", ["api_version"], ""),
    ],
)
def test_one_member_tells_the_state_that_a_parameter_asks_for(
    parameter: str, members: list[str], expected: str
) -> None:
    assert version_member(parameter, "Note", members) == expected
