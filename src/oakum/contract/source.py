"""Text to marked values: every map key, list item and scalar knows its `file:line:column`.

YAML is read as YAML 1.2 reads it (`no`, `on`, `yes` are words, not booleans; RFC 9512 points to
1.2), duplicate keys are refused, and all mistakes of a file are reported at once. JSON is read by
orjson for speed; its positions are looked up only when somebody asks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]
from pathlib import Path
from typing import Literal

import orjson
import yaml

from oakum.contract.model import Json
from oakum.errors import InputError, Location, Problem

_SafeLoader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH = 200


class _Loader(_SafeLoader):  # type: ignore[misc]
    """SafeLoader with the core schema of YAML 1.2."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag in ("tag:yaml.org,2002:merge",)]
    for first, rules in _SafeLoader.yaml_implicit_resolvers.items()  # type: ignore[attr-defined]
}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        "-+.0123456789",
    ),
    ("null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
):
    for _char in (*_first, *(("",) if _tag == "null" else ())):
        _Loader.yaml_implicit_resolvers.setdefault("" if _char == "\0" else _char, []).append(
            (f"tag:yaml.org,2002:{_tag}", re.compile(_pattern))
        )


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands. `items` of a map are (key, value) pairs in order."""

    kind: Literal["map", "list", "scalar"]
    location: Location
    scalar: Json = None
    items: tuple[tuple[Node, Node], ...] = ()
    elements: tuple[Node, ...] = ()

    def get(self, key: str) -> Node | None:
        """The value under a key of a map; None when absent or when this is no map."""
        return next((value for name, value in self.items if name.scalar == key), None)

    def key(self, key: str) -> Node | None:
        """The key itself, for its location."""
        return next((name for name, _ in self.items if name.scalar == key), None)

    def plain(self) -> Json:
        """The value without its marks."""
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


def parse(text: str, file: str) -> Node:
    """YAML or JSON text to a marked tree.

    Raises `InputError` naming every duplicate key, every non-scalar key, and the first syntax
    error with its place.
    """
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
        said = (error.problem or "cannot be parsed").strip()
        raise InputError([Problem(place, f"not valid YAML: {said}")]) from None
    except (yaml.YAMLError, RecursionError) as error:
        why = "nested too deep" if isinstance(error, RecursionError) else str(error).split("\n")[0]
        raise InputError([Problem(Location(file), f"not valid YAML: {why}")]) from None
    problems: list[Problem] = []
    constructor = _Loader("")
    node = _marked(root, file, problems, constructor, 0, {})
    if problems:
        raise InputError(problems)
    return node


def _marked(
    node: yaml.Node | None,
    file: str,
    problems: list[Problem],
    constructor: _Loader,
    depth: int,
    seen: dict[int, Node],
) -> Node:
    if node is None:
        return Node("scalar", Location(file, 1, 1))
    place = Location(file, node.start_mark.line + 1, node.start_mark.column + 1)
    if depth > _MAX_DEPTH:
        problems.append(Problem(place, f"nested deeper than {_MAX_DEPTH} levels"))
        return Node("scalar", place)
    if id(node) in seen:  # an alias: the same value once more, never a copy
        return seen[id(node)]
    if isinstance(node, yaml.ScalarNode):
        try:
            value = constructor.construct_object(node)
        except (yaml.YAMLError, ValueError):
            problems.append(Problem(place, f"`{node.value}` has the unknown tag `{node.tag}`"))
            value = node.value
        return Node("scalar", place, scalar=value)
    if isinstance(node, yaml.SequenceNode):
        parts = tuple(
            _marked(child, file, problems, constructor, depth + 1, seen) for child in node.value
        )
        made = Node("list", place, elements=parts)
    else:
        assert isinstance(node, yaml.MappingNode)  # YAML has no fourth kind
        pairs = _pairs(node, file, problems, constructor, depth, seen)
        made = Node("map", place, items=tuple(pairs))
    seen[id(node)] = made
    return made


def _pairs(
    node: yaml.MappingNode,
    file: str,
    problems: list[Problem],
    constructor: _Loader,
    depth: int,
    seen: dict[int, Node],
) -> Iterator[tuple[Node, Node]]:
    first: dict[str, Location] = {}
    for raw_key, raw_value in node.value:
        key = _marked(raw_key, file, problems, constructor, depth + 1, seen)
        if key.kind != "scalar":
            problems.append(Problem(key.location, "a key must be a plain word"))
            continue
        if raw_key.tag == "tag:yaml.org,2002:merge":
            problems.append(Problem(key.location, "`<<` merges are not read; write the keys out"))
            continue
        # Numbers and booleans as keys (status codes) are text, as they are in JSON.
        word = raw_key.value
        if word in first:
            problems.append(
                Problem(key.location, f"`{word}` stands here twice", f"first at {first[word]}")
            )
            continue
        first[word] = key.location
        value = _marked(raw_value, file, problems, constructor, depth + 1, seen)
        yield Node("scalar", key.location, scalar=word), value


def parse_json(data: bytes, file: str) -> Json:
    """JSON bytes to plain values, fast; raises `InputError` with the place of the error."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        place = Location(file, error.lineno, error.colno)
        raise InputError([Problem(place, f"not valid JSON: {error.msg}")]) from None


def node_location(root: Node, pointer: str) -> Location:
    """Where the value at a JSON pointer stands in a marked tree, or the nearest value around it."""
    node: Node | None = root
    place = root.location
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
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
    """Where the value at a JSON pointer (RFC 6901) stands in JSON text.

    Skips values at C speed, so that a 13 MB document costs a fraction of a second. Falls back to
    the nearest enclosing value when the pointer leads nowhere.
    """
    at = _skip(text, 0)
    for part in pointer.split("/")[1:]:
        found = _child(text, at, part.replace("~1", "/").replace("~0", "~"))
        if found < 0:
            break
        at = found
    line = text.count("\n", 0, at) + 1
    return Location(file, line, at - (text.rfind("\n", 0, at) + 1) + 1)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _child(text: str, at: int, part: str) -> int:
    opening, at = text[at : at + 1], _skip(text, at + 1)
    index = 0
    while opening in ("{", "[") and text[at : at + 1] not in ("}", "]", ""):
        if opening == "{":
            name, at = scanstring(text, at + 1, False)
            at = _skip(text, _skip(text, at) + 1)
            hit = name == part
        else:
            hit, index = str(index) == part, index + 1
        if hit:
            return at
        _, at = _decode(text, at)
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
    return -1
