"""Field paths of a response body, without values. Pure.

A key of an object or a segment of a URL may be a person's name or number, so whatever is not
recognised as a word of the API is written `*` or `{id}`.
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
"""So many objects alike under keys of their own are a map, whatever the keys look like."""
MAX_DEPTH = 60


@dataclass(frozen=True)
class AnswerLeaf:
    """A scalar or an empty container of an answer."""

    path: Path
    """The path in reports: `*` for elements and for keys that are data."""
    raw: Path
    """As a script reads it: `*` for elements alone. Holds values; stays in memory."""
    pointer: Path
    """Its place in this one response. It may contain values, and stays in memory."""
    value: Json


def leaves(value: Json) -> Iterator[AnswerLeaf]:
    """All scalar fields of a response, in order; values nested too deep are skipped."""
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
    """Whether a field may contain what identifies an object in a URL: an id, a name, a code."""
    last = path[-1] if path else ""
    return bool(_NAMES_SOMEBODY.fullmatch(last) or _CAMEL.fullmatch(last))


def template(path: str, values: Collection[str]) -> str:
    """The path of a URL with `{id}` for what may be data: no word, or a value of `values`."""
    return "/".join(
        part if not part or (_SEGMENT.fullmatch(part) and part not in values) else "{id}"
        for part in path.split("/")
    )


def word(said: str, values: Collection[str]) -> str:
    """What a page calls one of its questions or script elements, if anything; `*` for what may be
    data."""
    legible = _WORD.fullmatch(said) or re.fullmatch(r"[0-9]{1,2}", said)
    return said if not said or (legible and said not in values) else "*"


def path_text(path: Path) -> str:
    """A path as it is written: `data.*.buyer.name`; the answer itself is `(whole)`."""
    return ".".join(path) or "(whole)"
