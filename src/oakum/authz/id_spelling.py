"""Ids as text, and which ids may be the same in another spelling: case, spacing, number format,
Unicode form, or as one of several ids in a string."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from oakum.authz.decision_inputs import Principal
from oakum.openapi.model import Json


def identifiers(values: Iterable[Json]) -> list[str]:
    """Valid ids as text. Empty and blank strings are not ids: tables write a missing id that way
    (RFC 4180)."""
    return [id for each in values if (id := identifier(each)) is not None]


def text(value: Json) -> str:
    """A scalar id as text."""
    return value if isinstance(value, str) else str(value)


def identifier(value: Json) -> str | None:
    """A valid id as text; otherwise None."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return text(value) if str(value).strip(_BLANKS) else None


_SPACES = "".join(map(chr, (*range(0x21), 0x7F)))
_BLANKS = _SPACES + (
    "\x85\xa0\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b"
    "\u200c\u200d\u2028\u2029\u202f\u205f\u2060\u2800\u3000\u3164\ufeff"
)
"""Characters that show nothing: white space (Unicode's White_Space), and characters without width
or ink."""
_WIDTH = {each: each - 0xFEE0 for each in range(0xFF01, 0xFF5F)}
"""Fullwidth forms (U+FF01 to U+FF5E) → their ASCII characters."""
_FOLDED = _WIDTH | {ord(each): None for each in _BLANKS}
"""`_WIDTH`, and removal of characters that show nothing."""
_ENDS = re.compile("[/:#]")
_NUMBER = re.compile(r"([+-]*+)([0-9]++)(?:\.0*+)?\Z")
_SCIENTIFIC = re.compile(r"([+-]*+)([0-9]++)(?:\.([0-9]*+))?[eE]([+-]?[0-9]{1,2})\Z")
_GROUPED = re.compile(r"[+-]*+[0-9]{1,3}(?:[,'][0-9]{2,3})*[,'][0-9]{3}(?![0-9,'])")
"""Digits grouped by commas or apostrophes: `1,000`."""
_HEX = re.compile(r"[0-9a-f]{32}\Z")
_DIGITS = re.compile(r"[0-9]+")
_NEGATIVE = re.compile(r"-[0-9]+")
_WIDE = re.compile(r"[^\x00-\x7f]+")
_OWN_WRITING = re.compile(r"[\u3040-\u30ff\u4000-\u9fff\uac00-\ud7ff]")
"""Kana, ideographs and Hangul: no Unicode normalization turns them into ASCII."""
_NUMERAL = re.compile(r"[0-9e+.,'_-]*\Z")
_HEXADECIMAL = re.compile(r"[0-9a-f{}-]*\Z")
"""Hexadecimal digits, braces and dashes: what is left of a number or UUID that contains characters
beyond ASCII."""
_FIRST_DIGITS = re.compile("[1-9][0-9]*")
_FIRST_HEX = re.compile("[1-9a-f][0-9a-f]*")
_ANY_LENGTH = 1 << 60


def _normal(plain: str) -> str:
    """A number in plain digits, a UUID without dashes; anything else unchanged."""
    packed = re.sub("[{}-]", "", plain)
    uuid = _HEX.match(packed) is not None
    digits = packed if uuid else plain.replace("_", "")
    if grouped := _GROUPED.match(digits):
        digits = re.sub("[,']", "", grouped[0]) + digits[grouped.end() :]
    number = _NUMBER.match(digits)
    if number is not None:
        return _with_sign(number[1], number[2])
    found = None if uuid else _SCIENTIFIC.match(digits)
    return _expand_number(found) or plain if found else packed if uuid else plain


def _expand_number(found: re.Match[str]) -> str | None:
    """A number with an exponent in plain digits; None: it is no integer."""
    digits, point = found[2] + (found[3] or ""), len(found[2]) + int(found[4])
    whole, rest = digits[: max(point, 0)].ljust(point, "0"), digits[max(point, 0) :]
    return None if rest.strip("0") else _with_sign(found[1], whole)


