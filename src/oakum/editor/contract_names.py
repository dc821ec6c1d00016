"""Names in the text of a contract, each with its place and what it refers to.

Reads the YAML tree if the text is valid, and lines with their indentation if not, which is usual
while somebody is typing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from oakum.openapi.source import Node
from oakum.policy.comma_separated_keys import apart, names

Kind = Literal["relation", "resource", "field", "operation", ""]

_RELATIONS = frozenset({"see", "set", "call", "unless", "requires", "order"})
_OPERATIONS = frozenset({"operation", "session", "in", "main", "begin", "end"})
_RESOURCES = frozenset({"shows", "sets", "limits"})
_KEY = re.compile(r"""^(\s*(?:-\s+)*)(["']?)([^"'#{}\[\]]+?)\2\s*:(?:\s|$)""")
_INLINE = re.compile(r"""["']?([\w-]+)["']?\s*:\s*[\[{]?[^\[\]{}:]*$""")
_SHARED = re.compile(r"""\s*["']?(?:[^\[\]#:'"]*,\s*)?""")
"""Matches the names before the last one in a key that lists several."""
_WORD = re.compile(r"[^\s,\[\]{}:'\"]*$")


@dataclass(frozen=True)
class Word:
    """A key or a value in the text. Lines and columns count from 0, as editors count."""

    text: str
    path: tuple[str, ...]
    """Keys above it, and itself if it is a key; `*` for an element of a list."""
    is_key: bool
    line: int
    start: int

    @property
    def end(self) -> int:
        """The column after its last character."""
        return self.start + len(self.text)

    @property
    def kind(self) -> Kind:
        """The kind of thing it refers to; empty: nothing that is defined elsewhere."""
        return kind_at(self.path, is_key=self.is_key)


def kind_at(path: tuple[str, ...], *, is_key: bool) -> Kind:
    """The kind of thing that a key or value at this path of a contract refers to."""
    if is_key:
        return _kind_of_key(path)
    above = next((each for each in reversed(path) if each != "*"), "")
    if above in _RELATIONS and path[:1] in (("resources",), ("operations",), ("relations",)):
        return "relation" if "switch" not in path else ""
    if path[:1] == ("order",):
        return "relation"
    if above == "parent":
        return "resource"
    if above in ("key", "owner") and path[:1] == ("resources",) and len(path) <= 4:
        return "field"
    return "operation" if above in _OPERATIONS and path[:1] != ("operations",) else ""


def _kind_of_key(path: tuple[str, ...]) -> Kind:
    top = path[:1]
    if len(path) == 2 and top == ("relations",):
        return "relation"
    if len(path) == 2 and top == ("resources",):
        return "resource"
    if len(path) == 2 and top == ("operations",):
        return "operation"
    if len(path) == 4 and top == ("resources",) and path[2] == "fields":
        return "field"
    if len(path) >= 2 and path[-2] in _RESOURCES and top in (("operations",), ("limits",)):
        return "resource"
    return ""


def words(
    node: Node, text: str, is_operation: Callable[[str], bool] = lambda _: False
) -> list[Word]:
    """All names of a valid contract. A word repeated by an alias occurs once; one whose spelling
    differs from its value (escapes, several lines) is left out. `is_operation`: whether the
    document has an operation of this name."""
    lines = text.split("\n")
    every = _words(apart(node, is_operation), (), lines, set())
    return [each for each in every if lines[each.line][each.start : each.end] == each.text]


def _words(node: Node, path: tuple[str, ...], lines: list[str], seen: set[int]) -> Iterator[Word]:
    if id(node) in seen:
        return
    seen.add(id(node))
    for key, value in node.items:
        at = (*path, str(key.scalar))
        shared = names(key) if kind_at(at, is_key=True) == "field" else (key,)
        for name in shared:
            yield from _word(name, (*path, str(name.scalar)), lines, is_key=True)
        yield from _words(value, at, lines, seen)
    for element in node.elements:
        yield from _words(element, (*path, "*"), lines, seen)
    if node.kind == "scalar":
        yield from _word(node, path, lines, is_key=False)


def _word(node: Node, path: tuple[str, ...], lines: list[str], *, is_key: bool) -> Iterator[Word]:
    line, start = node.location.line - 1, node.location.column - 1
    if isinstance(node.scalar, str) and node.scalar and 0 <= line < len(lines):
        start += not node.inset and lines[line][start : start + 1] in ("'", '"')
        yield Word(node.scalar, path, is_key, line, start)


@dataclass(frozen=True)
class Cursor:
    """The place in the contract at which a word is being written."""

    path: tuple[str, ...]
    """Keys above."""
    prefix: str
    """The part of the word before the cursor."""
    is_key: bool


def cursor(text: str, line: int, column: int) -> Cursor:
    """The place of a cursor, by indentation; `text` need not be valid."""
    lines = text.split("\n")
    here = lines[line][:column] if line < len(lines) else ""
    prefix = found[0] if (found := _WORD.search(here)) else ""
    before = here[: len(here) - len(prefix)]
    path = tuple(_above(lines, line, len(here) - len(here.lstrip(" -"))))
    if inline := _INLINE.search(before):
        key = _KEY.match(here)
        own = (key[3].strip(),) if key and key[3].strip() != inline[1] else ()
        return Cursor((*path, *own, inline[1]), prefix, before.rstrip().endswith("{"))
    several = kind_at((*path, ""), is_key=True) in ("field", "operation")
    is_key = bool(_SHARED.fullmatch(before)) if several else not before.strip(" -")
    return Cursor(path, prefix, is_key)


def _above(lines: list[str], line: int, indent: int) -> list[str]:
    found: list[str] = []
    for number in range(line - 1, -1, -1):
        key = _KEY.match(lines[number])
        if key and len(key[1]) < indent:
            found.append(key[3].strip())
            indent = len(key[1])
        if not indent:
            break
    return found[::-1]
