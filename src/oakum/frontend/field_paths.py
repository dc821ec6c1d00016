"""Field paths of a response body, without values. Pure.

A key of an object or a segment of a URL may be personal data, so whatever is not recognised as a
name that the API chose is written `*` or `{id}`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from oakum.openapi.model import Json

Path = tuple[str, ...]
_WORD = re.compile(r"(?!(?:.*[0-9]){4})[A-Za-z_$][A-Za-z0-9_$-]{0,39}")
_SEGMENT = re.compile(r"[A-Za-z_][A-Za-z_.-]{0,39}|v[0-9]{1,3}")
_NAMES_SOMEBODY = re.compile(r"(?i)(?:.*_)?(?:u?u?id|slug|key|code|name|handle|nick|login|e?mail)")
_CAMEL = re.compile(r".*[a-z](?:Id|Name|Key|Code)")
_FEWEST = 3
"""An object with at least so many members of the same shape counts as a map."""
MAX_DEPTH = 60


@dataclass(frozen=True)
class AnswerLeaf:
    """A scalar or an empty container in a response body."""

    path: Path
    """The path in reports: `*` for elements and for keys that are data."""
    raw: Path
    """The path that scripts read, with `*` for list elements only. It may contain values, and stays
    in memory."""
    pointer: Path
    """The exact path in this response. It may contain values, and stays in memory."""
    value: Json


def leaves(value: Json) -> Iterator[AnswerLeaf]:
    """All scalars and empty containers of a response in order, down to `MAX_DEPTH`."""
    yield from _leaves(value, (), (), ())


def _leaves(value: Json, path: Path, raw: Path, pointer: Path) -> Iterator[AnswerLeaf]:
    if len(path) > MAX_DEPTH:
        return
    if isinstance(value, dict) and value:
        is_map = _is_map(value)
        for key, child in value.items():
            name = "*" if is_map or not _WORD.fullmatch(key) else key
            yield from _leaves(child, (*path, name), (*raw, key), (*pointer, key))
    elif isinstance(value, list) and value:
        for at, child in enumerate(value):
            yield from _leaves(child, (*path, "*"), (*raw, "*"), (*pointer, str(at)))
    else:
        yield AnswerLeaf(path, raw, pointer, value)


def _is_map(value: dict[str, Json]) -> bool:
    inside = list(value.values())
    if len(inside) < _FEWEST or not all(isinstance(each, dict) and each for each in inside):
        return False
    return len({frozenset(each) for each in inside}) == 1


def names_somebody(path: Path) -> bool:
    """Whether a field's name suggests a value that URLs use to name an object: an id, a name, a
    code."""
    last = path[-1] if path else ""
    return bool(_NAMES_SOMEBODY.fullmatch(last) or _CAMEL.fullmatch(last))


def template(path: str, values: Collection[str]) -> str:
    """The path of a URL with `{id}` for each segment that may be data: it is no word, or one of
    `values`."""
    return "/".join(
        part if not part or (_SEGMENT.fullmatch(part) and part not in values) else "{id}"
        for part in path.split("/")
    )


def word(said: str, values: Collection[str]) -> str:
    """A GraphQL operation's or script element's name, with `*` if it may be data; empty stays
    empty."""
    legible = _WORD.fullmatch(said) or re.fullmatch(r"[0-9]{1,2}", said)
    return said if not said or (legible and said not in values) else "*"


def path_text(path: Path) -> str:
    """The path in reports: `data.*.buyer.name`, or `(whole)` for the response itself."""
    return ".".join(path) or "(whole)"
