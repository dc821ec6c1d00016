"""The names in the text of a contract, whole or half written."""

from __future__ import annotations

import pytest

from oakum.editor.contract_names import Cursor, Kind, cursor, kind_at, words
from oakum.openapi.source import parse

TEXT = """exposure: 1
relations:
  owner: {is: owner}
resources:
  Note:
    fields:
      "title, text": {see: [owner]}
operations:
  "GET /notes/{id}": {call: [owner], shows: {"": Note}}
  listNotes, getNote: {call: [owner]}
"""


def test_each_name_has_its_place_and_what_it_names() -> None:
    named = {(w.text, w.line, w.kind) for w in words(parse(TEXT, "x.yaml", []), TEXT) if w.kind}
    assert ("owner", 2, "relation") in named
    assert ("Note", 4, "resource") in named
    assert {("title", 6, "field"), ("text", 6, "field")} <= named
    assert {("listNotes", 9, "operation"), ("getNote", 9, "operation")} <= named
    assert ("owner", 6, "relation") in named
    assert ("GET /notes/{id}", 8, "operation") in named
    assert ("exposure", 0, "") not in named


def test_a_word_is_where_the_text_has_it() -> None:
    lines = TEXT.split("\n")
    for word in words(parse(TEXT, "x.yaml", []), TEXT):
        assert lines[word.line][word.start : word.end] == word.text


@pytest.mark.parametrize(
    ("path", "is_key", "kind"),
    [
        (("resources", "Note", "fields", "title"), True, "field"),
        (("resources", "Note", "fields", "title", "see", "*"), False, "relation"),
        (("resources", "Note", "parent"), False, "resource"),
        (("relations", "friend", "unless"), False, "relation"),
        (("operations", "getNote", "call", "*"), False, "relation"),
        (("guard", "see"), False, ""),
    ],
)
def test_what_a_name_names_is_told_by_its_place(
    path: tuple[str, ...], is_key: bool, kind: Kind
) -> None:
    assert kind_at(path, is_key=is_key) == kind


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("resources:\n  Note:\n    fi", Cursor(("resources", "Note"), "fi", True)),
        (
            "resources:\n  Note:\n    fields:\n      title: {see: [ow",
            Cursor(("resources", "Note", "fields", "title", "see"), "ow", False),
        ),
        ("", Cursor((), "", True)),
        ("operations:\n  listNotes, get", Cursor(("operations",), "get", True)),
        ('operations:\n  "listNotes, get', Cursor(("operations",), "get", True)),
        ('operations:\n  "get', Cursor(("operations",), "get", True)),
        (
            "resources:\n  Note:\n    fields:\n      title, te",
            Cursor(("resources", "Note", "fields"), "te", True),
        ),
    ],
)
def test_the_place_of_a_cursor_is_known_in_text_that_is_not_yet_valid(
    text: str, found: Cursor
) -> None:
    lines = text.split("\n")
    assert cursor(text, len(lines) - 1, len(lines[-1])) == found
