"""Words of a write that may be ids."""

from __future__ import annotations

import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oakum.guard.cache_invalidation_ids import EVERYBODY, find_mentioned, known_by

IDS = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)


@given(IDS, st.sampled_from(["{}", "user={}", "/users/{}", '{{"a":["{}"]}}', "x:{}", 'f(id:"{}")']))
def test_an_id_is_found_whatever_stands_around_it(id: str, around: str) -> None:
    text = around.format(id)
    for spelt in (text, quote(text), json.dumps(text), f"a,{text};b", f"\0\1\n{text}\r\n\0"):
        assert id in find_mentioned([spelt]), spelt


BETWEEN = " |'\",;&=?#<>(){}[]/\\:.@+~!*$^%\t\n"
ODD = st.lists(
    st.sampled_from(["a", "b1", "7", "\u00f6", "\u6f22", "\U0001f600", "x-y"])
    | st.sampled_from(BETWEEN),
    min_size=1, max_size=12,
).map("".join)  # fmt: skip
"""Ids with characters that stand between words elsewhere."""


def carriers(id: str) -> dict[str, str]:
    """Texts that name an id, each as its syntax spells it."""
    escaped, shown = json.dumps(id), json.dumps(id, ensure_ascii=False)
    cell = id.replace('"', '""')
    return {
        "whole": id,
        "query": f"user={quote(id, safe='')}&why=spam",
        "form": f"why=spam&user={quote_plus(id)}",
        "value": f'{{"user": {escaped}}}',
        "shown": f'{{"user": {shown}}}',
        "name": f'{{{escaped}: 1, "x": 2}}',
        "text": json.dumps({"user": f"/users/{quote(id, safe='')}/followers"}),
        "call": f"unfollow(id: {shown})",
        "escaped within": json.dumps({"query": f"unfollow(id: {escaped})"}),
        "escaped twice": json.dumps(json.dumps({"query": f"unfollow(id: {escaped})"})),
        "called": json.dumps({"query": f"unfollow(id: {shown})"}),
        "cell": f'user,why\r\n"{cell}",spam\r\n',
        "part": f'--b\r\nContent-Disposition: form-data; name="user"\r\n\r\n{id}\r\n--b--',
        "list": f"9,{id},8",
    }


@given(ODD)
@example("a\\ö")
@example("a\\öbö")
@example("\\b1ö")
@example("\\\na")
@example("a\\\\\tb\\ö7")
@example("\\u00f6 ö")
def test_an_id_of_any_characters_is_found_in_every_carrier(id: str) -> None:
    for name, text in carriers(id).items():
        assert known_by(id) in find_mentioned([text]), name


@given(ODD, ODD)
def test_ids_known_alike_have_the_same_last_words(id: str, other: str) -> None:
    first, second = (
        "".join(" " if each in BETWEEN else each for each in said).split()[-4:]
        for said in (id, other)
    )
    assert (known_by(id) == known_by(other)) == (first == second)


@pytest.mark.parametrize("text", ["user=11", "b1", "1x", '{"x-1":2}'])
def test_a_part_of_an_id_is_none(text: str) -> None:
    assert "1" not in find_mentioned([text])


def test_a_line_of_a_binary_file_names_nobody() -> None:
    assert find_mentioned([b"\0bob\x01\r\nann"]) == {"", "ann"}


def test_more_words_than_anybody_reads_are_everybody() -> None:
    few, many = (" ".join(map(str, range(most))) for most in (1000, 1001))
    assert EVERYBODY not in find_mentioned([few])
    assert find_mentioned([many]) == {EVERYBODY}
