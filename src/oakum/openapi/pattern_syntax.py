"""Parses a `pattern` (ECMA-262, JSON Schema); refuses what is not a regular language."""

from __future__ import annotations

from dataclasses import dataclass

MOST_STATES = 500
"""Most states of a table; the NFA before it may have ten times as many."""
_ASCII = frozenset(range(0x80))
_DIGIT = frozenset(b"0123456789")
_LETTER = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_CLASSES = {"d": _DIGIT, "w": _DIGIT | _LETTER | frozenset(b"_"), "s": frozenset(b" \t\n\r\f\v")}
_CONTROLS = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_COUNTS = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class UnsupportedPattern(Exception):
    """A pattern that cannot be compiled to a table; the message says why."""


@dataclass(frozen=True)
class Char:
    """One character: one of these in ASCII, or (`beyond`) any outside ASCII."""

    ascii: frozenset[int]
    beyond: bool


@dataclass(frozen=True)
class Anchor:
    where: str
    """`^` or `$`."""


@dataclass(frozen=True)
class InOrder:
    parts: tuple[Piece, ...]


@dataclass(frozen=True)
class AnyOf:
    parts: tuple[Piece, ...]


@dataclass(frozen=True)
class Repetition:
    part: Piece
    low: int
    high: int | None
    """None: unbounded."""


Piece = Char | Anchor | InOrder | AnyOf | Repetition
_DOT = Char(_ASCII - frozenset(b"\n\r"), True)


class PatternReader:
    """Recursive-descent parser; each method consumes one piece."""

    def __init__(self, pattern: str) -> None:
        self._text, self._at = pattern, 0

    def whole(self) -> Piece:
        found = self._either()
        if self._at < len(self._text):
            raise UnsupportedPattern("a closing bracket has no opening bracket")
        return found

    def _take(self, ahead: str) -> bool:
        taken = self._text.startswith(ahead, self._at)
        self._at += len(ahead) if taken else 0
        return taken

    def _char(self) -> str:
        if self._at >= len(self._text):
            raise UnsupportedPattern("it ends too early")
        self._at += 1
        return self._text[self._at - 1]

    def _either(self) -> Piece:
        rows = [self._row()]
        while self._take("|"):
            rows.append(self._row())
        return AnyOf(tuple(rows)) if rows[1:] else rows[0]

    def _row(self) -> Piece:
        parts: list[Piece] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            parts.append(self._read_count(self._one()))
        return InOrder(tuple(parts))

    def _one(self) -> Piece:
        char = self._char()
        if char == "(":
            if self._take("?") and not self._take(":"):
                raise UnsupportedPattern("it looks around")
            found = self._either()
            if not self._take(")"):
                raise UnsupportedPattern("a bracket is not closed")
            return found
        if char in "^$":
            return Anchor(char)
        if char == "[":
            return self._class()
        if char == ".":
            return _DOT
        if char == "\\":
            return self._escape()
        if char in "*+?{":
            raise UnsupportedPattern("nothing is repeated")
        return _literal(char)

    def _escape(self) -> Char:
        """An escape, inside or outside a character class."""
        char = self._char()
        if char.lower() in _CLASSES:
            found = _CLASSES[char.lower()]
            return Char(found, False) if char.islower() else Char(_ASCII - found, True)
        if char in _CONTROLS:
            return Char(frozenset((_CONTROLS[char],)), False)
        if char in "xu":
            digits = "".join(self._char() for _ in range(2 if char == "x" else 4))
            try:
                return _literal(chr(int(digits, 16)))
            except ValueError:
                raise UnsupportedPattern("an escape is broken") from None
        if char.isalnum():
            raise UnsupportedPattern(f"`\\{char}` is not known here")
        return _literal(char)

    def _class(self) -> Char:
        negated = self._take("^")
        ascii: set[int] = set()
        beyond = False
        while not self._take("]"):
            first = self._member()
            ascii |= first.ascii
            beyond = beyond or first.beyond
            if self._text.startswith("-]", self._at) or not self._take("-"):
                continue
            last = self._member()
            ends = [*first.ascii, *last.ascii]
            if len(ends) != 2 or ends[0] > ends[1] or first.beyond or last.beyond:
                raise UnsupportedPattern("a range is none")
            ascii.update(range(ends[0], ends[1] + 1))
        return Char(_ASCII - ascii if negated else frozenset(ascii), beyond is not negated)

    def _member(self) -> Char:
        char = self._char()
        if char != "\\":
            return _literal(char)
        return Char(frozenset((8,)), False) if self._take("b") else self._escape()

    def _read_count(self, part: Piece) -> Piece:
        if self._at >= len(self._text) or self._text[self._at] not in "*+?{":
            return part
        char = self._char()
        low, high = self._braces() if char == "{" else _COUNTS[char]
        self._take("?")  # laziness does not change whether a text matches
        if self._at < len(self._text) and self._text[self._at] in "*+?{":
            raise UnsupportedPattern("a repetition is repeated")
        return Repetition(part, low, high)

    def _braces(self) -> tuple[int, int | None]:
        said = ""
        while not self._take("}"):
            said += self._char()
        low, comma, high = said.partition(",")
        if not low.isascii() or not low.isdigit() or not (high.isdigit() or not high):
            raise UnsupportedPattern("a count is not a number")
        if int(high or low) > 10 * MOST_STATES or int(low) > 10 * MOST_STATES:
            raise UnsupportedPattern("it is too long")
        if not comma:
            return int(low), int(low)
        return int(low), int(high) if high else None


def _literal(char: str) -> Char:
    if ord(char) not in _ASCII:
        raise UnsupportedPattern("it names characters beyond ASCII")
    return Char(frozenset((ord(char),)), False)
