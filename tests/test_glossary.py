"""A word that was given up is given up everywhere: in code, in messages, in the documentation."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from oakum.exposure.checks import RULES
from oakum.rules import FORMER as FORMER_IDS

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/reference/glossary.md").read_text(encoding="utf-8")
TEXT = {".py", ".lua", ".js", ".css", ".j2", ".md", ".yaml", ".yml", ".toml", ".html", ".graphql"}
TELLING = {
    "CHANGELOG.md": "says what is called otherwise",
    "docs/reference/glossary.md": "lists the former words",
    "src/oakum/rules.py": "reads former ids of rules",
    "src/oakum/openapi/typed_json.py": "reads keys of earlier versions",
    "src/oakum/report/json_document.py": "reads reports of version 1",
    "src/oakum/memory/replay_results.py": "reads replays of version 1",
    "examples/cadence/page/cadence.js": "its own words: a page of a gym",
}
"""Files that may hold a former word, and why."""


def table(heading: str) -> dict[str, str]:
    rows = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (.+?) \| (.+?) \|$", rows, re.M)
    return {first.strip("`"): last.strip("`") for first, last in cells[1:]}


FORMER = [
    *table("Former words"),
    *(old for rule in RULES.values() for old in FORMER_IDS.get(rule.id, ())),
]


@cache
def sources() -> dict[str, tuple[str, str]]:
    """Each file by its name, and with it in lower case."""
    return {
        name: (text, f"{name}\n{text}".lower())
        for folder in ("src", "docs", "examples", "tools", "templates", "benchmarks", ".")
        for file in sorted((ROOT / folder).glob("*" if folder == "." else "**/*"))
        if file.is_file() and file.suffix in TEXT
        for name in [str(file.relative_to(ROOT))]
        if name not in TELLING
        for text in [file.read_text(encoding="utf-8")]
    }


def spelt(word: str) -> re.Pattern[str]:
    """A word and its forms, in prose and as a part of `a_name`, `A_NAME` or `AName`."""
    stem = re.escape(word).replace("\\-", "[-_]")
    ends = "(?:s|es|ed|ing)?"
    name = stem[0].upper() + stem[1:]
    parts = (rf"(?<![A-Za-z]){stem}{ends}(?![a-z])", rf"(?<![A-Z]){name}{ends}(?![a-z])",
             rf"(?<![A-Za-z]){stem.upper()}S?(?![A-Za-z])")  # fmt: skip
    return re.compile("|".join(parts))


@pytest.mark.parametrize("word", FORMER)
def test_no_former_word_is_left(word: str) -> None:
    pattern = spelt(word)
    parts = re.split("[-_]", word.lower())
    left = [
        f"{name}:{text[: found.start()].count(chr(10)) + 1}: {found.group()}"
        for name, (text, lower) in sources().items()
        if all(part in lower for part in parts)  # a search for each letter's case takes long
        for found in [pattern.search(text) or pattern.search(name)]
        if found
    ]
    assert left == []


@pytest.mark.parametrize("text", ["door", "Doors", "AtDoor", "NO_DOOR", "at_door", "doors.py"])
def test_a_former_word_is_found_in_every_spelling(text: str) -> None:
    assert spelt("door").search(text)


@pytest.mark.parametrize("text", ["indoor", "doorstep", "outdoors"])
def test_other_words_are_left_alone(text: str) -> None:
    assert not spelt("door").search(text)


def test_the_page_lists_every_former_id_of_a_rule() -> None:
    former = {
        rule.id: ", ".join(FORMER_IDS[rule.id]) for rule in RULES.values() if rule.id in FORMER_IDS
    }
    assert table("Former ids of rules") == former


def test_files_that_may_hold_former_words_are_there() -> None:
    assert all((ROOT / name).is_file() for name in TELLING)
