"""The one escaper for Markdown."""

from __future__ import annotations

import pytest

from oakum.output.markdown import code_of, escape, escape_title


@pytest.mark.parametrize(
    "evil",
    [
        "https://evil.test",
        "www.evil.test",
        "@everybody",
        "see #1",
        "gh-1",
        "<img src=x>",
        "[a](b)",
        "a | b",
        "*a*",
        "$a$",
        "~~a~~",
        "`` ` ``",
    ],
)
def test_no_text_means_anything(evil: str) -> None:
    assert evil not in escape(evil)
    assert evil not in escape_title(f"x {evil} `{evil}`")
    assert evil not in code_of(evil)


def test_lines_and_lists_do_not_begin() -> None:
    assert "\n" not in escape_title("a\n- b")
    assert escape("- a") == "\\- a" and escape("1. a") == "1\\. a"


def test_backticked_parts_are_code() -> None:
    assert escape_title("`a` of `b`") == "<code>a</code> of <code>b</code>"
    assert escape_title("`a` of `b") == "<code>a</code> of \\`b"