def _with_sign(signs: str, digits: str) -> str:
    plain = digits.lstrip("0") or "0"
    return f"-{plain}" if "-" in signs and plain != "0" else plain


def _beyond_ascii(plain: str) -> tuple[str, str, int]:
    """The spelling of a text with letters beyond ASCII, each of which may be a part of a number or
    of a UUID: of what may be one, there is only what no normal form changes."""
    parts, narrow = _WIDE.split(plain), _WIDE.sub("", plain)
    first, last = parts[0], parts[-1]
    if _OWN_WRITING.search(plain):
        return first, last, 0
    longest = len(narrow) + sum(2 if c < "\u0800" else 4 for c in plain if c > "\x7f")
    if _NUMERAL.match(narrow):
        first = _leading_match(_FIRST_DIGITS, first)
        if _is_scaled(plain):
            return first, "", _ANY_LENGTH
        run = last[len(last.rstrip("0123456789")) :]
        # In place of the non-ASCII letter there may be a sign followed by zeros.
        return first, run.lstrip("0") or ("" if "." in narrow else run), longest
    if _HEXADECIMAL.match(narrow):
        run = last[len(last.rstrip("0123456789abcdef")) :]
        return _leading_match(_FIRST_HEX, first), run, longest
    return first, last, longest


def _leading_match(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.match(text)
    return found[0] if found else ""


def _is_scaled(plain: str) -> bool:
    """Whether what may be a number has an exponent, or digits on both sides of what may be one or
    a point."""
    gaps = _DIGITS.split(plain)
    return ("e" in plain and len(gaps) > 1) or any(gap.strip("+_-") for gap in gaps[1:-1])


@lru_cache(maxsize=1 << 10)
def spelling(id: str) -> tuple[str, str, int]:
    """(prefix, suffix, length): what all spellings of an id in ASCII begin and end with, and the
    length of the longest; -1: prefix is the whole spelling.

    Ignores case, spaces, what shows nothing, full width, a plus sign, leading zeros, exponents,
    what groups digits (`1_000`, `1,000`), UUID dashes and everything before the last `/`, `:` or
    `#`. Other text beyond ASCII is not compared (normal forms, look-alikes) and stands for any
    text, of two characters at most for a letter below U+0800, else of four (ligatures, signs in
    brackets); of Chinese, Japanese and Korean writing, for none in ASCII.
    """
    simple = id.isascii() and id.isalnum() and not id.isdigit()
    if simple and not _SCIENTIFIC.match(id):  # fast path for most ids
        return id.lower(), id.lower(), -1
    plain = _ENDS.split(id.translate(_FOLDED).rstrip("/:#"))[-1]
    plain = "".join(c.lower() if c < "\x80" else c for c in plain)
    if not plain.isascii():
        return _beyond_ascii(plain)
    key = _normal(plain)
    return key, key, -1


_PADDED = re.compile(r"0[0-9]*\Z")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_INTEGER = re.compile(r"(?:0|-?[1-9][0-9]{0,14})\Z")  # below 2^53, which no parser rounds
_LIKE_NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|0[xob][0-9a-f]+)\Z"
)
_LIKE_UUID = re.compile(r"[0-9a-f_]{32}\Z")
_HEX_DIGIT = re.compile(r"[0-9A-Fa-f]")
_LONG_HEX = re.compile(r"[0-9a-f]{16,}\Z")
_ODD = re.compile(r"[^ -~]|^ | $|  |[\"\\\[\]{}<>`,;|]|%[0-9A-Fa-f]{2}")
_MARKS = "/:#?="
"""Characters at which an API may cut an id: separators of a URL, or base64 padding."""


