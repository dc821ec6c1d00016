"""Finds which values of responses appear on a page. Pure.

A value of a few characters appears on most pages by chance. So a field with several values is
searched as a whole: all of its values, in one place of the page's structure (a column of a table,
an attribute of similar elements), where no other field fits better. A long text that only one field
has counts wherever it appears.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from oakum.openapi.model import Json

F = TypeVar("F", bound=Hashable)

_TOKEN = re.compile(r"[^\W_]+(?:[.,'’:@/+-][^\W_]+)*")
_PART = re.compile(r"[^\W_]+")
_CUT = re.compile(r"(?<=[^\s?#&])[?#&]")
"""Where a page adds a parameter to an address."""
_GROUPED = re.compile(r"(?<=\d)[,.'’\u00a0\u202f ](?=\d{3}(?!\d))")
_NAMES = re.compile(r"[^.\[\]]+")
"""The parts of a control's name: `lines[0].amount`."""
_SCALARS = (str, int, float)
_STRONG = 6
"""A text of so many characters stands nowhere by chance."""
_COVERED = 0.6
"""So much of a field's values must stand in one place of the page,"""
_FILLED, _FEWEST = 0.9, 3
"""or they must fill so much of a place, and so many texts: a page may show a part of a list."""


@dataclass(frozen=True)
class Surface:
    """A text that a page shows, or has in an attribute, a control, a canvas or its title."""

    place: str
    """Place in the structure: alike for the cells of a column."""
    text: str
    owner: int = 0
    """The node; a text that was replaced there stands beside the one before."""


def form(value: Json) -> str:
    """How a page would write a value; empty for values that are never searched."""
    if isinstance(value, str):
        return " ".join(value.casefold().split())
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return str(value)


def tokens(text: str) -> set[str]:
    """Words and numbers of a text, each as it stands and in its parts."""
    folded = " ".join(text.casefold().split())
    plain = _GROUPED.sub("", folded)
    found = {folded}
    for each in (folded, plain):
        found.update(_TOKEN.findall(each))
        found.update(_PART.findall(each))
    for each in folded.split():
        found.update(each[: cut.start()] for cut in _CUT.finditer(each))
    return found


def is_strong(word: str) -> bool:
    """Whether a value is long enough not to stand anywhere by chance."""
    return len(word) >= _STRONG


def shown_fields(
    fields: Mapping[F, Sequence[Json]],
    surfaces: Iterable[Surface],
    before: str = "",
    dull: Collection[F] = (),
    weak: Mapping[F, Hashable] | None = None,
) -> set[F]:
    """The fields whose values stand on the page. `before`: the page as it came, without answers;
    a short value that stands there already proves nothing. `dull`: fields of which nobody is known
    to have read anything; a short value of theirs proves nothing either. `weak`: fields of objects
    that were only read as a whole, with whose they are: what reads them so shows them so, many
    values in one place, or several fields of one object."""
    there = tokens(before)
    columns: dict[str, list[set[str]]] = defaultdict(list)
    texts: list[str] = []
    for each in surfaces:
        columns[each.place].append(tokens(each.text))
        texts.append(" ".join(each.text.casefold().split()))
    whole = "\n".join(texts)
    wanted = {name: [w for w in map(form, values) if w] for name, values in fields.items()}
    owners = Counter(word for words in wanted.values() for word in set(words))
    own = {word for word, fields in owners.items() if fields == 1 and word not in there}
    found = {name for name, words in wanted.items() if _strongly(own.intersection(words), whole)}
    read = {name: words for name, words in wanted.items() if name not in dull}
    for place in columns.values():
        here = _of_place(read, place, there, weak or {})
        together = Counter(weak[name] for name in here if weak and name in weak)
        found |= {
            name
            for name in here
            if not weak
            or name not in weak
            or len(wanted[name]) >= _FEWEST
            or together[weak[name]] > 1
        }
    return found


def held_by_controls(
    fields: Mapping[F, tuple[str, Sequence[Json]]], controls: Iterable[tuple[str, Json]]
) -> set[F]:
    """Fields whose name and value a form control has: a checkbox shows no text, and an option
    little. `fields`: their names and values. Of several fields of one name it is the one with the
    smallest share of other values, then the one with the fewest values."""
    found: set[F] = set()
    for called, held in controls:
        ranks: dict[F, tuple[float, int]] = {}
        for field, (name, values) in fields.items():
            alike = [each for each in values if isinstance(each, _SCALARS)]
            alike = [each for each in alike if _alike(each) == _alike(held)]
            if alike and name in _NAMES.findall(called)[-1:]:
                ranks[field] = len(alike) / len(values), -len(values)
        found |= {field for field, rank in ranks.items() if rank == max(ranks.values())}
    return found


def _alike(value: Json) -> str | bool:
    return value if isinstance(value, bool) else form(value)


def _strongly(words: Iterable[str], whole: str) -> bool:
    return any(is_strong(word) and _stands(word, whole) for word in words)


def _stands(word: str, whole: str) -> bool:
    at = whole.find(word)
    while at >= 0:
        end = at + len(word)
        if not whole[at - 1 : at].isalnum() and not whole[end : end + 1].isalnum():
            return True
        at = whole.find(word, at + 1)
    return False


def _of_place(
    wanted: Mapping[F, Sequence[str]],
    place: Sequence[set[str]],
    there: set[str],
    weak: Collection[F],
) -> set[F]:
    """Fields that explain one place of the page, the best first; what is explained is gone. Of two
    that explain it alike, one that is `weak` does not."""

    def rank(name: F) -> tuple[int, float, bool]:
        return *_rank(held[name], wanted[name]), name not in weak

    pool: Counter[str] = Counter(word for each in place for word in each)
    left = {
        name: [word for word in words if word in pool and word not in there]
        for name, words in wanted.items()
    }
    left = {name: words for name, words in left.items() if words}
    found: set[F] = set()
    while left:
        held = {name: _match_count(wanted[name], pool) for name in left}
        left = {
            name: words
            for name, words in left.items()
            if held[name] >= _COVERED * len(wanted[name])
            or held[name] >= max(_FEWEST, _FILLED * len(place))
        }
        if not left:
            return found
        best = max(map(rank, left))
        winners = {name for name in left if rank(name) == best}
        found |= winners
        for name in winners:
            for word, most in Counter(wanted[name]).items():
                pool[word] = max(0, pool[word] - most) if len(place) > 1 else 0
        left = {
            name: words
            for name, words in left.items()
            if name not in winners and any(pool[word] > 0 for word in words)
        }
    return found


def _match_count(words: Sequence[str], pool: Counter[str]) -> int:
    """How many of a field's values a place contains."""
    return sum((Counter(words) & pool).values())


def _rank(held: int, words: Sequence[str]) -> tuple[int, float]:
    """Sort key: a place with many of the values ranks above one with all of a few."""
    return held, held / len(words)
