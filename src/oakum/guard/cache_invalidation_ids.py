"""Ids that a request may contain, in any place and syntax.

A write discards the cached look-ups of every id that it contains. So each word of its parameters
and its body counts as an id, and so do every few consecutive words, whatever separates them, since
an id may consist of several. If there are more words than the limit, the cached look-ups of all ids
are discarded.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache, partial
from urllib.parse import unquote_to_bytes

from oakum.guard.tenant_selection import Conditions
from oakum.routing.http_messages import HttpRequest

EVERYBODY = "\0all"
"""Stands for all ids; no real id starts with NUL."""
MOST = 3995
"""Most word sequences that are distinguished: those of 1,000 words."""
LONGEST = 4
"""Most words in a sequence. A longer id is known by its last ones."""

_WORD = re.compile(rb"[^\x00-\x20\x7f\"'`\\,;=&?#<>(){}\[\]|/:.@+~!*$^%]+")
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_HEX = rb"[0-9A-Fa-f]"
_ESCAPED = re.compile(
    rb"(?<!\\)(\\+)u(?:([dD][89abAB]" + _HEX + rb"{2})\\+u([dD][c-fC-F]" + _HEX + rb"{2})"
    rb"|(" + _HEX + rb"{4}))"
)  # fmt: skip
_DOUBLED = (1, 2, 4)
"""Number of backslashes in an escape, for JSON in a string nested up to three times."""
_BLANK = re.compile(rb"(?<!\\)(\\+)([bfnrt])")


def named_by(
    asked: HttpRequest,
    params: Mapping[str, str],
    query: str,
    conditions: Conditions,
    declared: Collection[str],
) -> frozenset[str]:
    """Every id that a write may concern, by its path, query, declared headers and cookies, and
    body. `declared`: names of headers, including standard ones, that are not among the
    conditions."""
    beside = [value for _, value in (*conditions.headers, *conditions.cookies)]
    beside += [value for name, value in asked.headers if name in declared]
    return find_mentioned((asked.body, query, *params.values(), *beside))


def find_mentioned(texts: Iterable[str | bytes]) -> frozenset[str]:
    """Every word and short sequence of words of these texts, as `known_by` spells them; or
    `EVERYBODY` if there are too many. A text without words may be any id without words."""
    found = {b""}
    for each in texts:
        for spelt in _spellings(_readable(_raw(each))):
            words = _WORD.findall(spelt)
            for end in range(1, len(words) + 1):
                row = words[max(0, end - LONGEST) : end]
                found.update(b" ".join(row[start:]) for start in range(len(row)))
                if len(found) > MOST:
                    return frozenset((EVERYBODY,))
    return frozenset(row.decode("utf-8", "replace") for row in found)


@lru_cache(maxsize=10_000)
def known_by(id: str) -> str:
    """The words of an id, by which a write is matched however it writes the characters between
    them."""
    if id.startswith("\0"):
        return id
    return b" ".join(_WORD.findall(_raw(id))[-LONGEST:]).decode("utf-8", "replace")


def _raw(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def _spellings(text: bytes) -> Iterable[bytes]:
    """A text as it is, and as it is once its escapes are resolved (RFC 3986, RFC 8259). A text
    within a text has its backslashes doubled; further ones are of the text and separate words."""
    yield text
    if b"%" in text:
        yield unquote_to_bytes(text)
    if b"\\" in text:
        yield from dict.fromkeys(_resolve_escapes(text, backslashes) for backslashes in _DOUBLED)


def _resolve_escapes(text: bytes, backslashes: int) -> bytes:
    blank = _BLANK.sub(partial(_space, backslashes), text)
    return _ESCAPED.sub(partial(_character, backslashes), blank)


def _space(backslashes: int, escape: re.Match[bytes]) -> bytes:
    before, letter = escape.groups()
    return b" " + letter if _is_text(len(before), backslashes) else b" "


def _character(backslashes: int, escape: re.Match[bytes]) -> bytes:
    before, *digits = escape.groups()
    if _is_text(len(before), backslashes):
        return b"".join(b" u" + each for each in digits if each)
    high, low, alone = (int(each or b"0", 16) for each in digits)
    code = 0x10000 + ((high - 0xD800) << 10) + low - 0xDC00 if high else alone
    apart = b" " if len(before) > backslashes else b""
    return apart + chr(code).encode("utf-8", "surrogatepass")


def _is_text(count: int, backslashes: int) -> bool:
    """Whether so many backslashes in a row are all of the text, so that what follows is no escape:
    each of the text is twice as many as begin an escape."""
    return count % (2 * backslashes) == 0


def _readable(text: bytes) -> bytes:
    """A text without lines of a binary file, whose bytes are no words."""
    if not _BINARY.search(text):
        return text
    lines = re.split(rb"[\r\n]+", text)
    return b"\n".join(line for line in lines if not _BINARY.search(line))
