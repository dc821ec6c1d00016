"""New objects of which no response shows the mark, told by their key.

A key is that of the new object only if nothing had it before: it was in no list of the owner's,
all of which were read whole, and is in one since; or the API has named it in the `201` by which it
says what it has created (RFC 9110, 15.3.2), and it stands for nothing that was sent. A response
that shows another text where the mark was sent shows another object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from oakum.exchange import Response
from oakum.exposure.values.knowledge import leaves_of
from oakum.openapi.model import Json
from oakum.scan.identities.login import json_of
from oakum.scan.requests.builder import FilledRequest
from oakum.scan.undo.entries import CreatedObject
from oakum.scan.undo.object_keys import in_path, may_lose_a_piece
from oakum.scan.undo.own_writes import bears
from oakum.scan.undo.undo_log import UndoLog
from oakum.scan.write_tests.creation_body import places_of

_CREATED = 201


@dataclass(frozen=True)
class SentCreation:
    """A creation that was accepted."""

    status: int
    """With which it was answered."""
    told: str
    """The key in the answer; empty: it has none."""
    named: frozenset[str]
    """Values that an answer may repeat, and that name something else."""
    marked: tuple[str, ...]
    """Members of the object that were sent with the mark."""
    own: CreatedObject | None
    """The object as its writer would see it; None: that is the owner, or nobody."""


def told_by_key(log: UndoLog, made: CreatedObject, sent: SentCreation) -> CreatedObject | None:
    """The new object with its key, which the journal has then; None if nothing tells it."""
    now, whole = log.listed(made)
    fresh = now - made.older if made.whole and whole else frozenset()
    key = sent.told or (next(iter(fresh)) if len(fresh) == 1 else "")
    if not key or key in made.older or may_lose_a_piece(key):  # a URL may name another object
        return None
    new = sent.status == _CREATED and key not in sent.named
    if key not in fresh and not new:
        return None
    rows = log.rows_with_key(made, key)
    certain = key in fresh and bool(sent.told)
    if not certain and any(_is_another(row, made.mark, sent.marked) for row in rows):
        return None
    row = rows[0] if rows else {}
    return log.learn(replace(made, unmarked=True, row=row), key, row or None)


def without_mark(log: UndoLog, made: CreatedObject) -> CreatedObject:
    """An object whose key is known, and which the owner's lists show without its mark, if they
    do."""
    if made.name in log.seen_marked or not (rows := log.rows_with_key(made, made.known)):
        return made
    return log.learn(replace(made, unmarked=True, row=rows[0]), made.known, rows[0])


def _is_another(row: Mapping[str, Json], mark: str, members: tuple[str, ...]) -> bool:
    """Whether an object holds another text where the mark was sent. A mask is none."""
    texts = [each for name in members if isinstance(each := row.get(name), str)]
    return any(any(map(str.isalnum, each)) and not bears(each, mark) for each in texts)


def key_in_answer(answer: Response, key: str, named: str) -> str:
    """The key in an answer that shows nothing else. `named`: the member that stands in URLs, where
    that is not the key; then a `Location` has no key."""
    return ("" if named else _from_location(answer)) or _only(answer, key)


def _from_location(answer: Response) -> str:
    path = re.split(r"[?#]", answer.headers.get("location", ""))[0]
    return in_path(unquote(path.rstrip("/").rsplit("/", 1)[-1]))


def _only(answer: Response, key: str) -> str:
    """The key in an answer that holds nothing else of the object."""
    body = json_of(answer)
    inner = [body, *body.values()] if isinstance(body, dict) else []
    found = [each[key] for each in inner if isinstance(each, dict) and key in each]
    return in_path(found[0]) if found else ""


def named_elsewhere(asked: FilledRequest, ids: Iterable[frozenset[str]]) -> frozenset[str]:
    """Values that an answer to a creation may repeat, and that name something else: what was sent,
    and the ids of identities."""
    path = unquote(urlsplit(asked.request.url).path).split("/")
    texts = {str(each) for _, each in leaves_of(asked.content) if isinstance(each, str | int)}
    return frozenset({*path, *texts}.union(*ids))


def members_marked(body: Mapping[str, Json], mark: str, at: tuple[str, ...]) -> tuple[str, ...]:
    """Members of the object at a place of a body in which the mark stands."""
    places = places_of(dict(body), mark)
    return tuple(e[len(at)] for e in places if e[: len(at)] == at and len(e) == len(at) + 1)
