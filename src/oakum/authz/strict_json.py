"""A strict JSON parser with byte ranges, so that a body can be cut without being serialised again.

It accepts RFC 8259, and refuses what parsers are known to read in different ways (RFC 8259 §4,
§8.1): a byte order mark, a duplicate key, invalid UTF-8, trailing data, and depth over 100.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple, overload

from oakum.openapi.model import Json

MAX_DEPTH = 100
MAX_DIGITS = 4300
"""Most digits of an integer: parsing takes quadratic time."""
_WS = r"[ \t\n\r]*+"
_DIGITS = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?"
_QUOTED = r'"[^"\\\x00-\x1f]*+(?>\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_WORD = rf"{_QUOTED}|{_DIGITS}|true|false|null"
_SPACE = re.compile(_WS)
_SCALAR = re.compile(_WORD)
_STRING = re.compile(_QUOTED)
_PLAIN = rf"{_WORD}|\{{{_WS}\}}|\[{_WS}\]"
"""A scalar or an empty container."""
_ELEMENT = re.compile(rf"({_PLAIN}){_WS}(?:(,){_WS}|\])")
"""A list element with its separator, matched in one step."""
_FEW_DIGITS = _DIGITS.replace("[1-9][0-9]*+", f"[1-9][0-9]{{0,{MAX_DIGITS - 2}}}+")
_FLAT_ONE = rf"(?:{_PLAIN.replace(_DIGITS, _FEW_DIGITS)}){_WS}"
_FLAT = re.compile(rf"\[{_WS}{_FLAT_ONE}(?>,{_WS}{_FLAT_ONE})*+\]")
"""A list of scalars and empty containers, matched as a whole: the cheapest way to send many
values."""
_MEMBER = re.compile(rf"({_QUOTED}){_WS}:{_WS}(?:({_PLAIN}){_WS}(?:(,){_WS}|\}})|(?=[\[{{]))")
_MAYBE_HUGE = re.compile(r"(?<![0-9])[0-9]{200}|[eE]\+?[0-9]{3}")
"""What a number beyond a double has: many digits before the point, or an exponent of three."""
_WORDS: dict[str, Json] = {"true": True, "false": False, "null": None}
_decode = json.JSONDecoder().raw_decode
_new = tuple.__new__


class UnreadableBody(ValueError):
    """A body that cannot be parsed unambiguously; the message gives the reason without content."""


class FlatParts(Sequence["tuple[str, Span]"]):
    """Elements of a flat list, located on demand."""

    __slots__ = ("_at", "_found", "_text")

    def __init__(self, text: str, at: int) -> None:
        self._text, self._at = text, at
        self._found: tuple[tuple[str, Span], ...] = ()

    def _all(self) -> tuple[tuple[str, Span], ...]:
        if not self._found:
            self._found = _elements(self._text, self._at)[1]
        return self._found

    def __len__(self) -> int:
        return len(self._all())

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[tuple[str, Span]]:
        return iter(self._all())

    @overload
    def __getitem__(self, at: int) -> tuple[str, Span]: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[tuple[str, Span], ...]: ...
    def __getitem__(self, at: int | slice) -> tuple[str, Span] | tuple[tuple[str, Span], ...]:
        return self._all()[at]

    def __eq__(self, other: object) -> bool:
        return self._all() == tuple(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]


class Span(NamedTuple):
    """Position of a value in the text: `[start, end)`, and its members or elements in order.

    For members, `key` is where the member's own name begins; for elements it equals `start`.
    """

    start: int
    end: int
    key: int
    parts: Sequence[tuple[str, Span]] = ()
    opening: str = ""
    """`{`, `[`, or nothing for a scalar."""


def read(body: bytes) -> tuple[Json, Span, str]:
    """Parses a body: (value, span, the decoded text that the span counts in). Raises
    `UnreadableBody`."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableBody("not UTF-8") from None
    value, span = _value(text, _skip(text, 0), 0, -1)
    if _skip(text, span.end) != len(text):
        raise UnreadableBody("data after the end of the value")
    return value, span, text


def read_request(body: bytes) -> tuple[Json, Span, str]:
    """`read` for what a client sends, in which a number beyond a double (`1e400`) is unreadable as
    well: some APIs keep it as infinity, and then write a response that is no JSON (RFC 8259, 6)."""
    reading = read(body)
    if _MAYBE_HUGE.search(reading[2]) and not is_finite(reading[0]):
        raise UnreadableBody("a number beyond a double")
    return reading


def is_finite(value: Json) -> bool:
    """Whether a double holds every number in a value, rounded if need be."""
    if isinstance(value, dict | list):
        return all(map(is_finite, value.values() if isinstance(value, dict) else value))
    try:
        return not isinstance(value, int | float) or math.isfinite(value)
    except OverflowError:
        return False


