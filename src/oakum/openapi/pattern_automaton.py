"""Compiles a pattern to a table that every engine can run.

A `pattern` of the document (ECMA-262, as in JSON Schema) becomes a deterministic automaton over the
bytes of UTF-8. It is linear in the text whatever the pattern, while a caller could keep a
backtracking engine busy (CWE-1333). A pattern that is too large for a table is
`UnsupportedPattern`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from oakum.openapi.pattern_syntax import (
    MOST_STATES,
    Anchor,
    AnyOf,
    Char,
    InOrder,
    PatternReader,
    Piece,
    Repetition,
    UnsupportedPattern,
)

_REST = frozenset(range(0x80, 0xC0))
_BEYOND = (
    (frozenset(range(0xC2, 0xE0)), _REST),
    (frozenset(range(0xE0, 0xF0)), _REST, _REST),
    (frozenset(range(0xF0, 0xF5)), _REST, _REST, _REST),
)
"""Byte classes of every character beyond ASCII in valid UTF-8 (RFC 3629, 4)."""


@dataclass(frozen=True)
class Automaton:
    """A DFA that starts in state 0; `next` has a row of `width` entries for each state."""

    classes: tuple[int, ...]
    """Byte class of each of the 256 bytes: the column in `next`."""
    width: int
    next: tuple[int, ...]
    """Next state by state and byte class; -1 if no continuation can match."""
    accepts: tuple[bool, ...]
    """Whether a text may end in this state."""

    def matches(self, value: str) -> bool:
        """Whether the whole text matches."""
        state = 0
        for byte in value.encode():
            state = self.next[state * self.width + self.classes[byte]]
            if state < 0:
                return False
        return self.accepts[state]

    def within(self, other: Automaton) -> bool:
        """Whether every text that matches this automaton matches the other."""
        bytes = {(self.classes[b], other.classes[b]) for b in range(256)}
        todo = [(0, 0)]
        met = {*todo}
        for here, there in todo:
            if self.accepts[here] and not (there >= 0 and other.accepts[there]):
                return False
            for own, its in bytes:
                onward = self.next[here * self.width + own]
                beyond = other.next[there * other.width + its] if there >= 0 else -1
                if onward >= 0 and (onward, beyond) not in met:
                    met.add((onward, beyond))
                    todo.append((onward, beyond))
        return True

    def shortest(self) -> str | None:
        """The shortest matching text that is a valid path segment, preferably of letters, digits,
        `-` and `_`; None if there is none."""
        return self._shortest(_PLAIN) or self._shortest(_PLAIN + _OTHERS)

    def _shortest(self, alphabet: bytes) -> str | None:
        came: dict[int, bytes] = {0: b""}
        todo = [0]
        for state in todo:
            if self.accepts[state] and came[state] not in _NO_SEGMENT:
                return came[state].decode()
            for byte in alphabet:
                after = self.next[state * self.width + self.classes[byte]]
                if after >= 0 and after not in came:
                    came[after] = came[state] + bytes((byte,))
                    todo.append(after)
        return None


_PLAIN = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
_OTHERS = b".@:~ !$&'()*+,;=\"#<>?[]^`{|}" + bytes(range(0x80, 0x100))
"""Other bytes of a path segment, escaped or not; bytes beyond ASCII only as parts of UTF-8."""
_NO_SEGMENT = (b"", b".", b"..")


@lru_cache(maxsize=1 << 10)
def of_pattern(pattern: str) -> Automaton:
    """An automaton for the texts in which the pattern is found. Raises `UnsupportedPattern`."""
    return table(PatternReader(pattern).whole())


def of_texts(texts: Iterable[str]) -> Automaton:
    """An automaton for exactly these texts. Raises `UnsupportedPattern` when they are too many."""
    rows = (
        InOrder(tuple(Char(frozenset((byte,)), False) for byte in each.encode())) for each in texts
    )
    return table(InOrder((Anchor("^"), AnyOf(tuple(rows)), Anchor("$"))))


@dataclass(frozen=True)
class _Net:
    """An NFA: steps over a byte, and free steps, some of them only at the start or end of the
    text."""

    over: list[list[tuple[frozenset[int], int]]] = field(default_factory=list)
    free: list[list[tuple[str, int]]] = field(default_factory=list)

    def place(self) -> int:
        if len(self.over) >= 10 * MOST_STATES:
            raise UnsupportedPattern("it is too long")
        self.over.append([])
        self.free.append([])
        return len(self.over) - 1

    def build(self, piece: Piece, begin: int) -> int:
        """Adds a piece's steps from a place on; returns the place where it ends."""
        if isinstance(piece, InOrder):
            for part in piece.parts:
                begin = self.build(part, begin)
            return begin
        if isinstance(piece, Repetition):
            return self._times(piece, begin)
        end = self.place()
        if isinstance(piece, AnyOf):
            for part in piece.parts:
                self.free[self.build(part, begin)].append(("", end))
        elif isinstance(piece, Anchor):
            self.free[begin].append((piece.where, end))
        else:
            self.over[begin].append((piece.ascii, end))
            for row in _BEYOND if piece.beyond else ():
                here = begin
                for bytes in row[:-1]:
                    self.over[here].append((bytes, there := self.place()))
                    here = there
                self.over[here].append((row[-1], end))
        return end

    def _times(self, piece: Repetition, begin: int) -> int:
        for _ in range(piece.low):
            begin = self.build(piece.part, begin)
        end = self.place()
        self.free[begin].append(("", end))
        if piece.high is None:
            again = self.place()
            self.free[begin].append(("", again))
            self.free[self.build(piece.part, again)].append(("", again))
            self.free[again].append(("", end))
        for _ in range((piece.high or 0) - piece.low):
            begin = self.build(piece.part, begin)
            self.free[begin].append(("", end))
        return end

    def reach(self, places: Iterable[int], holding: str) -> frozenset[int]:
        """The places reachable by free steps when these anchors hold."""
        found = set(places)
        waiting = list(found)
        while waiting:
            for anchor, onward in self.free[waiting.pop()]:
                if onward not in found and (not anchor or anchor in holding):
                    found.add(onward)
                    waiting.append(onward)
        return frozenset(found)


