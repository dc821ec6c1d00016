"""Parses YAML and JSON so that every key, item and scalar knows its `file:line:column`.

YAML is read as YAML 1.2 reads it (`no`, `on`, `yes` are words, not booleans; RFC 9512 points to
1.2), duplicate keys are refused, and all mistakes of a file are reported at once. JSON is read by
orjson for speed, and duplicate keys are refused there, too (RFC 8259, 4: what readers make of them
is unpredictable); its positions are looked up only when somebody asks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]
from pathlib import Path
from typing import Literal

import orjson
import yaml

from oakum.errors import InputError, Location, Problem
from oakum.http.json_pointer import path_of
from oakum.openapi.model import Json

_SafeLoader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_KEY = 1024
_MAX_DEPTH = 200
_MAX_VALUES = 2_000_000
"""Most values in a tree with aliases expanded; real descriptions have some 400,000."""

_TAG = "tag:yaml.org,2002:"
_BOOLS = {word: word[0] in "tT" for word in ["true", "True", "TRUE", "false", "False", "FALSE"]}
_RULES = (
    ("bool", "|".join(_BOOLS), "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", "<<", "<"),
)


class _Loader(_SafeLoader):  # type: ignore[misc]
    """SafeLoader with the core schema of YAML 1.2 (chapter 10.3.2)."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


for _name, _pattern, _firsts in _RULES:
    for _first in _firsts:
        _rule = (_TAG + _name, re.compile(f"(?:{_pattern})$"))
        _Loader.yaml_implicit_resolvers.setdefault(_first, []).append(_rule)


def _int(word: str) -> int:
    return int(word, 0) if word[1:2] in ("o", "x") else int(word)


_SCALARS: Mapping[str, Callable[[str], Json]] = {
    f"{_TAG}str": str,
    f"{_TAG}merge": str,
    f"{_TAG}bool": _BOOLS.__getitem__,
    f"{_TAG}int": _int,
    f"{_TAG}float": lambda word: float(re.sub(r"\.(?=[iInN])", "", word)),
    f"{_TAG}null": dict.fromkeys(("", "~", "null", "Null", "NULL")).__getitem__,
}
_COLLECTIONS = (f"{_TAG}map", f"{_TAG}seq")


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its location. `items` of a map are (key, value) pairs in order."""

    kind: Literal["map", "list", "scalar"]
    location: Location
    scalar: Json = None
    items: tuple[tuple[Node, Node], ...] = ()
    elements: tuple[Node, ...] = ()
    inset: int | None = None
    """For a key, the number of characters before its text, such as a quote; None: its spelling may
    differ from its value."""

    def get(self, key: str) -> Node | None:
        """The value under a key of a map; None if it is absent or this is no map."""
        return next((value for name, value in self.items if name.scalar == key), None)

    def key(self, key: str) -> Node | None:
        """The key itself, for its location."""
        return next((name for name, _ in self.items if name.scalar == key), None)

    def plain(self) -> Json:
        """The plain value, without locations."""
        if self.kind == "map":
            return {name.scalar: value.plain() for name, value in self.items}
        if self.kind == "list":
            return [element.plain() for element in self.elements]
        return self.scalar


def read_text(path: Path) -> str:
    """The text of a file; raises `InputError` when it cannot be read as UTF-8."""
    return decode(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """The content of a file; raises `InputError` when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        why = error.strerror or "cannot be read"
        raise InputError([Problem(Location(str(path)), why.lower())]) from None


