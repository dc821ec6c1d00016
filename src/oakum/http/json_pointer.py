"""JSON Pointer (RFC 6901): the text `/a~1b/0`, and its path, the names `("a/b", "0")`.

Where a contract writes one, the name `*` stands for every element or map value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

Json = Any
"""A parsed JSON value; the only use of `Any` for data."""
Pointer = tuple[str, ...]
"""A JSON Pointer as its path: `("a/b", "0")`."""


def escape(name: str) -> str:
    """A member's name as a segment of the text."""
    return name.replace("~", "~0").replace("/", "~1") if "~" in name or "/" in name else name


def unescape(segment: str) -> str:
    """The member name that a pointer segment encodes."""
    return segment.replace("~1", "/").replace("~0", "~") if "~" in segment else segment


def path_of(pointer: str) -> Pointer:
    """The unescaped names in a pointer; none in the empty pointer, which is the whole value."""
    return tuple(map(unescape, pointer.split("/")[1:]))


def pointer_of(path: Iterable[str]) -> str:
    """The JSON Pointer of a path of names, escaped."""
    return "".join(f"/{escape(name)}" for name in path)


def any_element(path: Sequence[str]) -> Pointer:
    """A path with `*` for positions in lists."""
    return tuple("*" if name.isdigit() else name for name in path)


def value_at(value: Json, path: Sequence[str]) -> Json:
    """The value at a path; None if there is none. `*` is an ordinary name here."""
    for name in path:
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict):
            value = value.get(name)
        else:
            return None
    return value


def member_at(value: Json, path: Sequence[str]) -> Json:
    """As `value_at`, through objects only: names do not index lists."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def values_at(value: Json, path: Sequence[str], maps: Collection[int] | None = None) -> list[Json]:
    """The values at a path in which `*` stands for every element or map value; `maps`: positions at
    which `*` stands for map values only, since an object there instead of a list is an error."""
    found = [value]
    for index, name in enumerate(path):
        if maps is not None and name == "*" and index not in maps:
            found = [each for each in found if not isinstance(each, dict)]
        found = [child for each in found for child in _below(each, name)]
    return found


def _below(value: Json, name: str) -> list[Json]:
    if isinstance(value, list):
        value = {str(index): each for index, each in enumerate(value)}
    if not isinstance(value, dict):
        return []
    if name == "*":
        return list(value.values())
    return [value[name]] if name in value else []
