"""The members of a response that a write changes, extracted to compare them over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import orjson

from oakum.exchange import Response, json_bytes
from oakum.exposure.values.knowledge import objects_of
from oakum.inference.unsafe_writes import moves_by_itself
from oakum.openapi.model import Json

EMPTY: tuple[Json, ...] = (None, "", [], {})


def emptied_members(before: Mapping[str, Json], now: Mapping[str, Json]) -> list[str]:
    """Members that held something and hold nothing any more."""
    return [n for n, value in before.items() if value not in EMPTY and now.get(n) in EMPTY]


def extract(answer: Response, members: tuple[str, ...]) -> str:
    """The relevant members of every object in a response, as JSON."""
    if not members:
        return str(answer.status)
    try:
        found = list(_objects(orjson.loads(answer.body), members))
    except orjson.JSONDecodeError:
        return ""
    return json_bytes(found, sort=True).decode()


def is_same(before: str, now: str) -> bool:
    """Whether two extracts hold the same objects: a write that was undone may have changed the
    order of a list for good."""
    if before == now:
        return True
    try:
        was, shown = orjson.loads(before), orjson.loads(now)
    except orjson.JSONDecodeError:
        return False
    lists = isinstance(was, list) and isinstance(shown, list)
    return lists and sorted(map(_text, was)) == sorted(map(_text, shown))


def _text(value: Json) -> bytes:
    return json_bytes(value, sort=True)


def _objects(value: Json, members: tuple[str, ...]) -> Iterator[Json]:
    for each in objects_of(value):
        if own := {name: each[name] for name in members if name in each}:
            yield own


def moved_alone(before: str, sent: str, now: str) -> tuple[str, ...]:
    """Changed members, if all of them look like values that an API sets itself at any write; empty
    if another member differs, or one that was sent."""
    try:
        was, shown = orjson.loads(before), orjson.loads(now)
        wrote = orjson.loads(sent)
    except orjson.JSONDecodeError:
        return ()
    if not isinstance(was, list) or not isinstance(shown, list) or len(was) != len(shown):
        return ()
    moved: set[str] = set()
    for old, row in zip(was, shown, strict=True):
        if old.keys() != row.keys():
            return ()
        names = {name for name, value in old.items() if row[name] != value}
        for name in names:
            value = row[name]
            if not moves_by_itself(name, value) or wrote.get(name) in (value, None):
                return ()
        moved |= names
    return tuple(sorted(moved))
