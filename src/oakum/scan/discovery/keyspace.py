"""Judges from a few own ids whether ids can be enumerated, and how many objects there are.

An id is read as a number in every common way of writing one: decimal, other bases, base64, times.
Ids that are far closer together than chance would put them are sequential. Ids from a small space
can be enumerated even if they are random: tokens of five and six characters were scanned completely
(Georgiev and Shmatikov, Gone in Six Characters, arXiv:1604.02734). No request is sent here.
"""

from __future__ import annotations

import math
import re
import string
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from oakum.http.jwt import base64url_bytes

_CHANCE = 1e-6
"""Ids that are this close together with a lower chance count as sequential. With some twenty ways
of reading a number, the error is about 2 in 100,000."""
_SMALL = 37.0
"""A space of at most so many bits can be enumerated: seven characters of a 36-letter alphabet have
36.2, and 49 million records were taken from such a space (Dell, 2024)."""
_SPAN = 2.0**32
"""Largest range between own ids that can be tried number by number."""
_NEAR = 2.0**24
"""The same for ids that are not plain numbers: behind a common prefix, two random 40-bit texts are
this close once in 30,000 times."""
_ALIKE = 2
"""Fewest ids that can be compared."""
_LIKELY = 0.01
"""The same as `_CHANCE` for decimal numbers, which are usually sequential."""


@dataclass(frozen=True)
class Keyspace:
    """What a few ids reveal about all the others."""

    kind: Literal["counts", "short", "timed", "unknown"]
    """`counts`: sequential numbers; `short`: random in a small space; `timed`: made from
    the time."""
    says: str = ""
    """A description without any id: `sequential numbers, written in base64`."""
    bits: float = 0.0
    """Size of the space of ids, as a power of 2."""
    numbers: tuple[int, ...] = ()
    """The numbers that the ids stand for, ascending; for `counts` only. In memory only."""

    @property
    def walkable(self) -> bool:
        """Whether other ids can be predicted."""
        return self.kind != "unknown"


UNKNOWN = Keyspace("unknown")


def read(ids: Mapping[str, Sequence[str]], dated: Sequence[str] = ()) -> Keyspace:
    """Analyses ids, given by owner in listing order. `dated`: those with a known creation time,
    oldest first. An id shared by two owners identifies no object, and makes the result unknown."""
    texts = list(dict.fromkeys(text for each in ids.values() for text in each))
    if not texts or len(texts) < sum(len(set(each)) for each in ids.values()):
        return UNKNOWN
    rows = [dated] if len(dated) > 1 else list(ids.values())
    return _timed_keyspace(texts) or _counting_keyspace(texts, rows) or _short(texts) or UNKNOWN


# --------------------------------------------------------------------- sequential numbers


def _counting_keyspace(texts: Sequence[str], rows: Sequence[Sequence[str]]) -> Keyspace | None:
    """Of the readings in which the ids are closer than chance, the one with the lowest numbers."""
    best: tuple[int, str, list[int]] | None = None
    for words, reader in _READERS:
        found = reader(texts)
        if found is None:
            continue
        numbers, space = found
        span = max(numbers) - min(numbers)
        decimal = reader in (_plain, _prefixed_numbers)
        close = len(numbers) >= _ALIKE and span < (_SPAN if decimal else _NEAR)
        if (close and _by_chance(len(numbers), span / space) < _CHANCE) or (
            decimal and _is_count(texts, numbers, space, rows)
        ):
            if decimal or reader is _in_text:  # no other decoding is more likely
                return _sequential_keyspace(words, numbers)
            if best is None or max(numbers) < best[0]:
                best = max(numbers), words, numbers
    return _sequential_keyspace(best[1], best[2]) if best else None


def _sequential_keyspace(words: str, numbers: Sequence[int]) -> Keyspace:
    span = max(numbers) - min(numbers)
    return Keyspace("counts", words, math.log2(max(span, 2)), tuple(sorted(numbers)))


def _by_chance(many: int, share: float) -> float:
    """Chance that `many` random numbers lie within this share of their space.

    The range of k uniform draws is at most r with probability k r^(k-1) - (k-1) r^k.
    """
    share = min(share, 1.0)
    return float(many * share ** (many - 1) - (many - 1) * share**many)


