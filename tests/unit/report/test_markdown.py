from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from oakum.finding import Report
from oakum.report import markdown
from tests.unit.report.sample import clean, hostile, many, sample, untrusted
from tests.unit.report.test_json_document import reports

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
TAGS = {"<code>", "</code>"}
BLOCKS = re.compile(
    r"(<!-- oakum -->|<details><summary>[\w:, ]+</summary>|</details>)\n?", re.ASCII
)
KINDS = {"inline", "html_block", "heading", "paragraph", "bullet_list", "list_item", "blockquote"}


def tokens(report: Report) -> list[Token]:
    text = markdown.render(report).decode()
    assert text.startswith(f"{markdown.MARKER}\n")
    assert len(text) <= markdown.MOST_CHARACTERS
    found = PARSER.parse(text)
    for each in found:
        assert re.sub(r"_(open|close)$", "", each.type) in KINDS, each
        if each.type == "html_block":
            assert BLOCKS.fullmatch(each.content), each.content
        for child in each.children or ():
            assert child.type in {"text", "html_inline", "softbreak", "strong_open",
                                  "strong_close", "text_special"}, child  # fmt: skip
            assert child.type != "html_inline" or child.content in TAGS, child.content
    return found


def plain(report: Report) -> str:
    return "\n".join(
        "".join(child.content for child in each.children or ()) for each in tokens(report)
    )


@pytest.mark.parametrize("make", [sample, clean, untrusted, hostile])
def test_names_are_nothing_but_text(make: Callable[[], Report]) -> None:
    tokens(make())


@settings(max_examples=100, deadline=None)
@given(reports)
def test_names_of_any_report_are_nothing_but_text(report: Report) -> None:
    tokens(report)


@pytest.mark.parametrize(
    "text",
    [
        "@ann", "ann@example.com", "https://a.example", "www.a.example", "#12", "GH-12",
        "![x](https://a.example/p.png)", "[a]: https://a.example", "| a | b |\n|---|---|",
        "- [ ] task", "1. one", "# head", "===", "***", "```", "<b>", "&lt;", "    code", "~~a~~",
        "$x$", "`a` ``b``",
    ],
)  # fmt: skip
def test_no_name_is_a_link_a_mention_or_markup(text: str) -> None:
    finding = replace(
        sample().findings[0], title=text, rule=text, field=text, viewer=text, resource=text,
        advice=text, promise=text,
    )  # fmt: skip
    report = replace(
        sample(), findings=(finding,), cells=(), distrust=(text,), skipped=(), contract=text
    )
    said = plain(report)
    assert not re.search(r"@\w|://|www\.|GH-\d|#\d", said)
    assert "<a" not in PARSER.render(markdown.render(report).decode())


def test_it_says_who_sees_what_and_what_was_promised() -> None:
    said = plain(sample())
    assert "❌ Exposure: 12 defects" in said
    assert (
        "high, proven: member sees <code>last_workout_at</code> of a Member whose owner is"
        " private, and 8 more fields"
    ) in said
    assert "The user is told: “Only people who follow you" in said
    assert "contract: <code>exposure.yaml:23</code>" in said


def test_a_run_that_saw_nothing_is_not_green() -> None:
    said = plain(untrusted())
    assert "✅" not in said and "not trustworthy" in said
    assert "✅ Exposure: no leak found" in plain(clean())


@pytest.mark.parametrize("count", [400, 30_000])
def test_what_does_not_fit_is_counted(count: int) -> None:
    base = many(count)
    apart = tuple(replace(f, resource=f"R{at}") for at, f in enumerate(base.findings))
    said = plain(replace(base, findings=apart, cells=()))
    whole = said.count("contract: ")
    left = re.search(r"([\d,]+) more defects", said)
    assert left and whole + int(left[1].replace(",", "")) == count
    assert "critical, proven" in said and "low, proven" not in said