def decode(data: bytes, file: str) -> str:
    """UTF-8 bytes, with or without a byte order mark, to text; raises `InputError`."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        problem = Problem(Location(file, line, column), f"not UTF-8 text: {error.reason}")
        raise InputError([problem]) from None


def parse(text: str, file: str, problems: list[Problem] | None = None) -> Node:
    """Parses YAML or JSON text into a tree with locations.

    Raises `InputError` with every duplicate key, every non-scalar key, and the first syntax error.
    If there are only duplicate keys and `problems` is given, they are added to it instead and the
    first of each counts, so that they hide no other mistake.
    """
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
        said = (error.problem or "cannot be parsed").strip()
        if said.startswith("mapping values") and mark and _is_long(text, mark):
            told, hint = f"a key has at most {_MAX_KEY:,} characters in YAML", "write several lines"
            raise InputError([Problem(place, told, hint)]) from None
        raise InputError([Problem(place, f"not valid YAML: {said}")]) from None
    except yaml.reader.ReaderError as error:
        before = text[: text.find(chr(error.character))]
        place = Location(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        said = f"the character U+{error.character:04X} must be escaped"
        raise InputError([Problem(place, f"not valid YAML: {said}")]) from None
    except RecursionError:  # only PyYAML without its C library reaches this
        told = f"nested deeper than {_MAX_DEPTH} levels"
        raise InputError([Problem(Location(file), told)]) from None
    marker = _Marker(file)
    node = marker.mark(root, 0) if root is not None else Node("scalar", Location(file, 1, 1))
    if marker.problems or (marker.duplicates and problems is None):
        raise InputError([*marker.problems, *marker.duplicates])
    if problems is not None:
        problems += marker.duplicates
    return node


def _is_long(text: str, mark: yaml.Mark) -> bool:
    """Whether the text before a colon is too long for a key (YAML 1.2.2, 7.4.2)."""
    before = text.split("\n")[mark.line][: mark.column].lstrip()
    return len(before) > _MAX_KEY


def _inset(key: yaml.ScalarNode) -> int | None:
    start, end = key.start_mark, key.end_mark
    around = end.index - start.index - len(key.value)
    known = start.line == end.line and around == (2 if key.style in ("'", '"') else 0)
    return around // 2 if known else None


class _Marker:
    """Turns the nodes of one file into values with locations, and collects mistakes."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self.duplicates: list[Problem] = []
        self._file = file
        self._done: dict[yaml.Node, tuple[Node, int]] = {}
        """What stands at an anchor already, and how many values it has."""
        self._begun: set[yaml.Node] = set()
        self._values = 0

    def mark(self, node: yaml.Node, depth: int) -> Node:
        place = Location(self._file, node.start_mark.line + 1, node.start_mark.column + 1)
        if node in self._done:  # an alias refers to the same value, never a copy
            again, values = self._done[node]
            self._values += values
            if self._values > _MAX_VALUES:
                self._refuse(place, f"aliases make more than {_MAX_VALUES:,} values of this file")
            return again
        if node in self._begun:
            return self._refuse(place, "an alias occurs inside its own value")
        if depth > _MAX_DEPTH:
            return self._refuse(place, f"nested deeper than {_MAX_DEPTH} levels")
        before = self._values
        self._values += 1
        self._begun.add(node)
        made = self._make_node(node, place, depth)
        self._done[node] = made, self._values - before
        return made

    def _make_node(self, node: yaml.Node, place: Location, depth: int) -> Node:
        if isinstance(node, yaml.ScalarNode):
            return Node("scalar", place, scalar=self._scalar(node, place))
        if node.tag not in _COLLECTIONS:
            return self._refuse(place, f"the tag `{node.tag}` is not supported")
        if isinstance(node, yaml.SequenceNode):
            elements = tuple(self.mark(child, depth + 1) for child in node.value)
            return Node("list", place, elements=elements)
        assert isinstance(node, yaml.MappingNode)  # YAML has no fourth kind
        return Node("map", place, items=tuple(self._pairs(node, depth)))

    def _pairs(self, node: yaml.MappingNode, depth: int) -> Iterator[tuple[Node, Node]]:
        first: dict[str, Location] = {}
        for raw_key, raw_value in node.value:
            mark = raw_key.start_mark
            place = Location(self._file, mark.line + 1, mark.column + 1)
            if not isinstance(raw_key, yaml.ScalarNode):
                self._refuse(place, "a key must be a plain word")
            elif raw_key.tag == f"{_TAG}merge":
                self._refuse(place, "`<<` merges are not supported; write the keys out")
            elif raw_key.value in first:
                told = f"first at {first[raw_key.value]}"
                said = f"`{raw_key.value}` stands here twice"
                self.duplicates.append(Problem(place, said, told))
            else:
                # Numbers and booleans as keys (status codes) are text, as they are in JSON.
                first[raw_key.value] = place
                key = Node("scalar", place, scalar=raw_key.value, inset=_inset(raw_key))
                yield key, self.mark(raw_value, depth + 1)

    def _scalar(self, node: yaml.ScalarNode, place: Location) -> Json:
        read = _SCALARS.get(node.tag)
        if read is None:
            self._refuse(place, f"the tag `{node.tag}` of `{node.value}` is not supported")
            return None
        try:
            return read(node.value)
        except (KeyError, ValueError):
            kind = node.tag.removeprefix(_TAG)
            self._refuse(place, f"`{node.value:.40}` cannot be read as `{kind}`")
            return None

    def _refuse(self, place: Location, message: str, hint: str = "") -> Node:
        self.problems.append(Problem(place, message, hint))
        return Node("scalar", place)