def _is_count(
    texts: Sequence[str], numbers: Sequence[int], space: float, rows: Sequence[Sequence[str]]
) -> bool:
    """Whether decimal numbers count up although they lie far apart.

    Random ids nearly always use all digits, and k of them are in ascending or descending order with
    a chance of 2 in k!. Sequential numbers are common, so weaker evidence suffices.
    """
    if max(numbers) >= _SPAN or len(numbers) < _ALIKE:
        return False
    bare = dict(zip(texts, numbers, strict=True))
    padded = any(
        len(str(number)) < len(digits)
        for number, digits in zip(numbers, _digits(texts), strict=True)
    )
    uneven = not padded and len({len(text) for text in texts}) > 1
    ordered = math.prod(_out_of_order([bare[t] for t in row if t in bare]) for row in rows)
    span = max(numbers) - min(numbers)
    near = _by_chance(len(numbers), span / (space if padded else max(numbers)))
    return uneven or min(ordered, near) < _LIKELY


def _out_of_order(numbers: Sequence[int]) -> float:
    """Chance that random numbers are as well ordered as these."""
    if len(numbers) < 2 or list(numbers) not in (sorted(numbers), sorted(numbers, reverse=True)):
        return 1.0
    return 2 / math.factorial(min(len(numbers), 20))


_Numbers = tuple[list[int], float]
"""(the numbers that ids stand for, number of possible values of ids of this form)."""
_PARTS = re.compile(r"(.*?)(\d+)(\D*)", re.S)
_PLAIN = "whole numbers that count up"


def _digits(texts: Sequence[str]) -> list[str]:
    """The last digits of ids, if the text around them is the same in all; otherwise empty."""
    found = [_PARTS.fullmatch(text) for text in texts]
    parts = [each.groups() for each in found if each is not None and len(each[2]) < 40]
    alike = len({(head, tail) for head, _, tail in parts}) == 1
    return [digits for _, digits, _ in parts] if alike and len(parts) == len(texts) else []


def _decimals(texts: Sequence[str]) -> _Numbers | None:
    """`42`, `000042`, `INV-2024-00042`."""
    digits = _digits(texts)
    return ([int(each) for each in digits], 10.0 ** max(map(len, digits))) if digits else None


def _plain(texts: Sequence[str]) -> _Numbers | None:
    return _decimals(texts) if all(t.isascii() and t.isdigit() for t in texts) else None


def _prefixed_numbers(texts: Sequence[str]) -> _Numbers | None:
    return None if _plain(texts) else _decimals(texts)


