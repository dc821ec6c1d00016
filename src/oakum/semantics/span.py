"""Strict JSON with byte ranges, so that a body can be cut instead of written anew.

RFC 8259 to the letter, and stricter where readers are known to disagree (RFC 8259 §4, §8.1): a
byte order mark, a duplicate key, invalid UTF-8, trailing data and depth over 100 are refused.
What two parsers may read in two ways is nothing to filter.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from oakum.contract.model import Json

MAX_DEPTH = 100
MAX_DIGITS = 4300
"""Of an integer: reading one takes the square of its length."""
_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)?")
"""The group is what makes it no integer."""
_STRING = re.compile(r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"')
_WORDS: dict[str, tuple[str, Json]] = {
    "t": ("true", True),
    "f": ("false", False),
    "n": ("null", None),
}


class Unreadable(ValueError):
    """A body that cannot be read in exactly one way; the message says why, never what."""


class Span(NamedTuple):
    """Where a value stands in the text: `[start, end)`, its members or elements in order.

    For members, `key` is where the member's own name begins; for elements it equals `start`.
    """

    start: int
    end: int
    key: int
    parts: tuple[tuple[str, Span], ...] = ()
    opening: str = ""
    """`{`, `[`, or nothing for a scalar."""


def read(body: bytes) -> tuple[Json, Span, str]:
    """Value, its span, and the text the span counts in; raises `Unreadable`."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None
    value, span = _value(text, _skip(text, 0), 0, -1)
    if _skip(text, span.end) != len(text):
        raise Unreadable("data after the end of the value")
    return value, span, text


def _skip(text: str, at: int) -> int:
    if text[at : at + 1] > " ":
        return at
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _value(text: str, at: int, depth: int, key: int) -> tuple[Json, Span]:
    if depth > MAX_DEPTH:
        raise Unreadable(f"nested deeper than {MAX_DEPTH} levels")
    key = at if key < 0 else key
    first = text[at : at + 1]
    if first == "{":
        return _object(text, at, depth, key)
    if first == "[":
        return _array(text, at, depth, key)
    value: Json
    if first == '"':
        value, end = _string(text, at)
    elif first in _WORDS:
        word, value = _WORDS[first]
        end = at + len(word)
        if text[at:end] != word:
            raise Unreadable("not JSON")
    else:
        value, end = _number(text, at)
    return value, Span(at, end, key)


def _number(text: str, at: int) -> tuple[Json, int]:
    match = _NUMBER.match(text, at)
    if not match:
        raise Unreadable("not JSON")
    digits = match.group()
    if match[1] is not None:
        return float(digits), match.end()
    if len(digits) > MAX_DIGITS and len(digits.lstrip("-")) > MAX_DIGITS:
        raise Unreadable("a number too long to read")
    try:
        return int(digits), match.end()
    except ValueError:  # more digits than this Python was told to turn into an int
        raise Unreadable("a number too long to read") from None


def _string(text: str, at: int) -> tuple[str, int]:
    match = _STRING.match(text, at)
    if not match:
        raise Unreadable("not a JSON string")
    word = match.group()
    return (str(json.loads(word)) if "\\" in word else word[1:-1]), match.end()


def _object(text: str, at: int, depth: int, key: int) -> tuple[Json, Span]:
    start, at = at, _skip(text, at + 1)
    value: dict[str, Json] = {}
    parts: list[tuple[str, Span]] = []
    while text[at : at + 1] != "}":
        if parts:
            at = _skip(text, _expect(text, at, ","))
        name_at = at
        name, at = _string(text, at)
        if name in value:
            raise Unreadable("a member stands twice in one object")
        at = _skip(text, _expect(text, _skip(text, at), ":"))
        value[name], span = _value(text, at, depth + 1, name_at)
        parts.append((name, span))
        at = _skip(text, span.end)
    return value, Span(start, at + 1, key, tuple(parts), "{")


def _array(text: str, at: int, depth: int, key: int) -> tuple[Json, Span]:
    start, at = at, _skip(text, at + 1)
    value: list[Json] = []
    parts: list[tuple[str, Span]] = []
    while text[at : at + 1] != "]":
        if parts:
            at = _skip(text, _expect(text, at, ","))
        each, span = _value(text, at, depth + 1, -1)
        parts.append((str(len(value)), span))
        value.append(each)
        at = _skip(text, span.end)
    return value, Span(start, at + 1, key, tuple(parts), "[")


def _expect(text: str, at: int, char: str) -> int:
    if text[at : at + 1] != char:
        raise Unreadable("not JSON" if at < len(text) else "cut short")
    return at + 1