def _skip(text: str, at: int) -> int:
    if text[at : at + 1] > " ":
        return at
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _value(text: str, at: int, depth: int, key: int) -> tuple[Json, Span]:
    if depth > MAX_DEPTH:
        raise UnreadableBody(f"nested deeper than {MAX_DEPTH} levels")
    key = at if key < 0 else key
    first = text[at : at + 1]
    if first == "{":
        return _object(text, at, depth, key)
    if first == "[":
        return _array(text, at, depth, key)
    match = _SCALAR.match(text, at)
    if not match:
        raise UnreadableBody("not a JSON string" if first == '"' else "not JSON")
    return _plain(match.group()), Span(at, match.end(), key)


def _plain(word: str) -> Json:
    """The value of a `_PLAIN` match."""
    if word[0] == '"':
        return _text(word)
    if word[0] == "{":
        return {}
    if word[0] == "[":
        return []
    if word in _WORDS:
        return _WORDS[word]
    if not word.isdigit() and ("." in word or "e" in word or "E" in word):
        return float(word)
    if len(word) > MAX_DIGITS and len(word.lstrip("-")) > MAX_DIGITS:
        raise UnreadableBody("a number too long to read")
    try:
        return int(word)
    except ValueError:  # above the digit limit of this Python
        raise UnreadableBody("a number too long to read") from None


def _text(word: str) -> str:
    return str(_decode(word)[0]) if "\\" in word else word[1:-1]


def _object(text: str, at: int, depth: int, key: int) -> tuple[Json, Span]:
    start, at = at, _skip(text, at + 1)
    value: dict[str, Json] = {}
    parts: list[tuple[str, Span]] = []
    more, shallow = text[at : at + 1] != "}", depth < MAX_DEPTH
    while more:
        begins, match = at, _MEMBER.match(text, at) if shallow else None
        quoted = match or _STRING.match(text, at)
        if not quoted:
            raise UnreadableBody("not a JSON string")
        name = _text(match[1] if match else quoted.group())
        if name in value:
            raise UnreadableBody("an object has two members with the same name")
        if match and match[2] is not None:
            word = match[2]
            value[name] = _plain(word)
            ends, opening = match.end(2), word[0] if word[0] in "{[" else ""
            parts.append((name, _new(Span, (ends - len(word), ends, begins, (), opening))))
            at, more = match.end(), match[3] is not None
            continue
        at = quoted.end() if match else _expect(text, _skip(text, quoted.end()), ":")
        value[name], span = _value(text, _skip(text, at), depth + 1, begins)
        parts.append((name, span))
        at, more = _next(text, span.end, "}")
    return value, _new(Span, (start, at if parts else at + 1, key, tuple(parts), "{"))


def _array(text: str, at: int, depth: int, key: int) -> tuple[Json, Span]:
    if depth < MAX_DEPTH and _FLAT.match(text, at):
        with suppress(ValueError):  # above the digit limit of this Python
            flat, end = _decode(text, at)
            return flat, _new(Span, (at, end, key, FlatParts(text, at), "["))
    value, parts, end = _elements(text, at, depth)
    return value, _new(Span, (at, end, key, parts, "["))


def _elements(
    text: str, at: int, depth: int = 0
) -> tuple[list[Json], tuple[tuple[str, Span], ...], int]:
    """Elements of the list that starts here, their spans, and its end."""
    at = _skip(text, at + 1)
    value: list[Json] = []
    parts: list[tuple[str, Span]] = []
    more, shallow = text[at : at + 1] != "]", depth < MAX_DEPTH
    while more:
        match = _ELEMENT.match(text, at) if shallow else None
        if match:
            word = match[1]
            opening = word[0] if word[0] in "{[" else ""
            parts.append((str(len(value)), _new(Span, (at, match.end(1), at, (), opening))))
            value.append(_plain(word))
            at, more = match.end(), match[2] is not None
            continue
        each, span = _value(text, at, depth + 1, -1)
        parts.append((str(len(value)), span))
        value.append(each)
        at, more = _next(text, span.end, "]")
    return value, tuple(parts), at if parts else at + 1


def _next(text: str, at: int, end: str) -> tuple[int, bool]:
    """Start of the next part and True, or the container's end and False."""
    at = _skip(text, at)
    if text[at : at + 1] == end:
        return at + 1, False
    return _skip(text, _expect(text, at, ",")), True


def _expect(text: str, at: int, char: str) -> int:
    if text[at : at + 1] != char:
        raise UnreadableBody("not JSON" if at < len(text) else "cut short")
    return at + 1
