"""What stands at a dotted path."""

from __future__ import annotations

import pytest

from oakum.authz.member_paths import at_path, texts
from oakum.openapi.model import Json


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", [{"b": [1, {"c": 2}]}]), ("a.b", [[1, {"c": 2}]]), ("a.b.*", [1, {"c": 2}]),
        ("a.b.*.c", [2]), ("*.b", [[1, {"c": 2}]]), ("a.x", []), ("a.b.0", []), ("a.b.c", []),
    ],
)  # fmt: skip
def test_values_at_a_path(path: str, found: list[Json]) -> None:
    assert at_path({"a": {"b": [1, {"c": 2}]}}, path) == found


def test_ids_are_text_and_truth_values_are_no_ids() -> None:
    value = {"ids": ["x", 7, True, None, 1.5, {"id": 3}]}
    assert texts(value, "ids") == texts(value, "ids.*") == ["x", "7"]
