"""What `null` takes away in a container's place."""

from __future__ import annotations

from oakum.authz.null_writes import taken_by_null
from oakum.authz.table import Trie
from oakum.openapi.model import Shape

TEXT = Shape(kinds=frozenset(("string",)))
PAIR = Shape(kinds=frozenset(("object",)), properties={"a": lambda: TEXT, "b": lambda: TEXT})


def test_all_parts_that_lines_name_go() -> None:
    assert taken_by_null(Trie({"a": Trie(leaf=0), "b": Trie(leaf=2)}), PAIR) == 0b101


def test_a_part_that_no_line_names_goes_for_nobody() -> None:
    assert taken_by_null(Trie({"a": Trie(leaf=0)}), PAIR) == 0
    assert taken_by_null(None, PAIR) == 0


def test_a_schema_within_itself_ends() -> None:
    node = Shape(kinds=frozenset(("object",)), properties={"a": lambda: TEXT, "in": lambda: node})
    assert taken_by_null(Trie({"a": Trie(leaf=0), "in": Trie(deep=1)}), node) == 0b11
