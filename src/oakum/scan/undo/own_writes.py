"""Whether an object or value at a place where the run has written is still the one that it wrote.

The undo deletes or overwrites a value only if the API shows, at that moment, the value that the run
has written. A key may be assigned again to another object, and people may write to the same place.
A value that is neither the one before the run nor the run's own belongs to somebody else, and so
may one that cannot be read.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import Enum

import orjson

from oakum.exchange import Response
from oakum.exposure.values.knowledge import leaves_of, objects_of
from oakum.inference.unsafe_writes import moves_by_itself
from oakum.openapi.model import Json
from oakum.scan.undo.entries import CreatedObject, Entry, Undo

_OF_CALLER = (401, 407, 408, 425, 429)  # of the caller or the moment, not of the object
CLEAR = 8
"""Shortest text in characters that nobody else has by chance."""
_CUT = 9
"""Letters and digits that are left of a mark that an API has cut: `oakum` and four more."""


class FoundUnderKey(Enum):
    """What was found under a key; the value says why it is left as it is."""

    RUNS = "it is the run's own"
    ANOTHERS = "what has its key now does not contain that text, so it may be another's and stays"
    GONE = "nothing has its key"
    UNKNOWN = "no response shows what has its key now, so it was not removed"
    ELSEWHERE = "a list shows it and its own URL does not, so it was not removed"


CHANGED = "the present value is neither the one before nor the one that the run wrote, so it stays"
UNREAD = "no response shows the present value, so nothing was written"
OVERWROTE = (
    "it is in an object that was there before, whose values the creation has changed: do not"
    " delete it, and restore them by hand"
)
UNPROVEN = "no response shows that it is gone"
BESIDE = (
    "the write sets other members, too, and no response shows what they hold now, so nothing was"
    " written"
)


def at_its_own(answer: Response, signs: Collection[str]) -> FoundUnderKey:
    """Whose an object is by the response of its own endpoint: the run's if it shows one of `signs`,
    texts that the run put into it."""
    if answer.status in (404, 410):
        return FoundUnderKey.GONE
    if not answer.ok or answer.truncated:
        return FoundUnderKey.UNKNOWN
    marked = any(shows(answer, sign) for sign in signs)
    return FoundUnderKey.RUNS if marked else FoundUnderKey.ANOTHERS


def tells_nothing(answer: Response) -> bool:
    """Whether the response leaves open if an object exists there."""
    return answer.status >= 500 or answer.status in _OF_CALLER or answer.truncated


def is_like_absence(answer: Response, control: Response) -> bool:
    """Whether an answer is the one that the API gives for a key that nothing has (`control`): some
    refuse with 403 what does not exist."""
    same = answer.status == control.status and answer.status >= 400
    return same and not (tells_nothing(answer) or tells_nothing(control))


def unused_key(key: str) -> str:
    """A key of the same form that nothing has, but by a chance that no run meets."""
    if key.isdecimal():
        return str(2**30 + secrets.randbelow(2**30))
    text = "".join(_like(each) for each in key)
    return text if sum(map(str.isalnum, key)) >= 2 * CLEAR else text + secrets.token_hex(CLEAR)


def _like(char: str) -> str:
    for kind in ("0123456789", "abcdef", "ABCDEF", string.ascii_lowercase, string.ascii_uppercase):
        if char in kind:
            return secrets.choice(kind)
    return char


def bears(text: str, mark: str) -> bool:
    """Whether a text contains a mark, allowing for changes by the API when it stores it: another
    case, other separators, or cut to a maximum length."""
    if mark in text:
        return True
    letters, kept = _plain(mark), _plain(text)
    if len(letters) < _CUT:
        return False
    return letters in kept or (len(kept) >= _CUT and letters.startswith(kept))


def shows(answer: Response, mark: str) -> bool:
    """Whether a text in a response contains the mark."""
    if mark.encode() in answer.body:
        return True
    try:
        leaves = leaves_of(orjson.loads(answer.body))
        return any(isinstance(each, str) and bears(each, mark) for _, each in leaves)
    except orjson.JSONDecodeError:
        return False


def marked_objects(value: Json, mark: str, key: str) -> list[Mapping[str, Json]]:
    """The innermost objects with a key and the marker."""
    if isinstance(value, list):
        return [each for child in value for each in marked_objects(child, mark, key)]
    if not isinstance(value, dict):
        return []
    inner = [each for child in value.values() for each in marked_objects(child, mark, key)]
    return inner or ([value] if key in value and holds(value, mark) else [])


def holds(value: Mapping[str, Json], mark: str) -> bool:
    """Whether a text of an object, or of one within it, has the marker."""
    if not mark:
        return True
    return any(
        holds(each, mark) if isinstance(each, dict) else isinstance(each, str) and bears(each, mark)
        for each in value.values()
    )


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def with_key(value: Json, member: str, key: str) -> Iterator[Mapping[str, Json]]:
    """Every object of an answer that has this key, those within another too."""
    for each in objects_of(value):
        if isinstance(each.get(member), str | int) and str(each[member]) == key:
            yield each


def is_as_before(before: Mapping[str, Json], now: Mapping[str, Json]) -> bool:
    """Whether an object holds what it was shown to hold before, as far as both tell it, but for
    members that an API moves by itself."""
    common = before.keys() & now.keys()
    return all(before[n] == now[n] or moves_by_itself(n, now[n]) for n in common)


def texts_of(entries: Iterable[Entry]) -> Iterator[str]:
    """Texts of writes that were not taken back: they may stand where a mark has stood."""
    for each in entries:
        sent = orjson.loads(each.sent or "{}") if isinstance(each, Undo) else {}
        yield from (v for v in sent.values() if isinstance(v, str) and v.startswith("oakum-"))


def is_written(before: str, sent: str, now: str) -> bool:
    """Whether an extract shows what was sent in place of what was there before. What is sent may
    come back in another form; members that the API moves by itself may have moved."""
    try:
        was, wrote, shown = orjson.loads(before), orjson.loads(sent), orjson.loads(now)
    except orjson.JSONDecodeError:
        return False
    if not (isinstance(was, list) and isinstance(shown, list) and isinstance(wrote, dict)):
        return False
    lost = [each for each in was if each not in shown]
    new = [each for each in shown if each not in was]
    return any(_is_made_of(row, old, wrote) for row in new for old in lost)


def taken_over(
    before: Mapping[str, Json], now: Mapping[str, Json], sent: Mapping[str, Json]
) -> list[str]:
    """Members that show what was sent in place of what was there."""
    changed = [name for name in sent if name in now and now[name] != before.get(name)]
    return [name for name in changed if is_like(now[name], sent[name])]


def _is_made_of(
    row: Mapping[str, Json], old: Mapping[str, Json], wrote: Mapping[str, Json]
) -> bool:
    changed = [n for n in row.keys() | old.keys() if row.get(n) != old.get(n)]
    ours = [n for n in changed if n in wrote and is_like(row.get(n), wrote[n])]
    return bool(ours) and all(n in ours or moves_by_itself(n, row.get(n)) for n in changed)


def is_like(now: Json, sent: Json) -> bool:
    """Whether a value equals what was sent, allowing for changes by the API when it stores it."""
    if now == sent:
        return isinstance(now, bool) == isinstance(sent, bool)
    if isinstance(now, list) and isinstance(sent, list):
        return len(now) == len(sent) and all(each in now for each in sent)
    if isinstance(now, dict | list | bool | None) or isinstance(sent, dict | list | bool | None):
        return False
    one, other = (" ".join(str(each).casefold().split()) for each in (now, sent))
    if one == other or (len(other) >= CLEAR and other in one):
        return True
    if len(one) >= CLEAR and other.startswith(one):
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def words_of_left(entry: Entry, why: str) -> str:
    """What could not be undone, in words; `why`: the reason, or empty."""
    mark = ""
    if isinstance(entry, CreatedObject):
        mark = f"; it contains a text that begins with `{entry.mark}`"
        if entry.unmarked:
            mark += f", which no response shows; its `{entry.key}` is `{entry.known}`"
    if why == OVERWROTE:  # it was there before: do not say how it is deleted
        return f"{entry.name} could not be undone{mark}: {why}"
    how = f" ({entry.how}{mark})" if entry.how else ""
    if isinstance(entry, CreatedObject) and not (entry.known or entry.shown or why):
        why = "no response shows it, and it " + (
            "was accepted" if entry.taken else "may not have been made"
        )
    return f"{entry.name} could not be undone: check it by hand{how}" + (f": {why}" if why else "")


def set_by_the_api(of: str, names: str, before: str) -> str:
    """Says of members that are not as they were that the API changed them, not the run."""
    differ, them = ("differ", "them") if ", " in names else ("differs", "it")
    return f"{of}{names} {differ} from before {before}: the API sets {them} itself on each write"


def set_beside(of: str, names: str, how: str) -> str:
    """Says of members that are not as they were that the run sent them, as they were."""
    differ, them = ("differ", "them") if ", " in names else ("differs", "it")
    return (
        f"{of}{names} {differ} from before {how}, which sent {them} beside what was tried: check"
        f" {them} by hand"
    )


def parse_objects(answer: Response) -> tuple[Json, bool]:
    """An answer's value, and whether an object in it would be seen: it is whole, and JSON."""
    try:
        return orjson.loads(answer.body or b"null"), not answer.truncated
    except orjson.JSONDecodeError:
        return None, False