_DIGITS, _LOWER, _UPPER = string.digits, string.ascii_lowercase, string.ascii_uppercase
_BASES: Mapping[str, Sequence[str]] = {
    "hexadecimal": (_DIGITS + "abcdef", _DIGITS + "ABCDEF"),
    "letters": (_LOWER, _UPPER),
    "base 32": ("0123456789ABCDEFGHJKMNPQRSTVWXYZ", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    "base 36": (_DIGITS + _LOWER, _DIGITS + _UPPER),
    "base 58": ("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",),
    "base 62": (_DIGITS + _UPPER + _LOWER, _DIGITS + _LOWER + _UPPER,
                _UPPER + _LOWER + _DIGITS, _LOWER + _UPPER + _DIGITS),
}  # fmt: skip
_NARROW = [
    set(_DIGITS),
    *(set(each) for name in _BASES for each in _BASES[name] if len(each) <= 36),
]


def _is_narrow(chars: set[str], within: int) -> bool:
    """Whether an alphabet of less than `within` characters is enough.

    Hexadecimal digits fill a corner of base 36, so that drawn ones look close there.
    """
    return any(chars <= each for each in _NARROW if len(each) < within)


def _in_base(alphabet: str, *, short: bool = False) -> Callable[[Sequence[str]], _Numbers | None]:
    """A reader for numbers in a base. `short`: it also reads short texts, which are mostly words or
    left to `_short`."""
    value = {char: number for number, char in enumerate(alphabet)}

    def reader(texts: Sequence[str]) -> _Numbers | None:
        bodies = [each.replace("-", "") if _UUID.fullmatch(each) else each for each in _bare(texts)]
        chars = set("".join(bodies))
        if not all(bodies) or not chars <= value.keys() or _is_narrow(chars, len(alphabet)):
            return None
        longest = max(map(len, bodies))
        if not short and longest * math.log2(len(alphabet)) <= _SMALL:
            return None
        numbers = []
        for body in bodies:
            number = 0
            for char in body:
                number = number * len(alphabet) + value[char]
            numbers.append(number)
        return numbers, float(len(alphabet)) ** min(longest, 150)

    return reader


def _in_text(texts: Sequence[str]) -> _Numbers | None:
    """base64 of a text with a number in it: `cDowMTIzNDU2` is `p:0123456`."""
    for bodies in _base64_bodies(texts):
        raw = [_bytes(text) for text in bodies]
        if all(_READABLE.fullmatch(each) for each in raw):
            inner = [each.decode() for each in raw]
            found = _decimals(inner) or _HEX(inner)
            # As many values as the texts allow: what surrounds the number is the same in all of
            # them.
            return found and (found[0], max(found[1], 2.0 ** (6 * max(map(len, texts)))))
    return None


def _in_bytes(texts: Sequence[str]) -> _Numbers | None:
    """base64 of the bytes of a number, the high ones first or the low ones."""
    found: list[tuple[int, int, list[int]]] = []
    # `a/210000` is not valid base64
    for bodies in _base64_bodies(texts) if _decimals(texts) is None else ():
        raw = [_bytes(text) for text in bodies]
        size = len(raw[0])
        fits = {len(each) for each in raw} == {size} and _SMALL < 8 * size <= 128
        for order in _ORDERS if fits and not _is_narrow(set("".join(bodies)), 64) else ():
            numbers = [int.from_bytes(each, order) for each in raw]
            found.append((max(numbers) - min(numbers), size, numbers))
    if not found:
        return None
    _, size, nearest = min(found)
    return nearest, 256.0**size


_HEX = _in_base("0123456789abcdef", short=True)
_ORDERS: tuple[Literal["big", "little"], ...] = ("big", "little")
_READABLE = re.compile(rb"[\x20-\x7e]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_READERS: tuple[tuple[str, Callable[[Sequence[str]], _Numbers | None]], ...] = (
    (_PLAIN, _plain),
    ("sequential numbers, written in base64", _in_text),
    ("sequential numbers after a common prefix", _prefixed_numbers),
    ("sequential numbers, written in base64", _in_bytes),
    *(
        (f"sequential numbers, written in {name}", _in_base(alphabet))
        for name, alphabets in _BASES.items()
        for alphabet in alphabets
    ),
)


_MARK = re.compile(r"[^0-9A-Za-z]")
_NO_BASE64 = re.compile(r"[^0-9A-Za-z=+/]")


def _bare(texts: Sequence[str], mark: re.Pattern[str] = _MARK) -> list[str]:
    """Ids without their common prefix up to its last separator, and without their common suffix
    from its first separator: `tag_`, `slip:`, `-gb`."""
    same = _common(texts)
    start = len(same) - len(mark.split(same)[-1])
    bodies = [text[start:] for text in texts]
    tails = {body[len(mark.split(body)[0]) :] for body in bodies}
    tail = tails.pop() if len(tails) == 1 else ""
    return [body.removesuffix(tail) for body in bodies]


def _common(texts: Sequence[str]) -> str:
    """The common prefix of all texts."""
    first, last = min(texts), max(texts)
    pairs = zip(first, last, strict=False)
    return "".join(char for char, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _base64_bodies(texts: Sequence[str]) -> list[list[str]]:
    """Possible base64 parts of ids: what `_bare` leaves, and more if padding shows where the part
    begins, since `_` and `-` are base64 digits in URLs."""
    found = [_bare(texts, _NO_BASE64)]
    start = _NO_BASE64.search(_common(texts))
    for cut in (start.end() if start else 0, 0):
        bodies = [text[cut:] for text in texts]
        padded = all(len(each) % 4 == 0 for each in bodies) and texts[0].endswith("=")
        if padded and bodies not in found:
            found.append(bodies)
    return found


def _bytes(text: str) -> bytes:
    """Decodes base64 (RFC 4648, both alphabets, padded or not); empty if it is not base64."""
    body = text.rstrip("=")
    if len(body) < 2 or len(body) % 4 == 1:
        return b""
    try:
        return base64url_bytes(body)
    except ValueError:
        return b""


# ----------------------------------------------------------- small key spaces and timestamps


def _short(texts: Sequence[str]) -> Keyspace | None:
    """The keyspace of random codes if it is small, also if each follows a date."""
    bits = _bits(_bare(texts))
    if bits is not None:
        return Keyspace("short", f"codes with at most 2^{math.ceil(bits)} values", bits)
    if not all(_DATE.search(text) for text in texts):
        return None
    bits = _bits(_bare([_DATE.sub("", text, count=1) for text in texts]))
    if bits is None:
        return None
    says = f"codes with at most 2^{math.ceil(bits)} values for each date"
    return Keyspace("short", says, bits)


def _bits(whole: Sequence[str]) -> float | None:
    """log2 of the number of possible codes of this form; None if there are too many, or if they are
    words."""
    bodies = whole
    if len(bodies) > 3:  # four random codes have no common prefix
        bodies = [body[len(_common(whole)) :] for body in whole]
    chars, length = set("".join(bodies)), max(map(len, bodies))
    few = len(bodies) > 3 and length <= _ALIKE and chars <= set(_DIGITS + _LOWER + _UPPER)
    if not (few or _is_coded(bodies)):
        return None
    bits = length * math.log2(next(size for known, size in _SIZES if chars <= set(known)))
    return bits if bits <= _SMALL else None


_DATE = re.compile(
    r"(?<!\d)20\d\d(?:[-/._]?(?:0[1-9]|1[0-2])(?:[-/._]?(?:0[1-9]|[12]\d|3[01]))?)?[-/._](?=\w)"
    r"|(?<!\d)20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?=\d)"
)
"""A date at the start of an id, behind which ids count up: `20240115-0042`, `2024-00042`."""


def _is_coded(bodies: Sequence[str]) -> bool:
    """Whether ids are codes, not chosen names: all are digits, half of them mix letters and digits
    or cases as no word does, or they are three or more capital letters. `robin7` is a name."""
    chars = set("".join(bodies))
    if not chars or not chars <= set(_DIGITS + _LOWER + _UPPER):
        return False
    odd = sum(_ODD.search(body) is not None for body in bodies)
    capitals = chars <= set(_UPPER) and len(bodies) > _ALIKE and len({*map(len, bodies)}) == 1
    return chars <= set(_DIGITS) or (odd >= _ALIKE and 2 * odd >= len(bodies)) or capitals


_ODD = re.compile("[0-9][A-Za-z]|[a-z][A-Z]")
_SIZES = (
    (_DIGITS, 10), (_DIGITS + "abcdef", 16), (_DIGITS + "ABCDEF", 16), (_UPPER, 26),
    (_DIGITS + _LOWER, 36), (_DIGITS + _UPPER, 36), (_DIGITS + _LOWER + _UPPER, 62),
)  # fmt: skip


def _timed_keyspace(texts: Sequence[str]) -> Keyspace | None:
    """Ids that one machine derives from the time: UUIDs of version 1 and 6, ids of MongoDB.

    RFC 9562, 8: UUIDs are not to be taken for hard to guess. In version 1 node and clock sequence
    stay the same, and ten million values a second are left; a MongoDB id is the second, five bytes
    that stay the same while the server runs, and a counter.
    """
    if len(texts) < _ALIKE:
        return None
    if all(_UUID.fullmatch(text) for text in texts):
        each = [uuid.UUID(text) for text in texts]
        made = {(one.version, one.clock_seq, one.node) for one in each}
        if len(made) == 1 and each[0].version in (1, 6):
            return Keyspace("timed", "UUIDs that one machine derives from the time", 23.3)
    if all(re.fullmatch(r"[0-9a-f]{24}", text) for text in texts):
        seconds = [int(text[:8], 16) for text in texts]
        same = len({text[8:18] for text in texts}) == 1
        if same and all(_EPOCH <= each < _END for each in seconds):
            return Keyspace(
                "timed", "ids that one machine derives from the time and a counter", 24.0
            )
    return None


_EPOCH, _END = 1_200_000_000, 4_000_000_000
"""The years 2008, before which there was no MongoDB, and 2096, in seconds since 1970."""
