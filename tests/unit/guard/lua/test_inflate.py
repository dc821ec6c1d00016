"""A packed text is the text that was packed, whatever blocks zlib makes of it."""

from __future__ import annotations

import base64
import zlib
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.guard.lua import pack
from tests.unit.guard.lua_state import lua_state

WORDS = [b'{"key":', b"true", b"\x00", b"\xff\xfe", "é".encode(), b"]]", b"\n", b'"']
TEXTS = st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(WORDS)).map(b"".join))
STRATEGIES = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE)


@pytest.fixture(scope="module")
def text_of() -> Any:
    return lua_state("inflate").eval(b'require("oakum.inflate").text')


def packed(text: bytes, level: int, strategy: int) -> bytes:
    made = zlib.compressobj(level, zlib.DEFLATED, -15, strategy=strategy)
    return base64.b64encode(made.compress(text) + made.flush())


@given(TEXTS, st.sampled_from((0, 1, 9)), st.sampled_from(STRATEGIES))
def test_each_text_comes_back(text_of: Any, text: bytes, level: int, strategy: int) -> None:
    assert text_of(packed(text, level, strategy), len(text)) == text


@pytest.mark.parametrize("level", [0, 6, 9])
def test_a_text_of_many_blocks_comes_back(text_of: Any, level: int) -> None:
    chance = Random(7)
    noise, words = chance.randbytes(200_000), b"".join(chance.choices(WORDS, k=100_000))
    for text in (noise, words, words + noise + words, b"a" * 300_000):
        assert text_of(packed(text, level, zlib.Z_DEFAULT_STRATEGY), len(text)) == text


def test_a_plan_is_packed_as_it_is_read(text_of: Any) -> None:
    text = '{"é": "‹undeclared›"}' * 50
    assert text_of(pack(text).encode(), len(text.encode())).decode() == text
    assert len(pack(text)) < len(text) / 4


@pytest.mark.parametrize("change", [-1, 1])
def test_a_text_of_another_size_is_none(text_of: Any, change: int) -> None:
    with pytest.raises(Exception, match="packed text is too"):
        text_of(packed(b"some text", 9, zlib.Z_FIXED), 9 + change)


def test_a_text_that_ends_too_early_is_none(text_of: Any) -> None:
    with pytest.raises(Exception, match="ends too early"):
        text_of(packed(b"some text of words" * 9, 9, zlib.Z_FIXED)[:16], 18 * 9)
