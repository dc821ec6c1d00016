"""The version that a write is based on: an entity tag (RFC 9110, 13.1.1), or one in its body,
in its query or in a header.

An API that requires it refuses a write that names no version or an old one. Such a refusal does not
show who may write, and a write is undone only with the version that it has produced.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

import orjson

from oakum.errors import OakumError
from oakum.exchange import Request, Response, json_bytes
from oakum.exposure.values.knowledge import canonical, objects_of
from oakum.inference.object_version_names import names_version
from oakum.openapi.model import Json
from oakum.scan.requests.builder import Ask
from oakum.scan.requests.object_version_parameters import Versions, at_version, told_by
from oakum.scan.undo.entries import Undo

_OF_TAGS = (400, 412, 428)
_OF_VERSION = (*_OF_TAGS, 409, 422)
"""Statuses that may reject the version in a request, and not its caller."""


def send_on(
    send: Callable[[Request], Response],
    request: Request,
    look: Callable[[], Response | None],
    kept: Collection[str] = (),
    this: tuple[str, Json] = ("", None),
    versions: Versions = (),
) -> Response:
    """The answer to a request; where it refuses the version that this is based on, to the same
    on the version that `look` shows. `kept`: members of the body that stay as they are; `this`:
    member and value that name the object; `versions`: parameters that say its version, as `look`
    shows it before."""
    if versions:
        with suppress(OakumError):
            request = _as_seen(request, look(), this, versions)
    answer = send(request)
    if answer.status not in (_OF_VERSION if request.body or versions else _OF_TAGS):
        return answer
    seen = look()
    fresh = _as_seen(request, seen, this, versions)
    fresh = based_on(fresh, seen, answer.status, kept, this) if seen is not None else request
    return answer if fresh == request else send(fresh)


def send_trial(
    send: Callable[[Request], Response],
    request: Request,
    look: Callable[[], Response | None],
    undo: Undo,
    again: Callable[[], bool],
) -> Response:
    """The answer to a write. Where `again` says so it is sent once more, on the version that it has
    left; a refusal of that does not undo the first."""
    answer = send_on(send, request, look, undo.members, undo.this, undo.versions)
    if again():
        fresh = on_present(request, look, undo)
        last = send_on(send, fresh, look, undo.members, undo.this, undo.versions)
        return answer if last.status >= 400 > answer.status else last
    return answer


def send_back(ask: Ask, undo: Undo, who: str | None, request: Request) -> None:
    """Sends a step of an undo, with the version that the write has produced."""

    def look() -> Response:
        return ask(*(undo.look or undo.check))

    fresh = on_present(request, look, undo)
    send_on(partial(ask, who), fresh, look, undo.members, undo.this, undo.versions)


def on_present(request: Request, look: Callable[[], Response | None], undo: Undo) -> Request:
    """A request whose body names the version that `look` shows of the object, where it names one
    and is not about it: its own was that before another write."""
    kept = {*_beside_a_version(request.body, undo.members)}
    seen = look() if kept else None
    if seen is None or not seen.ok or seen.truncated:
        return request
    return replace(request, body=_with_members(request.body, seen.body, kept, undo.this))


def _beside_a_version(body: bytes, about: Collection[str]) -> Iterator[str]:
    """Members of a body, at any depth, beside one whose name tells the version of an object.
    `about`: those that it is to set."""
    try:
        value = orjson.loads(body or b"null")
    except orjson.JSONDecodeError:
        return
    for each in objects_of(value):
        others = [name for name in each if name in about or not names_version(name)]
        yield from others if len(others) < len(each) else ()


def _as_seen(
    request: Request, seen: Response | None, this: tuple[str, Json], versions: Versions
) -> Request:
    """A request with the version of the one object that an answer shows; unchanged if it shows
    none, or several."""
    rows = [*_rows(seen, this, versions)] if seen is not None and versions else []
    fresh = [at_version(request, row, versions) for row in rows]
    return fresh[0] if fresh and all(each == fresh[0] for each in fresh) else request


def _rows(
    seen: Response, this: tuple[str, Json], versions: Versions
) -> Iterator[Mapping[str, Json]]:
    if not seen.ok or seen.truncated:
        return
    try:
        found = [*objects_of(orjson.loads(seen.body))]
    except orjson.JSONDecodeError:
        return
    key, value = this
    for each in found:
        named = key not in each or canonical(each[key]) == canonical(value)
        if named and all(told_by(each, member) is not None for _, member in versions):
            yield each


def based_on(
    request: Request, seen: Response, status: int, kept: Collection[str], this: tuple[str, Json]
) -> Request:
    """A request with the tag, and the other members, of the object that an answer shows."""
    if not seen.ok:
        return request
    headers, tag = request.headers, seen.headers.get("etag", "")
    if status in _OF_TAGS and tag:
        headers = {**headers, "if-match": tag}
    elif status == 428:
        headers = {**headers, "if-match": "*"}
    body = _with_members(request.body, seen.body, kept, this) if kept else request.body
    return replace(request, headers=headers, body=body)


def _with_members(
    sent: bytes, shown: bytes, kept: Collection[str], this: tuple[str, Json]
) -> bytes:
    try:
        body, seen = orjson.loads(sent), orjson.loads(shown)
    except orjson.JSONDecodeError:
        return sent
    found = [*objects_of(seen)]
    named = [each for each in found if this[0] in each and each[this[0]] == this[1]]
    fresh = _renew(body, named or found, frozenset(kept))
    return sent if fresh == body else json_bytes(fresh)


def _renew(body: Json, seen: list[Mapping[str, Json]], kept: frozenset[str]) -> Json:
    """The body with what the one object that has these members holds by now; unchanged where there
    are several, for one of them may be somebody else's."""
    if isinstance(body, list):
        return [_renew(each, seen, kept) for each in body]
    if not isinstance(body, dict):
        return body
    if kept.isdisjoint(body):
        return {name: _renew(each, seen, kept) for name, each in body.items()}
    alike = seen
    if len(alike) > 1:
        alike = [each for each in alike if kept & body.keys() <= each.keys()]
    if len(alike) > 1:
        alike = [each for each in alike if body.keys() <= each.keys()]
    if len(alike) != 1:
        return body
    return {name: each if name in kept else alike[0].get(name, each) for name, each in body.items()}
