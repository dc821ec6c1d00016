from __future__ import annotations

import pytest

from oakum.http.media_type import covers_json, essence, is_json


@pytest.mark.parametrize(
    ("said", "base", "json"),
    [
        ("", "", False),
        (" Application/JSON ; charset=utf-8", "application/json", True),
        ("application/problem+json", "application/problem+json", True),
        ("application/x-ndjson", "application/x-ndjson", False),
        ("text/json-like", "text/json-like", False),
    ],
)
def test_a_media_type_is_read_without_its_parameters(said: str, base: str, json: bool) -> None:
    assert (essence(said), is_json(said)) == (base, json)


@pytest.mark.parametrize(
    ("said", "json"),
    [("*/*", True), ("Application/*;q=1", True), ("application/json", True), ("text/*", False)],
)
def test_a_range_covers_json(said: str, json: bool) -> None:
    assert covers_json(said) is json
