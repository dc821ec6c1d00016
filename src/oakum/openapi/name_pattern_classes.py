"""Classes of undeclared members by name, from `patternProperties` and `propertyNames`.

Both keywords test names. Names that match the same tests form a class, about which an object's
schema says the same, so a few classes stand for all names. One automaton (`automaton`) determines
the class of a name, for every engine alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from oakum.openapi.pattern_automaton import Automaton, of_pattern, of_texts
from oakum.openapi.pattern_syntax import MOST_STATES, UnsupportedPattern

NameTest = str | tuple[str, ...]
"""A regular expression (ECMA-262) found in a name, or a set of names."""


@dataclass(frozen=True)
class NameClasses:
    """Classes of names, and the automaton that determines them: `next` as in `Automaton`."""

    classes: tuple[int, ...]
    width: int
    next: tuple[int, ...]
    labels: tuple[int, ...]
    """State → class of a name that ends in it; names without a transition are of class 0."""
    matched: tuple[frozenset[NameTest], ...]
    """Class → the tests that its names match; none for class 0."""

    def of(self, name: str) -> int:
        """The class of a name."""
        state = 0
        for byte in name.encode("utf-8", "surrogatepass"):
            state = self.next[state * self.width + self.classes[byte]]
            if state < 0:
                return 0
        return self.labels[state]


def automaton_of(test: NameTest) -> Automaton:
    """An automaton for the names that a test matches. Raises `UnsupportedPattern`."""
    return of_pattern(test) if isinstance(test, str) else of_texts(test)


@lru_cache(maxsize=1 << 10)
def name_classes(tests: tuple[NameTest, ...]) -> NameClasses:
    """The classes of names by these tests. Raises `UnsupportedPattern`: one of them cannot be
    compiled, or together they are too large."""
    each = [automaton_of(test) for test in tests]
    classes, bytes = _columns(each)
    start = (0,) * len(each)
    states, waiting, rows = {start: 0}, [start], list[int]()
    for state in waiting:
        for byte in bytes:
            onward = tuple(map(_step, each, state, (byte,) * len(each)))
            if max(onward, default=-1) < 0:
                rows.append(-1)
                continue
            if onward not in states:
                if len(states) >= 2 * MOST_STATES:
                    raise UnsupportedPattern("it is too large beside the others")
                states[onward] = len(states)
                waiting.append(onward)
            rows.append(states[onward])
    numbers: dict[frozenset[NameTest], int] = {frozenset(): 0}
    labels = []
    for state in states:
        ends = zip(tests, each, state, strict=True)
        met = frozenset(test for test, own, at in ends if at >= 0 and own.accepts[at])
        labels.append(numbers.setdefault(met, len(numbers)))
    return NameClasses(classes, len(bytes), tuple(rows), tuple(labels), tuple(numbers))


def _step(made: Automaton, state: int, byte: int) -> int:
    return made.next[state * made.width + made.classes[byte]] if state >= 0 else -1


def _columns(each: Sequence[Automaton]) -> tuple[tuple[int, ...], list[int]]:
    """The column of each byte, and a byte of each column, as in `automaton`."""
    columns: dict[tuple[int, ...], int] = {}
    classes = tuple(
        columns.setdefault(tuple(made.classes[byte] for made in each), len(columns))
        for byte in range(256)
    )
    return classes, [classes.index(column) for column in range(len(columns))]