def table(piece: Piece) -> Automaton:
    """The DFA of a pattern by subset construction. Raises `UnsupportedPattern`: it is too large."""
    net = _Net()
    begin, found, nowhere = (net.place() for _ in range(3))
    end = net.build(piece, begin)
    net.free[end].append(("", found))  # anything may follow a match
    classes, bytes = _columns(net)
    ahead = net.reach((begin,), "")
    states = {net.reach((begin, nowhere), "^"): 0}  # the only state in which `^` holds
    waiting, rows = [*states], list[int]()
    for state in waiting:
        for byte in bytes:
            steps = {to for at in state for taken, to in net.over[at] if byte in taken}
            # A match may begin anywhere.
            onward = net.reach(steps, "") | ahead
            if found in onward or found in state:
                onward = frozenset((found,))
            if onward not in states:
                if len(states) >= MOST_STATES:
                    raise UnsupportedPattern("it is too large")
                states[onward] = len(states)
                waiting.append(onward)
            rows.append(states[onward])
    accepts = [found in net.reach(state, "^$" if not at else "$") for state, at in states.items()]
    return Automaton(classes, len(bytes), _ending(rows, accepts), tuple(accepts))


def _columns(net: _Net) -> tuple[tuple[int, ...], list[int]]:
    """The column of each byte, and a representative byte of each column: no step distinguishes the
    bytes of one column."""
    told = {taken for steps in net.over for taken, _ in steps}
    columns: dict[tuple[bool, ...], int] = {}
    classes = [
        columns.setdefault(tuple(byte in taken for taken in told), len(columns))
        for byte in range(256)
    ]
    return tuple(classes), [classes.index(column) for column in range(len(columns))]


def _ending(rows: list[int], accepts: list[bool]) -> tuple[int, ...]:
    """The rows, with -1 for states from which no accepting state can be reached."""
    width = len(rows) // len(accepts)
    good = {state for state, accepted in enumerate(accepts) if accepted}
    size = -1
    while size < len(good):
        size = len(good)
        good |= {at // width for at, onward in enumerate(rows) if onward in good}
    return tuple(onward if onward in good else -1 for onward in rows)
