"""Spellings of one text: percent-encoded, HTML- or JSON-escaped, in another case.

An encoded value still leaks, since anybody can decode it without a key (RFC 3986, 2.1; HTML,
character references; RFC 8259, 7). E-mail addresses are compared without case: RFC 5321, 2.4 leaves
it to the host, and no known host distinguishes it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator
from urllib.parse import unquote, unquote_plus

import orjson

_CUT = re.compile(r"[\s?&=;,\"'<>()]+")
_CODED = re.compile(r"[%&\\]")
_LONGEST = 4_096
"""Longest text, in characters, that is decoded; a longer one is searched as it is."""


def readings(text: str) -> Collection[str]:
    """A text and its decoded forms, the text first."""
    if not _CODED.search(text):
        return (text,)
    found = {text: None}
    if len(text) <= _LONGEST:
        if "%" in text:
            found |= dict.fromkeys((unquote(text), unquote_plus(text)))
        for each in [*found]:
            if "&" in each:
                found[html.unescape(each)] = None
            if "\\" in each:
                found |= dict.fromkeys(_unescape(each))
    return found


def parts(text: str) -> list[str]:
    """Parts of a query, cookie or sentence between separators."""
    return [each for each in _CUT.split(text) if each]


def fold(text: str) -> str:
    """An e-mail address in lower case; any other text unchanged."""
    return text.casefold() if "@" in text else text


def holds(text: str, value: str) -> bool:
    """Whether a text contains a value in any spelling."""
    return any(value in each or fold(value) in fold(each) for each in readings(text))


def stands_apart(text: str, value: str) -> bool:
    """Whether a value stands alone in a text, not as part of a longer number, date or address."""
    return re.search(rf"(?<![\w.+-]){re.escape(value)}(?!\w|[.-]\w)", text) is not None


def _unescape(text: str) -> Iterator[str]:
    try:
        value = orjson.loads(f'"{text}"')
    except orjson.JSONDecodeError:
        return
    if isinstance(value, str):
        yield value
