"""Parser combinators for policies: a YAML node in, a value out, mistakes collected.

A reader is a function `(reader, node, what) -> value | None`. None says that the mistake has been
recorded, so that the caller continues and the user sees all mistakes at once. Questions that need
the whole policy (is this relation defined further down?) are asked `later`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from oakum.errors import Problem, did_you_mean
from oakum.openapi.model import Json
from oakum.openapi.source import Node
from oakum.policy.model import Policy

T = TypeVar("T")

_OLD_BOOLEANS = {
    "yes": "true",
    "on": "true",
    "y": "true",
    "no": "false",
    "off": "false",
    "n": "false",
}
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
PATH = re.compile(r"(?:\*|[^.,*\s/][^.,*\s]*)(?:\.(?:\*|[^.,*\s]+))*")
POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")


class Reader:
    """Collects mistakes, and checks that have to wait for the whole policy."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        self._questions: list[Callable[[Policy], None]] = []

    def wrong(self, node: Node, message: str, hint: str = "") -> None:
        """Records a mistake at a node."""
        self.problems.append(Problem(node.location, message, hint))

    def unlike(self, node: Node, what: str, expected: str, hint: str = "") -> None:
        """Records that a node has the wrong type."""
        self.wrong(node, f"{what} must be {expected}, not {describe(node)}", hint)

    def is_known(self, node: Node, name: str, among: Iterable[str], kind: str) -> bool:
        """Whether a name is among those defined; records a mistake otherwise."""
        names = list(among)
        if name not in names:
            article = "an" if kind[0] in "aeiou" else "a"
            self.wrong(node, f"`{name}` is not {article} {kind}", nearest(name, names))
        return name in names

    def later(self, question: Callable[[Policy], None]) -> None:
        """Defers a check until everything has been read."""
        self._questions.append(question)

    def settle(self, policy: Policy) -> None:
        """Runs the deferred checks."""
        for question in self._questions:
            question(policy)


Read: TypeAlias = Callable[[Reader, Node, str], T | None]


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint for an unknown name: the closest known name, else a list of them."""
    names = list(known)
    if hint := did_you_mean(word, names):
        return hint
    few = ", ".join(f"`{name}`" for name in names[:9])
    return f"known: {few}{', …' if len(names) > 9 else ''}" if names else ""


def is_one_of(value: Json, values: Iterable[Json]) -> bool:
    """Whether a value is among others, where `true` is not equal to 1."""
    return any(type(one) is type(value) and one == value for one in values)


def text(value: Json) -> str:
    """A scalar as its author wrote it."""
    return {True: "true", False: "false", None: "null"}[value] if _constant(value) else str(value)


def _constant(value: Json) -> bool:
    return value is None or isinstance(value, bool)


def describe(node: Node) -> str:
    """A description of a node's content for messages."""
    if node.kind != "scalar":
        return f"a {node.kind}" if node.items or node.elements else f"an empty {node.kind}"
    if node.scalar is None:
        return "nothing"
    if isinstance(node.scalar, bool):
        return f"the boolean `{text(node.scalar)}`"
    if isinstance(node.scalar, str):
        return f"the word `{node.scalar}`" if node.scalar else "an empty text"
    return f"the number `{node.scalar}`"


# --------------------------------------------------------------------------- scalars


def word(r: Reader, node: Node, what: str) -> str | None:
    """Reads a non-empty string."""
    if node.kind == "scalar" and isinstance(node.scalar, str) and node.scalar:
        return node.scalar
    quoted = node.kind == "scalar" and node.scalar not in (None, "")
    r.unlike(node, what, "a word", "put it in quotes if it is a name" if quoted else "")
    return None


def flag(r: Reader, node: Node, what: str) -> bool | None:
    """Reads `true` or `false`; for booleans of YAML 1.1 (`yes`) the mistake explains it."""
    if isinstance(node.scalar, bool):
        return node.scalar
    r.unlike(node, what, "`true` or `false`", boolean_hint(node.scalar))
    return None


def boolean_hint(value: Json) -> str:
    """Hint for a boolean of YAML 1.1 (`yes`, `on`); empty for other values."""
    meant = _OLD_BOOLEANS.get(value.lower()) if isinstance(value, str) else None
    return f"write `{meant}`: in YAML 1.2 `{value}` is text" if meant else ""


def scalar(r: Reader, node: Node, what: str) -> Json:
    """Reads a string, a number or a boolean."""
    if node.kind == "scalar" and node.scalar is not None:
        return node.scalar
    r.unlike(node, what, "a word, a number or a boolean")
    return None


def one_of(*choices: str) -> Read[str]:
    """Reads one of `choices`. Anything else is a mistake, noted with the nearest of them, and read
    as None."""

    def read(r: Reader, node: Node, what: str) -> str | None:
        if node.kind == "scalar" and node.scalar in choices:
            return str(node.scalar)
        listed = " or ".join(f"`{choice}`" for choice in choices)
        hint = did_you_mean(node.scalar, choices) if isinstance(node.scalar, str) else ""
        r.unlike(node, what, listed, hint)
        return None

    return read


