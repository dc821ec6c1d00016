"""Ids that a request may name, wherever they stand in it.

The law of this module: a write discards what was looked up about everybody whom it names, in
whatever syntax. So every word of its parameters and of its body counts, whether or not it is an id;
more words than anybody reads stand for everybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

from oakum.routing.conditions import Conditions
from oakum.routing.messages import Asked

EVERYBODY = "\0all"
"""Stands for all ids; no real id starts with NUL."""
MOST = 1000
"""Words that are told apart."""

_WORD = re.compile(rb"[^\x00-\x20\x7f\"'`\\,;=&?#<>(){}\[\]|/]+")
_PART = re.compile(rb"[^:.@+~!*$^%]+")
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ESCAPED = re.compile(rb"\\u00([2-7][0-9A-Fa-f])")


def named_by(
    asked: Asked, params: Mapping[str, str], query: str, conditions: Conditions
) -> frozenset[str]:
    """What a write may be about by its path, its query, its declared headers and cookies, and its
    body."""
    beside = (value for _, value in (*conditions.headers, *conditions.cookies))
    return mentioned((asked.body, query, *params.values(), *beside))


def mentioned(texts: Iterable[str | bytes]) -> frozenset[str]:
    """Every word of these texts, and each part of it; or `EVERYBODY` where they are too many."""
    found = set[bytes]()
    for each in texts:
        raw = each if isinstance(each, bytes) else each.encode("utf-8", "surrogatepass")
        for spelt in _spellings(_readable(raw)):
            found.update(_WORD.findall(spelt))
        if len(found) > MOST:
            return frozenset((EVERYBODY,))
    for word in tuple(found):
        found.update(_PART.findall(word))
    if len(found) > MOST:
        return frozenset((EVERYBODY,))
    return frozenset(word.decode("utf-8", "replace") for word in found)


def _spellings(text: bytes) -> Iterable[bytes]:
    """A text as it is, and as it is once its escapes are resolved (RFC 3986, RFC 8259)."""
    yield text
    if b"%" in text:
        yield unquote_to_bytes(text)
    if b"\\u00" in text:
        yield _ESCAPED.sub(lambda found: bytes((int(found[1], 16),)), text)


def _readable(text: bytes) -> bytes:
    """A text without lines of a binary file, whose bytes are no words."""
    if not _BINARY.search(text):
        return text
    lines = re.split(rb"[\r\n]+", text)
    return b"\n".join(line for line in lines if not _BINARY.search(line))