def parse_json(data: bytes, file: str) -> Json:
    """Parses JSON bytes into plain values; raises `InputError` with the location of the error, or
    of each duplicate key."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        place = Location(file, error.lineno, error.colno)
        said = f"not valid JSON: {error.msg}"
        if error.msg.startswith("number is infinity"):
            said = "a number here is larger than any that can be read, 1.8e308"
        raise InputError([Problem(place, said)]) from None
    text = data.decode()
    try:
        json.loads(text, object_pairs_hook=_once)
    except _TwiceError:
        raise InputError(_duplicates(text, file)) from None
    except RecursionError:
        raise InputError([Problem(Location(file), "nested too deeply")]) from None
    return found


class _TwiceError(Exception):
    """A key stands twice in an object."""


def _once(pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) < len(pairs):
        raise _TwiceError


def _duplicates(text: str, file: str) -> list[Problem]:
    """Keys of JSON text that stand twice in their object, in the order of the text."""
    found: list[tuple[int, Problem]] = []
    todo = [_skip(text, 0)]
    for at in todo:  # grows meanwhile
        first: dict[str, int] = {}
        for name, key, value in _members(text, at):
            if first.setdefault(name, key) != key:
                told = f"first at {_location(text, file, first[name])}"
                said = Problem(_location(text, file, key), f"`{name}` stands here twice", told)
                found.append((key, said))
            todo.append(value)
    return [problem for _, problem in sorted(found, key=lambda each: each[0])]


def node_location(root: Node, pointer: str) -> Location:
    """The location of the value at a JSON pointer in a marked tree, or of the nearest value around
    it."""
    node: Node | None = root
    place = root.location
    for part in path_of(pointer):
        if node is not None and node.kind == "list":
            inside = part.isdigit() and int(part) < len(node.elements)
            node = node.elements[int(part)] if inside else None
        else:
            node = node.get(part) if node is not None else None
        if node is None:
            break
        place = node.location
    return place


_SPACE = re.compile(r"[ \t\r\n]*")
_decode = json.JSONDecoder(strict=False).raw_decode


def json_location(text: str, file: str, pointer: str) -> Location:
    """The location of the value at a JSON pointer (RFC 6901) in JSON text, or of the nearest
    enclosing value."""
    return JsonPlaces(text, file).locate(pointer)


class JsonPlaces:
    """Locates values in JSON text.

    Values are skipped at C speed, and the members of a container are looked up once: the first
    question about a document of 13 MB costs a fraction of a second, the next nothing.
    """

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._members: dict[int, Mapping[str, int]] = {}

    def locate(self, pointer: str) -> Location:
        """The place of the value at a JSON pointer, or of the nearest value around it."""
        at = _skip(self._text, 0)
        for part in path_of(pointer):
            if at not in self._members:
                inside = _members(self._text, at)
                self._members[at] = {name: value for name, _, value in inside}
            found = self._members[at].get(part)
            if found is None:
                break
            at = found
        return _location(self._text, self._file, at)


def _location(text: str, file: str, at: int) -> Location:
    return Location(file, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """Name or index of each member of a container, and where its key and its value start."""
    opening, at = text[at : at + 1], _skip(text, at + 1)
    index = 0
    while opening in ("{", "[") and text[at : at + 1] not in ("}", "]", ""):
        name, key = str(index), at
        if opening == "{":
            name, at = scanstring(text, at + 1, False)
            at = _skip(text, _skip(text, at) + 1)
        yield name, key, at
        index += 1
        _, at = _decode(text, at)
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
