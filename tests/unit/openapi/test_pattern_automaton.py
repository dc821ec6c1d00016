"""Patterns as tables: the same texts as a regular expression finds, in linear time."""

from __future__ import annotations

import re
import time
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.openapi.pattern_automaton import of_pattern, of_texts


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"^[A-Za-z0-9_-]{1,8}$", "name1 a_b-c abcdefgh", "na'me abcdefghi a%20b naïve"),
        (r"^(?:[a-z]+\.)*[a-z]{2,3}$", "a.bc x.y.com", "a. .com abcd"),
        (r"b+?a", "xxbbayy", "ab"),
        (r"^ab|cd$", "abx xcd", "xab cdx"),
        (r"^\d+$", "0 42", "4a a ٤"),
        (r"^[^/]{2}$", "ab éé 日本 😀😀", "a abc é"),
        (r"^.$", "a é 😀", "ab"),
        (r"^\W\D\S$", "-ab", "aab -1b"),
        (r"^[\]\-\\x]+$", r"]-\x", "a"),
        (r"^\x41\u0042$", "AB", "ab"),
        (r"^a{2}b{1,}c{0,2}$", "aab aabbcc", "ab aa aabccc"),
        (r"^(a|b)*c$", "c abc", "ac!"),
        (r"^[a-]$", "a -", "b"),
        (r"", "x é", ""),
    ],
)
def test_a_pattern_is_found_where_it_is(pattern: str, good: str, bad: str) -> None:
    made = of_pattern(pattern)
    assert [text for text in good.split() if not made.matches(text)] == []
    assert [text for text in bad.split() if made.matches(text)] == []


def test_begin_and_end_meet_in_an_empty_text() -> None:
    assert of_pattern("^$").matches("")
    assert of_pattern("$^").matches("")
    assert not of_pattern("^a?$").matches("b")
    assert not of_pattern("a^").matches("a")


def test_exactly_these_texts() -> None:
    made = of_texts(["all", "own", "a.b", "é"])
    assert all(made.matches(text) for text in ("all", "own", "a.b", "é"))
    assert not any(made.matches(text) for text in ("", "al", "alll", "axb", "e"))


def test_no_text_takes_long() -> None:
    made = of_pattern(r"^([a-z]([-.\w]*[a-z])*@)+$")
    began = time.process_time()
    assert not made.matches("a" * 10_000 + "!")
    assert time.process_time() - began < 1


_PIECE = st.sampled_from(["a", "b", "[ab]", "[^a]", ".", r"\d", "^", "$"])
_PATTERN = st.recursive(
    _PIECE,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)


@given(_PATTERN, st.lists(st.text("ab1é", max_size=5), min_size=1, max_size=8))
def test_the_same_as_a_regular_expression(pattern: str, texts: list[str]) -> None:
    made, expected = of_pattern(pattern), re.compile(pattern.replace("$", r"\Z"), re.ASCII)
    for text in texts:
        assert made.matches(text) == bool(expected.search(text)), text


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^[a-z]{3}$", "aaa"), ("x", "x"), ("^(?:[A-F]|tt)$", "A"), ("^$", None), ("^[.]+$", None),
        (r"^[^@]+@[^@]+$", "0@0"), (r"^\w+\.com$", "0.com"), (r"^.*\.(png|jpg)$", ".jpg"),
        (r"^sha256:[a-f0-9]{8}$", "sha256:00000000"), ("^@[a-z]+$", "@a"), ("^urn:.*$", "urn:"),
        ("^~[a-z]+$", "~a"), (r"^[A-Z]\d [A-Z]$", "A0 A"), (r"^[^\x00-\x7f]$", "\x80"),
        ("^a/b$", None), (r"^a\\b$", None),
    ],
)  # fmt: skip
def test_the_shortest_text_of_a_pattern(pattern: str, text: str | None) -> None:
    made = of_pattern(pattern)
    assert made.shortest() == text
    assert text is None or made.matches(text)


PATTERNS = ("", "^$", "a", "^a", "a$", "^[ab]+$", "^a?b$", "^(ab|ba)$", "^.{2}$", "[^a]|zz")


@pytest.mark.parametrize("one", PATTERNS)
@pytest.mark.parametrize("other", PATTERNS)
def test_one_is_within_another_where_each_of_its_texts_is(one: str, other: str) -> None:
    texts = ["".join(each) for size in range(4) for each in product("abzé", repeat=size)]
    here, there = of_pattern(one), of_pattern(other)
    assert here.within(there) is all(
        there.matches(text) for text in (*texts, "abab", "q" * 9) if here.matches(text)
    )