def path(r: Reader, node: Node, what: str) -> str | None:
    """Reads a field path: names joined by dots, `*` for list elements and map values."""
    found = word(r, node, what)
    if found is None or PATH.fullmatch(found):
        return found
    dotted = found.strip("/").replace("/", ".")
    hint = f"write `{dotted}`" if "/" in found and PATH.fullmatch(dotted) else ""
    r.wrong(
        node,
        f"`{found}` is not a field path",
        hint or "write names joined by dots, such as `a.*.b`",
    )
    return None


def pointer(r: Reader, node: Node, what: str) -> str | None:
    """Reads a JSON pointer (RFC 6901), with `*` for list elements; empty: the whole response."""
    if node.kind == "scalar" and node.scalar == "":
        return ""
    found = word(r, node, what)
    if found is None or (POINTER.fullmatch(found) and found != "/"):
        return found
    if found == "/":
        hint = 'the whole answer is `""`'
    elif found.startswith("/"):
        hint = "`~` is written `~0`, and `/` in a name `~1`"
    else:
        hint = f"write `/{found.replace('.', '/')}`"
    r.wrong(node, f"`{found}` is not a JSON pointer", hint)
    return None


# --------------------------------------------------------------------------- combinations


def many(read: Read[T], of: str) -> Read[tuple[T, ...]]:
    """A reader of one value or a list of them; `of`: name of an element in messages."""

    def read_many(r: Reader, node: Node, what: str) -> tuple[T, ...] | None:
        if node.kind == "map":
            r.unlike(node, what, f"{of} or a list of them")
            return None
        if node.kind == "scalar":
            found = read(r, node, what)
            return None if found is None else (found,)
        values = (read(r, element, of) for element in node.elements)
        return tuple(value for value in values if value is not None)

    return read_many


def read_map(read: Callable[[Reader, Node, Node], T]) -> Read[dict[str, T]]:
    """A reader of a map; `read` is given the key and the value of each entry."""

    def read_named(r: Reader, node: Node, what: str) -> dict[str, T] | None:
        if node.kind != "map":
            r.unlike(node, what, "a map of names")
            return None
        found: dict[str, T] = {}
        for key, value in node.items:
            # one file cannot have this, but several files together can
            if str(key.scalar) in found:
                r.wrong(key, f"`{key.scalar}` occurs twice in {what}")
            found[str(key.scalar)] = read(r, key, value)
        return found

    return read_named


def name(r: Reader, key: Node, what: str) -> str:
    """Reads the name that the policy gives to a relation, a resource or a state."""
    found = str(key.scalar)
    if not NAME.fullmatch(found):
        r.wrong(key, f"`{found}` cannot name {what}", "letters, digits, `_` and `-` can")
    return found


@dataclass(frozen=True)
class Entries:
    """The entries of a map with known keys."""

    reader: Reader
    node: Node
    values: Mapping[str, Node]
    whole: bool
    """Whether the node was a map; otherwise that mistake is recorded, and missing keys are not."""

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def __getitem__(self, key: str) -> Node:
        """The value under a key that is there."""
        return self.values[key]

    def find(self, key: str, read: Read[T]) -> T | None:
        """The value under a key; None if it is absent or invalid."""
        value = self.values.get(key)
        return None if value is None else read(self.reader, value, f"`{key}`")

    def read(self, key: str, read: Read[T], default: T) -> T:
        """The value under a key; `default` if it is absent or invalid."""
        found = self.find(key, read)
        return default if found is None else found

    def require(self, key: str, whose: str, hint: str = "") -> None:
        """Reports a mistake if the key is missing, unless the mapping itself is one."""
        if self.whole and key not in self:
            self.reader.wrong(self.node, f"{whose} has no `{key}`", hint)

    def present(self, keys: Iterable[str]) -> list[str]:
        """The present keys, in the requested order."""
        return [key for key in keys if key in self]


def record(r: Reader, node: Node, what: str, keys: Iterable[str]) -> Entries:
    """Reads a map with these keys; records each unknown one."""
    if node.kind != "map":
        r.unlike(node, what, "a map")
        return Entries(r, node, {}, whole=False)
    known = list(keys)
    for key, _ in node.items:
        if key.scalar not in known:
            r.wrong(key, f"{what} has no key `{key.scalar}`", nearest(str(key.scalar), known))
    return Entries(r, node, {str(key.scalar): value for key, value in node.items}, whole=True)


def circles(steps: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, ...]]:
    """The cycles of a graph, each once: `a`, `b`, `a`."""
    done: set[str] = set()

    def walk(at: str, trail: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if at in trail:
            yield (*trail[trail.index(at) :], at)
        elif at not in done:
            for step in steps.get(at, ()):
                yield from walk(step, (*trail, at))
            done.add(at)

    for start in steps:
        yield from walk(start, ())
