"""Path templates from addresses alone: which segments are parameters.

A tree of segments. A segment with the shape of an id (number, UUID, ULID, hexadecimal, a mix of
letters and digits, an address) is a parameter at once. A word is a parameter in three cases: if it
follows the name of a collection, unless it is a common verb, an action (`change_password`) or the
name of a collection itself; if it has very many siblings; and if several siblings have similar
responses and each was requested by a caller of its own. So a report may miss an endpoint, but does
not show a person's name. Each node holds what `T` has counted; when words become a parameter, their
counts are added. The tree is bounded: beyond `_MOST_WORDS` children a place is a parameter, beyond
`_MOST_NODES` nodes no new word is learnt.

A word for which the server has only ever answered "not found" is a guess of the caller. It does not
count as a word, so that a scan with a word list does not hide the real endpoints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Generic, Protocol, Self, TypeVar

from oakum.inference.lexicon import singular, words
from oakum.inference.side_effects import says_act
from oakum.openapi.path_segments import VERSION, id_form

_MOST_WORDS = 200
_MOST_NODES = 20_000
_MOST_METHODS = 32
_OTHER = "OTHER"
"""Stands for further methods at an address: clients may invent any number."""
_MANY = 25
"""Number of sibling words from which a segment is a parameter."""
_FEWEST_OWN = 4
"""Number of similar siblings, each requested by a single caller, that is no coincidence."""
PARAMETER = ""
"""Name of a node for a parameter."""
_SLASH = "/"
"""Name of a node for a trailing slash, which servers may treat as another path."""

_OWN = re.compile(r"_[a-z]{3,12}")
_FIXED = frozenset(
    (
        "me", "self", "mine", "current", "search", "find", "query", "browse", "filter", "export",
        "import", "batch", "bulk", "count", "recent", "latest", "new", "login", "logout",
        "register", "signup", "session", "refresh", "status", "health", "settings", "list", "all",
        "stats", "summary", "feed", "public", "private", "popular", "trending", "featured",
        "recommended", "suggested", "nearby", "top", "active", "archived", "archive", "default",
        "history", "autocomplete", "suggest", "validate", "check", "verify", "lookup", "random",
        "next", "previous", "today", "events", "schema", "metadata", "config", "profile",
        "avatar", "password", "csv", "json",
    )
)  # fmt: skip

_SEARCHES = frozenset(
    (
        "search", "find", "lookup", "autocomplete", "suggest", "by", "named",
    )
)  # fmt: skip
_SINGULARS = frozenset(
    (
        "user", "member", "account", "customer", "profile", "person", "order", "item", "product",
    )
)  # fmt: skip


class Counts(Protocol):
    """Interface of the counts in a node: they can be added and compared."""

    def add(self, other: Self, /) -> None: ...
    def alike(self, other: Self, /) -> bool: ...


T = TypeVar("T", bound=Counts)


@dataclass
class _Node(Generic[T]):
    below: dict[str, _Node[T]] = field(default_factory=dict)
    counts: dict[str, T] = field(default_factory=dict)
    """By method."""
    forms: set[str] = field(default_factory=set)
    """Shapes of the ids that stood here."""
    guessed: dict[str, _Node[T]] = field(default_factory=dict)
    """Words below at which nothing was there."""

    def add(self, other: _Node[T]) -> None:
        self.forms |= other.forms
        for name, node in other.guessed.items():
            self.guess(name).add(node)
        for name, node in other.below.items():
            self.below.setdefault(name, _Node()).add(node)
        for method, counts in other.counts.items():
            if method in self.counts:
                self.counts[method].add(counts)
            else:
                self.counts[method] = counts

    def guess(self, name: str) -> _Node[T]:
        """Where a word leads at which nothing is there; an endpoint if it is known as one."""
        return self.below[name] if name in self.below else self.guessed.setdefault(name, _Node())

    def learn(self, name: str) -> _Node[T]:
        """Where a word leads at which something is."""
        if name not in self.below:
            self.below[name] = self.guessed.pop(name, _Node())
        return self.below[name]


@dataclass(frozen=True)
class Template(Generic[T]):
    """A method and a path template, with its counts."""

    method: str
    path: str
    forms: tuple[str, ...]
    """The form of each parameter: `integer`, `uuid` or `string`."""
    counts: T


class Paths(Generic[T]):
    """Learns paths, and derives their templates at the end."""

    def __init__(
        self, empty: Callable[[], T], callers: Callable[[T], Collection[int]] = lambda _: ()
    ) -> None:
        """`callers`: who was counted there, each by a number of its own; empty: not known."""
        self._root: _Node[T] = _Node()
        self._callers = callers
        self._empty = empty
        self._gone: _Node[T] = _Node()
        """Where guesses lead that are too many."""
        self._nodes = self._guesses = 0

    def at(self, method: str, path: str, *, there: bool = True) -> T:
        """The counts of a path without its query, creating its nodes. `there`: False if the
        response said that there is no such endpoint."""
        node = self._root
        bare = path.strip("/")
        for segment in bare.split("/")[:16] if bare else ():
            name, form = PARAMETER, id_form(segment)
            if form is None and not there:
                node = self._guess(node, segment)
                continue
            if form is None:
                name, form = self._word(node, segment), "string"
            node = node.learn(name)
            if name == PARAMETER:
                node.forms.add(form)
        if bare and path.endswith("/"):
            node = node.learn(_SLASH)
        if method not in node.counts and len(node.counts) >= _MOST_METHODS:
            method = _OTHER
        return node.counts.setdefault(method, self._empty())

    def _guess(self, node: _Node[T], segment: str) -> _Node[T]:
        if segment in node.below or segment in node.guessed:
            return node.guess(segment)
        if self._guesses >= _MOST_NODES:
            return self._gone
        self._guesses += 1
        return node.guess(segment)

    def absent_paths(self) -> Iterator[T]:
        """The counts of paths that do not exist, in a settled tree."""
        yield from (counts for each in _nodes(self._gone) for counts in each.counts.values())
        yield from (counts for each in _nodes(self._root) for counts in _guesses(each))

    def _word(self, node: _Node[T], segment: str) -> str:
        if segment in node.below:
            return segment
        if self._nodes >= _MOST_NODES:
            return PARAMETER
        if len(node.below) >= _MOST_WORDS:
            _fold(node, [name for name in _words(node) if name not in _FIXED])
            return segment if segment in _FIXED else PARAMETER
        self._nodes += 1
        return segment

    def templates(self, handed: Callable[[str], bool] = lambda _: False) -> list[Template[T]]:
        """All templates, sorted by path and method; settles the tree. `handed`: whether a response
        contained this text as a name or id."""
        _settle(self._root, "", handed, self._callers)
        found = list(_templates_below(self._root, "", (), set()))
        return sorted(found, key=lambda each: (each.path, each.method))


def _nodes(node: _Node[T]) -> Iterator[_Node[T]]:
    yield node
    for each in node.below.values():
        yield from _nodes(each)


def _guesses(node: _Node[T]) -> Iterator[T]:
    """What was counted below the guesses at a node."""
    for each in node.guessed.values():
        for inside in _nodes(each):
            yield from inside.counts.values()
            yield from _guesses(inside)


def _settle(
    node: _Node[T],
    before: str,
    handed: Callable[[str], bool],
    callers: Callable[[T], Collection[int]],
) -> None:
    """Turn the words that stand for items into one parameter, here and below; what was guessed
    where a parameter is was an item that is not there."""
    literals = _words(node)
    if before in _SEARCHES:
        _fold(node, literals)
    elif len(literals) >= _MANY or _is_collection(before):
        items = [e for e in literals if not _is_fixed(e) and not _is_act(e, node.below[e])]
        _fold(node, [each for each in items if not _is_plural(each) or _is_like(node, each)])
    _fold(node, [name for name in _words(node) if name not in _FIXED and handed(name)])
    _fold(node, _own(node, callers))
    if PARAMETER in node.below:
        for guess in node.guessed.values():
            node.below[PARAMETER].add(guess)
        node.guessed = {}
    for name, child in node.below.items():
        # A version segment does not name the segments below it: `/users/v1/…`.
        _settle(child, before if VERSION.fullmatch(name) else name, handed, callers)


def _own(node: _Node[T], callers: Callable[[T], Collection[int]]) -> list[str]:
    """Words with similar responses, each requested by exactly one caller: their
    names, in an address."""
    asked: dict[str, int] = {}
    for name in _words(node):
        known = {who for each in _nodes(node.below[name]) for c in each.counts.values()
                 for who in callers(c)}  # fmt: skip
        if len(known) == 1 and not _is_fixed(name):
            asked[name] = known.pop()
    found: list[str] = []
    left = list(asked)
    while left:
        group = [each for each in left if _are_alike(node.below[left[0]], node.below[each])]
        left = [each for each in left if each not in group]
        if len(group) >= _FEWEST_OWN and len({asked[each] for each in group}) == len(group):
            found += group
    return found


def _are_alike(one: _Node[T], other: _Node[T]) -> bool:
    """Whether two words have the same responses and the same words below."""
    return (
        one.counts.keys() == other.counts.keys()
        and one.below.keys() == other.below.keys()
        and all(one.counts[method].alike(other.counts[method]) for method in one.counts)
        and all(_are_alike(one.below[name], other.below[name]) for name in one.below)
    )


def _is_fixed(name: str) -> bool:
    """Whether a word is never an item: a common verb, a version, or a server's internal name
    (`_debug`)."""
    return name in _FIXED or bool(VERSION.fullmatch(name) or _OWN.fullmatch(name))


def _words(node: _Node[T]) -> list[str]:
    return [name for name in node.below if name not in (PARAMETER, _SLASH)]


def _is_act(name: str, node: _Node[T]) -> bool:
    """Whether a word is a verb, and was never read like an item."""
    return says_act(name) and node.counts.keys() <= {"POST", "PUT", "PATCH", "DELETE"}


def _is_like(node: _Node[T], name: str) -> bool:
    """Whether a word has the same responses, or the same words below it, as a sibling that is not a
    collection, since many names end like plurals."""
    mine = node.below[name]
    others = [e for e in node.below if e not in (name, _SLASH) and not _is_plural(e)]
    below = mine.below.keys() - {PARAMETER, _SLASH}
    return any(below & node.below[other].below.keys() for other in others) or any(
        mine.counts[method].alike(node.below[other].counts[method])
        for other in others
        for method in mine.counts.keys() & node.below[other].counts.keys()
    )


def _fold(node: _Node[T], names: list[str]) -> None:
    for name in names:
        child = node.below.pop(name)
        child.forms.add("string")
        node.below.setdefault(PARAMETER, _Node()).add(child)


def _is_collection(segment: str) -> bool:
    """Whether a segment names many: a plural, one letter (`/u/…`), or a usual singular of one."""
    return _is_plural(segment) or segment in _SINGULARS or (len(segment) == 1 and segment.isalpha())


def _is_plural(segment: str) -> bool:
    parts = words(segment)
    return bool(parts) and singular(parts[-1]) != parts[-1]


def _templates_below(
    node: _Node[T], path: str, forms: tuple[str, ...], taken: set[str]
) -> Iterator[Template[T]]:
    for method, counts in node.counts.items():
        yield Template(method, path or "/", forms, counts)
    for segment, child in node.below.items():
        if segment != PARAMETER:
            at = f"{path}/" if segment == _SLASH else f"{path}/{segment}"
            yield from _templates_below(child, at, forms, taken)
            continue
        name = _parameter(path, taken)
        form = next(iter(child.forms)) if len(child.forms) == 1 else "string"
        yield from _templates_below(child, f"{path}/{{{name}}}", (*forms, form), taken | {name})


def _parameter(path: str, taken: set[str]) -> str:
    """A parameter's name, after the segment before it: `userId` in `/users/{userId}`."""
    words_before = (e for e in reversed(path.split("/")) if e and e[0] != "{")
    before = next((each for each in words_before if not VERSION.fullmatch(each)), "")
    parts = [*words(before)]
    if parts:
        parts[-1] = singular(parts[-1])
    base = "".join((*parts[:1], *(each.title() for each in parts[1:]), "Id" if parts else "id"))
    number = 2
    name = base
    while name in taken:
        name, number = f"{base}{number}", number + 1
    return name
