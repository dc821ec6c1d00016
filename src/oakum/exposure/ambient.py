"""Values that identify nobody though one identity alone saw them: time, counters, request ids.

The law of this module: outside of its own field such a value is no proof. Told by evidence: it is
the time at which it was asked for, or its owner is shown another at each asking. What stands in
answers of several operations that have nothing to do with its owner may be one, or be shown to
everybody: it is suspected.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from oakum.inference.lexicon import FieldClass, classify_field, listed, words

NAMES_ONE = frozenset({FieldClass.CONTACT, FieldClass.SECRET, FieldClass.IDENTITY_DOCUMENT})
"""Classes of fields of which no two people have one value: no environment holds such."""
_NEAR = 300.0
"""Seconds between an instant and the moment of asking within which it is the present time."""
_ZONE = 900.0
"""Seconds of which the offset of a time zone is a multiple; a time without one may be local."""
_DAY = 86_400.0
_MOST_UNRELATED = 1
"""Operations whose answers hold a value of somebody's whom they have nothing to do with: of more,
it may be the environment's."""
_OF_FEW = frozenset(
    {
        FieldClass.PLAIN, FieldClass.SETTING, FieldClass.AUTHORITY, FieldClass.ACTIVITY,
        FieldClass.LOCATION,
    }
)  # fmt: skip
"""Classes of fields that may hold the word for one choice out of a few."""
_WRITTEN = listed(
    "about bio body caption comment content description diary entry letter memo message note notes"
    " post reason remark review story subject summary text title"
)
"""Words of names of fields that somebody fills with their own."""
_MOST_WORDS, _LONG_NUMBER, _LONG_TEXT = 2, 9, 32
"""Words, digits and characters up to which a value is such a word."""
_MIXED = re.compile(r"[0-9]+[A-Za-z]+[0-9]+[A-Za-z]|[A-Za-z]+[0-9]+[A-Za-z]+[0-9]")
"""Digits and letters that take turns within a word: made by chance."""
_SCALES = {10: 1.0, 13: 1e3, 16: 1e6, 19: 1e9}
"""Digits of an epoch time from 2001 to 2286 → parts of a second that it counts."""

Place = tuple[str, str]
"""Resource and field path."""


@dataclass
class Ambient:
    """What is known of values that vary by themselves, and of those that stand everywhere."""

    now: Callable[[], float] = time.time
    """Seconds since the epoch."""
    _varying: set[Place] = field(default_factory=set)
    _last: dict[tuple[str, ...], str] = field(default_factory=dict)
    _unrelated: dict[tuple[str, Place, str], set[str]] = field(default_factory=dict)
    _listed: set[tuple[str, Place, str, str]] = field(default_factory=set)

    def learn(
        self, asked: str, who: str, key: str, fields: Iterable[tuple[Place, str]], date: str = ""
    ) -> None:
        """Take in what somebody was shown of one object of their own. `asked`: the question;
        `date`: the time of the answer as the server says it (RFC 9110, `Date`)."""
        moments = [self.now()]
        if (said := instant(date)) is not None:
            moments.append(said[0])
        for place, text in fields:
            if classify_field(place[1]) in NAMES_ONE:
                continue
            at = (asked, who, key, *place)
            if self._last.setdefault(at, text) != text or is_present(text, moments):
                self._varying.add(place)
            self._last[at] = text

    def forget(self, who: str) -> None:
        """Somebody's settings have changed: what they are shown differs because of that."""
        self._last = {at: text for at, text in self._last.items() if at[1] != who}

    def met(self, who: str, place: Place, text: str, operation: str, *, among: str = "") -> None:
        """A value of somebody's stood in an answer that has nothing to do with them. `among`: the
        endpoint, where it stood by itself as one of a few that anybody may choose."""
        self._unrelated.setdefault((who, place, text), set()).add(operation)
        if among:
            self._listed.add((who, place, text, among))

    def holds(self, who: str, place: Place, text: str) -> bool:
        """Whether a value that somebody is shown in a field of theirs is the environment's."""
        return place in self._varying and classify_field(place[1]) not in NAMES_ONE

    def may_hold(self, who: str, place: Place, text: str, endpoint: str = "") -> bool:
        """Whether such a value may be the environment's: it stands where nobody asked for them, as
        one of a few at this endpoint or in answers of several operations."""
        if classify_field(place[1]) in NAMES_ONE:
            return False
        beside = self._unrelated.get((who, place, text), ())
        return len(beside) > _MOST_UNRELATED or (who, place, text, endpoint) in self._listed


def is_one_of_few(text: str, path: str) -> bool:
    """Whether a value of a field reads like a choice that many people have: a word or two, a short
    number, a day. A sentence, a long number, and what was made by chance is none."""
    plain = len(text) < _LONG_TEXT and len(text.split()) <= _MOST_WORDS
    digits = max(map(len, re.findall("[0-9]+", text)), default=0)
    mixed = _MIXED.search(text) is not None
    if not _WRITTEN.isdisjoint(words(path)):
        return False
    return classify_field(path) in _OF_FEW and plain and digits < _LONG_NUMBER and not mixed


def is_present(text: str, moments: Iterable[float]) -> bool:
    """Whether a text is a time within minutes of one of these moments (seconds since the epoch);
    without a time zone, the same in some zone; without a time of day, the same day in some zone."""
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


def instant(text: str) -> tuple[float, str] | None:
    """A time as seconds since the epoch, and how much of it is said: `whole`, `local` without a
    time zone, `day` without a time of day; None: it is none. RFC 3339, RFC 5322 dates, epoch times
    in seconds and smaller."""
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
