"""Values that identify nobody although only one identity saw them: times, counters, request ids.

Outside of its own field, such a value proves no leak. Such values are called ambient: the time of
the request, or a value that differs in each response to its owner. A value that occurs in responses
of several operations that are not about its owner may be ambient or public: a leak of it is only
suspected.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from oakum.inference.lexicon import FieldClass, classify_field, word_set, words

NAMES_ONE = frozenset({FieldClass.CONTACT, FieldClass.SECRET, FieldClass.IDENTITY_DOCUMENT})
"""Field classes whose values are unique to a person, so that none is ambient."""
_NEAR = 300.0
"""Seconds from the request within which a time counts as the current time."""
_ZONE = 900.0
"""Time zone offsets are multiples of so many seconds; a time without a zone may be local."""
_DAY = 86_400.0
_MOST_UNRELATED = 1
"""In how many operations about others a person's value may occur before it counts as ambient."""
_OF_FEW = frozenset(
    {
        FieldClass.PLAIN, FieldClass.SETTING, FieldClass.AUTHORITY, FieldClass.ACTIVITY,
        FieldClass.LOCATION,
    }
)  # fmt: skip
"""Field classes whose values may be one of a few common choices."""
_WRITTEN = word_set(
    "about bio body caption comment content description diary entry letter memo message note notes"
    " post reason remark review story subject summary text title"
)
"""Words in names of free-text fields."""
_MOST_WORDS, _LONG_NUMBER, _LONG_TEXT = 2, 9, 32
"""The most words, digits and characters that a common choice may have."""
_MIXED = re.compile(r"[0-9]+[A-Za-z]+[0-9]+[A-Za-z]|[A-Za-z]+[0-9]+[A-Za-z]+[0-9]")
"""Alternating digits and letters, as in random tokens."""
_SCALES = {10: 1.0, 13: 1e3, 16: 1e6, 19: 1e9}
"""Number of digits of an epoch time between 2001 and 2286 → units per second."""

Place = tuple[str, str]
"""Resource and field path."""


@dataclass
class Ambient:
    """Recognises values that vary by themselves, and values that occur everywhere."""

    now: Callable[[], float] = time.time
    """The current time in seconds since the epoch."""
    recent: set[Place] = field(default_factory=set)
    """Fields in which an owner was shown a time of the last minutes."""
    _varying: set[Place] = field(default_factory=set)
    _last: dict[tuple[str, ...], str] = field(default_factory=dict)
    _unrelated: dict[tuple[str, Place, str], set[str]] = field(default_factory=dict)
    _listed: set[tuple[str, Place, str, str]] = field(default_factory=set)

    def learn(
        self, asked: str, who: str, key: str, fields: Iterable[tuple[Place, str]], date: str = ""
    ) -> None:
        """Records what an owner was shown of an object. `asked`: identifies the request; `date`:
        the `Date` header of the response (RFC 9110)."""
        moments = [self.now()]
        if (said := instant(date)) is not None:
            moments.append(said[0])
        for place, text in fields:
            if classify_field(place[1]) in NAMES_ONE:
                continue
            at = (asked, who, key, *place)
            if is_present(text, moments):
                self.recent.add(place)
            if self._last.setdefault(at, text) != text or place in self.recent:
                self._varying.add(place)
            self._last[at] = text

    def forget(self, who: str) -> None:
        """Drops an owner's earlier values after a change of settings, which explains a
        difference."""
        self._last = {at: text for at, text in self._last.items() if at[1] != who}

    def note_value(
        self, who: str, place: Place, text: str, operation: str, *, among: str = ""
    ) -> None:
        """Records an owner's value in a response about others. `among`: the endpoint, if the value
        was one of a few that anybody may choose."""
        self._unrelated.setdefault((who, place, text), set()).add(operation)
        if among:
            self._listed.add((who, place, text, among))

    def varies(self, place: Place) -> bool:
        """Whether the value of a field varies by itself, so that it identifies nobody."""
        return place in self._varying and classify_field(place[1]) not in NAMES_ONE

    def may_hold(self, who: str, place: Place, text: str, endpoint: str = "") -> bool:
        """Whether an owner's value may be ambient: it occurs in responses about others, as a common
        choice at this endpoint or at several operations."""
        if classify_field(place[1]) in NAMES_ONE:
            return False
        beside = self._unrelated.get((who, place, text), ())
        return len(beside) > _MOST_UNRELATED or (who, place, text, endpoint) in self._listed


def is_one_of_few(text: str, path: str) -> bool:
    """Whether a value looks like a common choice: a word or two, a short number, a date; no
    sentence, long number or random token."""
    plain = len(text) < _LONG_TEXT and len(text.split()) <= _MOST_WORDS
    digits = max(map(len, re.findall("[0-9]+", text)), default=0)
    mixed = _MIXED.search(text) is not None
    if not _WRITTEN.isdisjoint(words(path)):
        return False
    return classify_field(path) in _OF_FEW and plain and digits < _LONG_NUMBER and not mixed


def is_present(text: str, moments: Iterable[float]) -> bool:
    """Whether a text is a time within minutes of one of `moments` (seconds since the epoch). A time
    without a zone is compared in every zone, one without a time of day by its date."""
    read = instant(text)
    if read is None:
        return False
    at, kind = read
    for moment in moments:
        apart = abs(at - moment)
        if kind == "local" and apart <= _DAY:
            apart = min(apart % _ZONE, _ZONE - apart % _ZONE)
        if apart <= (2 * _DAY if kind == "day" else _NEAR):
            return True
    return False


def is_a_time(text: str, path: str) -> bool:
    """Whether the text of a field is a time of day on some date, which several people may have."""
    read = instant(text) if classify_field(path) not in NAMES_ONE else None
    return read is not None and read[1] != "day"


def instant(text: str) -> tuple[float, str] | None:
    """(seconds since the epoch, precision): `whole`, `local` without a time zone, or `day` without
    a time of day; None if the text is no time. Reads RFC 3339, RFC 5322 and epoch times down to
    nanoseconds."""
    if not 10 <= len(text) <= 40:
        return None
    whole = text.partition(".")[0]
    if whole.isascii() and whole.isdigit():
        scale = _SCALES.get(len(whole))
        return (int(whole) / scale, "whole") if scale else None
    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        try:
            made = parsedate_to_datetime(text)
        except (ValueError, IndexError, TypeError):
            return None
    kind = "day" if len(text) <= len("2024-01-01") else "local" if made.tzinfo is None else "whole"
    made = made if made.tzinfo is not None else made.replace(tzinfo=UTC)
    try:
        return made.timestamp(), kind
    except (OverflowError, ValueError):
        return None
