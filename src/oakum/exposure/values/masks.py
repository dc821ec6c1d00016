"""Masked values (`***`, initials): a mask is not the value that it hides.

A value counts as a mask if the owner sees another value of the same field of the same object
elsewhere, and if the value consists of public data about them (`3+bob@noreply.example.org`) or is
the same for several owners.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

from oakum.exchange import json_bytes
from oakum.openapi.model import Json

_WORDS = re.compile(
    r"(?<![a-z])(?:no-?reply|hidden|redacted|anonymi[sz]ed|masked|withheld|concealed|deleted)(?![a-z])",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"0000-00-00.*|0001-01-01.*|1970-01-01T00:00:00(?:\.0+)?(?:Z|\+00:00)?|0{8}-(?:0{4}-){3}0{12}"
)
Kind = Literal["value", "mask", "alike", "unclear"]
"""`alike`: several owners are shown it, and this one is shown other values, too. It may be a mask
or vary by itself, so it never closes a field."""


_MASKED = re.compile(r"[*•●·█]{2,}|…|[xX]{4,}|\w\.{3}@")


def looks_masked(value: Json) -> bool:
    """Whether a value is or contains a mask, which must not be written back over the real value."""
    return _MASKED.search(json_bytes(value).decode()) is not None


def is_worded(text: str) -> bool:
    """Whether a text says in words that a value is withheld."""
    return _WORDS.search(text) is not None


_PARTLY = re.compile(
    r"[*•●·█]{2,}|…|[xX]{4,}|\w\.{3}@|(?<![0-9A-Za-z])[xX*](?:[.:/-][xX*])+(?![0-9A-Za-z])"
)
_HIDDEN = re.compile(r"[*•●·█#…]+|\.{3}|[xX]{2,}|(?<![0-9A-Za-z])(?:[xX]|0+)(?![0-9A-Za-z])")
"""Masked parts of a value; zeros (`10.1.0.0`) count only in comparison with the full value."""
_LONGEST = 200
_MOST_HIDDEN = 6


def is_partly_masked(value: Json) -> bool:
    """Whether part of a value is masked: `10.1.x.x`, `a…@example.org`."""
    return isinstance(value, str) and _PARTLY.search(value) is not None


def hides(text: str, whole: str) -> bool:
    """Whether a text is a masked form of another: `10.1.x.x` and `10.1.0.0` of `10.1.7.12`, `+44
    **** 34` of `+44 7700 34`."""
    if text == whole or len(whole) > _LONGEST:
        return False
    shown = _HIDDEN.split(text)
    if not 1 < len(shown) <= _MOST_HIDDEN + 1 or not any(map(str.isalnum, "".join(shown))):
        return False
    first, *between, last = shown
    at = len(first) if whole.startswith(first) else len(whole)
    for each in between:
        found = whole.find(each, at + 1)
        at = found + len(each) if found > at else len(whole)
    return whole.endswith(last) and len(whole) - len(last) > at


def is_no_instant(text: str) -> bool:
    """Whether a text is a zero time or a nil UUID."""
    return _NOTHING.fullmatch(text) is not None


def kind_of(text: str, others: Collection[str], names: Collection[str], *, shared: bool) -> Kind:
    """Classifies a value that an owner sees, given `others` in the same field at other endpoints.

    `names`: public values of the owner such as id and user name; `shared`: other owners see the
    same value.
    """
    if any(hides(text, each) for each in others):
        return "mask"
    others = [each for each in others if not hides(each, text)]
    worded, known = _made_of(text, names)
    if not others:
        return "mask" if worded and known else "value"
    most = max(_made_of(each, names) for each in others)
    if (worded, known) != most:
        return "mask" if (worded, known) > most else "value"
    return "alike" if shared else "unclear"


def _made_of(text: str, names: Collection[str]) -> tuple[bool, int]:
    """(whether a text contains a masking word, number of public names in it)."""
    return _WORDS.search(text) is not None, sum(1 for n in names if n and _holds(text, n))


def _holds(text: str, name: str) -> bool:
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(name)}(?![0-9A-Za-z])", text) is not None
