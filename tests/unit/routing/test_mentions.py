"""Words of a write that may be ids."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.routing.mentions import EVERYBODY, MOST, mentioned

IDS = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)


@given(IDS, st.sampled_from(["{}", "user={}", "/users/{}", '{{"a":["{}"]}}', "x:{}", 'f(id:"{}")']))
def test_an_id_is_found_whatever_stands_around_it(id: str, around: str) -> None:
    text = around.format(id)
    for spelt in (text, quote(text), json.dumps(text), f"a,{text};b", f"\0\1\n{text}\r\n\0"):
        assert id in mentioned([spelt]), spelt


@pytest.mark.parametrize("text", ["user=11", "b1", "1x", '{"x-1":2}'])
def test_a_part_of_an_id_is_none(text: str) -> None:
    assert "1" not in mentioned([text])


def test_a_line_of_a_binary_file_names_nobody() -> None:
    assert mentioned([b"\0bob\x01\r\nann"]) == {"ann"}


def test_more_words_than_anybody_reads_are_everybody() -> None:
    few, many = (" ".join(map(str, range(most))) for most in (MOST, MOST + 1))
    assert EVERYBODY not in mentioned([few])
    assert mentioned([many]) == {EVERYBODY}
