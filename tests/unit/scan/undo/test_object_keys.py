from __future__ import annotations

import pytest

from oakum.exchange import Request
from oakum.scan.undo.object_keys import for_key, in_path, may_lose_a_piece


@pytest.mark.parametrize(
    "key", ["", ".", "..", "/", "\\/", "../me", "a/../b", "a\\..\\b", None, True, {}, []]
)
def test_a_key_that_would_lead_elsewhere_stands_in_no_path(key: object) -> None:
    assert not in_path(key)


@pytest.mark.parametrize("key", ["a-1", 7, "0", "a/b", "..a", "7/", "/7", "a//b"])
def test_a_key_stands_in_a_path(key: object) -> None:
    assert in_path(key) == str(key)


@pytest.mark.parametrize("key", ["7/", "/7", "a//b", "7\\"])
def test_a_key_with_an_empty_piece_may_be_taken_for_another(key: str) -> None:
    assert may_lose_a_piece(key)
    assert not may_lose_a_piece(key.strip("/\\").replace("//", "/"))


def test_a_key_is_sent_in_one_piece() -> None:
    sent = for_key(Request("DELETE", "http://a.example/notes/{key}"), "7/é?")
    assert sent.url == "http://a.example/notes/7%2F%C3%A9%3F"
