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
"""Where a page may have appended a parameter to a URL."""
_GROUPED = re.compile(r"(?<=\d)[,.'’\u00a0\u202f ](?=\d{3}(?!\d))")
_NAMES = re.compile(r"[^.\[\]]+")
"""The parts of the `name` of a form control: `lines[0].amount`."""
_SCALARS = (str, int, float)
_STRONG = 6
"""A text of at least so many characters is on a page by chance only rarely."""
_COVERED = 0.6
"""A field explains a place of the page if this share of its values is in it,"""
_FILLED, _FEWEST = 0.9, 3
"""or its values fill this share of the place, and so many texts: a page may show part of a list."""


@dataclass(frozen=True)
class Surface:
    """A text on a page: visible, in an attribute, a form control, a canvas or the title."""

    place: str
    """Where it is in the page's structure; equal for the cells of one column."""
    text: str
    owner: int = 0
    """Number of its node. A text that replaced another in the same node is listed beside it."""


def form(value: Json) -> str:
    """A value as a page would write it; empty for values that are too common to search for."""
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
    """Whether a value is too long to be on a page by chance."""
    return len(word) >= _STRONG


def shown_fields(
    fields: Mapping[F, Sequence[Json]],
    surfaces: Iterable[Surface],
    before: str = "",
    dull: Collection[F] = (),
    weak: Mapping[F, Hashable] | None = None,
) -> set[F]:
    """The fields whose values the page shows.

    `before`: the text of the page as delivered: a short value in it proves nothing. `dull`: fields
    that no script is known to have read: their short values prove nothing either. `weak`: field →
    its object, for objects that were only read as a whole: they count with many values in one
    place, or with several fields of the object.
    """
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
    """Fields whose name and value a form control has, since a checkbox shows no text and an option
    little.

    `fields`: field → (name, values). Of several fields with the name, the one with the largest
    share of this value counts, then the one with the fewest values.
    """
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
    """The fields that best explain the texts in one place; each explained text counts once. Of two
    equally good fields, one in `weak` loses."""

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
    """How many of the words a place contains, counted with repetition."""
    return sum((Counter(words) & pool).values())


def _rank(held: int, words: Sequence[str]) -> tuple[int, float]:
    """Sort key: many matching values in a place rank above all values of a short field."""
    return held, held / len(words)
