"""No pattern of the Lua runtime takes more than linear time: one request must not hold a worker.

A pattern backtracks in C, where no budget sees it. A matcher of the same grammar (Lua 5.1, 5.4.1)
counts its steps here, over texts that repeat what the pattern may stumble upon.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

GUARD = Path(__file__).parents[2] / "src/oakum/guard"
_LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"' + r"|'(?:[^'\\\n]|\\.)*'")
_CLASSES: dict[str, Callable[[str], bool]] = {
    "a": lambda c: c.isascii() and c.isalpha(),
    "c": lambda c: ord(c) < 32 or ord(c) == 127,
    "d": lambda c: c in "0123456789",
    "l": lambda c: c.isascii() and c.islower(),
    "p": lambda c: c in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "s": lambda c: c in " \t\n\v\f\r",
    "u": lambda c: c.isascii() and c.isupper(),
    "w": lambda c: c.isascii() and c.isalnum(),
    "x": lambda c: c in "0123456789abcdefABCDEF",
    "z": lambda c: c == "\0",
}
ENDS_WITH_IT = "the text has the last byte of the pattern at its end"
TRUSTED = "the text is of the engine, the store or the command line"
EXEMPT = {
    "([^,]*),": ENDS_WITH_IT,
    "([^;]*);": ENDS_WITH_IT,
    "([^&]*)&": ENDS_WITH_IT,
    "([^:]*):": ENDS_WITH_IT,
    "([^%]]*)%]": ENDS_WITH_IT,
    "([^\r]*)\r\n": TRUSTED,
    "^([%w._-]+):?(%d*)/?(%d*)$": TRUSTED,
    "%d+$": TRUSTED,
}
SHORT, LONG = 48, 96


class Matcher:
    """`string.find` of Lua, which counts how often it looks at a byte."""

    def __init__(self, pattern: str) -> None:
        self.anchored = pattern.startswith("^")
        self.items = list(_items(pattern[self.anchored :]))

    def steps(self, text: str) -> int:
        self.count, self.text = 0, text
        for start in range(1 if self.anchored else len(text) + 1):
            if self._match(start, 0):
                break
        return self.count

    def _one(self, at: int, item: int) -> bool:
        self.count += 1
        return at < len(self.text) and self.items[item][0](self.text[at])

    def _match(self, at: int, item: int) -> bool:
        while item < len(self.items):
            fits, repeat = self.items[item]
            if repeat == "$":
                return at == len(self.text)
            if repeat == "f":
                before, here = (self.text[i : i + 1] or "\0" for i in (at - 1, at))
                if fits(before if at else "\0") or not fits(here):
                    return False
                item += 1
                continue
            if repeat in ("*", "+"):
                most = at
                while self._one(most, item):
                    most += 1
                least = at + (repeat == "+")
                return any(self._match(end, item + 1) for end in range(most, least - 1, -1))
            if repeat == "-":
                while not self._match(at, item + 1):
                    if not self._one(at, item):
                        return False
                    at += 1
                return True
            if repeat == "?":
                if self._one(at, item) and self._match(at + 1, item + 1):
                    return True
            elif not self._one(at, item):
                return False
            else:
                at += 1
            item += 1
        return True


def _items(pattern: str) -> Iterator[tuple[Callable[[str], bool], str]]:
    at = 0
    while at < len(pattern):
        if pattern[at] in "()":  # a capture looks at nothing
            at += 1
            continue
        if pattern[at] == "$" and at + 1 == len(pattern):
            yield (lambda _: False), "$"
            return
        if pattern.startswith("%f[", at):
            at, fits = _set(pattern, at + 3)
            yield fits, "f"
            continue
        end, fits = _single(pattern, at)
        repeat = pattern[end] if pattern[end : end + 1] in ("*", "+", "-", "?") else ""
        yield fits, repeat
        at = end + len(repeat)


def _single(pattern: str, at: int) -> tuple[int, Callable[[str], bool]]:
    if pattern[at] == "%":
        return at + 2, _class(pattern[at + 1])
    if pattern[at] == ".":
        return at + 1, lambda _: True
    if pattern[at] == "[":
        return _set(pattern, at + 1)
    return at + 1, lambda c, own=pattern[at]: c == own  # type: ignore[misc]


def _class(letter: str) -> Callable[[str], bool]:
    found = _CLASSES.get(letter.lower())
    if found is None:
        return lambda c: c == letter
    return found if letter.islower() else lambda c: not found(c)


def _set(pattern: str, at: int) -> tuple[int, Callable[[str], bool]]:
    negated = pattern[at] == "^"
    at += negated
    parts: list[Callable[[str], bool]] = []
    first = True
    while first or pattern[at] != "]":
        first = False
        if pattern[at] == "%":
            parts.append(_class(pattern[at + 1]))
            at += 2
        elif pattern[at + 1] == "-" and pattern[at + 2] != "]":
            parts.append(lambda c, a=pattern[at], z=pattern[at + 2]: a <= c <= z)  # type: ignore[misc]
            at += 3
        else:
            parts.append(lambda c, own=pattern[at]: c == own)  # type: ignore[misc]
            at += 1
    return at + 1, lambda c: any(part(c) for part in parts) != negated


def patterns() -> dict[str, str]:
    """Texts of the runtime that may be patterns with a repetition → where each stands first."""
    found: dict[str, str] = {}
    for file in sorted(GUARD.rglob("*.lua")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if line.lstrip().startswith("--"):
                continue
            for literal in _LITERAL.findall(line):
                text = ast.literal_eval(re.sub(r"\\(\d{1,3})", _byte, literal))
                if re.search(r"(%.|\.|\])[*+-]", text) and _reads(text):
                    found.setdefault(text, f"{file.name}:{number}")
    return found


def _byte(decimal: re.Match[str]) -> str:
    return f"\\x{int(decimal[1]):02x}"


def _reads(text: str) -> bool:
    try:
        Matcher(text)
    except IndexError:
        return False  # no pattern
    return True


def stumbles(pattern: str) -> str:
    """A text twice as long as another that takes the pattern much more than twice the steps."""
    matcher = Matcher(pattern)
    kinds = [fits for fits, repeat in matcher.items if repeat != "$"]
    bytes_ = [chr(each) for each in range(256)]
    some = {next((c for c in " 0a/" + "".join(bytes_) if fits(c)), "") for fits in kinds} - {""}
    others = {next((c for c in "\x01!" + "".join(bytes_) if not fits(c)), "") for fits in kinds}
    ends = ["", "\x01", *sorted(some | others)][:8]
    for before, each, after in product(["", *sorted(some | others)], sorted(some | others), ends):
        long, short = (matcher.steps(before + each * n + after) for n in (LONG, SHORT))
        if each and long > 2.6 * short + LONG:
            return f"{before!r} + {each!r} * n + {after!r}"
    return ""


@pytest.mark.parametrize("pattern", sorted(patterns()))
def test_a_pattern_takes_linear_time(pattern: str) -> None:
    if pattern not in EXEMPT:
        assert not stumbles(pattern), patterns()[pattern]


def test_every_exemption_is_of_a_pattern_that_needs_it() -> None:
    assert EXEMPT.keys() <= patterns().keys()
    assert all(map(stumbles, EXEMPT))


@pytest.mark.parametrize(
    "pattern", ["^%s*(.-)%s*$", "^%s*([^=]-)%s*=", "[/:#]+$", "^0*(%d+)$", "^[^=]*=(.*)x", "a*b"]
)
def test_what_begins_anew_at_each_byte_is_found(pattern: str) -> None:
    assert bool(stumbles(pattern)) == (pattern not in ("^[^=]*=(.*)x",))


@pytest.mark.parametrize("pattern", ["^[^=]*=(.*)$", "^%s*([^%s=]+)", "%S", "^%+?(%d+)(.*)$"])
def test_what_goes_on_is_not(pattern: str) -> None:
    assert not stumbles(pattern)