def is_sole_spelling(id: str, form: str = "", shown: Iterable[Json] = ()) -> bool:
    """Whether no usual conversion turns this text into another id: to an integer, float or UUID,
    trimming, Unicode normalization, splitting of a list or a URL.

    `form`: what the document declares, `integer` or `uuid`; `shown`: ids of the same kind, as the
    API writes them. Case is not compared, but in hexadecimal digits.
    """
    known = [each for each in shown if identifier(each) is not None]
    texts = identifiers(known)
    if form == "integer" or not all(isinstance(each, str) for each in known):
        return bool(_INTEGER.match(id))
    if form == "uuid" or any(_UUID.match(each.lower()) for each in texts):
        return bool(_UUID.match(id)) or _is_shown_hex(id, texts)
    if _ODD.search(id) or any(c in id and not any(c in e for e in texts) for c in _MARKS):
        return False
    plain = id.lower().replace("_", "").replace("'", "").replace(" ", "")
    if _LIKE_NUMBER.match(plain):
        same = (each for each in texts if len(each) == len(id) and _PADDED.match(each))
        padded = _DIGITS.fullmatch(id) is not None and any(same)
        return padded or bool(_INTEGER.match(id))
    digits = id.lower().replace("-", "")
    if _LIKE_UUID.match(digits) or _LONG_HEX.match(digits):
        sole = id == id.lower() and not _LIKE_UUID.match(digits)
        return sole or bool(_UUID.match(id)) or _is_shown_hex(id, texts)
    return True


def _is_shown_hex(id: str, shown: Iterable[str]) -> bool:
    """Whether hexadecimal digits are written as in an id that the API shows."""
    outline = _HEX_DIGIT.sub("0", id)
    return id.isascii() and any(
        _HEX_DIGIT.sub("0", each) == outline
        and "0" in outline
        and id == (id.lower() if each == each.lower() else id.upper())
        for each in shown
    )


def looked_up_owners(principal: Principal) -> set[str]:
    """Ids of owners with a look-up result."""
    return {owner for _, owner in principal.related} | {owner for owner, _ in principal.states}


_PART = re.compile(r"[^\x00-\x20\x7f,;|&\"'`<>()\[\]{}\\/:#=*!?]+")
LISTED = re.compile(r"[,;|\[{]")
"""Characters that occur in lists of ids, but in no address or plain name."""
_LETTER = re.compile(r"[^\x00-@\[-`{-\x7f]")
_BETWEEN = (
    "\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
    "\u202f\u205f\u3000\u060c\u061b\u3001\uff64"
)
"""Separators beyond ASCII: white space with width, and commas and semicolons of other scripts."""
_APART = _WIDTH | {ord(each): ord(" ") for each in _BETWEEN}


def spread(text: str) -> list[str]:
    """A text itself and, if it is a list, the ids in it: exports write `1,3`, `1;3`, `|1|`,
    `["1"]`, `{1}` or `3 1` into one field."""
    if text.isalnum():
        return [text]
    apart = text if text.isascii() else text.translate(_APART)
    if _LETTER.search(apart):
        return [text, *_PART.findall(apart)]
    return [text, *_DIGITS.findall(apart), *_NEGATIVE.findall(apart)]


def named_among(some: Iterable[str], texts: Iterable[str]) -> bool:
    """Whether a text may contain one of these ids, in any spelling or in a list."""
    return alike(some, (each for text in texts for each in spread(text)))


def alike(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether an id of one group may be another spelling of an id of the other."""
    return any(map(Spellings(others).may_hold, some))


class Spellings:
    """A set of ids that matches any spelling."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._all = [spelling(each) for each in ids]
        self._exact = {each[0] for each in self._all if each[2] < 0}
        self._wide = [each for each in self._all if each[2] >= 0]

    def may_hold(self, id: str) -> bool:
        """Whether an id may be a spelling of one of them."""
        one = spelling(id)
        if one[2] < 0 and one[0] in self._exact:
            return True
        return any(_fits(one, each) for each in (self._wide if one[2] < 0 else self._all))


def _fits(one: tuple[str, str, int], other: tuple[str, str, int]) -> bool:
    (a, z, longest), (b, y, most) = one, other
    if min(longest, most) < 0 and len(a if longest < 0 else b) > max(longest, most):
        return False
    return (a.startswith(b) or b.startswith(a)) and (z.endswith(y) or y.endswith(z))
