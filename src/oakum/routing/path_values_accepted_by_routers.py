"""The path values that routers accept for a declared type.

Frameworks distinguish operations by converters (`<int:id>`, `{id:uuid}`) and write them into the
document as a type or format. They differ in what they accept, so a choice between operations is
certain only for values that all of them accept, or none.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from oakum.openapi.model import Shape
from oakum.openapi.pattern_automaton import Automaton, of_pattern, of_texts, table
from oakum.openapi.pattern_syntax import (
    Anchor,
    AnyOf,
    Char,
    InOrder,
    Piece,
    Repetition,
    UnsupportedPattern,
)
from oakum.routing.parameter_texts import of_shape

_MOST_DIGITS = 19
"""Number of digits of the largest 64-bit integer."""
_LONGEST = 450
"""Most characters that an automaton can count."""
_FORMATS = {
    "uuid": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "date-time": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z?",
}
# Django takes lower case alone.
_FORMATS["guid"] = _FORMATS["uuid"]


def sure_texts(shape: Shape) -> Automaton | None:
    """Values that every router accepts for this schema; None: any."""
    kinds = shape.kinds - {"null"}
    if shape.enum or (shape.pattern and kinds <= {"string"}):
        with suppress(UnsupportedPattern):
            return of_shape(shape)
        return None
    if kinds == {"integer"} or (kinds <= {"string"} and shape.format in ("int32", "int64")):
        return _integers(shape)
    if kinds == {"number"}:  # some routers require a decimal point
        return of_pattern(r"^[0-9]{1,15}\.[0-9]{1,15}$")
    if kinds == {"boolean"}:
        return of_texts(("true", "false"))
    return _strings(shape) if kinds <= {"string"} else None


def _integers(shape: Shape) -> Automaton:
    low = shape.minimum if type(shape.minimum) is int else 0
    high = shape.maximum if type(shape.maximum) is int else 10**_MOST_DIGITS - 1
    if low <= 0 and shape.maximum is None:
        return of_pattern(f"^[0-9]{{1,{_MOST_DIGITS}}}$")
    forms = [
        _between(str(max(low, 0, 10 ** (size - 1) * (size > 1))), str(min(high, 10**size - 1)))
        for size in range(len(str(max(low, 0))), len(str(max(high, 0))) + 1)
        if high >= max(low, 0)
    ]
    return of_pattern(f"^(?:{'|'.join(forms)})$") if forms else of_texts(())


def _between(low: str, high: str) -> str:
    """A pattern of the numbers between two of as many digits."""
    rest = len(low) - 1
    if not low.strip("0") and not high.strip("9"):
        return f"[0-9]{{{len(low)}}}"
    if low[0] == high[0]:
        return low[0] + _between(low[1:], high[1:])
    forms = [low[0] + _between(low[1:], "9" * rest), high[0] + _between("0" * rest, high[1:])]
    if int(high[0]) - int(low[0]) > 1:
        forms.append(f"[{int(low[0]) + 1}-{int(high[0]) - 1}][0-9]{{{rest}}}")
    return f"(?:{'|'.join(forms)})"


def _strings(shape: Shape) -> Automaton | None:
    if shape.format in _FORMATS:
        return of_pattern(f"^{_FORMATS[shape.format]}$")
    least, most = max(shape.min_length, 1), shape.max_length
    if (least == 1 and most is None) or max(least, most or 0) > _LONGEST:
        return None
    return of_pattern(f"^[ -~]{{{least},{'' if most is None else most}}}$")


@cache
def unclear_integers() -> Automaton:
    """Texts that some routers read as an integer and others do not: with a sign, digits beyond
    ASCII, `_`, spaces around, or more digits than 64 bits have."""
    plain = Char(frozenset(b"0123456789"), False)
    odd = AnyOf((*_digits_beyond_ascii(), _byte("_"), _byte(" ")))
    begin = AnyOf((_byte("+"), _byte("-"), InOrder((Repetition(plain, 0, None), odd))))
    strange = InOrder((begin, Repetition(AnyOf((plain, odd)), 0, None)))
    long = Repetition(plain, _MOST_DIGITS + 1, None)
    return table(InOrder((Anchor("^"), AnyOf((strange, long)), Anchor("$"))))


def _digits_beyond_ascii() -> Iterator[Piece]:
    """The decimal digits of other scripts (Unicode's Nd), by what their bytes begin with."""
    last: dict[bytes, set[int]] = {}
    for char in map(chr, range(0x80, sys.maxunicode + 1)):
        if char.isdecimal():
            *before, end = char.encode()
            last.setdefault(bytes(before), set()).add(end)
    for lead, ends in last.items():
        yield InOrder((*map(_byte, map(chr, lead)), Char(frozenset(ends), False)))


def _byte(char: str) -> Piece:
    return Char(frozenset((ord(char),)), False)
