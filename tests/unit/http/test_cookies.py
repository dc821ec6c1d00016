"""The one reader of a `cookie` header."""

from __future__ import annotations

from oakum.http.cookies import cookie_names, cookie_pairs


def test_a_pair_is_as_it_came() -> None:
    assert [*cookie_pairs('a=1; b="x=y";\tc ; d =2;')] == [
        ("a", True, "1"),
        ("b", True, '"x=y"'),
        ("c", False, ""),
        ("d ", True, "2"),
        ("", False, ""),
    ]


def test_names_are_without_spaces() -> None:
    assert [*cookie_names("a=1; b =2")] == ["a", "b"]
